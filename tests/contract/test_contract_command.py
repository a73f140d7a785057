"""`hanse contract test` as people and scripts meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hanse
from contract_verdicts import bad, checks
from hanse.cli import main
from hanse.cli.exits import Exit

Write = Callable[..., Path]
ID = {"id": {"logicalType": "integer", "required": True}}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*arguments: str) -> tuple[int, str, str]:
        code = main.run(["contract", *arguments])
        return code, *capsys.readouterr()

    return command


Run = Callable[..., tuple[int, str, str]]


def test_a_kept_contract_is_one_line_and_totals(here: Path, contract: Write, run: Run) -> None:
    (here / "t.csv").write_text("id\n1\n")
    code, out, err = run("test", str(contract(t=ID)), "--data", "t.csv")
    assert (code, err) == (Exit.OK, "")
    assert out.splitlines()[0].startswith("✓ shop 1.0.0  ")
    assert out.splitlines()[1] == "  3 checks: 3 passed"


def test_a_broken_contract_ends_like_a_refused_run(here: Path, contract: Write, run: Run) -> None:
    (here / "t.csv").write_text("id\nx\n")
    code, out, _ = run("test", contract(t=ID).name, "--data", "t=t.csv")
    assert code == Exit.BLOCKED
    assert "  ✗ t  type(id): BIGINT: 1 of 1 row\n    at   orders.odcs.yaml:9\n    row  id is 'x'" in out


def test_a_column_that_is_missing_is_told_once(here: Path, contract: Write, run: Run) -> None:
    (here / "t.csv").write_text("key\n1\n")
    code, out, _ = run("test", contract(t=ID).name, "--data", "t.csv")
    assert code == Exit.BLOCKED
    assert "type(id): BIGINT: could not run: HNS-C008: the table has no column `id`\n" in out
    assert "required(id): could not run either\n" in out
    assert out.count("no column") == 1


def test_json_is_the_document_of_the_library(here: Path, contract: Write, run: Run) -> None:
    (here / "t.csv").write_text("id\nx\n")
    file = contract(t=ID).name
    code, out, _ = run("test", file, "--data", "t.csv", "--json")
    assert code == Exit.BLOCKED
    assert json.loads(out) == json.loads(json.dumps(hanse.test_contract(file, data="t.csv"), default=str))


@pytest.mark.parametrize("format_", ["text", "json", "junit", "markdown", "html"])
def test_reports_go_to_files(here: Path, contract: Write, run: Run, format_: str) -> None:
    (here / "t.csv").write_text("id\nx\n")
    arguments = ["test", contract(t=ID).name, "--data", "t.csv"]
    code, out, _ = run(*arguments, "--format", format_, "--output", "report")
    assert (code, out) == run(*arguments)[:2]
    assert run(*arguments, "--format", format_)[1] == (here / "report").read_text(encoding="utf-8")
    assert "type(id)" in (here / "report").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["orders.odcs.yaml", "--data", "nope.csv"], Exit.FAILED),
        (["nope.yaml", "--data", "t.csv"], Exit.FAILED),
        (["."], Exit.FAILED),
        ([], Exit.USAGE),
        (["orders.odcs.yaml", "--data", "t.csv", "--memory", "much"], Exit.USAGE),
        (["orders.odcs.yaml", "--data", "t.csv", "--seconds", "0"], Exit.USAGE),
        (["orders.odcs.yaml", "--data", "t.csv", "--table", "u"], Exit.FAILED),
        (["orders.odcs.yaml", "--data", "t.csv", "--output", "no/such/folder"], Exit.FAILED),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(
    here: Path, contract: Write, run: Run, arguments: list[str], code: Exit
) -> None:
    contract(t=ID)
    (here / "t.csv").write_text("id\n1\n")
    found, out, err = run("test", *arguments)
    assert found == code
    assert "Traceback" not in err + out


def test_memory_is_a_limit_not_an_end(here: Path, contract: Write) -> None:
    (here / "t.csv").write_text("id\n" + "\n".join(map(str, range(200_000))))
    rule = {"type": "sql", "query": "SELECT len(list(a.id)) FROM t a, t b", "mustBe": 1}
    table = {"properties": {"id": {"logicalType": "integer", "unique": True}}, "quality": [rule]}
    document = hanse.test_contract(contract(t=table), data="t.csv", memory=64_000_000)
    assert {check.partition(":")[0] for check in bad(document)} == {"sql"}
    assert document["counts"]["errors"] == 1
    assert any("HNS-E007" in (check["error"] or "") for check in checks(document).values())


def test_no_mesh_is_loaded(here: Path, contract: Write) -> None:
    """What tests contracts stays lean: neither registry nor pydantic nor a mesh, nor Arrow where all is well."""
    (here / "t.csv").write_text("id\n1\n")
    contract(t=ID)
    program = (
        "import sys; from hanse.cli import main;"
        "code = main.run(['contract', 'test', 'orders.odcs.yaml', '-d', 't.csv']);"
        "heavy = {'sqlalchemy', 'pydantic', 'pyarrow', 'numpy', 'hanse.app.mesh', 'hanse.pipelines', 'rich'};"
        "sys.exit(f'{code} {heavy & set(sys.modules)}' if code or heavy & set(sys.modules) else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
