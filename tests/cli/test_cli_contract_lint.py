from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
description: { purpose: "to test" }
team: { name: sales, members: [{ username: rosa }] }
schema:
  - name: orders
    description: one row per order
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true, description: d }
      - { name: amount, logicalType: number, description: d }
"""
BAD = (
    GOOD.replace("id: orders\n", "id: bad\n")
    .replace("logicalType: number", 'logicalType: string, logicalTypeOptions: { pattern: "(?=a)" }')
    .replace("required: true, ", "")
)
Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    (tmp_path / "good.odcs.yaml").write_text(GOOD)
    (tmp_path / "more" / "bad.odcs.yaml").write_text(BAD)
    (tmp_path / "more" / "broken.odcs.yaml").write_text("apiVersion: v3.1.0\nkind: [DataContract\n")
    return tmp_path


def test_a_good_contract_is_silent(run_hanse: Run, folder: Path) -> None:
    ended = run_hanse("contract", "lint", "good.odcs.yaml")
    assert (ended.exit, ended.err) == (0, "")
    assert ended.out == "✓ 1 contract: 0 errors, 0 warnings\n"


@pytest.mark.parametrize("named", [["."], ["**/*.odcs.yaml"], ["good.odcs.yaml", "more"]])
def test_all_problems_of_all_contracts_at_once(run_hanse: Run, folder: Path, named: list[str]) -> None:
    ended = run_hanse("contract", "lint", "--json", *named)
    document = ended.document
    assert ended.exit == 1
    found = {c["path"]: [(p["severity"], p["line"]) for p in c["problems"]] for c in document["contracts"]}
    assert found["good.odcs.yaml"] == []
    assert found["more/bad.odcs.yaml"] == [("warning", 12), ("error", 13)]
    assert [severity for severity, _ in found["more/broken.odcs.yaml"]] == ["error"]
    assert (document["errors"], document["warnings"]) == (2, 1)
    assert all(p["file"] == c["path"] for c in document["contracts"] for p in c["problems"])


def test_warnings_fail_only_if_they_shall(run_hanse: Run, folder: Path) -> None:
    Path("warned.odcs.yaml").write_text(GOOD.replace("required: true, ", ""))
    assert run_hanse("contract", "lint", "warned.odcs.yaml").exit == 0
    strict = run_hanse("contract", "lint", "--strict", "warned.odcs.yaml")
    assert strict.exit == 1
    code = re.findall(r"warning\[(HNS-C\d+)\]", strict.err)
    assert run_hanse("contract", "lint", "--strict", "--ignore", *code, "warned.odcs.yaml").exit == 0


def test_values_of_the_contract_itself_are_tried(run_hanse: Run, folder: Path) -> None:
    options = "logicalTypeOptions: { minimum: 0 }, examples: [1.5, -1, abc]"
    Path("tried.odcs.yaml").write_text(GOOD.replace("logicalType: number", f"logicalType: number, {options}"))
    ended = run_hanse("contract", "lint", "tried.odcs.yaml", "--json")
    whats = [p["what"] for p in ended.document["contracts"][0]["problems"]]
    assert ended.exit == 0
    assert len(whats) == 2
    assert any("`-1` breaks `minimum`" in what for what in whats), whats


def test_annotations_cannot_be_forged(run_hanse: Run, folder: Path) -> None:
    name = "evil,line=9%0A::error::x.odcs.yaml"
    Path(name).write_text(GOOD.replace("name: amount", 'name: "a\\n::stop-commands::x%0A", primaryKey: true'))
    ended = run_hanse("contract", "lint", "--format", "github", name)
    lines = ended.out.splitlines()
    assert lines
    pattern = re.compile(r"::(error|warning) file=([^,:]*),line=\d+,col=\d+,title=[^,:]*::[^\n]*")
    assert all(pattern.fullmatch(line) for line in lines), lines
    assert all("file=evil%2Cline=9%250A%3A%3Aerror%3A%3Ax.odcs.yaml," in line for line in lines)
    assert "\\n::stop-commands::x%250A" in ended.out


def test_what_is_no_contract_is_said(run_hanse: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    for path in ("nothing.odcs.yaml", "empty", "*.nope"):
        ended = run_hanse("contract", "lint", path)
        assert ended.exit == 1
        assert "HNS-A005" in ended.err
