"""Relationships of a contract, as checks that every key is there in the other table.

A key with a null in it refers to nothing and is not looked up (SQL's ``MATCH SIMPLE``). Text compares exactly, numbers
by value whatever their types (see :mod:`hanse.quality.same`), NaN equals NaN. That the other table holds a key only
once is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hanse.base.suggest import did_you_mean
from hanse.quality.clauses import inside
from hanse.quality.codes import BAD_REFERENCE, REFERENCE_ELSEWHERE
from hanse.quality.records import (
    Broken,
    Check,
    Each,
    Elsewhere,
    Measure,
    References,
    Settled,
    Target,
    label,
)
from hanse.spec.contract import Column, Contract, Relationship, Table
from hanse.spec.types import DataType, Decimal, List, Scalar

_NUMBERS = (Scalar.BIGINT, Scalar.DOUBLE)

_PAIRS = "name as many columns in `from` as in `to`, all of one table: `from: [a.x, a.y]`, `to: [b.x, b.y]`"
_PLAIN = "refer with top-level columns, or one column at a time"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the other table of a reference is.

    Attributes:
        relation: bound relation.
        table: what its contract says of it.
    """

    relation: str
    table: Table


Locate = Callable[[Elsewhere], "Place | Broken | Settled"]
"""Says where the table is that a reference leads to, or why it cannot be looked at."""


class _Dangling(Exception):
    """A reference names what is not there."""

    def __init__(self, what: str, fix: str | None = None) -> None:
        self.what = what
        self.fix = fix
        super().__init__(what)


def reference_checks(contract: Contract, table: Table) -> Iterator[Check]:
    """Yield one check per relationship of a table: its own first, then those of its properties, nested ones too."""
    for relationship in table.relationships:
        yield _check(contract, relationship, _own(table, relationship))
    for column in table.columns:
        yield from _of_column(contract, table, column, Target(column.name, column.type))


def among(contract: Contract, table: Table, relation: str, relations: Mapping[str, str]) -> Locate:
    """Return how tables are found that were given by their names.

    Args:
        contract: the contract under test.
        table: the table under test.
        relation: where that is bound.
        relations: names of other tables → bound relations.
    """

    def locate(other: Elsewhere) -> Place | Broken | Settled:
        if other.contract is not None:
            what = f"`{other}` is promised by another contract, whose data was not given"
            return Broken(REFERENCE_ELSEWHERE, what, "verify it in a mesh, where that product is an input")
        found = table_of(contract, other.table)
        if found is None:
            return Broken(BAD_REFERENCE, f"the contract has no table `{other.table}`")
        if found is table:
            return Place(relation, table)
        bound = relations.get(found.name) or relations.get(found.physical_name or found.name)
        if bound is None:
            return Broken(
                REFERENCE_ELSEWHERE, f"the data of table `{found.name}` was not given", f"give `{found.name}`, too"
            )
        return Place(bound, found)

    return locate


def located(checks: Sequence[Check], locate: Locate) -> tuple[Check, ...]:
    """Return the checks, their references bound to the other tables; those that cannot be, say why."""
    return tuple(
        replace(check, measure=_bound(check, check.measure, locate)) if isinstance(check.measure, References) else check
        for check in checks
    )


def table_of(contract: Contract, name: str) -> Table | None:
    """Return the table of this ``id`` or, if none has it, of this name."""
    by_id = next((t for t in contract.tables if t.object_id == name), None)
    return by_id or contract.table(name)


def _of_column(contract: Contract, table: Table, column: Column, target: Target) -> Iterator[Check]:
    for relationship in column.relationships:
        yield _check(contract, relationship, (target,))
    for child, step in inside(column, target.type):
        yield from _of_column(contract, table, child, Target(target.column, child.type, (*target.path, step)))


def _own(table: Table, relationship: Relationship) -> tuple[Target, ...] | Broken:
    if relationship.fault is None and relationship.from_table not in (table.name, table.object_id):
        what = f"a relationship of table `{table.name}` begins at `{relationship.from_table}`"
        return Broken(BAD_REFERENCE, what, f"write it at that table, or begin with `{table.name}.`")
    try:
        return tuple(_found(table, names) for names in relationship.columns)
    except _Dangling as problem:
        return Broken(BAD_REFERENCE, f"a relationship {problem.what}", problem.fix)


def _check(contract: Contract, relationship: Relationship, targets: tuple[Target, ...] | Broken) -> Check:
    if isinstance(targets, Broken):
        key = ", ".join(".".join(names) for names in relationship.columns)
    else:
        key = ", ".join(map(str, targets))
    clause = f"relationship({key}): {relationship.stated}"
    how: Measure
    if relationship.fault is not None:
        how = Broken(BAD_REFERENCE, f"{clause}: {relationship.fault}", _PAIRS)
    elif isinstance(targets, Broken):
        how = targets
    else:
        how = _measure(contract, relationship, targets, clause)
    one = targets[0].column if not isinstance(targets, Broken) and len({t.column for t in targets}) == 1 else None
    return Check(clause, "relationship", clause, how, dimension="consistency", column=one, location=relationship.where)


def _measure(contract: Contract, relationship: Relationship, targets: tuple[Target, ...], clause: str) -> Measure:
    if len(targets) > 1 and any(isinstance(step, Each) for t in targets for step in t.path):
        return Broken(BAD_REFERENCE, f"{clause}: a key of several columns cannot reach into a list or a map", _PLAIN)
    other = Elsewhere(relationship.contract, relationship.table, relationship.to)
    measure = References(targets, other)
    if other.contract is not None:
        return measure
    found = table_of(contract, other.table)
    if found is None:
        fix = did_you_mean(other.table, [t.name for t in contract.tables])
        return Broken(BAD_REFERENCE, f"{clause}: the contract has no table `{other.table}`", fix)
    return _joined(measure, found, clause)


def _bound(check: Check, measure: References, locate: Locate) -> Measure:
    place = locate(measure.other)
    if isinstance(place, Broken):
        return replace(place, what=f"{check.clause}: {place.what}")
    if isinstance(place, Settled):
        return place
    joined = _joined(measure, place.table, check.clause)
    return replace(joined, relation=place.relation) if isinstance(joined, References) else joined


def _joined(measure: References, table: Table, clause: str) -> References | Broken:
    """Find the other columns, and see that they can be compared."""
    try:
        to = tuple(_found(table, names) for names in measure.other.columns)
    except _Dangling as problem:
        return Broken(BAD_REFERENCE, f"{clause}: it {problem.what}", problem.fix)
    if len(to) > 1 and any(isinstance(step, Each) for t in to for step in t.path):
        return Broken(BAD_REFERENCE, f"{clause}: a key of several columns cannot reach into a list or a map", _PLAIN)
    for own, other in zip(measure.targets, to, strict=True):
        if not _comparable(own.type, other.type):
            what = f"{clause}: `{own}` is a {own.type}, `{label(table.name)}.{other}` a {other.type}"
            return Broken(BAD_REFERENCE, what, "give both the same type")
    return replace(measure, to=to)


def _comparable(one: DataType, other: DataType) -> bool:
    def is_number(type_: DataType) -> bool:
        return type_ in _NUMBERS or isinstance(type_, Decimal)

    return one == other or (is_number(one) and is_number(other))


def _found(table: Table, names: Sequence[str]) -> Target:
    """Follow names or ids from a table to a column; lists are entered without a name of their own.

    Raises:
        _Dangling: there is no such column.
    """
    column = _named(table.columns, names[0])
    if column is None:
        fix = did_you_mean(names[0], [c.name for c in table.columns])
        raise _Dangling(f"names `{names[0]}`, which table `{table.name}` does not have", fix)
    target = Target(column.name, column.type)
    for name in names[1:]:
        while isinstance(column.type, List) and column.children and name not in _names(column.children[0]):
            column = column.children[0]
            target = Target(target.column, column.type, (*target.path, Each()))
        members = list(inside(column, column.type))
        found = next(((c, s) for c, s in members if name in _names(c)), None)
        if found is None:
            fix = did_you_mean(name, [c.name for c, _ in members])
            raise _Dangling(f"names `{name}`, which `{target}` of table `{table.name}` does not have", fix)
        column, step = found
        target = Target(target.column, column.type, (*target.path, step))
    return target


def _named(columns: Sequence[Column], name: str) -> Column | None:
    by_id = next((c for c in columns if c.property_id == name), None)
    return by_id or next((c for c in columns if c.name == name), None)


def _names(column: Column) -> tuple[str | None, str]:
    return column.property_id, column.name
