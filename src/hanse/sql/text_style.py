"""Numbers and dates in text, as a file writes them."""

from __future__ import annotations

from sqlglot import exp

from hanse.spec import TextStyle
from hanse.spec.types import DataType, Decimal

PLAIN = TextStyle()


def read_text(value: exp.Expr, have: str, wanted: DataType, style: TextStyle) -> exp.Expr:
    """Return text in a style of its own as SQL writes it, null where it is not in that style; all else as it is."""
    if have != "VARCHAR":
        return value
    target = str(wanted)
    if style.has_numbers and (target in ("BIGINT", "DOUBLE") or isinstance(wanted, Decimal)):
        plain = value.copy()
        if style.thousands is not None:
            plain = _call("replace", plain, exp.Literal.string(style.thousands), exp.Literal.string(""))
        if style.decimal is not None:
            plain = _call("replace", plain, exp.Literal.string(style.decimal), exp.Literal.string("."))
        fits = _call("regexp_full_match", value.copy(), exp.Literal.string(style.number_pattern))
        return exp.Case(ifs=[exp.If(this=fits, true=plain)])
    form = style.dates if target == "DATE" else style.timestamps if target.startswith("TIMESTAMP") else None
    if form is None:
        return value
    moment = _call("try_strptime", _call("trim", value.copy()), exp.Literal.string(form))
    spelled = exp.Cast(this=moment, to=exp.DataType.build("VARCHAR", dialect="duckdb"))
    if "%Y" not in form:
        return spelled
    # DuckDB reads `26` as the year 26 where four digits are asked for.
    late = exp.GTE(this=_call("year", moment.copy()), expression=exp.Literal.number(1000))
    whole = _call("contains", value.copy(), _call("strftime", moment.copy(), exp.Literal.string("%Y")))
    return exp.Case(ifs=[exp.If(this=exp.Or(this=late, expression=whole), true=spelled)])


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))
