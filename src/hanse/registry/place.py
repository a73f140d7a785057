"""From ``registry.url`` to a file."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hanse.base import RegistryError
from hanse.registry.codes import CANNOT_OPEN, REGISTRY_MISSING, UNSUPPORTED_URL

_FIX = "write `sqlite:///path/relative/to/the/mesh`, or `sqlite:////absolute/path`"


def locate(url: str, root: Path | None) -> Path | None:
    """Return the file that a registry's URL means, absolute, or None for one that lives with the process.

    Messages never show the URL: it may hold a password.

    Args:
        url: SQLAlchemy URL.
        root: folder that relative paths start from; None: the working folder.

    Raises:
        RegistryError: HNS-G009: not an address of a supported database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        raise RegistryError(
            UNSUPPORTED_URL,
            f"`registry.url` names a {parsed.get_backend_name()} database, which this version cannot use",
            fix=_FIX,
        )
    if parsed.query or parsed.host:
        raise RegistryError(UNSUPPORTED_URL, "`registry.url` has a host or options, which no SQLite file has", fix=_FIX)
    if parsed.database in (None, "", ":memory:"):
        return None
    return Path(root or Path.cwd(), str(parsed.database)).absolute()


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        pass  # the library's message may repeat the URL
    raise RegistryError(UNSUPPORTED_URL, "`registry.url` is not an address of a database", fix=_FIX)


def ensure_file(path: Path, place: str, *, create: bool) -> None:
    """Make sure that the file is there: private to its user, in a folder private to its user.

    Raises:
        RegistryError: HNS-G001: no file and ``create`` is false; HNS-G002: it cannot be made.
    """
    if path.is_file():
        return
    if not create:
        raise RegistryError(REGISTRY_MISSING, f"there is no registry at {place}", fix="run `hanse apply` once")
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its side files the same permissions
    except OSError as error:
        raise RegistryError(
            CANNOT_OPEN,
            f"the registry {place} cannot be created",
            why=error.strerror,
            fix="create the folder, or correct `registry.url`",
        ) from error
