"""Damage: a forced run and a repair mend what can be mended, and say what cannot."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import hanse
from hanse.app import Mesh
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
