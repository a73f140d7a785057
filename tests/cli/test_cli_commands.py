"""Every command: its text, its document, its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.base import Blocked, Code, Conflict, Denied, HanseError, RunError
from hanse.cli.exits import Exit, exit_of
from hanse.cli.main import COMMANDS
from hanse.testing.meshes import MeshFolder

BROKEN = "order_id,ordered_on,customer,amount\n1,2026-01-05,Ines,-1\n1,2026-01-05,Ines,2\n"


def test_help_names_every_command_and_loads_none_of_them(run_hanse: Any) -> None:
    ended = run_hanse("--help")
    assert ended.exit == Exit.OK
    assert [line.split()[0] for line in ended.out.split("Commands:\n")[1].splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_begins_like_the_list(command: str, run_hanse: Any) -> None:
    ended = run_hanse(command, "--help")
    assert ended.exit == Exit.OK
    assert ended.out.startswith(f"Usage: hanse {command} ")
    # Of a group, each command has it.
    assert command in {"completion", "contract", "new"} or "--json" in ended.out


def test_the_version_is_printed(run_hanse: Any) -> None:
    assert run_hanse("--version").out == f"hanse {hanse.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["lst"], "did you mean `list`?"),
        (["qeury", "SELECT 1"], "did you mean `query`?"),
        (["zzzzzz"], "see hanse --help"),
        (["list", "--jsn"], "--json"),
        (["query"], 'hanse query "SELECT'),
        (["query", "SELECT 1", "--file", __file__], "give one statement"),
        (["query", "SELECT 1", "-o", "no/such/folder/x.csv"], "there is no folder `no/such/folder`"),
        (["runs", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_command_line_is_exit_2_with_a_hint(arguments: list[str], hint: str, run_hanse: Any) -> None:
    ended = run_hanse(*arguments)
    assert ended.exit == Exit.USAGE
    assert hint in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("command", ["check", "plan", "apply", "run", "list", "runs", "events", "doctor"])
def test_outside_a_mesh_a_command_says_how_to_get_in(command: str, run_hanse: Any, tmp_path: Path) -> None:
    ended = run_hanse("-C", str(tmp_path), command)
    assert ended.exit == Exit.FAILED
    assert "error[HNS-S009] no mesh.yaml in" in ended.err
    assert "hanse init" in ended.err
    ended = run_hanse("-C", str(tmp_path), command, "--json")
    assert [p["code"] for p in json.loads(ended.err)["problems"]] == ["HNS-S009"]


def test_a_folder_below_the_mesh_is_as_good(run_hanse: Any, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built / "domains" / "sales")
    assert run_hanse("list").out == run_hanse("-C", str(built), "list").out


@pytest.mark.parametrize(
    ("error", "code"),
    [(HanseError, 1), (RunError, 1), (Blocked, 3), (Conflict, 4), (Denied, 5)],
)
def test_errors_end_with_their_exit_codes(error: type[HanseError], code: int) -> None:
    assert exit_of(error(Code("HNS-N000", "a title", "A meaning."), "what")) == code


def test_every_exit_code_has_a_meaning() -> None:
    assert all(code.meaning for code in Exit)


def test_init_writes_a_mesh_once(run_hanse: Any, tmp_path: Path) -> None:
    folder = tmp_path / "new mesh"
    ended = run_hanse("init", str(folder))
    assert ended.exit == Exit.OK
    assert (folder / "mesh.yaml").exists()
    assert "  mesh.yaml\n" in ended.out
    again = run_hanse("init", str(folder))
    assert again.exit == Exit.FAILED
    assert "HNS-B002" in again.err
    assert run_hanse("init", str(tmp_path / "other"), "--json").document["blueprint"] == "minimal"


def test_check_counts_and_lists(run_hanse: Any, mine: Path) -> None:
    assert run_hanse("-C", str(mine), "check").out == "✓ 1 product in 1 domain: 0 errors, 0 warnings\n"
    product = mine / "domains/sales/orders/product.yaml"
    product.write_text(product.read_text().replace("version: 0.1.0\nstatus", "versoin: 0.1.0\nstatus"))
    ended = run_hanse("-C", str(mine), "check")
    assert ended.exit == Exit.FAILED
    assert "domains/sales/orders/product.yaml:5:1" in ended.err
    assert "did you mean `version`?" in ended.err
    document = run_hanse("-C", str(mine), "check", "--json").document
    assert document["errors"] == len(document["problems"]) > 0


def test_apply_asks_nobody_and_does_nothing_without_yes(run_hanse: Any, mine: Path) -> None:
    ended = run_hanse("-C", str(mine), "apply")
    assert ended.exit == Exit.USAGE
    assert "+ table orders  4 columns" in ended.out
    assert "HNS-X001" in ended.err
    assert "hanse apply --yes" in ended.err
    ended = run_hanse("-C", str(mine), "apply", "--json")
    assert ended.exit == Exit.USAGE
    assert ended.document["applied"] is False
    assert json.loads(ended.err)["problems"][0]["code"] == "HNS-X001"
    assert run_hanse("-C", str(mine), "list", "--json").document["products"] == []


def test_apply_with_yes_shows_the_plan_and_does_it(run_hanse: Any, mine: Path) -> None:
    ended = run_hanse("-C", str(mine), "apply", "--yes")
    assert ended.exit == Exit.OK
    assert "+ table orders  4 columns" in ended.out
    assert ended.out.endswith("✓ applied 4 steps; `hanse run` builds what is out of date\n")
    assert ended.err == ""
    again = run_hanse("-C", str(mine), "apply")
    assert again.exit == Exit.OK
    assert again.out.startswith("✓ nothing to do: 1 product unchanged\n")
    assert run_hanse("-C", str(mine), "apply", "--json").document["applied"] is True


def test_a_product_is_run_once(run_hanse: Any, mine: Path) -> None:
    run_hanse("-C", str(mine), "apply", "--yes")
    ended = run_hanse("-C", str(mine), "run", "sales.orders")
    assert ended.exit == Exit.OK
    assert re.fullmatch(
        r"✓ sales\.orders  release 1: built 2 tables, 10 rows, [\d.]+ kB, \d+ checks passed, [\d.]+ s\n", ended.out
    )
    assert ended.err == "run sales.orders (1/1)\n"
    again = run_hanse("-C", str(mine), "run")
    assert again.exit == Exit.OK
    assert again.out == "= sales.orders  nothing to do: inputs and code are those of its release\n"
    document = run_hanse("-C", str(mine), "run", "--force", "--json").document
    assert document["succeeded"] == 1
    assert document["runs"][0]["release"]["sequence"] == 2


def test_running_before_applying_says_so(run_hanse: Any, mine: Path) -> None:
    ended = run_hanse("-C", str(mine), "run")
    assert ended.exit == Exit.FAILED
    assert "hanse apply" in ended.err


def test_a_delivery_that_breaks_the_contract_is_exit_3(run_hanse: Any, mine: Path) -> None:
    here = ("-C", str(mine))
    run_hanse(*here, "apply", "--yes")
    run_hanse(*here, "run")
    (mine / "domains/sales/orders/data/orders.csv").write_text(BROKEN)
    ended = run_hanse(*here, "run")
    assert ended.exit == Exit.BLOCKED
    assert "✗ sales.orders  blocked; consumers keep the last release" in ended.out
    assert "  ✗ orders  minimum(amount): 0: 1 of 2 rows\n" in ended.out
    assert "    at   domains/sales/orders/contracts/orders.odcs.yaml:" in ended.out
    assert "    row  " in ended.out
    shown = run_hanse(*here, "runs", "last")
    assert shown.exit == Exit.OK
    assert "blocked" in shown.out
    assert "error[HNS-L013]" in shown.err
    assert run_hanse(*here, "query", "SELECT count(*) AS n FROM sales.orders.orders").out == "n\r\n7\r\n"
    assert "last run    blocked at" in run_hanse(*here, "show", "sales.orders").out


def test_the_same_reason_is_told_once(run_hanse: Any, folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": {"n": {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0}}}},
        data={"t.csv": "n\n" + "-1\n" * 4 + "".join(f"-{n}\n" for n in range(2, 20))},
    )
    run_hanse("-C", str(folder.root), "apply", "--yes")
    out = run_hanse("-C", str(folder.root), "run").out
    assert out.count("-1,") + out.count("-1 ") == 1
    assert "(4 rows)" in out
    assert "more sampled rows" in out


def test_list_shows_what_is_applied_and_what_is_not(run_hanse: Any, mine: Path, built: Path) -> None:
    ended = run_hanse("-C", str(mine), "list")
    assert ended.out == (
        "no products were applied yet\n· sales.orders is in the folder and not applied: `hanse plan`\n"
    )
    lines = run_hanse("-C", str(built), "list").out.splitlines()
    assert lines[0].split() == ["product", "about", "owner", "status", "version", "tables", "rows", "released"]
    assert lines[1].startswith("sales.orders  Orders  Sales data  draft ")
    document = run_hanse("-C", str(built), "list", "--json").document
    assert [p["rows"] for p in document["products"]] == [10]


def test_show_tells_what_a_consumer_needs(run_hanse: Any, built: Path) -> None:
    out = run_hanse("-C", str(built), "show", "sales.orders").out
    for needed in (
        "sales.orders - Orders",
        "What customers ordered, and what it came to each day.",
        "  owner       Sales data (domain Sales)",
        "  release     1 of ",
        "  reads       file input orders",
        "  query       best_days: Which days sold most?",
        "  port        orders@1: contract sales-orders@0.1.0 (ODCS v3.1.0)",
        "sales.orders.orders  7 rows",
        "One row per order.",
        "order_id    BIGINT         pk1  no    Number of the order.",
        "Who ordered. Null: Bought at the counter; nobody asked for a name.",
        "  checks      ",
        '  query       hanse query "SELECT * FROM sales.orders.orders LIMIT 10"',
        "       1  2026-01-05  Ines       12.50",
        "       2  2026-01-05  NULL        3.20",
    ):
        assert needed in out, out


def test_show_of_one_table_shows_no_other(run_hanse: Any, built: Path) -> None:
    ended = run_hanse("-C", str(built), "show", "sales.orders.revenue_by_day", "--no-sample")
    assert "sales.orders.revenue_by_day  3 rows" in ended.out
    assert "sales.orders.orders  7 rows" not in ended.out
    document = run_hanse("-C", str(built), "show", "sales.orders.orders", "--json").document
    assert [t["table"] for t in document["tables"]] == ["sales.orders.orders"]
    assert document["tables"][0]["sample"]["rows"][0] == [1, "2026-01-05", "Ines", "12.50"]


@pytest.mark.parametrize(
    ("address", "code", "fix"),
    [
        ("sales.oders", "HNS-K001", "did you mean `sales.orders`?"),
        ("sales.orders.order", "HNS-A001", "did you mean `orders`?"),
        ("sales", "HNS-A001", "hanse list"),
        ("mesh.catalog.runs", "HNS-A001", "SELECT * FROM mesh.catalog.runs"),
    ],
)
def test_show_suggests(address: str, code: str, fix: str, run_hanse: Any, built: Path) -> None:
    ended = run_hanse("-C", str(built), "show", address)
    assert ended.exit == Exit.FAILED
    assert f"error[{code}]" in ended.err
    assert fix in ended.err


def test_runs_are_found_by_the_ids_that_are_listed(run_hanse: Any, mine: Path) -> None:
    here = ("-C", str(mine))
    with hanse.open_mesh(mine) as mesh:
        mesh.apply()
        mesh.run()
    listed = run_hanse(*here, "runs").out.splitlines()
    assert listed[0].split() == ["run", "product", "status", "started", "seconds", "error"]
    id_ = run_hanse(*here, "runs", "--json").document["runs"][0]["id"]
    assert listed[1].split()[0] == id_[-8:]
    for name in (id_, id_[-8:], "last"):
        assert run_hanse(*here, "runs", name).out.startswith(f"✓ run {id_} of sales.orders: succeeded\n")
    details = run_hanse(*here, "runs", "last", "--json").document
    assert {s["kind"] for s in details["steps"]} >= {"stage", "check", "commit"}
    assert run_hanse(*here, "runs", "nonsense").exit == Exit.FAILED
    assert run_hanse(*here, "runs", "--product", "sales.orders", "--limit", "1").exit == Exit.OK


def test_no_runs_and_no_events_are_said_in_words(run_hanse: Any, mine: Path) -> None:
    assert run_hanse("-C", str(mine), "runs").out == "no runs yet: `hanse run` builds, checks and publishes\n"
    assert run_hanse("-C", str(mine), "events").out == "no such events\n"


def test_events_are_listed_and_verified(run_hanse: Any, built: Path) -> None:
    here = ("-C", str(built))
    document = run_hanse(*here, "events", "--json").document
    assert [e["sequence"] for e in document["events"]] == list(range(1, len(document["events"]) + 1))
    filtered = run_hanse(*here, "events", "--type", "hanse.release", "--subject", "sales.orders")
    assert len(filtered.out.splitlines()) == 2
    head = document["events"][-1]["hash"]
    assert f"chain intact, head {head}" in run_hanse(*here, "events", "verify", "--head", head).out
    ended = run_hanse(*here, "events", "verify", "--head", "f" * 64)
    assert ended.exit == Exit.FAILED
    assert "✗ the chain is broken" in ended.out
    assert run_hanse(*here, "events", "verify", "--json").document["ok"] is True


def test_doctor_looks_at_everything(run_hanse: Any, built: Path, mine: Path) -> None:
    ended = run_hanse("-C", str(built), "doctor")
    assert ended.exit == Exit.OK
    assert {line.split()[1] for line in ended.out.splitlines()} >= {"versions", "disk", "files", "events", "tables"}
    (mine / "domains/sales/orders/product.yaml").write_text("no: product\n")
    ended = run_hanse("-C", str(mine), "doctor")
    assert ended.exit == Exit.FAILED
    assert "✗ files" in ended.out
    assert "`hanse check`" in ended.out
    assert run_hanse("-C", str(mine), "doctor", "--json").document["healthy"] is False


@pytest.mark.slow
def test_the_demo_answers_a_first_question(run_hanse: Any, tmp_path: Path) -> None:
    ended = run_hanse("demo", str(tmp_path / "demo"), "--no-serve")
    assert ended.exit == Exit.OK
    assert "Frontier Airlines Inc." in ended.out
    assert ended.err.splitlines() == [
        f"run {name} ({number}/4)"
        for number, name in enumerate(
            ("airlines.flights", "airports.airports", "weather.hourly", "planning.delays"), start=1
        )
    ]
    document = run_hanse("demo", str(tmp_path / "demo"), "--json").document
    assert document["run"]["unchanged"] == 4
    assert len(document["rows"]) == 5


def test_a_product_that_is_being_run_is_exit_4(run_hanse: Any, mine: Path) -> None:
    run_hanse("-C", str(mine), "apply", "--yes")
    with hanse.open_mesh(mine) as mesh:
        codes: list[Any] = []

        def listen(phase: str, *_: object) -> None:
            if phase == "check" and not codes:
                codes.append(run_hanse("-C", str(mine), "run"))

        assert mesh.run(listener=listen)["succeeded"] == 1
    assert codes[0].exit == Exit.CONFLICT
    assert "HNS-L014" in codes[0].err


def test_a_product_named_twice_is_run_once(run_hanse: Any, mine: Path) -> None:
    run_hanse("-C", str(mine), "apply", "--yes")
    assert len(run_hanse("-C", str(mine), "run", "sales.orders", "sales.orders", "--json").document["runs"]) == 1


def test_a_mesh_without_products_says_where_they_belong(run_hanse: Any, mine: Path) -> None:
    (mine / "domains").rename(mine / "domain")
    out = run_hanse("-C", str(mine), "check").out
    assert "0 products in 0 domains" in out
    assert "domains/<domain>/<product>/" in out


def test_a_defect_is_reported_whole(run_hanse: Any, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.app.Mesh.list_products", lambda _: 1 // 0)
    ended = run_hanse("-C", str(built), "list")
    assert ended.exit == Exit.FAILED
    assert "Traceback" in ended.err
    assert "error[HNS-X003] ZeroDivisionError" in ended.err
