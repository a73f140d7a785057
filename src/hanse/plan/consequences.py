"""What a plan does to those who read what it changes: only what changes is followed, and only downstream of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from hanse.base import Location, Problem, ProductName, Severity, TableName
from hanse.plan.codes import READERS_BREAK
from hanse.plan.diff import ColumnAction
from hanse.plan.impact import Impact, breaking, impact
from hanse.plan.lineage import Graph, Origins, downstream, of_applied, of_document
from hanse.plan.steps import AlterTable, PortChange, PutProduct, Step

if TYPE_CHECKING:
    from hanse.registry import Reader

_FEW = 5
# (table, name under which the plan shows the column, name that readers know) → whether it goes. One name may be shown
# for two columns: one that goes, and one that is called so from now on.
_Changes = dict[tuple[TableName, str | None, str | None], bool]


def consequences(steps: Sequence[Step], reader: Reader) -> tuple[Impact, ...]:
    """Return what becomes of the tables that use what a plan changes; changes that nobody meets are left out."""
    changes = _changes(steps)
    if not changes:
        return ()
    planned = {step.name: step for step in steps if isinstance(step, PutProduct)}
    sources = {**reader.sources(), **{name: tuple(_read(step)) for name, step in planned.items()}}
    names = downstream(sources, {table.owner for table, *_ in changes})
    graph = Graph(
        [
            *(origins for p in reader.products(names - planned.keys()) for origins in of_applied(p)),
            *(origins for name in sorted(names & planned.keys()) for origins in _planned(planned[name])),
        ]
    )
    found = (impact(graph, table, column, gone=gone, shown=shown) for (table, shown, column), gone in changes.items())
    return tuple(one for one in found if one.touched)


def warnings(impacts: Sequence[Impact], steps: Sequence[Step]) -> Iterator[Problem]:
    """Yield a warning for every change that makes tables of other products fail, unless it is refused anyway."""
    products = {step.name: step for step in steps if isinstance(step, PutProduct)}
    for change, tables in breaking(impacts):
        port = _port_of(products[change.table.owner], change.table)
        if port is not None and port.refused:
            continue
        path = products[change.table.owner].document.get("path")
        what = f"{change.table}: `{change.column}`" if change.column else f"{change.table}: the table"
        shown = ", ".join(map(str, tables[:_FEW])) + (f" and {len(tables) - _FEW} more" if len(tables) > _FEW else "")
        yield Problem(
            READERS_BREAK,
            f"{what} goes, and tables of other products are made of it: {shown}",
            Location(path) if path else None,
            why="their transforms name it, so their next runs fail; what they released stays readable",
            fix="change the products that read it first, or keep it and describe the new state in a new major",
            severity=Severity.WARNING,
            subject=str(change.table.owner),
        )


def _changes(steps: Iterable[Step]) -> _Changes:
    found: _Changes = {}
    told_of: _Changes = {}
    for step in steps:
        if isinstance(step, AlterTable):
            for change in step.changes:
                if change.action is ColumnAction.DROPPED:
                    found[step.table, change.column, change.column] = True
                elif change.action is ColumnAction.RENAMED:
                    around, dot, _ = change.column.rpartition(".")
                    found[step.table, change.column, f"{around}{dot}{change.before}"] = True
                elif change.action is ColumnAction.RETYPED:
                    found.setdefault((step.table, change.column, change.column), False)
        elif isinstance(step, PutProduct):
            for table in step.kept:
                found[table.name, None, None] = True
            for port in step.port_changes:
                for told in port.changes:
                    if told.breaking and told.table and told.column:
                        name = TableName(step.name.domain, step.name.product, told.table, port.major)
                        told_of.setdefault((name, told.column, told.column), False)
    shown = {key[:2] for key in found}
    return found | {key: gone for key, gone in told_of.items() if key[:2] not in shown}


def _read(step: PutProduct) -> Iterator[ProductName]:
    for port in step.ports:
        if port.direction == "input" and port.source:
            yield ProductName.parse(port.source.rpartition(".")[0])


def _port_of(step: PutProduct, table: TableName) -> PortChange | None:
    ports = {t.name: t.port for t in step.tables} | {t.name: t.port for t in step.kept}
    return next((p for p in step.port_changes if (p.name, p.major) == (ports.get(table), table.major)), None)


def _planned(step: PutProduct) -> Iterator[Origins]:
    return of_document(((t.name, [c["name"] for c in t.columns]) for t in step.tables), step.document)
