"""Any damage under a mesh: the doctor never stumbles, readers get the right rows or a coded error, and it is told."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hanse
from hanse.app import Mesh
from hanse.base import HanseError
from hanse.testing.meshes import MeshFolder

TABLES = ("sales.orders.orders", "sales.orders.totals", "shop.items.items")
_ROOT = "shared"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> MeshFolder:
    """Return a mesh of two products with two releases each; one table grows."""
    folder = MeshFolder(tmp_path_factory.mktemp(_ROOT) / "mesh")
    rows = "id,v\n" + "".join(f"{i},{i * i % 97}\n" for i in range(300))
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "v": "integer"}, "totals": {"n": "integer"}},
        transforms={"orders": "SELECT id, v FROM raw", "totals": "SELECT count(*) AS n FROM raw"},
        data={"raw.csv": rows},
    )
    folder.settings("sales.orders", {"orders": {"materialize": "append"}})
    folder.product(
        "shop.items",
        {"items": {"id": "integer", "v": "integer"}},
        transforms={"items": "SELECT id, v FROM raw"},
        data={"raw.csv": rows},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 2
        for product in ("sales/orders", "shop/items"):
            folder.write(f"domains/{product}/data/raw.csv", "id,v\n1000,1\n")
        assert mesh.run()["succeeded"] == 2
    return folder


def answer(mesh: Mesh, table: str) -> list[tuple[object, ...]] | str:
    """Return a table's rows, or the code of the error that a reader gets."""
    try:
        with mesh.query(f"SELECT * FROM {table}") as result:
            return sorted(tuple(row.values()) for row in result.to_arrow().to_pylist())
    except HanseError as error:
        return error.code.id


@pytest.fixture(scope="module")
def right(whole: MeshFolder) -> dict[str, object]:
    with hanse.open_mesh(whole.root) as mesh:
        return {table: answer(mesh, table) for table in TABLES}


@pytest.fixture(scope="module")
def saved(whole: MeshFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the mesh keeps, to be put back to the same place after each damage."""
    copy = tmp_path_factory.mktemp("saved") / "hanse"
    shutil.copytree(whole.root / ".hanse", copy)
    return copy


def put_back(whole: MeshFolder, saved: Path) -> None:
    shutil.rmtree(whole.root / ".hanse")
    shutil.copytree(saved, whole.root / ".hanse")


def damage(path: Path, kind: str, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    match kind:
        case "delete":
            path.unlink()
        case "cut":
            path.write_bytes(content[: chance.randrange(len(content) + 1)])
        case "flip":
            for _ in range(chance.choice((1, 1, 1, 20))):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)
        case "zero":
            start = chance.randrange(len(content))
            stop = min(len(content), start + chance.choice((16, 4096)))
            content[start:stop] = bytes(stop - start)
            path.write_bytes(content)


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_damage_gives_wrong_rows_unnoticed(
    whole: MeshFolder, saved: Path, right: dict[str, object], data: st.DataObject
) -> None:
    put_back(whole, saved)
    files = sorted(p for p in (whole.root / ".hanse").rglob("*") if p.is_file() and p.stat().st_size)
    kinds = st.sampled_from(["flip", "flip", "zero", "cut", "delete"])
    one = st.tuples(st.sampled_from(files), kinds)
    hurt = data.draw(st.lists(one, min_size=1, max_size=2, unique_by=lambda h: h[0]))
    for path, kind in hurt:
        damage(path, kind, data.draw(st.integers(0, 10_000)))
    with hanse.open_mesh(whole.root) as mesh:
        document = mesh.doctor(deep=True)
        answers = {table: answer(mesh, table) for table in TABLES}
    found = [f for f in document["findings"] if f["status"] == "problem"]
    assert document["healthy"] == (not found)
    assert all(f["detail"] for f in found)
    changed = {table for table in TABLES if answers[table] != right[table]}
    assert not changed or found, f"{changed} changed and nobody says so"
    shared = {"registry.db", "registry.db-wal", "tables.db", "tables.db-wal"}
    if not any(path.name in shared for path, _ in hurt):
        # Damage of one table's files is that table's.
        warehouse = whole.root / ".hanse/warehouse"
        below = [path.relative_to(warehouse) for path, _ in hurt if path.is_relative_to(warehouse)]
        folders = {".".join(path.parts[:3]) for path in below}
        assert changed <= folders
        told = {f["subject"] for f in found}
        assert changed <= told
        assert told <= {*folders, *(f.rpartition(".")[0] for f in folders)}


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_repair_never_makes_it_worse(
    whole: MeshFolder, saved: Path, right: dict[str, object], data: st.DataObject
) -> None:
    """What could be read before can be read after; what comes back is what was released."""
    put_back(whole, saved)
    files = sorted(p for p in (whole.root / ".hanse").rglob("*") if p.is_file() and p.stat().st_size)
    files = [p for p in files if p.suffix != ".parquet"]
    for path in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3, unique=True)):
        damage(path, data.draw(st.sampled_from(["flip", "zero", "cut", "delete"])), data.draw(st.integers(0, 10_000)))
    with hanse.open_mesh(whole.root) as mesh:
        before = {table: answer(mesh, table) for table in TABLES}
        try:
            document = mesh.repair(deep=True)
        except HanseError:
            return  # the registry itself is damaged: nothing is known, so nothing is repaired
        after = {table: answer(mesh, table) for table in TABLES}
    built = {s["subject"] for s in document["steps"] if s["kind"] == "run"}
    for table in TABLES:
        if table.rpartition(".")[0] in built:
            continue  # made anew of what its inputs are now
        unreadable = isinstance(before[table], str) and isinstance(after[table], str)  # codes of errors
        assert after[table] == right[table] or unreadable
