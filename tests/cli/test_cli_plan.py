"""How plans look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hanse.cli.exits import Exit
from hanse.testing.meshes import MeshFolder

COLUMNS: dict[str, str | dict[str, Any]] = {
    "id": {"logicalType": "integer", "required": True},
    "amount": "integer",
    "note": "string",
}
BASE = {"orders": COLUMNS}
DATA = {"orders.csv": "id,amount,note\n1,2,x\n"}


def applied(folder: MeshFolder, run_hanse: Any) -> tuple[str, str]:
    folder.product("sales.orders", BASE, data=DATA)
    here = ("-C", str(folder.root))
    assert run_hanse(*here, "apply", "--yes").exit == Exit.OK
    return here


def test_a_new_product_has_its_columns_counted(folder: MeshFolder, run_hanse: Any) -> None:
    folder.product("sales.orders", BASE, data=DATA)
    ended = run_hanse("-C", str(folder.root), "plan")
    assert ended.exit == Exit.OK
    assert ended.out == (
        "+ domain sales\n"
        "└─ + product orders  1.0.0, active\n"
        "   └─ + output port orders@1  1.0.0\n"
        "      └─ + table orders  3 columns\n"
        "· sales.orders: has no released data yet: `hanse run sales.orders` makes it\n"
        "\n"
        "~ 1 product to create, 1 table to create\n"
    )
    full = run_hanse("-C", str(folder.root), "plan", "--full").out
    assert "         ├─ + id  BIGINT, required\n" in full
    assert "         └─ + note  VARCHAR\n" in full


def test_nothing_to_do_is_one_line(folder: MeshFolder, run_hanse: Any) -> None:
    here = applied(folder, run_hanse)
    run_hanse(*here, "run")
    ended = run_hanse(*here, "plan")
    assert ended.exit == Exit.OK
    assert ended.out == "✓ nothing to do: 1 product unchanged\n"


def test_a_change_says_what_and_why(folder: MeshFolder, run_hanse: Any) -> None:
    here = applied(folder, run_hanse)
    folder.contract("sales.orders", {"orders": {**COLUMNS, "more": "date"}}, version="1.1.0")
    out = run_hanse(*here, "plan").out
    assert "      └─ ~ table orders  3 columns unchanged\n" in out
    assert "         └─ + more  DATE\n            └─ column `more` added; readers name the columns they want" in out
    assert "~ 1 product to alter, 1 table to alter\n" in out
    assert "contracts/orders.odcs.yaml:" not in out
    assert "contracts/orders.odcs.yaml:" in run_hanse(*here, "plan", "--full").out


def test_a_breaking_change_is_refused_with_place_and_fix(folder: MeshFolder, run_hanse: Any) -> None:
    here = applied(folder, run_hanse)
    run_hanse(*here, "run")
    columns = {k: v for k, v in COLUMNS.items() if k != "note"}
    folder.contract("sales.orders", {"orders": columns}, version="1.1.0")
    ended = run_hanse(*here, "plan")
    assert ended.exit == Exit.FAILED
    assert "! note  VARCHAR  refused\n            └─ breaking: column `note` removed\n" in ended.out
    assert ended.out.endswith("✗ refused: 1 problem to mend first (1 product breaking, 1 table breaking)\n")
    assert "error[HNS-P001] sales.orders.orders: column `note` removed" in ended.err
    assert "  fix  " in ended.err
    assert run_hanse(*here, "plan", "--json").document["verdict"] == "refused"
    refused = run_hanse(*here, "apply", "--yes")
    assert refused.exit == Exit.FAILED
    assert "HNS-P001" in refused.err


def test_words_alone_are_metadata(folder: MeshFolder, run_hanse: Any) -> None:
    here = applied(folder, run_hanse)
    folder.contract("sales.orders", BASE, description="Other words.")
    out = run_hanse(*here, "plan").out
    assert "~ table orders  3 columns unchanged\n         └─ description of " in out
    assert "1 product to update, 1 table to update" in out


def test_a_product_taken_out_of_the_folder_is_kept_and_mentioned(
    folder: MeshFolder, run_hanse: Any, tmp_path: Path
) -> None:
    here = applied(folder, run_hanse)
    (folder.root / "domains/sales/orders").rename(tmp_path / "elsewhere")
    out = run_hanse(*here, "plan").out
    assert "· sales.orders: " in out
    assert "nothing to do" in out


def test_the_names_of_columns_cannot_drive_the_terminal(folder: MeshFolder, run_hanse: Any) -> None:
    folder.product("a.b", {"t": {"evil\x1b[2J": "integer"}}, data={"t.csv": "x\n1\n"})
    ended = run_hanse("-C", str(folder.root), "plan", "--full")
    assert "\x1b" not in ended.out + ended.err
