"""Damage: a forced run and a repair mend what can be mended, and say what cannot."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import Conflict, ProductName, TableName
from hanse.interfaces import ColumnDraft
from hanse.pipelines import run as run_module
from hanse.pipelines.due.situation import observe_situation
from hanse.registry import RunStatus
from hanse.spec.types import Scalar
from hanse.testing.meshes import MeshFolder

RAW = "domains/sales/orders/data/raw.csv"
METADATA = ".hanse/warehouse/**/*.metadata.json"


@pytest.fixture
def sales(tmp_path: Path) -> MeshFolder:
    """Return a mesh with three releases of two tables."""
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "v": "integer"}, "totals": {"n": "integer"}},
        transforms={"orders": "SELECT id, v FROM raw", "totals": "SELECT count(*) AS n FROM raw"},
        data={"raw.csv": "id,v\n1,1\n"},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        for count in (1, 2, 3):
            folder.write(RAW, "id,v\n" + "".join(f"{i},{i}\n" for i in range(count)))
            assert mesh.run()["succeeded"] == 1
    return folder


def counts(mesh: Mesh, release: int | None = None) -> tuple[int, int]:
    at = "" if release is None else f" AT (VERSION => {release})"
    sql = f"SELECT (SELECT count(*) FROM sales.orders.orders{at}) AS a, (SELECT n FROM sales.orders.totals{at}) AS b"
    with mesh.query(sql) as result:
        row = result.to_arrow().to_pylist()[0]
    return row["a"], row["b"]


def garble(path: Path) -> None:
    path.write_bytes(b"garbage" * 100)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def newest_metadata(root: Path) -> list[Path]:
    return [max(folder.glob("*.metadata.json")) for folder in root.glob(".hanse/warehouse/*/*/*/metadata")]


def all_metadata(root: Path) -> list[Path]:
    return list(root.glob(METADATA))


@pytest.mark.parametrize("damage", [garble, flip, Path.unlink])
@pytest.mark.parametrize("files", [newest_metadata, all_metadata])
def test_a_forced_run_mends_lost_metadata(
    sales: MeshFolder, files: Callable[[Path], list[Path]], damage: Callable[[Path], None]
) -> None:
    for path in files(sales.root):
        damage(path)
    with hanse.open_mesh(sales.root) as mesh:
        assert mesh.run(force=True)["succeeded"] == 1
        assert counts(mesh) == (3, 3)
        assert [counts(mesh, n) for n in (1, 2, 3, 4)] == [(1, 1), (2, 2), (3, 3), (3, 3)]
        assert mesh.doctor()["healthy"]


def test_a_forced_run_makes_tables_anew_of_which_nothing_is_left(sales: MeshFolder) -> None:
    for folder in sales.root.glob(".hanse/warehouse/*/*/*/metadata"):
        shutil.rmtree(folder)
    with hanse.open_mesh(sales.root) as mesh:
        assert mesh.run(force=True)["succeeded"] == 1
        assert counts(mesh) == (3, 3)


def problems(mesh: Mesh, *, deep: bool = False) -> list[tuple[str, str | None]]:
    found = mesh.doctor(deep=deep)["findings"]
    return [(f["name"], f["subject"]) for f in found if f["status"] == "problem"]


def visible_files(root: Path) -> list[Path]:
    with hanse.open_mesh(root) as mesh:
        release = next(iter(mesh.registry.reader().visible().values()))
        return [Path(p) for t in release.tables for p in mesh.store.scan(t.table, t.snapshot_id).files]


def catalog(root: Path) -> list[Path]:
    return [root / ".hanse/tables.db"]


@pytest.mark.parametrize("damage", [garble, Path.unlink])
@pytest.mark.parametrize("files", [newest_metadata, all_metadata, catalog])
def test_a_repair_brings_back_every_release(
    sales: MeshFolder, files: Callable[[Path], list[Path]], damage: Callable[[Path], None]
) -> None:
    """No run is needed: what is lost is told by what is left."""
    for path in files(sales.root):
        damage(path)
    with hanse.open_mesh(sales.root) as mesh:
        with pytest.raises(hanse.HanseError, match="HNS-T"):
            counts(mesh)
        assert {subject for _, subject in problems(mesh)} >= {"sales.orders.orders", "sales.orders.totals"}
        assert not mesh.repair(confirm=lambda _: False)["repaired"]
        assert problems(mesh), "whoever says no changes nothing"
        document = mesh.repair()
        assert all(step["done"] and step["kind"] == "mend" for step in document["steps"])
        assert document["cannot"] == []
        assert [counts(mesh, n) for n in (1, 2, 3)] == [(1, 1), (2, 2), (3, 3)]
        assert mesh.doctor(deep=True)["healthy"]
        assert mesh.repair()["steps"] == []
        sales.write(RAW, "id,v\n1,1\n2,2\n3,3\n4,4\n")
        assert mesh.run()["succeeded"] == 1
        assert counts(mesh) == (4, 4)


@pytest.mark.parametrize("damage", [garble, flip, Path.unlink])
def test_a_repair_builds_lost_files_anew(sales: MeshFolder, damage: Callable[[Path], None]) -> None:
    for path in visible_files(sales.root):
        damage(path)
    with hanse.open_mesh(sales.root) as mesh:
        assert problems(mesh, deep=True) == [("tables", "sales.orders.orders"), ("tables", "sales.orders.totals")]
        (step,) = mesh.repair(deep=True)["steps"]
        assert (step["kind"], step["subject"], step["done"]) == ("run", "sales.orders", True)
        assert counts(mesh) == (3, 3)
        document = mesh.doctor(deep=True)
        assert document["healthy"]
        (left,) = [f for f in document["findings"] if f["status"] == "warning"]
        assert "release 3 of sales.orders" in left["detail"]
        assert "from a backup" in left["fix"]


def test_what_a_repair_does_not_touch_is_told(sales: MeshFolder) -> None:
    """A table that grows comes from no run; the way back is named and left to a person."""
    sales.settings("sales.orders", {"orders": {"materialize": "append"}})
    with hanse.open_mesh(sales.root) as mesh:
        mesh.apply()
        assert mesh.run(force=True)["succeeded"] == 1
        sales.write(RAW, "id,v\n4,4\n")
        assert mesh.run()["succeeded"] == 1
        assert counts(mesh) == (4, 1)
    newest = max(p for p in visible_files(sales.root) if "/orders/orders/" in str(p))
    newest.unlink()
    with hanse.open_mesh(sales.root) as mesh:
        document = mesh.repair()
        assert document["steps"] == []
        (left,) = document["cannot"]
        assert left["fix"].startswith("restore it from a backup: it grows")
        assert left["fix"].endswith("`hanse rollback sales.orders --to 4` goes back to a whole release")
        run = mesh.run(force=True)["runs"][0]
        assert run["problems"][0]["code"] == "HNS-L090"
        mesh.rollback("sales.orders", "4")
        assert mesh.doctor()["healthy"]
        assert counts(mesh) == (3, 3)


def test_no_repair_beside_a_run(sales: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.pipelines.run.discard_staged", lambda *_: None)
    for path in newest_metadata(sales.root):
        path.unlink()
    with hanse.open_mesh(sales.root) as mesh:
        around = mesh.surroundings(mesh.load())
        reader = mesh.registry.reader()
        run = run_module._begin(around, observe_situation(around, reader, ProductName("sales", "orders")), "manual")
        with pytest.raises(Conflict, match="HNS-A003"):
            mesh.repair()
        run_module._end(around, run, RunStatus.FAILED)
        assert mesh.repair()["repaired"]


def test_a_copied_mesh_is_not_repaired_onto_its_original(sales: MeshFolder, tmp_path: Path) -> None:
    shutil.copytree(sales.root, tmp_path / "copy")
    before = {p: p.read_bytes() for p in sales.root.rglob("*") if p.is_file()}
    with hanse.open_mesh(tmp_path / "copy") as mesh:
        document = mesh.repair(confirm=lambda _: False)
        assert [s["kind"] for s in document["steps"]] == ["run"]
        assert len(problems(mesh)) == 2
    assert before == {p: p.read_bytes() for p in sales.root.rglob("*") if p.is_file()}


def test_the_registry_is_compared_with_the_event_log(sales: MeshFolder) -> None:
    with hanse.open_mesh(sales.root) as mesh:
        older = mesh.registry.reader().releases()[1].tables[0].snapshot_id
    with sqlite3.connect(sales.root / ".hanse/registry.db") as database:
        newest = "(SELECT id FROM release WHERE visible = 1)"
        database.execute(f"UPDATE release_table SET snapshot_id = {older} WHERE release_id = {newest} AND position = 0")
    database.close()
    with hanse.open_mesh(sales.root) as mesh:
        assert ("registry", "sales.orders") in problems(mesh)
    with sqlite3.connect(sales.root / ".hanse/registry.db") as database:
        database.execute("UPDATE release SET visible = NULL")
        database.execute("UPDATE release SET visible = 1 WHERE sequence = 1")
        database.execute("DELETE FROM release_table WHERE release_id = (SELECT id FROM release WHERE sequence = 2)")
        database.execute("DELETE FROM release WHERE sequence = 2")
    database.close()
    with hanse.open_mesh(sales.root) as mesh:
        told = " ".join(f["detail"] for f in mesh.doctor()["findings"] if f["name"] == "registry")
        assert "readers see another release than the one that was made last" in told
        assert "release 2" in told


def test_tables_that_nobody_knows_and_tables_that_are_not_there(sales: MeshFolder) -> None:
    sales.product(
        "sales.later",
        {"t": {"id": "integer"}},
        transforms={"t": "SELECT id FROM raw"},
        data={"raw.csv": "id\n1\n"},
    )
    with hanse.open_mesh(sales.root) as mesh:
        mesh.apply()
        mesh.store.forget(TableName("sales", "later", "t"))
        mesh.store.create(TableName("sales", "orders", "stray"), [ColumnDraft("a", Scalar.BIGINT)])
        found = {f["detail"]: f["status"] for f in mesh.doctor()["findings"] if f["name"] == "store"}
        assert list(found.values()) == ["problem", "warning"]
        lost, stray = found
        assert lost.startswith("sales.later.t was applied")
        assert stray.startswith("sales.orders.stray is in the store")
        assert mesh.run(["sales.later"], force=True)["succeeded"] == 1


def test_the_command_shows_asks_and_tells(sales: MeshFolder) -> None:
    def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hanse", "-C", str(sales.root), "doctor", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    assert doctor("--repair").stdout.strip() == "= there is nothing to repair"
    for path in newest_metadata(sales.root):
        path.unlink()
    assert doctor().returncode == 1
    asked = doctor("--repair")
    assert (asked.returncode, "HNS-X001" in asked.stderr) == (2, True)
    assert "mend" in asked.stdout
    assert doctor("--repair", "--yes").returncode == 0
    assert doctor("--deep").returncode == 0
