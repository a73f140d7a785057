"""How a snapshot's files are spread over manifests: which are carried over, which are written anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.drivers.iceberg.manifest import LiveFile, Manifest, live_file

#: Manifests of about equal size are merged when there are as many: then a table of n files has about
#: ``FAN_OUT * log(n)`` of them, and a file is written into a new manifest only ``log(n)`` times.
FAN_OUT = 16

ReadEntries = Callable[[Manifest], list[dict[str, Any]]]
ReadFiles = Callable[[Manifest], tuple[LiveFile, ...]]


@dataclass(slots=True)
class Layout:
    """What becomes of the parent's manifests.

    Attributes:
        carried: stay as they are.
        rewritten: entries of files that stay, out of manifests that do not.
        removed: files that do not stay.
        merged: entries of files that stay, out of small manifests; each list becomes one manifest.
    """

    carried: list[Manifest] = field(default_factory=list)
    rewritten: list[dict[str, Any]] = field(default_factory=list)
    removed: list[LiveFile] = field(default_factory=list)
    merged: list[list[dict[str, Any]]] = field(default_factory=list)


def keep_all(manifests: Iterable[Manifest]) -> Layout:
    """Keep every file. Manifests in which no file is left are dropped."""
    return Layout(carried=[manifest for manifest in manifests if manifest.live != 0])


def keep_none(manifests: Iterable[Manifest], read_files: ReadFiles) -> Layout:
    """Keep no file, and no delete file either."""
    return Layout(removed=[file for manifest in manifests if manifest.is_data for file in read_files(manifest)])


def keep_some(
    manifests: Iterable[Manifest], keep: Collection[str], read_files: ReadFiles, read_entries: ReadEntries
) -> tuple[Layout, list[str]]:
    """Keep the files of these paths, and all delete files, which may apply to them.

    Returns:
        The layout, and the paths that no manifest names.
    """
    layout = Layout()
    unknown = set(keep)
    for manifest in manifests:
        if not manifest.is_data:
            layout.carried += [manifest] * (manifest.live != 0)
            continue
        files = read_files(manifest)
        kept = {file.path for file in files} & unknown
        layout.removed += [file for file in files if file.path not in kept]
        if kept and len(kept) == len(files):
            layout.carried.append(manifest)
        elif kept:
            layout.rewritten += [entry for entry in read_entries(manifest) if live_file(entry).path in kept]
        unknown -= kept
    return layout, sorted(unknown)


def merge_small(layout: Layout, read_entries: ReadEntries) -> None:
    """Merge manifests of about equal size, if there are many of them. One that was not counted is merged always."""
    tiers: dict[int, list[Manifest]] = {}
    for manifest in layout.carried:
        if manifest.is_data:
            tiers.setdefault(_tier(manifest.live), []).append(manifest)
    for tier, manifests in tiers.items():
        if len(manifests) < FAN_OUT and tier != _UNCOUNTED:
            continue
        layout.merged.append([entry for manifest in manifests for entry in read_entries(manifest)])
        gone = {manifest.path for manifest in manifests}
        layout.carried = [manifest for manifest in layout.carried if manifest.path not in gone]


_UNCOUNTED = -1


def _tier(live: int | None) -> int:
    if live is None:
        return _UNCOUNTED
    tier = 0
    while live >= FAN_OUT:
        live //= FAN_OUT
        tier += 1
    return tier


def in_order(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Sort manifests by when the first of their files came, so that rows are read in the order of their coming."""
    return sorted(manifests, key=lambda manifest: manifest.record["min_sequence_number"] or 0)
