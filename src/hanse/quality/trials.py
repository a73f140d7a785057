"""Trying a contract's own values on the engine: as literals, by the same expressions as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse.quality.compile import text
from hanse.quality.examples import misfits, quoted, typed
from hanse.quality.predicates import DIALECT, call, literal, violation
from hanse.quality.records import Target, Tried
from hanse.registry.records import CheckStatus
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

if TYPE_CHECKING:
    from hanse.interfaces import Session

_SHOWN = 5


def tried(session: Session, measure: Tried) -> tuple[CheckStatus, str]:
    """Return the verdict on values of the contract.

    Raises:
        EngineError: the engine refused.
    """
    words = [*misfits(measure), *broken_clauses(session, measure)]
    if not words:
        return CheckStatus.PASSED, f"{len(measure.values)} of them keep every clause of the column"
    more = f"; and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return CheckStatus.FAILED, "; ".join(words[:_SHOWN]) + more


def broken_clauses(session: Session, measure: Tried) -> list[str]:
    """Return, in words, which values break which clause; those of another type are :func:`misfits`.

    Raises:
        EngineError: the engine refused.
    """
    fitting = []
    for item in measure.values:
        try:
            fitting.append((item, None if item is None else typed(item, measure.target.type)))
        except ValueError:
            continue
    return _broken(session, measure, fitting)


def _broken(session: Session, measure: Tried, fitting: list[tuple[Any, Any]]) -> list[str]:
    asked = []
    columns: list[exp.Expr] = []
    for stated, item in fitting:
        base = exp.null() if item is None else written(item, measure.target.type)
        for kind, test in measure.tests:
            asked.append((stated, kind))
            breaks = violation(Target(measure.target.column, measure.target.type), test, base)
            columns.append(
                exp.alias_(exp.Coalesce(this=exp.paren(breaks), expressions=[exp.false()]), f"c{len(asked)}")
            )
    if not columns:
        return []
    (row,) = session.rows(text(exp.select(*columns)))
    broken = (pair for pair, answer in zip(asked, row, strict=True) if answer)
    return list(dict.fromkeys(f"{quoted(stated)} breaks `{kind}`" for stated, kind in broken))


def written(item: Any, type_: DataType) -> exp.Expr:
    """Return a typed value as a literal, nested ones included."""
    if item is None or isinstance(type_, Scalar | Decimal):
        bare = exp.null() if item is None else literal(item, type_)
        return exp.Cast(this=bare, to=exp.DataType.build(str(type_), dialect=DIALECT))
    if isinstance(type_, List):
        return exp.Array(expressions=[written(each, type_.item) for each in item])
    if isinstance(type_, Map):
        keys = exp.Array(expressions=[written(k, type_.key) for k in item])
        return call("map", keys, exp.Array(expressions=[written(v, type_.value) for v in item.values()]))
    assert isinstance(type_, Struct)
    members = [
        exp.PropertyEQ(this=exp.to_identifier(f.name, quoted=True), expression=written(item[f.name], f.type))
        for f in type_.fields
    ]
    return exp.Struct(expressions=members)
