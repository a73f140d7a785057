"""Tables of databases in a run: read once at its start, all of one database at one moment; files from then on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hanse import sql
from hanse.base import EngineError, IngestError, Location, RunError, digest
from hanse.ingest import InputState, by_database, database_of, reading, staged_state, table_of
from hanse.interfaces import DatabaseSnapshot, ParquetScan, Session, SessionLimits, SourceColumn
from hanse.interfaces.codes import NO_SUCH_SOURCE_TABLE, VALUE_UNREADABLE
from hanse.pipelines.due.situation import Openness, Situation, Surroundings, product_seen
from hanse.pipelines.records import StepLog
from hanse.pipelines.staging.deliver import delivered_table
from hanse.pipelines.staging.stage import NO_ROOM, no_room, relation_of, require_source_columns
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import FileRead, build_graph, settings_of
from hanse.registry import Run
from hanse.spec import DatabaseInput, DataType, FileReference, Product, Table


def read_databases(around: Surroundings, situation: Situation, run: Run, scratch: str) -> Situation:
    """Read the tables that a product needs into files below ``scratch``.

    Returns:
        The situation with these files among its own, and with a key that tells what is in them.

    Raises:
        IngestError: HNS-I021 to I034, of the input concerned.
        RunError: HNS-L003: a table's columns differ from the contract's, told before a row was read.
    """
    product = product_seen(around, situation)
    graph = build_graph(product, situation.inputs)
    reads = {read: node for node in graph.needed for read in node.reads.values() if isinstance(read, FileRead)}
    straight = {
        read.name: delivered_table(node.table, settings_of(product, node))
        for read, node in reads.items()
        if node.transform is None and node.table is not None
    }
    sources = [d for d in product.pipeline.databases if FileRead(d.name) in reads]
    Path(scratch).mkdir(parents=True, exist_ok=True)
    log = StepLog(around.registry, around.clock, run.id, run.fence)
    found: dict[str, tuple[InputState, tuple[SourceColumn, ...]]] = {}
    try:
        for group in by_database(sources):
            found |= _read_one(around, product, group, straight, scratch, log)
    finally:
        log.flush()
    states = {name: state for name, (state, _) in found.items()}
    content = {name: state.content for name, state in states.items()}
    return replace(
        situation,
        files={**situation.files, **states},
        columns={name: columns for name, (_, columns) in found.items()},
        base=digest([situation.base.partition(":")[0], content]),
    )


def _read_one(
    around: Surroundings,
    product: Product,
    sources: Sequence[DatabaseInput],
    straight: Mapping[str, Table],
    scratch: str,
    log: StepLog,
) -> dict[str, tuple[InputState, tuple[SourceColumn, ...]]]:
    """Read the tables of one database."""
    mesh, first = around.workspace.mesh, sources[0]
    subject = str(product.name)
    limits = SessionLimits(threads=mesh.engine.threads, memory=mesh.engine.memory_limit)
    found = {}
    with reading(first, subject):
        database = database_of(first, mesh, product.folder, around.environ)
    if first.sqlite is not None:
        reference = FileReference(first.name, first.sqlite, first.where or Location(product.path), first.shown)
        Openness(around.workspace, product.name, reference).require(os.path.join(product.folder, first.sqlite))
    with reading(first, subject):
        snapshot = around.databases.open(database, writable=[scratch], limits=limits)
    with snapshot:
        for source in sources:
            with log.step("read", source.name) as measured:
                path = os.path.join(scratch, f"table-{source.name}.parquet")
                columns, measured.rows = _stage(snapshot, source, straight.get(source.name), path, subject)
                file = staged_state(path)
                measured.bytes = file.bytes
                found[source.name] = (InputState((file,), (source.name,), (file,)), columns)
    return found


def _stage(
    snapshot: DatabaseSnapshot, source: DatabaseInput, promised: Table | None, path: str, subject: str
) -> tuple[tuple[SourceColumn, ...], int]:
    """Read one table; for a contract's table, only the columns that it promises.

    Returns:
        All columns that the table has, and the number of its rows.
    """
    table = table_of(source)
    with reading(source, subject):
        columns = snapshot.columns(table)
    wanted = columns
    if promised is not None:
        names = require_source_columns(promised, source, [c.name for c in columns])
        wanted = tuple(c for c in columns if c.name in names)
    try:
        with reading(source, subject):
            return columns, snapshot.stage(table, wanted, path).rows
    except IngestError as error:
        if error.code.id in NO_ROOM:
            raise no_room(error, subject) from None
        raise


def bind_table(work: Work, session: Session, source: DatabaseInput, *, straight: bool) -> None:
    """Bind a table that was read. What a transform reads has types; what a contract casts stays as it was read.

    Raises:
        IngestError: HNS-I029: values are not what their columns say.
    """
    name = relation_of(FileRead(source.name))
    (file,) = work.situation.files[source.name].files
    session.bind(name, ParquetScan((file.path,)))
    statistics = session.statistics((file.path,))
    work.found.ready[name] = next((s.rows for s in statistics.values()), None)
    if straight:
        return
    select = sql.select_star(name)
    have = session.describe(select)
    want = _meant(source, work.situation.columns[source.name], dict(have))
    if not want:
        return
    with work.log.step("ingest", source.name) as measured:
        path = os.path.join(work.scratch, f"input-{source.name}.parquet")
        try:
            staged = session.stage(sql.cast_some(select, have, want), path)
        except EngineError as error:
            raise _unfit(work, session, source, have, want) or no_room(error, str(work.product.name)) from error
        measured.rows, measured.bytes = staged.rows, staged.bytes
        session.bind(name, ParquetScan((staged.path,)))


def _meant(source: DatabaseInput, columns: Sequence[SourceColumn], have: dict[str, str]) -> list[tuple[str, DataType]]:
    """Return the columns whose values are to be cast, and to what: to what was asked for, or what the database says.

    Raises:
        IngestError: HNS-I024: a type is asked for of a column that is not there.
    """
    asked = {name.casefold(): kind for name, kind in source.columns.items()}
    for name in source.columns:
        if name.casefold() not in {c.name.casefold() for c in columns}:
            raise IngestError(
                NO_SUCH_SOURCE_TABLE,
                f"input `{source.name}`, {source.shown}: there is no column `{name}`",
                where=source.where,
                fix="correct `columns` in `pipeline.yaml`",
            )
    wanted = []
    for column in columns:
        kind = asked.get(column.name.casefold()) or (column.type if have[column.name] == "VARCHAR" else None)
        if kind is not None and not sql.same_type(have[column.name], kind):
            wanted.append((column.name, kind))
    return wanted


def _unfit(
    work: Work,
    session: Session,
    source: DatabaseInput,
    have: Sequence[tuple[str, str]],
    want: Sequence[tuple[str, DataType]],
) -> RunError | None:
    """Return which columns hold values that they should not; None if that is not what went wrong."""
    query = sql.cast_failures(sql.select_star(relation_of(FileRead(source.name))), have, want, 0)
    if query is None:
        return None
    kinds = dict(want)
    counts = session.fetch(query.by_column).to_pylist()[0]
    faults = [f"{count:,} in `{name}` that are no {kinds[name]}" for name, count in counts.items() if count]
    if not faults:
        return None
    return IngestError(
        VALUE_UNREADABLE,
        f"input `{source.name}`, {source.shown}: values do not fit: {', '.join(faults)}",
        where=source.where,
        fix="mend them there; or ask for another type, such as VARCHAR, under `columns` in `pipeline.yaml`",
        subject=str(work.product.name),
    )
