from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hanse.testing.meshes import MeshFolder

Hanse = Callable[..., Any]


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    MeshFolder(tmp_path / "mesh")
    path = tmp_path / "orders.csv"
    path.write_text("order_id,zip,when\n1,01234,\n2,99999,2026-01-01\n")
    return path


def test_a_product_is_drafted_and_says_what_to_do_next(run_hanse: Hanse, delivery: Path) -> None:
    ended = run_hanse("-C", str(delivery.parent / "mesh"), "new", "product", "sales.orders", "--from", str(delivery))
    assert ended.exit == 0, ended.err
    assert (
        "✓ sales.orders.orders: 3 columns of 2 rows, key order_id, 1 column with empty values to explain" in ended.out
    )
    assert "  zip stays text: numbers with leading zeros" in ended.out
    assert "  hanse run sales.orders" in ended.out


def test_the_document_holds_what_was_seen(run_hanse: Hanse, delivery: Path) -> None:
    mesh = str(delivery.parent / "mesh")
    ended = run_hanse("-C", mesh, "new", "product", "sales.orders", "--from", f"t={delivery}", "--link", "--json")
    assert ended.document["product"] == "sales.orders"
    assert [c["type"] for c in ended.document["tables"][0]["columns"]] == ["BIGINT", "VARCHAR", "DATE"]
    assert "domains/sales/orders/pipeline.yaml" in ended.document["written"]


def test_problems_are_documents_too(run_hanse: Hanse, delivery: Path) -> None:
    mesh = str(delivery.parent / "mesh")
    ended = run_hanse("-C", mesh, "new", "product", "sales.orders", "--from", "missing.csv", "--json")
    assert ended.exit == 1
    assert '"HNS-I001"' in ended.err


def test_without_files_there_is_nothing_to_draft_from(run_hanse: Hanse, delivery: Path) -> None:
    ended = run_hanse("-C", str(delivery.parent / "mesh"), "new", "product", "sales.orders")
    assert ended.exit == 2
    assert "--from" in ended.err


def test_the_help_tells_of_every_option(run_hanse: Hanse) -> None:
    ended = run_hanse("new", "product", "--help")
    assert all(option in ended.out for option in ("--from", "--copy / --link", "--null", "--new-domain", "--json"))
