"""References as SQL: keys that no row of the other table has, by one anti-join."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hanse.quality.compile import Write, all_rows, keyed, text
from hanse.quality.predicates import column
from hanse.quality.records import References
from hanse.quality.same import equal


def orphans(measure: References, relation: str, *, write: Write = text) -> str:
    """Return the count of keys without a row in the other table; inside lists and maps, of items."""
    return write(
        exp.select(all_rows()).from_(keyed(measure.targets, relation, ()).subquery("t")).where(*_alone(measure))
    )


def orphan_rows(measure: References, relation: str, names: Sequence[str], limit: int, *, write: Write = text) -> str:
    """Return rows whose key no row of the other table has: all columns, then the key; by item inside lists."""
    keys = [column(f"k{i}", "t") for i in range(len(measure.targets))]
    found = [column(f"c{i}", "t") for i in range(len(names))]
    return write(
        exp.select(*found, *keys)
        .from_(keyed(measure.targets, relation, names).subquery("t"))
        .where(*_alone(measure))
        .limit(limit)
    )


def _alone(measure: References) -> list[exp.Expr]:
    assert measure.relation is not None
    keys = range(len(measure.targets))
    same = (
        equal(column(f"k{i}", "o"), other.type, column(f"k{i}", "t"), own.type)
        for i, (own, other) in enumerate(zip(measure.targets, measure.to, strict=True))
    )
    others = exp.select(exp.Literal.number(1)).from_(keyed(measure.to, measure.relation, ()).subquery("o"))
    return [
        *(column(f"k{i}", "t").is_(exp.null()).not_() for i in keys),
        exp.not_(exp.Exists(this=others.where(*same))),
    ]
