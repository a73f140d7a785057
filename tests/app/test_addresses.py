"""Addresses that Hanse prints are addresses that it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

import hanse
from hanse.base import Problems
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = MeshFolder(tmp_path / "mesh", name="blue")
    folder.product("sales.orders", {"orders": {"v": "integer"}}, transforms={"orders": "SELECT 1 AS v"})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    return folder.root


def test_the_address_shown_can_be_shown(root: Path) -> None:
    with hanse.open_mesh(root) as mesh:
        document = mesh.show("sales.orders")
        assert mesh.show(document["address"]) == document
        for address in ("hanse://blue/sales/orders/orders/orders@1", "hanse://blue/sales/orders/orders"):
            assert [t["table"] for t in mesh.show(address)["tables"]] == ["sales.orders.orders"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sales",
        "a.b.c.d",
        "hanse://",
        "hanse://blue",
        "hanse://red/sales/orders",
        "hanse://blue/sales/orders/orders/orders@2",
    ],
)
def test_what_is_no_address_here(root: Path, address: str) -> None:
    with hanse.open_mesh(root) as mesh, pytest.raises(hanse.HanseError, match="HNS-A001"):
        mesh.show(address)


def test_a_product_whose_files_cannot_be_read_is_no_unknown_one(tmp_path: Path) -> None:
    folder = MeshFolder(tmp_path)
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n"}, pipeline={"t": {"file": "data/t.what"}})
    with hanse.open_mesh(tmp_path) as mesh, pytest.raises(Problems) as caught:
        mesh.run(["a.b"])
    assert "the format of input `t` cannot be told" in caught.value.problems[0].what
