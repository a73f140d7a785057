"""Reading a product's folder as bytes, quickly: a mesh of thousands of products is looked at often."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hanse.base.version import VERSION

# Part of every digest: a reader that understands files differently reads all of them anew.
READER = "1"
FOLDERS = ("contracts", "queries", "transforms")
_CHUNK = 1 << 16


@dataclass(slots=True)
class ProductFolder:
    """What lies in a product's folder.

    Attributes:
        path: the folder, absolute.
        relative: the folder, relative to the mesh, with ``/``.
        files: bytes of ``product.yaml``, ``pipeline.yaml`` and all files of ``contracts``, ``transforms`` and
            ``queries``, by path relative to the product's folder, sorted.
        data: names in ``data``, sorted.
        others: names that mean nothing here.
        unreadable: relative path and reason of what the operating system would not read.
    """

    path: str
    relative: str
    files: dict[str, bytes] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def read_bytes(path: str) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    # A pipe that lies where a file belongs must not be waited for.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        data = os.read(handle, _CHUNK)
        if len(data) < _CHUNK:
            return data
        parts = [data]
        while data := os.read(handle, _CHUNK):
            parts.append(data)
        return b"".join(parts)
    finally:
        os.close(handle)


def read_folder(path: str, relative: str) -> ProductFolder:
    """Read a product's folder. Hidden files and the contents of ``data`` are left alone."""
    found = ProductFolder(path, relative)
    files: dict[str, bytes] = {}
    for name in os.listdir(path):
        if name in ("product.yaml", "pipeline.yaml"):
            _read_into(files, found, name)
        elif name in FOLDERS:
            for inner in _names(found, name):
                if inner[0] != ".":
                    _read_into(files, found, f"{name}/{inner}")
        elif name == "data":
            found.data = sorted(n for n in _names(found, name) if n[0] != ".")
        elif name[0] != ".":
            found.others.append(name)
    found.files = dict(sorted(files.items()))
    found.others.sort()
    return found


def _names(found: ProductFolder, name: str) -> list[str]:
    try:
        return os.listdir(f"{found.path}/{name}")
    except OSError as error:
        found.unreadable.append((name, error.strerror or "it cannot be read"))
        return []


def _read_into(files: dict[str, bytes], found: ProductFolder, name: str) -> None:
    try:
        files[name] = read_bytes(f"{found.path}/{name}")
    except IsADirectoryError:
        found.others.append(name)
    except OSError as error:
        found.unreadable.append((name, error.strerror or "it cannot be read"))


def content_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 over paths and bytes, in the order given, each with its length."""
    parts = []
    for name, data in files:
        encoded = os.fsencode(name)
        parts.append(b"%d:%s%d:" % (len(encoded), encoded, len(data)))
        parts.append(data)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def has_python(names: Iterable[str]) -> bool:
    """Say whether some of a product's files, relative to its folder, are Python transforms."""
    return any(name.startswith("transforms/") and name.endswith(".py") for name in names)


def python_environment() -> str:
    """Return what the result of a Python transform may depend on besides its text and its inputs."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{sys.implementation.name} {version}, hanse {VERSION}"


def full_digest(content: str, variables: Iterable[str], environ: Mapping[str, str]) -> str:
    """Return the digest of a content together with the values of the variables that it refers to.

    Args:
        content: :func:`content_digest` of the files.
        variables: names that the files refer to.
        environ: their values.
    """
    whole = hashlib.sha256(f"{READER}:{content}".encode())
    for name in sorted(variables):
        value = environ.get(name)
        encoded = b"-" if value is None else b"=" + value.encode("utf-8", "surrogateescape")
        whole.update(b"%s%d:%s" % (name.encode(), len(encoded), encoded))
    return whole.hexdigest()
