"""Where columns come from across products: recorded by apply, told by the catalogue, the plan and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hanse import blueprints
from hanse.app import open_mesh
from hanse.base import QueryError
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def mesh(tmp_path: Path) -> MeshFolder:
    """Orders from a file; totals of them by a private transform; half of the totals by Python."""
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "amount": "number", "kind": "string"}},
        data={"orders.csv": "id,amount,kind\n1,2.5,a\n"},
        status="draft",
    )
    folder.product(
        "finance.totals",
        {"totals": {"kind": "string", "total": "number", "n": "integer"}},
        transforms={
            "paid": "SELECT * EXCLUDE (id), amount > 0 AS counts FROM sales.orders.orders WHERE id > 0",
            "totals": "SELECT kind, sum(amount) FILTER (WHERE counts) AS total, count(*) AS n FROM paid GROUP BY ALL",
        },
        inputs={"orders": "sales.orders"},
    )
    folder.product("board.halves", {"halves": {"half": "number"}}, inputs={"totals": "finance.totals"})
    folder.write(
        "domains/board/halves/transforms/halves.py",
        "import pyarrow as pa\nfrom typing import Annotated\n\n\n"
        'def transform(totals: Annotated[pa.Table, "finance.totals.totals"]) -> pa.Table:\n    return totals\n',
    )
    with open_mesh(folder.root) as opened:
        opened.apply()
    return folder


def flat(nodes: list[Mapping[str, Any]]) -> list[tuple[str, str | None, list[str]]]:
    return [entry for n in nodes for entry in [(n["name"], n["column"], n["how"]), *flat(n["nodes"])]]


def test_a_column_is_followed_up_and_down(mesh: MeshFolder) -> None:
    with open_mesh(mesh.root) as opened:
        total = opened.lineage("finance.totals.totals.TOTAL")
        assert flat(total["up"]) == [
            ("sales.orders.orders", "amount", ["aggregated", "filter"]),
            ("file:orders of sales.orders", "amount", ["direct"]),
        ]
        assert flat(total["down"]) == [
            ("board.halves.halves", "half", ["python"]),
            ("board.halves.halves", None, ["python"]),
        ]
        assert [(n["column"], n["how"]) for n in total["rows"]] == [("id", ["filter"]), ("kind", ["group"])]
        down = flat(opened.lineage("sales.orders.orders.id")["down"])
        assert down[0] == ("finance.totals.totals", None, ["filter"])
        assert ("board.halves.halves", None, []) in down


def test_tables_and_products_are_followed(mesh: MeshFolder) -> None:
    with open_mesh(mesh.root) as opened:
        table = opened.lineage("finance.totals.totals")
        assert [n[0] for n in flat(table["up"])] == ["sales.orders.orders", "file:orders of sales.orders"]
        assert [n[0] for n in flat(table["down"])] == ["board.halves.halves"]
        product = opened.lineage("finance.totals")
        assert [n[0] for n in flat(product["up"])] == ["sales.orders", "file:orders of sales.orders"]
        assert [n[0] for n in flat(product["down"])] == ["board.halves"]


@pytest.mark.parametrize(
    ("address", "code"),
    [("finance.totals.nope", "HNS-K003"), ("finance.totals.totals.nope", "HNS-K003"), ("finance.nope", "HNS-K001")],
)
def test_what_is_not_there_is_said(mesh: MeshFolder, address: str, code: str) -> None:
    with open_mesh(mesh.root) as opened, pytest.raises(QueryError, match=code):
        opened.lineage(address)


def test_a_plan_warns_of_readers_that_break(mesh: MeshFolder) -> None:
    mesh.contract("sales.orders", {"orders": {"id": "integer", "kind": "string"}}, status="draft")
    mesh.write("domains/sales/orders/data/orders.csv", "id,kind\n1,a\n")
    with open_mesh(mesh.root) as opened:
        document = opened.plan(["sales.orders"])
    warning = next(w for w in document["warnings"] if w["code"] == "HNS-P010")
    assert "finance.totals.totals" in warning["what"]


@pytest.mark.parametrize("example", ["flights", "orders"])
def test_every_transform_of_the_examples_is_resolved(tmp_path: Path, example: str) -> None:
    blueprints.demo(tmp_path / "m", example=example)
    with open_mesh(tmp_path / "m") as opened:
        opened.apply()
        products = opened.registry.reader().products()
    documents = [lineage for p in products for lineage in p.document["lineage"].values()]
    assert len(documents) >= 6
    assert not [d for d in documents if "unknown" in d or "unknown_rows" in d]
