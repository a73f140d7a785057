"""Verdicts that depend on when one looks: how old values are, and how regularly they come."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse.quality.arrow_values import python_value
from hanse.quality.compile import all_rows, source, text
from hanse.quality.masking import MASK
from hanse.quality.notation.spans import elapsed
from hanse.quality.predicates import call, value
from hanse.quality.predicates import column as column_of
from hanse.quality.records import Newest, Span, Steps, Target
from hanse.registry.records import CheckStatus
from hanse.spec.types import Scalar

if TYPE_CHECKING:
    from hanse.interfaces import Session

Told = tuple[CheckStatus, str]


def newest_is(measure: Newest, found: Any, *, secret: bool = False) -> Told:
    """Return the verdict on the newest value of a column; a secret one, and how old it is, are not told."""
    if found is None:
        return CheckStatus.NOT_APPLICABLE, f"no row has a value in {measure.target}"
    age = elapsed(max((measure.now - _moment(found)).total_seconds(), 0))
    words = f"the newest value is {MASK}" if secret else f"the newest value is {_plain(found)}, {age} ago"
    if found >= measure.least:
        return CheckStatus.PASSED, words
    return CheckStatus.FAILED, f"{words}; it must not be older than {measure.span.stated}"


def steps_are(session: Session, measure: Steps, relation: str, *, secret: bool = False) -> Told:
    """Return the verdict on how regularly values come: the distances between one distinct value and the next.

    Secret values are not told.

    Raises:
        EngineError: the engine refused.
    """
    row = session.fetch(steps_between(measure, relation))
    count, late, start, end = (python_value(column[0]) for column in row.columns)
    if count < 2:
        words = f"{measure.target} has {count} distinct {measure.unit}s: there is no distance"
        return CheckStatus.NOT_APPLICABLE, words
    if not late:
        return CheckStatus.PASSED, f"no distance between two of {count:,} {measure.unit}s is longer"
    ends = (MASK, MASK) if secret else (_plain(start), _plain(end))
    words = f"nothing between {ends[0]} and {ends[1]}, and {late:,} of {count - 1:,} distances are longer"
    return CheckStatus.FAILED, f"{words} than {measure.span.stated}"


def steps_between(measure: Steps, relation: str) -> str:
    """Return the pass over distinct times: how many steps, how many that are too long, and the ends of the longest."""
    cut = call("date_trunc", exp.Literal.string(measure.unit), _clock(measure.target))
    moments = exp.select(exp.alias_(cut, "v", quoted=True)).distinct().from_(source(relation))
    moments = moments.where(value(measure.target).is_(exp.null()).not_())
    lag = exp.Window(this=exp.Lag(this=column_of("v")), order=exp.Order(expressions=[exp.Ordered(this=column_of("v"))]))
    paired = exp.select(column_of("v"), exp.alias_(lag, "b", quoted=True)).from_(moments.subquery("m"))
    late = exp.GT(this=column_of("v"), expression=exp.Add(this=column_of("b"), expression=_interval(measure.span)))
    distance = exp.Sub(this=column_of("v"), expression=column_of("b"))
    return text(
        exp.select(
            all_rows(),
            exp.Filter(this=all_rows(), expression=exp.Where(this=late)),
            call("arg_max", column_of("b"), distance),
            call("arg_max", column_of("v"), distance.copy()),
        ).from_(paired.subquery("p"))
    )


def _clock(target: Target) -> exp.Expr:
    """Return a time as a timestamp without a zone, in UTC; what counts zones is no part of every engine."""
    if target.type is Scalar.TIMESTAMPTZ:
        return call("make_timestamp", call("epoch_us", value(target)))
    return exp.Cast(this=value(target), to=exp.DataType.build("TIMESTAMP"))


def _interval(span: Span) -> exp.Expr:
    if span.months:
        return call("to_months", exp.Literal.number(span.months))
    return call("to_microseconds", exp.Literal.number(round(span.seconds * 1_000_000)))


def _moment(found: date | datetime) -> datetime:
    if not isinstance(found, datetime):
        return datetime(found.year, found.month, found.day, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(found: date | datetime) -> str:
    text_ = found.isoformat(sep=" ") if isinstance(found, datetime) else found.isoformat()
    return text_.removesuffix(" 00:00:00")
