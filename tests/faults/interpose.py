"""Every call of this process to the C library that touches files passes through here first. Linux, 64 bits, glibc.

Python, SQLite and DuckDB reach the disk through the same few functions of the C library, and each finds them through
slots that the dynamic linker has filled (the relocations of its ELF object). `Slots` finds these slots in every object
that is loaded; `install` puts functions of ours into them. So what a test breaks is what really happens, in any
library, between the product's code and the kernel, and nothing in the product knows of it.

Source: ELF-64 object file format, and the processor supplements for x86-64 and AArch64.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_WORD = 8
_DYNAMIC, _LOAD = 2, 1  # p_type
_PLTRELSZ, _STRTAB, _SYMTAB, _RELA, _RELASZ, _JMPREL = 2, 5, 6, 7, 8, 23  # d_tag
# Kinds of relocation that hold a function's address: a pointer in data, in the global table, in the linkage table.
_KINDS = {"x86_64": {1, 6, 7}, "aarch64": {257, 1025, 1026}}
_PATH, _FD, _BUFFER, _SIZE, _OFFSET, _FLAGS = (
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int64,
    ctypes.c_int,
)
_MODE = ctypes.c_uint
_INT, _COUNT = ctypes.c_int, ctypes.c_ssize_t

# Name in the C library → what we call it, its result and arguments.
_CALLS: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "open": ("open", _INT, (_PATH, _FLAGS, _MODE)),
    "open64": ("open", _INT, (_PATH, _FLAGS, _MODE)),
    "openat": ("openat", _INT, (_FD, _PATH, _FLAGS, _MODE)),
    "openat64": ("openat", _INT, (_FD, _PATH, _FLAGS, _MODE)),
    "read": ("read", _COUNT, (_FD, _BUFFER, _SIZE)),
    "pread": ("pread", _COUNT, (_FD, _BUFFER, _SIZE, _OFFSET)),
    "pread64": ("pread", _COUNT, (_FD, _BUFFER, _SIZE, _OFFSET)),
    "write": ("write", _COUNT, (_FD, _BUFFER, _SIZE)),
    "pwrite": ("pwrite", _COUNT, (_FD, _BUFFER, _SIZE, _OFFSET)),
    "pwrite64": ("pwrite", _COUNT, (_FD, _BUFFER, _SIZE, _OFFSET)),
    "ftruncate": ("ftruncate", _INT, (_FD, _OFFSET)),
    "ftruncate64": ("ftruncate", _INT, (_FD, _OFFSET)),
    "fsync": ("fsync", _INT, (_FD,)),
    "fdatasync": ("fsync", _INT, (_FD,)),
    "rename": ("rename", _INT, (_PATH, _PATH)),
    "unlink": ("unlink", _INT, (_PATH,)),
    "unlinkat": ("unlinkat", _INT, (_FD, _PATH, _FLAGS)),
    "mkdir": ("mkdir", _INT, (_PATH, _MODE)),
    "rmdir": ("rmdir", _INT, (_PATH,)),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call under way.

    Attributes:
        name: ``open`` (also for reading), ``create`` (opening for writing), ``read``, ``write``, ``fsync`` …
        path: the file concerned.
        arguments: as the caller gave them.
        go: do it; returns what the C library returns, and leaves its error number.
    """

    name: str
    path: str
    arguments: tuple[Any, ...]
    go: Callable[..., int]

    def do(self) -> int:
        """Do what the caller asked for."""
        return self.go(*self.arguments)

    def do_half(self) -> None:
        """Write the first half of what the caller asked to write; nothing for any other call."""
        if self.name == "write" and self.arguments[2] > 1:
            self.go(*self.arguments[:2], self.arguments[2] // 2, *self.arguments[3:])

    @staticmethod
    def fail(number: int) -> int:
        """Return what the C library returns for a failure."""
        ctypes.set_errno(number)
        return -1


Watcher = Callable[[Call], int]
"""Told of each call below the watched folder, on whatever thread it happens; does it, or does not."""


class Slots:
    """The slots of all objects that are loaded by now."""

    def __init__(self) -> None:
        kinds = _KINDS.get(platform.machine())
        if kinds is None or platform.libc_ver()[0] != "glibc":
            raise RuntimeError("faults are injected on Linux with glibc, on x86-64 or AArch64")
        wanted = {name.encode(): name for name in _CALLS}
        self._slots = [slot for base, dynamic in _objects() for slot in _slots_of(base, dynamic, kinds, wanted)]
        self._kept: list[Any] = []

    def install(self, folder: str, watcher: Watcher) -> None:
        """Let a watcher see every call that concerns a file below a folder, from now on and for good.

        Args:
            folder: a real path; what happens elsewhere passes by.
            watcher: see :data:`Watcher`. It must not raise.
        """
        library = ctypes.CDLL(None, use_errno=True)
        ours = {name: self._function(library, name, f"{folder}/", watcher) for name in _CALLS}
        page = os.sysconf("SC_PAGESIZE")
        for address, name in self._slots:
            # The linker makes some slots read-only when it has filled them.
            start = address - address % page
            if library.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(page), 3) != 0:
                raise OSError(ctypes.get_errno(), "mprotect")
            ctypes.c_void_p.from_address(address).value = ours[name]

    def _function(self, library: ctypes.CDLL, name: str, below: str, watcher: Watcher) -> int:
        shown, result, arguments = _CALLS[name]
        prototype = ctypes.CFUNCTYPE(result, *arguments, use_errno=True)
        original = prototype((name, library))

        def called(*given: Any) -> int:
            path = _path_of(shown, given)
            if path is None or not path.startswith(below):
                return int(original(*given))
            return watcher(Call(_shown(shown, given), path, given, original))

        function = prototype(called)
        self._kept.append(function)
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        return address


def _path_of(name: str, given: tuple[Any, ...]) -> str | None:
    if name in {"open", "rename", "unlink", "mkdir", "rmdir"}:
        path = os.fsdecode(given[1] if name == "rename" else given[0])
        return path if path.startswith("/") else os.path.abspath(path)
    kept = ctypes.get_errno()
    try:
        at = os.readlink(f"/proc/self/fd/{given[0]}") if given[0] >= 0 else os.getcwd()
    except OSError:
        return None
    finally:
        ctypes.set_errno(kept)
    return os.path.join(at, os.fsdecode(given[1])) if name in {"openat", "unlinkat"} else at


def _shown(name: str, given: tuple[Any, ...]) -> str:
    if name in {"open", "openat"}:
        flags = given[1 if name == "open" else 2]
        return "create" if flags & os.O_CREAT else "open"
    return {"pread": "read", "pwrite": "write", "unlinkat": "unlink"}.get(name, name)


class _Info(ctypes.Structure):
    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("count", ctypes.c_uint16),
    )


def _objects() -> Iterator[tuple[int, int]]:
    """Yield, for every object that is loaded, where it begins and where its dynamic section is."""
    found: list[tuple[int, int]] = []

    def visit(info: Any, _size: int, _data: int | None) -> int:
        one = info.contents
        name = os.path.basename(one.name or b"")
        if name.startswith((b"libc.", b"ld-linux", b"linux-vdso", b"libffi", b"_ctypes")):
            return 0  # what we call ourselves must reach the kernel
        for number in range(one.count):
            kind, _, _, address = struct.unpack("=IIQQ", ctypes.string_at(one.headers + number * 56, 24))
            if kind == _DYNAMIC:
                found.append((one.base, one.base + address))
        return 0

    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Info), ctypes.c_size_t, ctypes.c_void_p)
    ctypes.CDLL(None).dl_iterate_phdr(prototype(visit), None)
    yield from found


def _slots_of(base: int, dynamic: int, kinds: set[int], wanted: dict[bytes, str]) -> Iterator[tuple[int, str]]:
    tags: dict[int, int] = {}
    while True:
        tag, value = struct.unpack("=qQ", ctypes.string_at(dynamic, 2 * _WORD))
        if tag == 0:
            break
        tags[tag], dynamic = value, dynamic + 2 * _WORD
    names: dict[int, str | None] = {}
    for table, size in ((_RELA, _RELASZ), (_JMPREL, _PLTRELSZ)):
        if table not in tags:
            continue
        for offset, info, _ in struct.iter_unpack("=QQq", ctypes.string_at(tags[table], tags[size])):
            if info & 0xFFFFFFFF not in kinds:
                continue
            symbol = info >> 32
            if symbol not in names:
                (at,) = struct.unpack("=I", ctypes.string_at(tags[_SYMTAB] + symbol * 24, 4))
                names[symbol] = wanted.get(ctypes.string_at(tags[_STRTAB] + at))
            name = names[symbol]
            if name is not None:
                yield base + offset, name
