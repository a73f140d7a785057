"""Names that tell whether a file still holds what was written to it.

Metadata files, manifest lists and manifests carry a UUID in their names, as Iceberg wants it. Hanse makes it of the
content: 32 random bits, then 90 bits of its SHA-256, marked as version 8 (RFC 9562: "vendor specific"). Each of these
files names the next, and the catalog names the first, so that no damage in between can pass for another state of the
table. Names of other writers (versions 1 and 4) say nothing.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from hashlib import file_digest, sha256

_VERSION = 8
_RANDOM_BYTES = 4
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST_BYTES = 16
_TAIL_BYTES = 8  # the footer's length, and PAR1


def seal(content: Sequence[bytes]) -> str:
    """Return a UUID for the name of a file with this content, given in pieces; another one each time."""
    return str(_uuid(os.urandom(_RANDOM_BYTES), content))


def is_broken(path: str, content: bytes) -> bool:
    """Say whether a file's name tells that its content is not what was written."""
    for found in _UUID.findall(os.path.basename(path)):
        named = uuid.UUID(found)
        if named.version == _VERSION:
            return named != _uuid(named.bytes[:_RANDOM_BYTES], [content])
    return False


def _uuid(random: bytes, content: Sequence[bytes]) -> uuid.UUID:
    hashed = sha256()
    for piece in content:
        hashed.update(piece)
    number = int.from_bytes(random + hashed.digest()[: 16 - _RANDOM_BYTES], "big")
    number &= ~((0xF << 76) | (0x3 << 62))
    return uuid.UUID(int=number | (_VERSION << 76) | (0x2 << 62))


def digest(path: str) -> str:
    """Return what a Parquet file's content and its footer alone are known by: 128 bits of SHA-256 of each, as hex.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return _hex(file_digest(file, "sha256").digest()) + footer_digest(path)


def footer_digest(path: str) -> str:
    """Return the second half of :func:`digest`, which takes a look at the file's end only.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _TAIL_BYTES, 0))
        length = int.from_bytes(file.read(_TAIL_BYTES)[:4], "little")
        file.seek(max(size - _TAIL_BYTES - length, 0))
        return _hex(sha256(file.read()).digest())


def _hex(hashed: bytes) -> str:
    return hashed[:_DIGEST_BYTES].hex()
