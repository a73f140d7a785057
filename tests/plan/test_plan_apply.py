"""Doing a plan: once, twice, killed between steps, too late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hanse.base import Conflict, Problems, ProductName, SetClock
from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import TableStore
from hanse.plan import CreateTable, Plan, apply, build
from hanse.registry import Registry
from plan_folder import NOW, Columns, Folder, Tables, release

ORDERS: Mapping[str, Columns] = {"orders": {"id": {"logicalType": "integer", "required": True}, "state": "string"}}
Mesh = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]


class Killed(Exception):
    """Stands for the end of the process."""


def do(folder: Folder, registry: Registry, store: Any, *, kill_after: int | None = None) -> Plan:
    def on_step(number: int, label: str) -> None:
        if number == kill_after:
            raise Killed

    plan = build(folder.workspace(), registry.reader())
    apply(plan, registry=registry, store=store, clock=SetClock(NOW), on_step=on_step)
    return plan


def state(registry: Registry) -> tuple[Any, ...]:
    """Everything that applying decides; schema ids are the store's own affair."""
    reader = registry.reader()
    products = [
        (p.name, p.digest, p.document, p.ports, [(t.name, t.port, t.columns) for t in p.tables])
        for p in reader.products()
    ]
    return dict(reader.domains()), products


def shape(store: TableStore) -> dict[str, list[tuple[str, str, bool]]]:
    found = {}
    for table in store.tables():
        schema = store.schema(table)
        assert schema is not None
        found[str(table)] = [(c.name, str(c.type), c.required) for c in schema.columns]
    return found


def test_what_it_returns_and_tells(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.product("sales.orders", ORDERS)
    told: list[tuple[int, str]] = []
    plan = build(folder.workspace(), registry.reader())
    document = apply(
        plan, registry=registry, store=store, clock=SetClock(NOW), on_step=lambda n, label: told.append((n, label))
    )
    lines = ["record domain sales", "create table sales.orders.orders (2 columns)", "record product sales.orders 1.0.0"]
    assert told == list(enumerate(lines, start=1))
    assert document["applied"] == lines
    assert document["products"] == ["sales.orders"]
    assert document["tables"] == ["sales.orders.orders"]
    assert document["run_next"] == ["sales.orders"]
    product = registry.reader().product(ProductName("sales", "orders"))
    assert product is not None
    assert product.applied_at == NOW


def test_schema_ids_are_those_of_the_store(folder: Folder, registry: Registry, store: TableStore) -> None:
    two: Mapping[str, Columns] = {**ORDERS, "lines": {"id": "integer"}}
    folder.product("sales.orders", two)
    do(folder, registry, store)
    folder.product("sales.orders", {**two, "lines": {"id": "integer", "more": "date"}}, version="1.1.0")
    do(folder, registry, store)
    product = registry.reader().product(ProductName("sales", "orders"))
    assert product is not None
    for table in product.tables:
        schema = store.schema(table.name)
        assert schema is not None
        assert table.schema_id == schema.schema_id


def test_a_refused_plan_does_nothing(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.product("sales.orders", ORDERS)
    folder.broken("sales.lines")
    with pytest.raises(Problems, match="HNS-N001"):
        do(folder, registry, store)
    assert registry.reader().domains() == {}
    assert store.tables() == ()


def test_a_stale_plan_is_refused(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.product("sales.orders", ORDERS)
    stale = build(folder.workspace(), registry.reader())
    folder.product("sales.orders", {"orders": {"id": "integer"}})
    do(folder, registry, store)
    before = state(registry)
    with pytest.raises(Conflict, match="HNS-P003"):
        apply(stale, registry=registry, store=store, clock=SetClock(NOW))
    assert state(registry) == before


def test_a_plan_with_a_stale_domain_is_refused(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.domain("sales", "Sales")
    stale = build(folder.workspace(), registry.reader())
    folder.domain("sales", "Selling")
    do(folder, registry, store)
    with pytest.raises(Conflict, match="domain sales"):
        apply(stale, registry=registry, store=store, clock=SetClock(NOW))


def test_a_plan_that_becomes_stale_while_it_is_done(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.product("sales.orders", ORDERS)
    plan = build(folder.workspace(), registry.reader())
    other = Folder()
    other.product("sales.orders", {"orders": {"id": "integer"}})

    def meanwhile(number: int, label: str) -> None:
        if number == 2:
            do(other, registry, store)

    with pytest.raises(Conflict, match="HNS-P003"):
        apply(plan, registry=registry, store=store, clock=SetClock(NOW), on_step=meanwhile)
    assert registry.reader().digests() == {n: p.digest for n, p in other.products.items()}


def test_a_plan_may_be_done_twice(folder: Folder, registry: Registry, store: TableStore) -> None:
    folder.product("sales.orders", ORDERS)
    plan = do(folder, registry, store)
    before, events = state(registry), registry.reader().events()
    apply(plan, registry=registry, store=store, clock=SetClock(NOW))
    assert state(registry) == before
    assert registry.reader().events() == events


def test_a_table_left_by_a_killed_plan_gets_the_columns_of_the_next(
    folder: Folder, registry: Registry, store: TableStore
) -> None:
    folder.product("sales.orders", ORDERS)
    with pytest.raises(Killed):
        do(folder, registry, store, kill_after=2)
    folder.product("sales.orders", {"orders": {"id": "integer", "day": "date"}})
    assert isinstance(do(folder, registry, store).steps[0], CreateTable)
    assert shape(store) == {"sales.orders.orders": [("id", "BIGINT", False), ("day", "DATE", False)]}


def test_releases_keep_their_schema_when_a_table_is_altered(
    folder: Folder, registry: Registry, store: TableStore
) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, store)
    release(registry, "sales.orders")
    before = registry.reader().release(ProductName("sales", "orders"))
    folder.product("sales.orders", {"orders": {**ORDERS["orders"], "more": "date"}}, version="1.1.0")
    do(folder, registry, store)
    assert registry.reader().release(ProductName("sales", "orders")) == before


# Laws over random meshes. Contracts are drafts, so that every change is allowed.
# Examples write files, so a failing one is shown as found: shrinking would take minutes.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
_CLAUSES = st.fixed_dictionaries(
    {"logicalType": st.sampled_from(["integer", "string", "date"]), "required": st.booleans()},
    optional={"unique": st.booleans(), "description": st.sampled_from(["a", "b"])},
)
_COLUMNS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _CLAUSES, min_size=1)
_MESHES: st.SearchStrategy[Mesh] = st.dictionaries(
    st.sampled_from(["sales.orders", "sales.lines", "buying.parts"]),
    st.dictionaries(st.sampled_from(["first", "second"]), _COLUMNS, min_size=1),
)


def written(mesh: Mesh) -> Folder:
    folder = Folder()
    for name, tables in mesh.items():
        folder.product(name, tables, status="draft")
    return folder


def wanted(mesh: Mesh) -> dict[str, list[tuple[str, str, bool]]]:
    types = {"integer": "BIGINT", "string": "VARCHAR", "date": "DATE"}
    return {
        f"{name}.{table}": [(c, types[what["logicalType"]], what["required"]) for c, what in columns.items()]
        for name, tables in mesh.items()
        for table, columns in tables.items()
    }


@settings(max_examples=30, deadline=None, phases=_PHASES)
@given(_MESHES, _MESHES)
def test_diff_then_apply_reaches_what_is_desired(first: Mesh, second: Mesh) -> None:
    with tempfile.TemporaryDirectory() as root:
        registry, tables = Registry.open(f"sqlite:///{root}/r.db"), Tables()
        for mesh in (first, second):
            do(written(mesh), registry, tables)
            assert wanted(mesh).items() <= tables.shape().items()
            recorded = {p.name: p.digest for p in registry.reader().products()}
            assert {n: p.digest for n, p in written(mesh).products.items()}.items() <= recorded.items()
            again = build(written(mesh).workspace(), registry.reader())
            assert again.empty
        # Nothing of the first mesh was deleted.
        assert {f"{n}.{t}" for n, tables_ in first.items() for t in tables_} <= set(tables.shape())
        registry.close()


@settings(max_examples=15, deadline=None, phases=_PHASES)
@given(_MESHES, _MESHES, st.data())
def test_killed_between_any_two_steps_and_done_again_equals_done_at_once(
    first: Mesh, second: Mesh, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as root:
        clean, killed = (Registry.open(f"sqlite:///{root}/{n}.db") for n in ("clean", "killed"))
        clean_tables, killed_tables = Tables(), Tables()
        for registry, tables in ((clean, clean_tables), (killed, killed_tables)):
            do(written(first), registry, tables)
        steps = len(build(written(second).workspace(), clean.reader()).steps)
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(1, max(steps, 1)))
            with suppress(Killed):
                do(written(second), killed, killed_tables, kill_after=at)
        do(written(second), clean, clean_tables)
        do(written(second), killed, killed_tables)
        assert state(killed) == state(clean)
        assert killed_tables.shape() == clean_tables.shape()
        for registry in (clean, killed):
            registry.close()


def _evolve(folder: Folder) -> None:
    folder.product("sales.orders", {**ORDERS, "lines": {"id": "integer"}})
    folder.product("buying.parts", {"parts": {"id": "integer", "name": "string"}})


def _open(root: Path) -> tuple[Registry, TableStore]:
    store = IcebergTables(str(root / "warehouse"), f"sqlite:///{root}/catalog.db")
    return Registry.open(f"sqlite:///{root}/registry.db"), store


def apply_and_die(root: str, after: int) -> None:
    """Run in a process of its own: apply, and be killed after so many steps."""
    registry, store = _open(Path(root))
    folder = Folder()
    _evolve(folder)

    def on_step(number: int, label: str) -> None:
        if number == after:
            os.kill(os.getpid(), signal.SIGKILL)

    plan = build(folder.workspace(), registry.reader())
    apply(plan, registry=registry, store=store, clock=SetClock(NOW), on_step=on_step)


@pytest.mark.slow
def test_kill_9_between_any_two_steps_of_real_stores(tmp_path: Path) -> None:
    folder = Folder()
    _evolve(folder)
    clean, clean_store = _prepared(tmp_path / "clean")
    steps = len(do(folder, clean, clean_store).steps)
    assert steps == 6
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    script = "import sys; from test_plan_apply import apply_and_die; apply_and_die(sys.argv[1], int(sys.argv[2]))"
    for after in range(1, steps + 1):
        root = tmp_path / f"killed_{after}"
        _prepared(root)[0].close()
        command = [sys.executable, "-c", script, str(root), str(after)]
        ended = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
        killed, killed_store = _open(root)
        left = do(folder, killed, killed_store)
        assert bool(left.steps) == (after < steps)
        assert state(killed) == state(clean)
        assert shape(killed_store) == shape(clean_store)
        killed.close()
    clean.close()


def _prepared(root: Path) -> tuple[Registry, TableStore]:
    root.mkdir()
    registry, store = _open(root)
    before = Folder()
    before.product("sales.orders", {"orders": {"state": "integer"}})
    do(before, registry, store)
    return registry, store
