from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shops.csv").write_text("shop_id,floor\n" + "".join(f"{n},{n % 4}\n" for n in range(30)))
    (tmp_path / "data" / "sales.csv").write_text("sale_id,shop_id\n" + "".join(f"{n},{n % 30}\n" for n in range(90)))
    return tmp_path


def test_a_draft_is_printed_or_written_and_never_over_another(run_hanse: Run, folder: Path) -> None:
    printed = run_hanse("contract", "infer", "data", "--name", "trade")
    assert (printed.exit, printed.err) == (0, "")
    assert "id: trade\n" in printed.out
    written = run_hanse("contract", "infer", "data", "--name", "trade", "--output", "trade.odcs.yaml")
    assert (folder / "trade.odcs.yaml").read_text() == printed.out
    assert "  sales (shop_id) refers to shops (shop_id)" in written.out.splitlines()
    again = run_hanse("contract", "infer", "data", "--output", "trade.odcs.yaml")
    assert again.exit == 2
    assert "add --force" in again.err
    assert run_hanse("contract", "infer", "data", "--output", "trade.odcs.yaml", "--force").exit == 0


def test_a_table_is_called_as_it_is_said(run_hanse: Run, folder: Path) -> None:
    document = run_hanse("contract", "infer", "store=data/shops.csv", "data/sales.csv", "--json").document
    assert [table["name"] for table in document["tables"]] == ["store", "sales"]
    assert document["id"] == "store"


def test_one_run_writes_several_reports(run_hanse: Run, folder: Path) -> None:
    run_hanse("contract", "infer", "data", "--output", "trade.odcs.yaml")
    with (folder / "data" / "sales.csv").open("a") as file:
        file.write("90,77\n")
    outputs = [f"report.{ending}" for ending in ("json", "xml", "md", "html")]
    options = [word for output in outputs for word in ("--output", output)]
    ended = run_hanse("contract", "test", "trade.odcs.yaml", "--data", "data", *options)
    assert ended.exit == 3
    assert "relationship(shop_id)" in ended.out
    document = json.loads((folder / "report.json").read_text())
    assert document["counts"]["failed"] == 1
    suites = ElementTree.parse(folder / "report.xml").getroot()
    assert (suites.get("failures"), suites.get("tests")) == ("1", str(document["counts"]["checks"]))
    assert (folder / "report.md").read_text().startswith("### ✗ Sales 0.1.0: 1 of ")
    assert '<details class="check failed" open>' in (folder / "report.html").read_text()
