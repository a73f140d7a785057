"""Staging: one node of the graph becomes one Parquet file that nobody sees yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hanse import sql
from hanse.base import EngineError, HanseError, IngestError, Location, Problem, RunError, TransformError
from hanse.ingest.codes import FILE_UNREADABLE
from hanse.interfaces import Session, StagedFile, StoredColumn
from hanse.pipelines.codes import COLUMNS_DIFFER, FILES_FAILED, TRANSFORM_FAILED
from hanse.pipelines.transforms.graph import FileRead, Node, NodeRead, PortRead, Read, settings_of
from hanse.pipelines.transforms.windows import Cell
from hanse.spec import Column, DatabaseInput, DataType, FileInput, Product, Source, Table, TextStyle

FAILED_ROWS = 20
# The engine seam's codes for a full disk and a refused write: nobody's SQL and no delivery is to blame.
NO_ROOM = frozenset({"HNS-E008", "HNS-E024"})

_FIXES = {
    "csv": "look at the line named; give the dialect under `csv` in `pipeline.yaml` if it is real",
    "ndjson": "look at the line named; a file that is one array of objects has `format: json`",
    "json": "look at the line named; a file of one object per line has `format: ndjson`",
    "xlsx": "look at the workbook; name its sheet under `excel` in `pipeline.yaml`",
}


@dataclass(frozen=True, slots=True)
class CastFailure:
    """A value that is not of the contract's type.

    Attributes:
        column: column of the contract.
        value: the value, as text.
        type: the type that the contract promises.
        row: the whole row, as text per column.
    """

    column: str
    value: str
    type: str
    row: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging a node gave.

    Attributes:
        file: the table; if some values could not be cast, the rows without such values, for checks only.
        failures: a bounded sample of values that could not be cast.
        failed_rows: number of rows with such values.
    """

    file: StagedFile
    failures: tuple[CastFailure, ...] = ()
    failed_rows: int = 0


def relation_of(read: Read) -> str:
    """Return the internal name under which a session knows what a transform reads."""
    match read:
        case NodeRead(name):
            return f"__n_{name}"
        case FileRead(name):
            return f"__f_{name}"
        case PortRead(table):
            return f"__p_{table.domain}__{table.product}__{table.local}"


def result_of(node: Node, cell: Cell | None = None) -> str:
    """Return the internal name under which a session knows what a Python transform returned, of a range or in all."""
    return f"__y_{node.name}__{cell.part}" if cell else f"__y_{node.name}"


def select_of(session: Session, node: Node, product: Product, cell: Cell | None = None) -> str:
    """Return the SELECT that builds a node, confined to its declared inputs by both readers.

    Args:
        session: where the node's inputs are bound.
        node: what to build.
        product: whose it is.
        cell: the range to build, of a table with a window.

    Raises:
        Denied: the SQL names something that it may not.
        RunError: HNS-L003: a file has other columns than the contract's table.
    """
    if node.program is not None:
        return sql.select_star(result_of(node, cell))
    if node.statement is not None:
        names = {parts: relation_of(read) for parts, read in node.reads.items()}
        bound = node.statement.bind(names, values=cell.values(window_type(node, product)) if cell else None)
        with explained(node, product):
            references = session.references(bound.sql)
        sql.second_reading(bound, references)
        return bound.sql
    assert node.table is not None  # only a contract's table is built without a transform
    return _identity(session, node.table, source_of(node, product), relation_of(next(iter(node.reads.values()))))


def window_type(node: Node, product: Product) -> DataType:
    """Return the type of the column that a table's window is over."""
    window = settings_of(product, node).window
    assert window is not None
    assert node.table is not None
    column = node.table.column(window.column)
    assert column is not None
    return column.type


def hold_private(session: Session, node: Node, product: Product) -> int:
    """Build a private transform in the session's memory and bind it there. Returns the number of its rows.

    Raises:
        TransformError: HNS-L012: the engine could not run it.
    """
    select = select_of(session, node, product)
    with explained(node, product):
        return session.hold(relation_of(NodeRead(node.name)), select)


def stage_private(session: Session, node: Node, product: Product, path: str) -> StagedFile:
    """Stage a private transform as it is.

    Raises:
        TransformError: HNS-L012: the engine could not run it.
    """
    select = select_of(session, node, product)
    with explained(node, product):
        return session.stage(sql.exact(select, session.describe(select)), path)


def stage_table(
    session: Session,
    node: Node,
    product: Product,
    path: str,
    columns: Sequence[StoredColumn] | None,
    aside: str,
    cell: Cell | None = None,
) -> Staged:
    """Stage a contract's table: its columns, in its order, in its types, with the table's field ids.

    Args:
        session: where the node's inputs are bound.
        node: a contract's table.
        product: whose it is.
        path: where the file shall be.
        columns: the table's columns in the table store; None for a delivery that is to be taken in.
        aside: where the sound rows go if some values cannot be cast; such a file is never published.
        cell: the range to build, of a table with a window.

    Returns:
        The file at ``path``; or, if values cannot be cast exactly, their number, a bounded sample and the file aside.

    Raises:
        TransformError: HNS-L012: the engine could not run it.
        RunError: HNS-L003: columns differ from the contract.
    """
    assert node.table is not None
    select = select_of(session, node, product, cell)
    with explained(node, product):
        have = session.describe(select)
    require_columns(node, product, [name for name, _ in have])
    want = [(c.name, c.type) for c in node.table.columns]
    style = _style_of(node, product)
    projection = sql.cast_projection(select, have, want, style)
    try:
        return Staged(session.stage(projection, path, columns))
    except EngineError as error:
        failed = _cast_failures(session, select, have, node.table, aside, columns, style)
        if failed is not None:
            return failed
        raise explain(error, node, product) from error


class explained:  # noqa: N801 - reads as a word: `with explained(node, product):`
    """The error boundary around a domain's code: says whose SQL failed, in which file."""

    def __init__(self, node: Node, product: Product) -> None:
        self._node, self._product = node, product

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Turn an engine's error into the owner's."""
        if isinstance(error, EngineError):
            raise explain(error, self._node, self._product) from error


def explain(error: HanseError, node: Node, product: Product) -> RunError:
    """Return an engine's error as an error of the owner's transform or source, or of the machine."""
    subject = f"{product.name}.{node.name}"
    if error.code.id in NO_ROOM:
        return no_room(error, subject)
    if node.transform is not None:
        problem = _placed(error, node)
        return TransformError(
            TRANSFORM_FAILED,
            f"transform `{node.name}` of {product.name} failed: {problem.what}",
            where=problem.where or Location(node.transform.path),
            why=error.problem.why,
            fix=error.problem.fix or "correct the transform",
            subject=subject,
        )
    source = source_of(node, product)
    return unreadable(error, source, subject)


def _placed(error: HanseError, node: Node) -> Problem:
    """Return an engine's error in the words of the author, with its place in the SQL where it can be told."""
    if node.statement is None or not isinstance(error, EngineError):
        return error.problem
    from hanse.query.failures import explain_failure

    names = {relation_of(read): ".".join(parts) for parts, read in node.reads.items()}
    return explain_failure(error, node.statement, (), names).problem


def unreadable(error: HanseError, source: Source, subject: str) -> RunError:
    """Return an engine's error as the source's, or as the machine's."""
    if error.code.id in NO_ROOM:
        return no_room(error, subject)
    if isinstance(source, DatabaseInput):
        return _unreadable_table(error, source, subject)
    return IngestError(
        FILE_UNREADABLE,
        f"input `{source.name}`: {source.shown} cannot be read as {source.format}",
        where=source.where,
        why=(error.problem.why or error.problem.what).replace(source.path, source.shown),
        fix=error.problem.fix or _FIXES.get(source.format, "deliver it again"),
        subject=subject,
    )


def _unreadable_table(error: HanseError, source: DatabaseInput, subject: str) -> RunError:
    return IngestError(
        FILE_UNREADABLE,
        f"input `{source.name}`: what was read of {source.shown} cannot be used",
        where=source.where,
        why=error.problem.why or error.problem.what,
        fix=error.problem.fix or "run again",
        subject=subject,
    )


def no_room(error: HanseError, subject: str) -> RunError:
    """Return an engine's error about the disk as the machine's: nobody's SQL and no delivery is to blame."""
    return RunError(
        FILES_FAILED,
        f"what was built of {subject} could not be written",
        why=error.problem.why or error.problem.what,
        fix="make room, or give this user the right to write there; then run again",
        subject=subject,
    )


def _identity(session: Session, table: Table, source: Source, relation: str) -> str:
    try:
        have = [name for name, _ in session.describe(sql.select_star(relation))]
    except EngineError as error:
        raise unreadable(error, source, table.name) from error
    require_source_columns(table, source, have)
    wanted = [(_name_in(c, have), c) for c in table.columns]
    if drifted(have, table).missing:
        present = {h.casefold() for h in have}
        return sql.align(
            relation, [(name if name.casefold() in present else None, c.name, str(c.type)) for name, c in wanted]
        )
    return sql.project(relation, [(name, column.name) for name, column in wanted])


def require_source_columns(table: Table, source: Source, have: Sequence[str]) -> frozenset[str]:
    """Require that a source has the columns of a contract's table, as far as its ``drift`` says.

    Returns:
        Those of its columns that the table takes.

    Raises:
        RunError: HNS-L003: some are missing or too many.
    """
    wanted = [(_name_in(c, have), c) for c in table.columns]
    found = drifted(have, table)
    tolerated = source.drift != "fail"
    what = source.shown if isinstance(source, DatabaseInput) else f"file {source.shown}"
    _compare(
        [h for h in have if not (tolerated and h in found.extra)],
        [name for name, c in wanted if not (tolerated and c.name in found.missing and _may_lack(c))],
        f"{what} of input `{source.name}`",
        source.where,
        f"the contract's table `{table.name}`",
    )
    taken = {name.casefold() for name, _ in wanted}
    return frozenset(h for h in have if h.casefold() in taken)


@dataclass(frozen=True, slots=True)
class Drifted:
    """Columns that a file has beyond the contract, as it calls them, and that it lacks, as the contract calls them."""

    extra: tuple[str, ...]
    missing: tuple[str, ...]


def drifted(have: Sequence[str], table: Table) -> Drifted:
    """Compare a file's columns with a contract's table."""
    wanted = {_name_in(c, have).casefold(): c.name for c in table.columns}
    present = {h.casefold() for h in have}
    return Drifted(
        tuple(h for h in have if h.casefold() not in wanted),
        tuple(name for folded, name in wanted.items() if folded not in present),
    )


def _name_in(column: Column, have: Sequence[str]) -> str:
    return column.physical_name if column.physical_name in have and column.physical_name else column.name


def _may_lack(column: Column) -> bool:
    return not column.required and not column.primary_key_position


def require_columns(node: Node, product: Product, have: Sequence[str]) -> None:
    """Require that a transform gives exactly the columns of its table, in any order.

    Raises:
        RunError: HNS-L003: some are missing or too many.
    """
    assert node.table is not None
    where = Location(node.transform.path) if node.transform else None
    _compare(
        have,
        [c.name for c in node.table.columns],
        f"transform `{node.name}` of {product.name}",
        where,
        f"the contract's table `{node.table.name}`",
    )


def _compare(have: Sequence[str], want: Sequence[str], who: str, where: Location | None, what: str) -> None:
    folded_have, folded_want = {h.casefold() for h in have}, {w.casefold() for w in want}
    missing = [w for w in want if w.casefold() not in folded_have]
    extra = [h for h in have if h.casefold() not in folded_want]
    if not missing and not extra:
        return
    faults = []
    if missing:
        faults.append("lacks " + ", ".join(f"`{m}`" for m in missing))
    if extra:
        faults.append("has the extra " + ", ".join(f"`{e}`" for e in extra))
    raise RunError(
        COLUMNS_DIFFER,
        f"{who} {' and '.join(faults)} compared with {what}",
        where=where,
        fix="make the columns those of the contract, or change the contract (`hanse plan` shows whom that touches)",
    )


def _cast_failures(
    session: Session,
    select: str,
    have: Sequence[tuple[str, str]],
    table: Table,
    aside: str,
    columns: Sequence[StoredColumn] | None,
    style: TextStyle,
) -> Staged | None:
    """Look for values that cannot be cast; None if that is not what went wrong."""
    want = [(c.name, c.type) for c in table.columns]
    query = sql.cast_failures(select, have, want, FAILED_ROWS, style)
    if query is None:
        return None
    try:
        rows = session.fetch(query.sample).to_pylist()
        count = session.fetch(query.count).column(0)[0].as_py()
    except EngineError:
        return None  # the statement itself fails: the first error says it better
    if not rows:
        return None
    failures = tuple(CastFailure(r["column_name"], r["value_text"], r["type_text"], sql.row_of(r)) for r in rows)
    # The rows that are sound are checked as well: whoever has to mend the delivery wants to hear everything at once.
    sound = session.stage(sql.cast_projection(query.sound, have, want, style), aside, columns)
    return Staged(sound, failures, int(count))


def _style_of(node: Node, product: Product) -> TextStyle:
    """Return how the text is written that becomes a table; what a transform makes of it is SQL's own."""
    source = None if node.transform is not None else source_of(node, product)
    return source.style if isinstance(source, FileInput) else TextStyle()


def source_of(node: Node, product: Product) -> Source:
    """Return the input that a table without a transform is built from."""
    read = next(iter(node.reads.values()))
    assert isinstance(read, FileRead)
    return next(s for s in product.pipeline.sources if s.name == read.name)
