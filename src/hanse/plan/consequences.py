"""What a plan does to those who read what it changes: only what changes is followed, and only downstream of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from hanse.base import Location, Problem, ProductName, Severity, TableName
from hanse.plan.codes import READERS_BREAK
from hanse.plan.columns import widens
from hanse.plan.diff import ColumnAction, ColumnChange
from hanse.plan.impact import Fate, Impact, breaking, impact
from hanse.plan.lineage import Graph, Origins, downstream, of_applied, of_document
from hanse.plan.steps import AlterTable, PortChange, PutProduct, Step

if TYPE_CHECKING:
    from hanse.registry import Reader

_FEW = 5
# (table, name under which the plan shows the column, name that readers know) → what becomes of it. One name may be
# shown for two columns: one that goes, and one that is called so from now on.
_Changes = dict[tuple[TableName, str | None, str | None], Fate]


def consequences(steps: Sequence[Step], reader: Reader) -> tuple[Impact, ...]:
    """Return what becomes of the tables that use what a plan changes; changes that nobody meets are left out."""
    changes = _changes(steps)
    if not changes:
        return ()
    planned = {step.name: step for step in steps if isinstance(step, PutProduct)}
    sources = {**reader.sources(), **{name: tuple(_read(step)) for name, step in planned.items()}}
    names = downstream(sources, {table.owner for table, *_ in changes})
    products = list(reader.products(names))
    tables = [
        *(origins for p in products if p.name not in planned for origins in of_applied(p)),
        *(origins for name in sorted(names & planned.keys()) for origins in _planned(planned[name])),
    ]
    graph = Graph(tables, (origins for p in products for origins in of_applied(p)))
    found = (impact(graph, table, column, fate, shown=shown) for (table, shown, column), fate in changes.items())
    return tuple(one for one in found if one.touched)


def warnings(impacts: Sequence[Impact], steps: Sequence[Step]) -> Iterator[Problem]:
    """Yield a warning for every change by which tables of other products fail, may fail or misread.

    Changes that are refused anyway are left out.
    """
    products = {step.name: step for step in steps if isinstance(step, PutProduct)}
    for change, tables in breaking(impacts):
        port = _port_of(products[change.table.owner], change.table)
        if port is not None and port.refused:
            continue
        path = products[change.table.owner].document.get("path")
        shown = ", ".join(map(str, tables[:_FEW])) + (f" and {len(tables) - _FEW} more" if len(tables) > _FEW else "")
        what, why, fix = _told(change, shown)
        yield Problem(
            READERS_BREAK,
            what,
            Location(path) if path else None,
            why=why,
            fix=fix,
            severity=Severity.WARNING,
            subject=str(change.table.owner),
        )


def _told(change: Impact, shown: str) -> tuple[str, str, str]:
    """Return what a change does to the tables that are shown, why, and what to do."""
    match change.fate:
        case Fate.REPLACED:
            name = f"{change.table}.{change.column}"
            return (
                f"`{name}` means another column from now on: readers that name it go on with other values: {shown}",
                "their transforms find a column of that name, so no run need fail",
                "give the columns names that the table did not have, or change the products that read it in this plan",
            )
        case Fate.RETYPED:
            return (
                f"{change.table}: `{change.column}` gets another type, and these do more than copy it: {shown}",
                "a sum, a comparison or a join may fail with the new type, or mean something else",
                "see that their transforms go with the new type, or describe it in a new major",
            )
        case _:
            what = f"{change.table}: `{change.column}`" if change.column else f"{change.table}: the table"
            return (
                f"{what} goes, and tables of other products are made of it: {shown}",
                "their transforms name it, so their next runs fail; what they released stays readable",
                "change the products that read it first, or keep it and describe the new state in a new major",
            )


def _stored(step: AlterTable) -> _Changes:
    """Return what becomes of the names that a table's columns had."""
    found: _Changes = {}
    taken = {c.column.lower(): c.column for c in step.changes if _takes_name(c)}
    for change in step.changes:
        match change.action:
            case ColumnAction.DROPPED | ColumnAction.RENAMED:
                around, dot, name = change.column.rpartition(".")
                known = f"{around}{dot}{change.before if change.action is ColumnAction.RENAMED else name}"
                by = taken.get(known.lower())
                if by is None:
                    found[step.table, change.column, known] = Fate.GOES
                else:
                    found[step.table, by, known] = Fate.REPLACED
            case ColumnAction.RETYPED:
                fits = widens(change.before or "", change.after or "")
                found.setdefault((step.table, change.column, change.column), Fate.CHANGES if fits else Fate.RETYPED)
            case _:
                pass
    return found


def _takes_name(change: ColumnChange) -> bool:
    """Whether a column has a name from now on that it did not have, beyond the case of its letters."""
    if change.action is ColumnAction.RENAMED:
        return change.column.rpartition(".")[2].lower() != (change.before or "").lower()
    return change.action is ColumnAction.ADDED


def _changes(steps: Iterable[Step]) -> _Changes:
    found: _Changes = {}
    told_of: _Changes = {}
    for step in steps:
        if isinstance(step, AlterTable):
            found |= _stored(step)
        elif isinstance(step, PutProduct):
            for table in step.kept:
                found[table.name, None, None] = Fate.GOES
            for port in step.port_changes:
                for told in port.changes:
                    if told.breaking and told.table and told.column:
                        name = TableName(step.name.domain, step.name.product, told.table, port.major)
                        told_of.setdefault((name, told.column, told.column), Fate.CHANGES)
    shown = {key[:2] for key in found}
    return found | {key: fate for key, fate in told_of.items() if key[:2] not in shown}


def _read(step: PutProduct) -> Iterator[ProductName]:
    for port in step.ports:
        if port.direction == "input" and port.source:
            yield ProductName.parse(port.source.rpartition(".")[0])


def _port_of(step: PutProduct, table: TableName) -> PortChange | None:
    ports = {t.name: t.port for t in step.tables} | {t.name: t.port for t in step.kept}
    return next((p for p in step.port_changes if (p.name, p.major) == (ports.get(table), table.major)), None)


def _planned(step: PutProduct) -> Iterator[Origins]:
    return of_document(((t.name, [c["name"] for c in t.columns]) for t in step.tables), step.document)
