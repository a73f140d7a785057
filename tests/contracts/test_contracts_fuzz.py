"""Whatever becomes of a contract's text, it is read or refused with codes and places, within bounds."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import Problem, Severity
from hanse.quality import examine

from .goldens import BAD, GOOD

TEXTS = {path: path.read_bytes() for path in (*GOOD, *BAD)}
SECONDS = 20  # of the processor, for one contract of a page: far beyond what any takes, far below for ever
PIECES = [
    *(
        b"\t",
        b" ",
        b":",
        b"- ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"'",
        b'"',
        b"#",
        b"|",
        b">",
        b"&a ",
        b"*a",
        b"<<: *a",
        b"!!int ",
    ),
    *(
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\r",
        b"\xe2\x80\xa8",
        b"null",
        b"true",
        b"0",
        b"-1",
        b"1e400",
        b"9" * 60,
    ),
    *(
        b"(" * 40,
        b"(a+)+$",
        b"{1,1000}",
        b"${table}",
        b"; DROP TABLE t; --",
        b"SELECT " * 9,
        "名".encode(),
        b"..",
        b"/#/",
    ),
]


def spoiled(data: bytes, order: random.Random, times: int) -> bytes:
    """Change a text in places: lines lost, doubled, moved, swapped or indented; pieces put in; ends cut off."""
    lines = data.splitlines(keepends=True) or [b""]
    for _ in range(times):
        at = order.randrange(len(lines))
        match order.randrange(7):
            case 0:
                lines[at] = b""
            case 1:
                lines.insert(at, lines[order.randrange(len(lines))])
            case 2:
                lines[at] = b"  " * order.randrange(1, 4) + lines[at]
            case 3:
                lines[at] = lines[at].lstrip()
            case 4:
                other = order.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 5:
                place = order.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + order.choice(PIECES) + lines[at][place:]
            case _:
                lines[at] = lines[at][: order.randrange(len(lines[at]) + 1)]
    return b"".join(lines)


def sound(data: bytes) -> None:
    before = time.process_time()
    contract, problems = examine(data, "c.odcs.yaml")
    assert time.process_time() - before < SECONDS
    assert contract is not None or any(p.severity is Severity.ERROR for p in problems)
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.where is not None
        assert problem.where.path == "c.odcs.yaml"
        str(problem)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(TEXTS)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_spoiled_contracts_are_read_or_refused(path: Path, order: random.Random, times: int) -> None:
    sound(spoiled(TEXTS[path], order, times))


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(TEXTS)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_many_spoiled_contracts_are_read_or_refused(path: Path, order: random.Random, times: int) -> None:
    sound(spoiled(TEXTS[path], order, times))
