"""A table's folder by itself, without a catalog: its newest metadata says which files it has.

What stands in the folder was written by others. Files are those of the folder, or none: a path that leads elsewhere is
refused, and a table that was moved is read where it is now.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from hanse.base import StorageError
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.avro import AvroError
from hanse.drivers.iceberg.files import storage_error, storage_errors
from hanse.drivers.iceberg.manifest import live_file, local_path, read_entries, read_manifest_list
from hanse.drivers.iceberg.schema import columns
from hanse.interfaces import TableScan
from hanse.interfaces.codes import CORRUPT_STORE, STORAGE_MISSING

_VERSION = re.compile(r"v?(\d+)(?:-.*)?(?:\.gz)?\.metadata\.json(?:\.gz)?")


def scan_folder(folder: str) -> TableScan:
    """Return the newest snapshot of the table in a folder.

    Args:
        folder: absolute; ``metadata`` lies in it.

    Raises:
        StorageError: HNS-T007: something in it is damaged; HNS-T013: a format or type that Hanse does not read;
            HNS-T008: it names files that are not in the folder.
    """
    path = _newest(folder)
    with _reading(folder):
        document = metadata.check_readable(json.loads(_unpacked(Path(path).read_bytes())), path)
        snapshot_id = document.get("current-snapshot-id")
        snapshot = None if snapshot_id in (None, -1) else metadata.snapshot_of(document, snapshot_id)
        fields = columns(metadata.fields_of(document))  # the table's, also if the snapshot was written before it
        if snapshot is None:
            return TableScan((), fields)
        moved = _Moved(os.path.realpath(folder), str(document["location"]))
        manifests = read_manifest_list(moved.path(snapshot["manifest-list"]))
        here = [replace(manifest, path=moved.path(manifest.path)) for manifest in manifests]
        files = [live_file(entry) for manifest in here if manifest.is_data for entry in read_entries(manifest)]
        return TableScan(
            tuple(moved.path(file.path) for file in files),
            fields,
            deletes=any(not manifest.is_data and manifest.live != 0 for manifest in here),
            metadata=path,
            snapshot_id=snapshot_id,
        )


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where files are now that were written when the table was elsewhere."""

    folder: str
    location: str

    def path(self, written: str) -> str:
        inside = local_path(written)
        before = local_path(self.location).rstrip("/") + "/"
        if inside.startswith(before):
            inside = f"{self.folder}/{inside.removeprefix(before)}"
        real = os.path.realpath(inside)
        if not real.startswith(f"{self.folder}/"):
            why = f"it names the file `{written}`"
            raise storage_error(STORAGE_MISSING, "the table has files outside of its folder", why)
        return real


def _newest(folder: str) -> str:
    found = []
    with storage_errors(f"read the folder `{folder}`"):
        for name in os.listdir(os.path.join(folder, "metadata")):
            version, path = _VERSION.fullmatch(name), os.path.join(folder, "metadata", name)
            if version:
                found.append((int(version.group(1)), os.stat(path).st_mtime_ns, path))
    if not found:
        raise StorageError(STORAGE_MISSING, f"`{folder}` is no Iceberg table: it has no metadata file")
    return max(found)[2]


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


class _reading:  # noqa: N801 - reads as a word
    """Raises whatever is wrong with what others wrote with a code."""

    def __init__(self, folder: str) -> None:
        self._doing = f"read the Iceberg table in `{folder}`"

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise it with a code."""
        if isinstance(error, OSError):
            with storage_errors(self._doing):
                raise error
        if isinstance(error, AvroError | KeyError | ValueError | TypeError | AttributeError):
            raise storage_error(CORRUPT_STORE, f"cannot {self._doing}", str(error)) from error
