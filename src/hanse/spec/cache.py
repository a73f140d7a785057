"""A store of JSON documents in one file beside the mesh, so that what did not change is not read again."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import zlib
from collections.abc import Iterable
from typing import Any

from hanse.spec.folder import read_bytes

FORMAT = 9


def _head(kinds: bytes) -> bytes:
    """Return what stands before the documents: the format and a checksum of them; its length is always the same."""
    return b'{"format":%d,"crc32":"%08x","kinds":' % (FORMAT, zlib.crc32(kinds))


_HEAD = len(_head(b""))


def read_sealed(path: str) -> dict[str, Any] | None:
    """Return the documents that :func:`write_sealed` wrote to a file; None: there are none, or not as it wrote them."""
    try:
        data = read_bytes(path)
        kinds = json.loads(data[_HEAD:-1])
    except (OSError, ValueError, RecursionError):
        return None
    # A flipped bit would be believed, or break whoever reads what it spoilt.
    if data[:_HEAD] != _head(data[_HEAD:-1]) or not isinstance(kinds, dict):
        return None
    return kinds


def write_sealed(path: str, kinds: dict[str, Any]) -> bool:
    """Write documents to a file by replacing it whole; say whether that was possible. Its folder is made."""
    text = json.dumps(kinds, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    part = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.part"
    # A mesh on a read-only disk works without its shortcut.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(part, "xb") as file:
                file.write(_head(text) + text + b"}")
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise
        return True
    return False


class ContentCache:
    """JSON documents by kind and key.

    The file is only a shortcut: a missing, damaged or older one counts as empty, and one that cannot be written is not
    written. Several processes may use it at once: the last one to save wins, and a reader sees a whole file always.
    So may several threads.

    Args:
        path: the file; its folder is made when it is first saved.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(path)
        self._kinds: dict[str, dict[str, Any]] = self._read()
        self._changed = False
        self._lock = threading.Lock()

    def _read(self) -> dict[str, dict[str, Any]]:
        kinds = read_sealed(self._path) or {}
        return kinds if all(isinstance(kind, dict) for kind in kinds.values()) else {}

    @property
    def folder(self) -> str:
        """The folder that the file lies in, absolute."""
        return os.path.dirname(self._path)

    def get(self, kind: str, key: str) -> Any | None:
        """Return a document, or None. It must not be changed."""
        documents = self._kinds.get(kind)
        return documents.get(key) if documents is not None else None

    def put(self, kind: str, key: str, document: Any) -> None:
        """Keep a document; it must be JSON-ready and not None."""
        with self._lock:
            self._kinds.setdefault(kind, {})[key] = document
            self._changed = True

    def keep_only(self, kind: str, keys: Iterable[str]) -> None:
        """Forget the documents of a kind under all other keys."""
        with self._lock:
            documents = self._kinds.get(kind, {})
            gone = documents.keys() - set(keys)
            for key in gone:
                del documents[key]
            self._changed = self._changed or bool(gone)

    def save(self) -> None:
        """Write the file if anything changed, by replacing it whole."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        if not self._changed:
            return
        if write_sealed(self._path, self._kinds):
            self._changed = False
