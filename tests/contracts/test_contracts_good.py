"""Each good contract is read without a word, and gives the verdicts that are kept beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.quality import examine

from .goldens import BAD, GOOD, golden, judged

NAMES = [path.parent.name for path in GOOD]


@pytest.mark.parametrize("path", GOOD, ids=NAMES)
def test_verdicts_are_those_that_were_reviewed(path: Path) -> None:
    wanted = golden(path).read_text(encoding="utf-8")
    assert judged(path) == wanted, "if the new verdicts are right: python tests/contracts/goldens.py"


@pytest.mark.parametrize("path", GOOD, ids=NAMES)
def test_good_contracts_have_no_problems(path: Path) -> None:
    contract, problems = examine(path.read_bytes(), path.name)
    assert contract is not None
    assert problems == ()


def test_there_are_enough_examples() -> None:
    assert len(GOOD) + len(BAD) >= 40
    assert len(BAD) >= 15
