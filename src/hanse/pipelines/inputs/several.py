"""Several files as one relation: columns by name, types that go together, each file staged by itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hanse import sql
from hanse.base import HanseError, IngestError
from hanse.ingest import FileScan, relation
from hanse.ingest.codes import FILES_DIFFER
from hanse.interfaces import CsvScan, JsonScan, ParquetScan, Session
from hanse.pipelines.staging.stage import unreadable
from hanse.spec import FileInput

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file: its name for messages, how it is read, the session's name for it, its columns."""

    shown: str
    scan: FileScan
    relation: str
    columns: Columns

    @property
    def names(self) -> frozenset[str]:
        """Its columns as SQL compares them."""
        return frozenset(name.casefold() for name, _ in self.columns)


def stage_several(
    session: Session,
    source: FileInput,
    bound: str,
    files: Sequence[tuple[str, str]],
    *,
    straight: bool,
    empty: bool,
    scratch: str,
    subject: str,
) -> int:
    """Stage the files of one input, and bind all of them under one name.

    Args:
        session: where they are bound.
        source: the input.
        bound: the name.
        files: what messages call each file, and its absolute path; at least one.
        straight: values are read as text: a contract's table is built from them without a transform.
        empty: only their columns count, no row.
        scratch: folder for the staged files.
        subject: address for messages.

    Returns:
        The number of rows.

    Raises:
        IngestError: HNS-I004: a file cannot be read. HNS-I008: files do not fit together.
    """
    parts = []
    for number, (shown, path) in enumerate(files):
        scan = relation(replace(source, written=shown), path, text=straight, scratch=scratch)
        parts.append(_part(session, source, shown, scan, f"{bound}__{number}", subject))
    _require_fit(source, parts, subject)
    parts = _alike(session, source, parts, subject)
    wanted = {name.casefold(): (name, kind) for part in reversed(parts) for name, kind in part.columns}
    order = dict.fromkeys(name.casefold() for part in parts for name, _ in part.columns)
    staged = []
    for number, part in enumerate(parts):
        own = {name.casefold(): name for name, _ in part.columns}
        select = sql.align(part.relation, [(own.get(key), *wanted[key]) for key in order])
        path = os.path.join(scratch, f"input-{source.name}-{number}.parquet")
        try:
            staged.append(session.stage(sql.limit(select, 0) if empty else select, path))
        except HanseError as error:
            raise unreadable(error, replace(source, written=part.shown), subject) from error
        session.unbind(part.relation)
    session.bind(bound, ParquetScan(tuple(file.path for file in staged)))
    return sum(file.rows for file in staged)


def _part(session: Session, source: FileInput, shown: str, scan: FileScan, name: str, subject: str) -> _Part:
    try:
        session.bind(name, scan)
        return _Part(shown, scan, name, session.describe(sql.select_star(name)))
    except HanseError as error:
        raise unreadable(error, replace(source, written=shown), subject) from error


def _require_fit(source: FileInput, parts: Sequence[_Part], subject: str) -> None:
    """Refuse files with other columns than most have; a name that no object of a JSON file has is no fault of it."""
    if source.drift != "fail" or source.format in ("json", "ndjson"):
        return
    usual = Counter(part.names for part in parts).most_common(1)[0][0]
    odd = next((part for part in parts if part.names != usual), None)
    if odd is None:
        return
    faults = [f"lacks `{name}`" for name in sorted(usual - odd.names)]
    faults += [f"has the extra `{name}`" for name in sorted(odd.names - usual)]
    raise _differ(source, f"{odd.shown} {' and '.join(faults)} compared with the others", subject)


def _alike(session: Session, source: FileInput, parts: Sequence[_Part], subject: str) -> list[_Part]:
    """Return the parts with one type per column: what has to be parsed is parsed as the type that all of it fits."""
    kinds: dict[str, dict[str, _Part]] = {}
    for part in parts:
        for name, kind in part.columns:
            kinds.setdefault(name.casefold(), {}).setdefault(kind, part)
    common = {}
    for name, found in kinds.items():
        if len(found) > 1:
            common[name] = _common(session, source, name, found, subject)
    if not common:
        return list(parts)
    alike = []
    for part in parts:
        pins = {n: common[n.casefold()] for n, k in part.columns if common.get(n.casefold(), k) != k}
        if pins:
            assert isinstance(part.scan, CsvScan | JsonScan)
            scan = replace(part.scan, columns={**part.scan.columns, **pins})
            part = _part(session, source, part.shown, scan, part.relation, subject)
        alike.append(part)
    return alike


def _common(session: Session, source: FileInput, name: str, found: dict[str, _Part], subject: str) -> str:
    if any(not isinstance(p.scan, CsvScan | JsonScan) or p.scan.text for p in found.values()):
        (kind, part), (other_kind, other), *_ = found.items()
        what = f"`{name}` is {other_kind} in {other.shown} and {kind} in {part.shown}"
        raise _differ(source, what, subject)
    pieces = [sql.project(part.relation, [(_own(part, name), "c")]) for part in found.values()]
    ((_, kind),) = session.describe(sql.union_all(pieces))
    return kind


def _own(part: _Part, folded: str) -> str:
    return next(name for name, _ in part.columns if name.casefold() == folded)


def _differ(source: FileInput, what: str, subject: str) -> IngestError:
    return IngestError(
        FILES_DIFFER,
        f"input `{source.name}`: {what}",
        where=source.where,
        fix="deliver files of one shape, or make them separate inputs",
        subject=subject,
    )
