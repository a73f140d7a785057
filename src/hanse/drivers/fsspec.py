"""Files of whatever fsspec speaks: S3, Google Cloud Storage, Azure, SFTP, and others by packages of their own.

Credentials and endpoints are those of each protocol's own library: environment variables and configuration files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from hanse.base import HanseError, IngestError
from hanse.interfaces import Fetched, RemoteFile, Validator
from hanse.interfaces.codes import (
    FETCH_FAILED,
    FETCH_INCOMPLETE,
    PRIVATE_ADDRESS,
    PROTOCOL_MISSING,
    REMOTE_CHANGED,
    REMOTE_MISSING,
    REMOTE_REFUSED,
    REMOTE_TOO_LARGE,
)
from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, parse_url, redact

MAX_FILES = 100_000
"""Files that one pattern may match."""
_CHUNK = 8 << 20
# What fsspec calls a package is not always what is installed.
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs", "az": "adlfs", "adl": "adlfs", "sftp": "paramiko"}
# Protocols whose addresses name the host that is connected to.
_HOSTS = frozenset(("ftp", "hdfs", "sftp", "smb", "webhdfs"))
_ETAGS = ("ETag", "etag", "e_tag", "generation", "md5Hash", "content_md5", "checksum")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
_OTHER_CREDENTIALS = re.compile(r"credential|token|forbidden|denied|unauthori[sz]ed|signature", re.IGNORECASE)


class FsspecFiles:
    """Files of one protocol; a :class:`~hanse.interfaces.FileSource`.

    Args:
        settings: what may be read.
        options: for the protocol's file system, beside what its library finds by itself.
    """

    def __init__(self, settings: SourceSettings, options: Mapping[str, Any] | None = None) -> None:
        self._settings, self._options = settings, dict(options or {})

    def find(self, url: Url) -> Sequence[RemoteFile]:
        """See :meth:`hanse.interfaces.FileSource.find`."""
        system, path = self._open(url)
        with _mapped():
            if not is_glob(str(url)):
                return (RemoteFile(url, *_told(self._info(system, path))),)
            found = system.glob(path, detail=True)
        files = {name: info for name, info in found.items() if info.get("type") == "file" and not _is_hidden(name)}
        if len(files) > MAX_FILES:
            raise IngestError(
                REMOTE_TOO_LARGE, f"the pattern matches {len(files):,} files", fix="narrow it: one folder per month"
            )
        return tuple(RemoteFile(_address(url, system, name), *_told(info)) for name, info in sorted(files.items()))

    def fetch(
        self, url: Url, target: str, *, known: Validator | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | None:
        """See :meth:`hanse.interfaces.FileSource.fetch`; ``headers`` mean nothing here."""
        del headers
        system, path = self._open(url)
        with _mapped():
            before = self._info(system, path)
            size, validator = _told(before)
            if validator is not None and validator == known:
                return None
            if size is not None and size > self._settings.max_bytes:
                raise self._too_large()
            with system.open(path, "rb") as source:
                fetched = self._copy(source, target)
            after = _told(self._info(system, path))
        if after != (size, validator):
            raise IngestError(REMOTE_CHANGED, "it was written anew while it was being fetched", fix="run again")
        if size is not None and size != fetched.bytes:
            raise IngestError(FETCH_INCOMPLETE, "it arrived with another length than its place tells", fix="run again")
        return Fetched(fetched.bytes, fetched.sha256, validator)

    def _copy(self, source: Any, target: str) -> Fetched:
        size, sha256 = 0, hashlib.sha256()
        with open(target, "xb") as file:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > self._settings.max_bytes:
                    raise self._too_large()
                sha256.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return Fetched(size, sha256.hexdigest(), None)

    def _too_large(self) -> IngestError:
        return IngestError(
            REMOTE_TOO_LARGE,
            f"it has more than {self._settings.max_bytes:,} bytes",
            fix="raise `sources.max_size` in `mesh.yaml`, or deliver it in parts",
        )

    def _info(self, system: Any, path: str) -> Mapping[str, Any]:
        info: Mapping[str, Any] = system.info(path)
        if info.get("type") != "file":
            raise IngestError(REMOTE_MISSING, "it is a folder", fix="name a file, or write a pattern such as `…/*.csv`")
        return info

    def _open(self, url: Url) -> tuple[Any, str]:
        """Return the protocol's file system, which remembers no listing, and what it calls the address.

        Raises:
            IngestError: HNS-F004, HNS-F010: the host may not be connected to, or nothing speaks the protocol.
        """
        if importlib.util.find_spec("fsspec") is None:
            raise IngestError(PROTOCOL_MISSING, "fsspec is not installed", fix="pip install 'hanse[remote]'")
        import fsspec

        self._require_open(url)
        try:
            kind = fsspec.get_filesystem_class(url.scheme)
        except ImportError:
            package = _PACKAGES.get(url.scheme, "the package that fsspec's list of protocols names")
            raise IngestError(
                PROTOCOL_MISSING,
                f"`{url.scheme}://` needs a package that is not installed",
                fix=f"pip install {package}" if url.scheme in _PACKAGES else f"install {package}",
            ) from None
        except ValueError:
            what = f"nothing is known to speak `{url.scheme}://`"
            raise IngestError(PROTOCOL_MISSING, what, fix="look whether the protocol is misspelt") from None
        with _mapped():
            options = {**kind._get_kwargs_from_urls(str(url)), **self._options}  # noqa: SLF001 - as fsspec.core does
            system = kind(**options, skip_instance_cache=True, use_listings_cache=False)
            return system, kind._strip_protocol(str(url))  # noqa: SLF001

    def _require_open(self, url: Url) -> None:
        """Refuse hosts in private networks, where an address names a host.

        The library that speaks the protocol looks the name up once more; see docs/decisions for what that leaves open.
        """
        if url.scheme not in _HOSTS:
            return
        try:
            found = socket.getaddrinfo(url.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise IngestError(FETCH_FAILED, "its host is not known", fix="correct the address") from None
        if not all(self._settings.permits_address(url, ipaddress.ip_address(str(entry[4][0]))) for entry in found):
            raise IngestError(
                PRIVATE_ADDRESS,
                "its host lies on this machine or in a private network",
                fix="if that is right, add the network to `mesh.yaml`, for example `sources: {networks: [10.0.0.0/8]}`",
            )


def _address(url: Url, system: Any, name: str) -> Url:
    """Return the address of a file by the name that its file system lists it by."""
    start = str(system._strip_protocol(f"{url.origin}/")).rstrip("/")  # noqa: SLF001
    return parse_url(f"{url.origin}/{name.removeprefix(start).lstrip('/')}")


def _is_hidden(name: str) -> bool:
    return name.rstrip("/").rpartition("/")[2].startswith(".")


def _told(info: Mapping[str, Any]) -> tuple[int | None, Validator | None]:
    """Return the size, and what tells whether a file is still the same."""
    size = info.get("size")
    etag = next((str(info[key]) for key in _ETAGS if info.get(key)), None)
    when = next((info[key] for key in _TIMES if info.get(key)), None)
    text = str(when.timestamp() if isinstance(when, datetime) else when) if when is not None else None
    # Listings and looks may tell the time differently; what they agree on is enough.
    found = Validator(etag, f"{text} {size}" if text and not etag else None)
    return (int(size) if isinstance(size, int) else None), (found if found.tells else None)


@contextmanager
def _mapped() -> Iterator[None]:
    """Raise what any library raises as ours: what they say may hold addresses, so most of it is left out."""
    try:
        yield
    except HanseError:
        raise
    except FileNotFoundError:
        what = "it is not there"
        raise IngestError(REMOTE_MISSING, what, fix="correct the address, or deliver the file") from None
    except PermissionError:
        raise _refused() from None
    except Exception as error:  # noqa: BLE001 - every protocol's library has errors of its own
        kind = type(error).__name__
        if _OTHER_CREDENTIALS.search(kind):
            raise _refused(kind) from None
        why = redact(" ".join(str(error).split()))[:200] if isinstance(error, OSError) else None
        raise IngestError(FETCH_FAILED, f"its place failed ({kind})", why=why, fix="run again later") from None


def _refused(kind: str | None = None) -> IngestError:
    return IngestError(
        REMOTE_REFUSED,
        "its place refuses access" + (f" ({kind})" if kind else ""),
        fix="give the protocol's own library credentials that may read it, by its environment variables",
    )
