"""Getting ready: tables to write, a session that may read just what is needed, and the inputs bound in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hanse.base import HanseError, IngestError, RunError, TableName
from hanse.ingest import InputState, relation
from hanse.ingest.codes import NO_MATCH
from hanse.interfaces import (
    ParquetScan,
    Session,
    SessionLimits,
    TableScan,
    TableSchema,
)
from hanse.pipelines.codes import (
    TABLE_NOT_APPLIED,
)
from hanse.pipelines.due.outdated import has_sql_rules
from hanse.pipelines.inputs.bad_rows import Files, set_aside
from hanse.pipelines.inputs.databases import bind_table
from hanse.pipelines.inputs.several import stage_several
from hanse.pipelines.mend import mend_tables
from hanse.pipelines.staging.stage import (
    relation_of,
    unreadable,
)
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import FileRead, Node, NodeRead, PortRead, published_name
from hanse.plan import column_drafts
from hanse.registry import ReleasedTable
from hanse.spec import DatabaseInput, FileInput, Table
from hanse.spec.urls import is_remote


def prepare(work: Work, built: Sequence[Node]) -> None:
    """Make folders, and look up the columns of the tables to be built.

    Raises:
        RunError: HNS-L018: a table was never created, or was lost.
    """
    Path(work.scratch).mkdir(parents=True, exist_ok=True)
    work.kept.prepare()
    recorded = _recorded_schemas(work)
    if work.force:
        _mend(work, built)
    for node in built:
        name = published_name(work.product, node)
        assert node.table is not None
        schema = work.around.store.schema(name)
        if schema is None and work.force:
            schema = work.around.store.create(name, column_drafts(node.table))
            work.lost.add(name)
        if schema is None:
            raise RunError(
                TABLE_NOT_APPLIED,
                f"table {name} is not in the table store",
                fix="`hanse doctor --repair` brings it back if its files are there; `hanse run --force` makes it anew",
                subject=str(name),
            )
        if schema.schema_id != recorded.get(name) or not _fits(schema, node.table):
            # An apply that was killed, or two at once, may have left a schema that nobody recorded.
            schema = work.around.store.alter(name, column_drafts(node.table), since=recorded.get(name))
        work.columns[node.name] = schema.columns


def bring_files(work: Work, wanted: Sequence[Node]) -> None:
    """Bring copies of the files elsewhere that the nodes read into the run's own folder.

    Raises:
        IngestError: as :meth:`hanse.ingest.RemoteFiles.bring`.
    """
    sources = {f.name: f for f in work.around.workspace.entries[work.product.name].files if is_remote(f.path)}
    folder = os.path.join(work.scratch, "fetched")
    names = {r.name for n in wanted for r in n.reads.values() if isinstance(r, FileRead)}
    brought = dict(work.situation.files)
    for name in sorted(names & sources.keys()):
        state = brought[name]
        # When nothing is new, one that is there tells the columns.
        needed = state.files or state.present[-1:]
        here = {file.sha256: work.around.remote.bring(sources[name], file, folder) for file in needed}
        brought[name] = replace(
            state,
            files=tuple(here[file.sha256] for file in state.files),
            present=tuple(here.get(file.sha256, file) for file in state.present),
        )
    work.situation = replace(work.situation, files=brought)


def _mend(work: Work, built: Sequence[Node]) -> None:
    """Whoever asks for everything anew gets it, also when the store was lost or damaged."""
    grown = {name for name, growth in work.growing.items() if growth.before is not None}
    tables = {published_name(work.product, node): node.name in grown for node in built}
    growing = [name for name, grows in tables.items() if grows]
    work.lost |= mend_tables(work.around.store, work.around.registry.reader(), tables, growing)


def open_session(work: Work, wanted: Sequence[Node], scans: Mapping[str, TableScan]) -> Session:
    """Open a session that may read the inputs and write the staged files, and nothing else."""
    files = [file.path for state in work.situation.files.values() for file in state.present if file.path]
    staging = [os.path.dirname(work.staging(n)) for n in wanted if not n.is_private]
    scan_folders = [os.path.dirname(f) for scan in scans.values() for f in scan.files]
    own = [work.scratch, work.kept.folder]
    settings = work.around.workspace.mesh.engine
    return work.around.engine.open(
        readable=sorted({*files, *staging, *scan_folders, *own}),
        writable=sorted({*staging, *own}),
        limits=SessionLimits(threads=settings.threads, memory=settings.memory_limit),
        formats={f.format for f in work.product.pipeline.files},
    )


def released_scans(work: Work, wanted: Sequence[Node], reused: Mapping[str, ReleasedTable]) -> Mapping[str, TableScan]:
    """Return the released tables that have to be read, by internal relation name.

    Besides what transforms read, SQL rules of a contract may name any table of the product, and relationships lead to
    tables of its own and of its inputs.
    """
    upstream = {t.table: t for r in work.situation.upstream.values() for t in r.tables}
    reads = {r for n in wanted for r in n.reads.values()}
    if any(has_sql_rules(n) for n in wanted):
        reads |= {NodeRead(name) for name in reused}
    reads |= work.referred.reads_of(wanted)
    scans: dict[str, TableScan] = {}
    for read in reads:
        released = None
        if isinstance(read, PortRead):
            released = upstream.get(read.table)  # what transforms read is known to be there
        elif isinstance(read, NodeRead):
            released = reused.get(read.node)
        if released:
            scans[relation_of(read)] = work.around.store.scan(released.table, released.snapshot_id)
    return scans


def bind_inputs(work: Work, session: Session, wanted: Sequence[Node], scans: Mapping[str, TableScan]) -> None:
    """Bind everything that the nodes read from outside this build."""
    for name, scan in scans.items():
        session.bind(name, scan)
        work.found.ready[name] = _released_rows(work, name)
    sources = {s.name: s for s in work.product.pipeline.sources}
    idle = {name for name, growth in work.growing.items() if growth.idle}
    reads = {r: n for n in wanted if n.name not in idle for r in n.reads.values() if isinstance(r, FileRead)}
    for read, node in reads.items():
        source, straight = sources[read.name], node.transform is None
        if isinstance(source, DatabaseInput):
            bind_table(work, session, source, straight=straight)
        else:
            _bind_file(work, session, source, read, straight=straight)


def _bind_file(work: Work, session: Session, source: FileInput, read: FileRead, *, straight: bool) -> None:
    """Bind a file; one that has to be parsed is staged before transforms read it: once, and its faults are its own."""
    state = work.situation.files[source.name]
    name = relation_of(read)
    if state.is_glob:
        _bind_several(work, session, source, state, name, straight=straight)
        return
    (file,) = state.files
    with work.log.step("ingest", source.name) as measured:
        measured.bytes = file.bytes
        source, ((_, path),) = set_aside(work, session, source, [(source.shown, file.path)])
        scan = relation(source, path, text=straight, scratch=work.scratch)
        try:
            session.bind(name, scan)
            if not isinstance(scan, ParquetScan) and not straight:
                staged = session.stage(_all_of(name), os.path.join(work.scratch, f"input-{source.name}.parquet"))
                measured.rows = staged.rows
                session.bind(name, ParquetScan((staged.path,)))
            elif isinstance(scan, ParquetScan):
                statistics = session.statistics(scan.files)
                measured.rows = next((s.rows for s in statistics.values()), None)
        except HanseError as error:
            raise unreadable(error, source, f"{work.product.name}.{source.name}") from error
        work.found.ready[name] = measured.rows


def _bind_several(
    work: Work, session: Session, source: FileInput, state: InputState, name: str, *, straight: bool
) -> None:
    """Bind all files of a pattern; if none of them is new, one that is there tells the columns.

    Raises:
        IngestError: HNS-I007: nothing is new, and nothing is there to tell the columns.
    """
    with work.log.step("ingest", source.name) as measured:
        measured.bytes = sum(f.bytes for f in state.files)
        files: Files = [*zip(state.names, (f.path for f in state.files), strict=True)]
        files = files or [(source.shown, f.path) for f in state.present[-1:]]
        if not files:
            raise IngestError(
                NO_MATCH,
                f"input `{source.name}`: no file matches {source.shown}, so its columns are unknown",
                where=source.where,
                why="another input of the same table brings something new",
                fix="leave the newest file there",
                subject=str(work.product.name),
            )
        subject = f"{work.product.name}.{source.name}"
        source, files = set_aside(work, session, source, files)
        measured.rows = stage_several(
            session,
            source,
            name,
            files,
            straight=straight,
            empty=not state.files,
            scratch=work.scratch,
            subject=subject,
        )
        work.found.ready[name] = measured.rows


def _released_rows(work: Work, name: str) -> int | None:
    """Return the rows of a released table by its internal name."""
    upstream = {relation_of(PortRead(t.table)): t.rows for r in work.situation.upstream.values() for t in r.tables}
    own = work.situation.visible.tables if work.situation.visible else ()
    return (upstream | {relation_of(NodeRead(t.table.local)): t.rows for t in own}).get(name)


def _recorded_schemas(work: Work) -> Mapping[TableName, int]:
    """Return the schema ids that the product's tables were applied with."""
    applied = work.around.registry.reader().product(work.product.name)
    return {t.name: t.schema_id for t in applied.tables} if applied else {}


def _fits(schema: TableSchema, table: Table) -> bool:
    have = [(c.name, c.type, c.required) for c in schema.columns]
    return have == [(c.name, c.type, c.required) for c in table.columns]


def _all_of(relation_name: str) -> str:
    from hanse import sql

    return sql.select_star(relation_name)
