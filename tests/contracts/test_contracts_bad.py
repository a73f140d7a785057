"""Each bad contract gets all its problems at once: code, place, reason and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.base import Severity
from hanse.quality import examine

from .goldens import BAD, golden, told

NAMES = [path.name.split(".")[0] for path in BAD]


@pytest.mark.parametrize("path", BAD, ids=NAMES)
def test_all_problems_are_told_at_once(path: Path) -> None:
    wanted = golden(path).read_text(encoding="utf-8")
    assert told(path) == wanted, "if the new text is right: python tests/contracts/goldens.py"


@pytest.mark.parametrize("path", BAD, ids=NAMES)
def test_every_problem_has_a_place_and_a_fix(path: Path) -> None:
    contract, problems = examine(path.read_bytes(), path.name)
    errors = [p for p in problems if p.severity is Severity.ERROR]
    assert errors
    assert contract is None or all(p.code.id.startswith("HNS-C") for p in errors)
    lines = path.read_bytes().decode("utf-8-sig", "replace").splitlines()
    for problem in problems:
        assert problem.where is not None
        assert problem.fix
        assert 1 <= problem.where.line <= len(lines)
        assert 1 <= problem.where.column <= len(lines[problem.where.line - 1]) + 1
    assert len(set(problems)) == len(problems)


def test_there_are_no_goldens_without_a_contract() -> None:
    assert {p for p in (Path(__file__).parent / "bad").iterdir() if p.suffix == ".txt"} == {golden(p) for p in BAD}


KEYS = [path for path in BAD if "HNS-S011" in golden(path).read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", KEYS, ids=[path.name.split(".")[0] for path in KEYS])
def test_one_problem_hides_no_other(path: Path) -> None:
    """Without the keys that resemble no key of the standard, nothing comes up that was not told at first."""
    _, problems = examine(path.read_bytes(), path.name)
    unknown = {p.where.line for p in problems if p.where and (p.fix or "").startswith("remove it")}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    mended, inside = [], 99
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        inside = indent if number in unknown else 99 if indent <= inside else inside
        if indent < inside and number not in unknown:
            mended.append(line)
    _, later = examine("".join(mended).encode(), path.name)
    assert {p.what for p in later} <= {p.what for p in problems}
