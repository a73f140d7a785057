"""Whether a file input may be read at all, as ``sources`` of ``mesh.yaml`` says; nothing is asked of anybody."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hanse.base import Location, Problem
from hanse.spec import codes
from hanse.spec.globs import fixed_folder, is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, has_password, is_remote, parse_url
from hanse.spec.variables import Expansion
from hanse.spec.workspace import FileReference, WrittenPath

_CREDENTIALS_FIX = (
    "leave them out: HTTP takes `headers: {Authorization: 'Bearer ${TOKEN}'}`, other protocols read their own "
    "environment or configuration"
)


def parsed(text: str) -> tuple[Url | None, str | None]:
    """Return an address, or None and why it cannot be used."""
    try:
        return parse_url(text), None
    except ValueError as error:
        return None, str(error)


def fault_problem(source: str, path: str, fault: str, where: Location | None) -> Problem:
    """Return the problem of an address that cannot be used; the address is not in it."""
    if has_password(path):
        what = f"the address of input `{source}` holds a user or a password"
        return Problem(codes.CREDENTIALS_IN_ADDRESS, what, where, fix=_CREDENTIALS_FIX)
    what = f"the address of input `{source}` cannot be used: {fault}"
    return Problem(codes.BAD_ADDRESS, what, where, fix="write it as `https://host/path` or `s3://bucket/path`")


def source_problem(
    file: FileReference, written: WrittenPath, folder: str, sources: SourceSettings, environ: Mapping[str, str]
) -> Problem | None:
    """Return why an input may not be read, or None.

    Args:
        file: the input.
        written: as it stands in its file.
        folder: the product's folder, absolute.
        sources: what the mesh allows.
        environ: values of variables.
    """
    if is_remote(file.path):
        url, fault = parsed(file.path)
        if url is None:
            return fault_problem(file.name, file.path, fault or "", file.where)
        if not sources.permits(url, url.folder if is_glob(file.path) else None):
            return not_allowed(file, _proposed(url, file))
        return _unset(file, written, environ)
    start = fixed_folder(file.path) if is_glob(file.path) else file.path
    path = os.path.realpath(os.path.join(folder, start))
    return local_problem(file, path, folder, sources)


def local_problem(file: FileReference, path: str, folder: str, sources: SourceSettings) -> Problem | None:
    """Return why a local file may not be read as far as ``sources.allow`` is concerned, or None.

    Args:
        file: the input.
        path: absolute, with all links followed.
        folder: the product's folder, absolute.
        sources: what the mesh allows.
    """
    own = (os.path.realpath(folder), os.path.realpath(sources.root))
    if sources.permits_local(path) or any(path == o or path.startswith(o + os.sep) for o in own):
        return None
    return not_allowed(file, None)


def not_allowed(file: FileReference, proposed: str | None) -> Problem:
    """Return the problem of an input that ``sources.allow`` does not let be read.

    Args:
        file: the input.
        proposed: a prefix that would let it be read, if it may be shown.
    """
    return Problem(
        codes.SOURCE_NOT_ALLOWED,
        f"input `{file.name}`: {file.shown} is not among what this mesh may read",
        file.where,
        why="`sources.allow` in `mesh.yaml` has no prefix of it",
        fix=f"add it to `mesh.yaml`: `sources: {{allow: [{proposed or '…'}]}}`",
    )


def _proposed(url: Url, file: FileReference) -> str | None:
    # What variables hold is not shown.
    if "${" in (file.written or ""):
        return None
    return f'"{url.origin}{url.folder}"'


def _unset(file: FileReference, written: WrittenPath, environ: Mapping[str, str]) -> Problem | None:
    for name, value in written.headers:
        expanded, problems = Expansion(environ).text(value, file.where.path, file.where)
        if problems:
            return problems[0]
        if not expanded.isascii() or not expanded.isprintable():
            what = f"header `{name}` of input `{file.name}` holds characters that no header may have"
            return Problem(codes.BAD_VALUE, what, file.where, fix="set its variables to plain text of one line")
    return None
