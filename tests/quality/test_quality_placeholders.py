"""Placeholders in a rule's query, and what only looks like one."""

from __future__ import annotations

import pytest

from hanse.quality.records import Answer
from hanse.quality.statement import QueryFault, expand
from hanse.spec.contract import Table

TABLE = Table("orders", ())


@pytest.mark.parametrize("written", ["{table}", "${object}", '"{table}"', '"${table}"', "`{object}`"])
def test_names_are_put_in(written: str) -> None:
    assert expand(Answer(f"SELECT count(*) FROM {written}", None), TABLE) == 'SELECT count(*) FROM "orders"'


@pytest.mark.parametrize("pattern", [r"^\d{5}$", r"a{2}b{10}", r"\p{Lu}+", r"\P{L}", r"\x{41}"])
def test_patterns_stay_as_they_are(pattern: str) -> None:
    query = f"SELECT count(*) FROM orders WHERE regexp_matches(zip, '{pattern}')"
    assert expand(Answer(query, None), TABLE) == query


@pytest.mark.parametrize("written", ["{tabel}", "${today}", "{column}"])
def test_unknown_ones_are_told(written: str) -> None:
    with pytest.raises(QueryFault, match="stands for nothing here"):
        expand(Answer(f"SELECT count(*) FROM {written}", None), TABLE)
