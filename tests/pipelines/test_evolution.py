"""Columns come, go, are renamed and widened while tables of every kind grow: readers see tables written anew.

What the table store owes to that is proved by ``hanse.testing.tables``; here it is proved of the whole road, from the
contract's text through plan, apply and run to a query. The model keeps its rows by what a column *is* (a key that no
name changes), so it needs to know nothing of files, ids or schemas.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import hanse
from hanse.app import Mesh
from hanse.base import TableName
from hanse.interfaces import ColumnDraft
from hanse.spec.types import Decimal, Scalar
from hanse.testing.memory_columns import stored
from hanse.testing.meshes import MeshFolder
from hanse.testing.parquet import write_rows
from hanse.testing.tables.mixed import Part, Table, names_of, record

TABLES = ("grown", "merged", "parted", "history")
_LOGICAL = {Scalar.BIGINT: "integer", Scalar.VARCHAR: "string", Scalar.DOUBLE: "number"}
_KEYS, _DAYS = (1, 2, 3), ("mon", "tue")

# Columns that a table needs to be what it is: by key, their names before and after somebody renames them.
_FIXED = {
    -1: ("k", "number"),
    -2: ("day", "weekday"),
    -3: ("n", "delivery"),
    -4: ("since", "begun"),
    -5: ("till", "end"),
}
K, DAY, N, SINCE, TILL = _FIXED
_KINDS = {K: "integer", DAY: "string", N: "integer", SINCE: "timestamp", TILL: "timestamp"}

Row = Mapping[int, Any]


@dataclass
class Model:
    """A product with a table of every kind, and what each of them must hold.

    Attributes:
        table: draws columns and rows; its ``parts`` are the columns that all tables have.
        fixed: names of the other columns, by key.
        by_id: contracts tell columns by ``id``; otherwise by ``was``, in the contract that renames.
        known: names by key, as applied last.
        said: names and what they were, in the contract that was applied last.
        rows: rows of each table by key; in ``history``, ``TILL`` says whether a row has ended.
        delivered: rows of the delivery that lies there, and the columns it was written with.
    """

    table: Table
    by_id: bool
    fixed: dict[int, str] = field(default_factory=lambda: {key: names[0] for key, names in _FIXED.items()})
    known: dict[int, str] = field(default_factory=dict)
    said: frozenset[tuple[str, str]] = frozenset()
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    delivered: tuple[list[Row], tuple[Part, ...]] = ((), ())  # type: ignore[assignment]
    numbers: Any = field(default_factory=lambda: count(1))

    def evolve(self) -> None:
        """Change one thing: of the columns of all tables, or the name of one that a table needs."""
        match self.table.draw(st.sampled_from(["columns"] * 6 + ["fixed", "again"])):
            case "columns":
                self.table.evolve()
            case "fixed":
                key = self.table.draw(st.sampled_from(sorted(_FIXED)))
                self.fixed[key] = next(name for name in _FIXED[key] if name != self.fixed[key])
            case _:
                # A column goes, and another one of its name comes; without ids, only another type tells.
                old = self.table.draw(st.sampled_from(self.table.parts))
                new = self.table.new_part(old.name, 1)
                if self.by_id or not _alike(old, new):
                    self.table.parts = tuple(new if part is old else part for part in self.table.parts)

    # What is written

    def properties(self, *fixed: int, keyed: Sequence[int] = ()) -> list[dict[str, Any]]:
        """Return a table's columns for its contract."""
        needed = [
            {
                "name": self.fixed[key],
                "logicalType": _KINDS[key],
                **(
                    {"required": True, "primaryKey": True, "primaryKeyPosition": keyed.index(key) + 1}
                    if key in keyed
                    else {}
                ),
                **self.identity(key, self.fixed[key]),
            }
            for key in fixed
        ]
        return [*needed[:1], *(self.column(part) for part in self.table.parts), *needed[1:]]

    def column(self, part: Part) -> dict[str, Any]:
        """Return a column for a contract."""
        return {
            "name": part.name,
            "required": part.required,
            **self.identity(part.key, part.name),
            **self.shape(part),
        }

    def identity(self, key: int, name: str) -> dict[str, Any]:
        """Return what tells a column from others, whatever it is called."""
        if self.by_id:
            return {"id": f"c{key}".replace("-", "_")}
        was = self.known.get(key)
        return {"customProperties": [{"property": "was", "value": was}]} if was not in (None, name) else {}

    def shape(self, part: Part) -> dict[str, Any]:
        """Return a type for a contract."""
        match part.kind:
            case "struct":
                return {"logicalType": "object", "properties": [self.column(inner) for inner in part.parts]}
            case "list":
                return {"logicalType": "array", "items": self.shape(part.parts[0])}
            case "map":
                return {
                    "logicalType": "map",
                    "map": {"key": {"logicalType": "string"}, "value": self.shape(part.parts[0])},
                }
            case Decimal() as kind:
                return {"logicalType": "number", "physicalType": str(kind)}
            case Scalar() as kind:
                return {"logicalType": _LOGICAL[kind]}
        raise AssertionError(part)

    def write(self, folder: MeshFolder) -> None:
        """Write contract, settings and transforms."""
        keyed = {"merged": (K,), "history": (K, SINCE)}
        wanted = {"grown": (K, N), "merged": (K,), "parted": (DAY,), "history": (K, SINCE, TILL)}
        columns = {
            name: {p["name"]: p for p in self.properties(*wanted[name], keyed=keyed.get(name, ()))} for name in TABLES
        }
        folder.product("a.b", columns, status="draft", pipeline={"raw": {"file": "data/raw.parquet"}})
        contract = folder.root / "domains/a/b/contracts/b.odcs.yaml"
        contract.write_text(contract.read_text().replace('"v3.1.0"', '"v3.2.0"'))
        ways: dict[str, dict[str, Any]] = {
            "grown": {"materialize": "append"},
            "merged": {"materialize": "merge"},
            "parted": {"materialize": "partition", "by": [self.fixed[DAY]]},
            "history": {"materialize": "snapshot", "since": self.fixed[SINCE], "until": self.fixed[TILL]},
        }
        folder.settings("a.b", ways)
        for name in TABLES:
            keys = [
                *(key for key in wanted[name] if key not in (SINCE, TILL)),
                *(part.key for part in self.table.parts),
            ]
            names = {**self.fixed, **{part.key: part.name for part in self.table.parts}}
            chosen = ", ".join(f'c{key} AS "{names[key]}"'.replace("c-", "f") for key in keys)
            folder.write(f"domains/a/b/transforms/{name}.sql", f"SELECT {chosen} FROM raw")
        self.said = self.renamings()
        self.known = {**self.fixed, **names_of(self.table.parts)}

    def renamings(self) -> frozenset[tuple[str, str]]:
        """Return what `was` would say of the names of today."""
        names = {**self.fixed, **names_of(self.table.parts)}
        return frozenset((name, self.known[key]) for key, name in names.items() if self.known.get(key, name) != name)

    def deliver(self, folder: MeshFolder) -> None:
        """Write the next delivery, with the columns that there are now."""
        number, keys = next(self.numbers), self.table.draw(st.lists(st.sampled_from(_KEYS), min_size=1, unique=True))
        rows: list[Row] = [
            {K: key, DAY: self.table.draw(st.sampled_from(_DAYS)), N: number, **self.table.new_row()} for key in keys
        ]
        self.delivered = (rows, self.table.parts)
        parts = (*_plain(), *(changed(part, name=f"c{part.key}") for part in self.table.parts))
        ids = count(1)
        columns = [stored(part.name, part.type, ids, required=False) for part in parts]
        path = folder.write("domains/a/b/data/raw.parquet", b"")
        write_rows(str(path), columns, [record(parts, row) for row in rows])

    @property
    def can_wait(self) -> bool:
        """Whether the last delivery has everything that the columns of today are built from."""
        rows, parts = self.delivered
        written = {part.key: part for part in parts}
        return bool(rows) and all(
            part.key in written and (part.type == written[part.key].type or isinstance(part.kind, Decimal))
            for part in self.table.parts
        )

    # What must be read

    def take_in(self, *, again: bool) -> None:
        """Take the delivery in, as each table does."""
        rows = self.delivered[0]
        if not again:
            self.rows["grown"] = [*self.rows["grown"], *rows]
        keys, days = {row[K] for row in rows}, {row[DAY] for row in rows}
        self.rows["merged"] = [*(row for row in self.rows["merged"] if row[K] not in keys), *rows]
        self.rows["parted"] = [*(row for row in self.rows["parted"] if row[DAY] not in days), *rows]
        now = {row[K]: row for row in rows}
        history: list[Row] = []
        for row in self.rows["history"]:
            if not row[TILL] and row[K] in now and self.seen(row) == self.seen(now[row[K]]):
                del now[row[K]]
                history.append(row)
            else:
                history.append({**row, TILL: True})
        self.rows["history"] = [*history, *({**row, TILL: False} for row in now.values())]

    def seen(self, row: Row) -> dict[str, Any]:
        """Return the columns that all tables have."""
        return record(self.table.parts, row)

    def expected(self, name: str) -> list[dict[str, Any]]:
        """Return the rows that a query must find, in no order."""
        keys = {"grown": (K, N), "merged": (K,), "parted": (DAY,), "history": (K, TILL)}[name]
        return [{**{self.fixed[key]: row[key] for key in keys}, **self.seen(row)} for row in self.rows[name]]

    def shown(self, name: str, rows: Sequence[Mapping[str, Any]], fixed: Mapping[int, str]) -> list[dict[str, Any]]:
        """Return rows that were read as far as the model tells them: not when a row of a history began and ended."""
        if name != "history":
            return [dict(row) for row in rows]
        return [
            {
                key: (value is not None if key == fixed[TILL] else value)
                for key, value in row.items()
                if key != fixed[SINCE]
            }
            for row in rows
        ]


def _alike(old: Part, new: Part) -> bool:
    """Say whether a store may take a new column for the old one of its name."""
    nested = ("struct", "list", "map")
    both_decimal = isinstance(old.kind, Decimal) and isinstance(new.kind, Decimal)
    return old.kind == new.kind or both_decimal or (old.kind in nested and new.kind in nested)


def _plain() -> tuple[Part, ...]:
    kinds = {K: Scalar.BIGINT, DAY: Scalar.VARCHAR, N: Scalar.BIGINT}
    return tuple(Part(key, f"f{-key}", kind) for key, kind in kinds.items())


def as_bag(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


def read(mesh: Mesh, name: str, at: int | None = None) -> list[dict[str, Any]]:
    with mesh.query(f"SELECT * FROM a.b.{name}", at=at) as result:
        rows: list[dict[str, Any]] = result.to_arrow().to_pylist()
    return rows


@dataclass
class Walk:
    """A walk through the life of a product: what was seen of every release must be seen of it ever after."""

    mesh: Mesh
    model: Model
    seen: dict[int, dict[str, list[str]]] = field(default_factory=dict)

    def check(self) -> None:
        """Compare what is read now with the model, and remember it."""
        release = self.mesh.releases("a.b")["releases"][0]["sequence"]
        now = {}
        for name in TABLES:
            rows = read(self.mesh, name)
            assert as_bag(self.model.shown(name, rows, self.model.fixed)) == as_bag(self.model.expected(name)), name
            now[name] = as_bag(rows)
        self.seen[release] = now

    def check_past(self) -> None:
        """Compare what is read as of every release so far with what was seen then."""
        for release, tables in self.seen.items():
            for name, rows in tables.items():
                assert as_bag(read(self.mesh, name, at=release)) == rows, (release, name)


def walk(data: st.DataObject, steps: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = MeshFolder(Path(place, "mesh"))
        table = Table(data)
        names = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True))
        table.parts = tuple(changed(table.new_part(n, 1), required=data.draw(st.booleans())) for n in names)
        model = Model(table, by_id=data.draw(st.booleans()))
        model.deliver(folder)
        model.write(folder)
        with hanse.open_mesh(folder.root) as mesh:
            life = Walk(mesh, model)
            for step in range(steps + 1):
                again = step > 0
                if step:
                    for _ in range(data.draw(st.integers(1, 2))):
                        again = _change(folder, life, again)
                mesh.apply()
                outcome = mesh.run()["runs"][0]
                assert outcome["status"] in ("succeeded", "unchanged"), [
                    r for r in outcome["checks"]["results"] if r["status"] != "passed"
                ]
                model.take_in(again=again)
                life.check()
            life.check_past()


def _change(folder: MeshFolder, life: Walk, again: bool) -> bool:
    """Change a column, deliver something or not, and apply it. Says whether the last delivery still lies there."""
    model = life.model
    before = model.table.parts, dict(model.fixed)
    model.evolve()
    if not model.by_id and model.renamings() & model.said:
        # Two names that are exchanged again: nobody could tell from `was` that it is meant once more.
        after = model.table.parts, model.fixed
        model.table.parts, model.fixed = before
        model.write(folder)
        life.mesh.apply()
        model.table.parts, model.fixed = after
    if not (model.can_wait and model.table.draw(st.booleans())):
        model.deliver(folder)
        again = False
    model.write(folder)
    life.mesh.apply()
    latest = max(life.seen)
    for name in TABLES:
        assert as_bag(read(life.mesh, name)) == life.seen[latest][name], "to apply is not to publish"
    return again


# Each example is a life of several runs: to shrink one that failed would take longer than to read it.
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=3, deadline=None, phases=_PHASES, suppress_health_check=_CHECKS)
@given(st.data(), st.integers(1, 3))
def test_every_table_reads_as_if_written_anew(data: st.DataObject, steps: int) -> None:
    walk(data, steps)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, phases=_PHASES, suppress_health_check=_CHECKS)
@given(st.data(), st.integers(3, 8))
def test_every_table_reads_as_if_written_anew_for_long(data: st.DataObject, steps: int) -> None:
    walk(data, steps)


def test_a_run_undoes_what_a_killed_apply_left(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": {"x": "integer", "y": "integer"}},
        data={"raw.csv": "x,y\n1,2\n"},
        pipeline={"raw": {"file": "data/raw.csv"}},
        transforms={"t": "SELECT x, y FROM raw"},
    )
    folder.settings("a.b", {"t": {"materialize": "append"}})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        mesh.run()
        # Two columns exchange their names in the store, and the product is never recorded.
        table = TableName("a", "b", "t")
        swapped = [ColumnDraft("x", Scalar.BIGINT, was="y"), ColumnDraft("y", Scalar.BIGINT, was="x")]
        mesh.store.alter(table, swapped)
        folder.write("domains/a/b/data/raw.csv", "x,y\n3,4\n")
        assert mesh.run()["succeeded"] == 1
        assert as_bag(read(mesh, "t")) == as_bag([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
