"""Service levels and reasons for nulls in runs of a mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import hanse
from hanse.app import Mesh
from hanse.testing.meshes import MeshFolder

CONTRACT = "domains/sales/orders/contracts/orders.odcs.yaml"
LEFT = "EXISTS (SELECT 1 FROM returns AS r WHERE r.id = orders.id)"
END = {"property": "endOfLife", "value": "2020-01-01"}
PROMISES: dict[str, Any] = {
    "slaProperties": [
        {"property": "frequency", "value": 1, "unit": "d"},
        END,
        {"property": "retention", "value": 3, "unit": "y", "element": "orders.left_on"},
    ],
    "context": {"verifiedStatements": [{"question": "Who reads this?", "answer": "Everybody."}]},
}


@pytest.fixture
def shop(folder: MeshFolder) -> MeshFolder:
    reasons = [{"reason": "it came back", "when": LEFT}]
    left_on = {"logicalType": "date", "customProperties": [{"property": "nullReasons", "value": reasons}]}
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "left_on": left_on}, "returns": {"id": "integer"}},
        data={"orders.csv": "id,left_on\n1,2999-01-01\n2,\n", "returns.csv": "id\n2\n"},
    )
    promise(folder, PROMISES)
    return folder


def promise(folder: MeshFolder, promises: dict[str, Any]) -> None:
    contract = yaml.safe_load((Path(folder.root) / CONTRACT).read_text())
    folder.write(CONTRACT, {**contract, "apiVersion": "v3.2.0", **promises})


def run(mesh: Mesh) -> dict[str, Any]:
    mesh.apply()
    (found,) = mesh.run(force=True)["runs"]
    return dict(found)


def verdicts(run: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {r["check"]: (r["table"], r["verdict"]) for r in run["checks"]["results"]}


def test_service_levels_are_told_and_do_not_block(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    first = run(mesh)
    assert first["status"] == "succeeded"
    found = verdicts(first)
    assert found["frequency: 1 d"] == ("sales.orders", "not_applicable")
    assert found["endOfLife: 2020-01-01"] == ("sales.orders", "warned")
    assert found["verifiedStatement: Who reads this?"] == ("sales.orders", "manual")
    assert found["retention(left_on): 3 y"] == ("sales.orders.orders", "passed")
    assert first["release"]["warnings"] == 1
    assert verdicts(run(mesh))["frequency: 1 d"] == ("sales.orders", "passed")
    with mesh.query("SELECT DISTINCT check_id FROM mesh.catalog.checks WHERE table_name IS NULL ORDER BY 1") as result:
        assert len(result.to_arrow()) == 3


def test_a_level_that_says_so_blocks(shop: MeshFolder) -> None:
    severe = {**END, "customProperties": [{"property": "severity", "value": "error"}]}
    promise(shop, {"slaProperties": [severe]})
    blocked = run(hanse.open_mesh(shop.root))
    assert blocked["status"] == "blocked"
    assert "the contract failed" in str(blocked["error"])


def test_a_null_without_a_reason_blocks_also_when_only_the_other_table_changes(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    assert run(mesh)["status"] == "succeeded"
    shop.write("domains/sales/orders/data/returns.csv", "id\n1\n")
    (blocked,) = mesh.run()["runs"]
    assert blocked["status"] == "blocked"
    (result,) = [r for r in blocked["checks"]["results"] if r["verdict"] == "failed"]
    assert result["check"] == "nullReasons(left_on): null only when it came back"
    assert result["sample"][0]["row"]["id"] == 2


def test_a_level_that_is_added_is_judged_though_no_table_is_built(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    assert run(mesh)["status"] == "succeeded"
    ended = {"property": "endOfSupport", "value": "2020-01-01"}
    severe = {**ended, "customProperties": [{"property": "severity", "value": "error"}]}
    for level, status, verdict in (severe, "blocked", "failed"), (ended, "succeeded", "warned"):
        promise(shop, {**PROMISES, "slaProperties": [*PROMISES["slaProperties"], level]})
        mesh = hanse.open_mesh(shop.root)
        mesh.apply()
        (found,) = mesh.run()["runs"]
        assert (found["status"], found["built"]) == (status, [])
        assert verdicts(found)["endOfSupport: 2020-01-01"] == ("sales.orders", verdict)
    (again,) = mesh.run()["runs"]
    assert again["status"] == "unchanged"


def test_rows_that_stay_are_checked_again_when_a_clause_changes_that_is_told_in_the_same_words(
    folder: MeshFolder,
) -> None:
    def table(when: str) -> dict[str, Any]:
        reasons = [{"reason": "it waits", "when": when}]
        left_on = {"logicalType": "date", "customProperties": [{"property": "nullReasons", "value": reasons}]}
        return {"orders": {"id": "integer", "status": "string", "left_on": left_on}}

    data = {"orders.csv": "id,status,left_on\n1,w,\n"}
    folder.product("sales.orders", table("status = 'w'"), data=data, status="draft")
    folder.settings("sales.orders", {"orders": {"materialize": "append"}})
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    assert mesh.run()["runs"][0]["status"] == "succeeded"
    folder.contract("sales.orders", table("status = 'x'"), status="draft")
    folder.write("domains/sales/orders/data/orders.csv", "id,status,left_on\n3,x,\n")
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    (blocked,) = mesh.run()["runs"]
    (result,) = [r for r in blocked["checks"]["results"] if r["verdict"] == "failed"]
    assert (result["failed_rows"], result["total_rows"]) == (1, 2)
    assert result["sample"][0]["row"]["id"] == 1


def test_sql_of_a_contract_names_the_tables_of_its_own_major(folder: MeshFolder) -> None:
    reasons = [{"reason": "it came back", "when": LEFT}]
    left_on = {"logicalType": "date", "customProperties": [{"property": "nullReasons", "value": reasons}]}
    transforms = {"orders": "SELECT * FROM o", "returns": "SELECT * FROM r"}
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "left_on": left_on}, "returns": {"id": "integer"}},
        transforms=transforms | {"orders_v2": "SELECT * FROM o", "returns_v2": "SELECT id + 10 AS id FROM s"},
        pipeline={"o": {"file": "data/o.csv"}, "r": {"file": "data/r.csv"}, "s": {"file": "data/s.csv"}},
        data={"o.csv": "id,left_on\n1,2026-01-01\n2,\n", "r.csv": "id\n2\n", "s.csv": "id\n2\n"},
    )
    contract = yaml.safe_load((Path(folder.root) / CONTRACT).read_text())
    contract["version"] = "2.0.0"
    contract["schema"][0]["quality"] = [{"type": "sql", "query": "SELECT max(id) FROM returns", "mustBe": 12}]
    folder.write("domains/sales/orders/contracts/orders.v2.odcs.yaml", contract)
    product = yaml.safe_load((Path(folder.root) / "domains/sales/orders/product.yaml").read_text())
    product["outputPorts"].append({**product["outputPorts"][0], "version": "2.0.0"})
    folder.write("domains/sales/orders/product.yaml", product)
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()

    def failed() -> list[tuple[str, str]]:
        (found,) = mesh.run()["runs"]
        return [(r["table"], r["check"]) for r in found["checks"]["results"] if r["verdict"] == "failed"]

    reason = "nullReasons(left_on): null only when it came back"
    assert failed() == [("sales.orders.orders_v2", reason)]
    folder.write("domains/sales/orders/data/s.csv", "id\n-8\n2\n")
    assert failed() == []
    folder.write("domains/sales/orders/data/s.csv", "id\n2\n")
    assert failed() == [("sales.orders.orders_v2", reason)], "checked again when the table of its own major changes"
