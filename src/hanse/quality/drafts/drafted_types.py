"""Which type a column of a delivery is drafted with. In doubt text: a type is a promise about every later value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse.quality.notation.formats import TEXT_FORMATS
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.sql.build import column, identifier

if TYPE_CHECKING:
    from hanse.interfaces import Session

# Doubles tell all numbers of 15 digits apart, and write no number with more than 17.
_DOUBLE_DIGITS = 17
_MONEY = re.compile(
    r"(?:.*[_ .-])?(?:price|amount|cost|costs|total|subtotal|revenue|turnover|fee|fees|tax|vat|salary|wage|balance|"
    r"payment|paid|discount|credit|debit|budget|sum|money|eur|usd|gbp|chf)(?:[_ .-].*)?"
)
_PATTERNS = {
    "boolean": r"(?i)true|false",
    "integer": r"0|-?[1-9][0-9]*",
    "number": r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?",
    "fixed": r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,4}",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "moment": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?",
    "zoned": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)",
    "time": r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?",
    # No types, but good to know.
    "padded": r"[+-]?0[0-9]+",
    "comma": r"-?[0-9.]*[0-9],[0-9]{1,2}",
    "local_date": r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}|[0-9]{4})",
    "missing": r"(?i)n/?a|null|none|nan|-|\?|unknown",
    "email": TEXT_FORMATS["email"],
    "iban": r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?",
    "phone": r"(?:\+|00)[0-9](?:[ ()/.-]?[0-9]){6,14}",
}
_SAMPLE = 5_000
_LOOKS = ("email", "iban", "phone")


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What the texts of a column are, counted.

    Attributes:
        present: values that are not null.
        matching: name of a pattern → values that match it as a whole.
        digits: most digits of a value, its exponent left out.
        scales: least and greatest number of digits after the point.
    """

    present: int
    matching: Mapping[str, int]
    digits: int
    scales: tuple[int, int]

    def all(self, pattern: str) -> bool:
        """Say whether there are values, and all of them match."""
        return self.present > 0 and self.matching[pattern] == self.present

    @property
    def looks_like(self) -> str | None:
        """What nine values in ten look like, if it may concern a person."""
        return next((name for name in _LOOKS if self.present and self.matching[name] >= 0.9 * self.present), None)


def text_facts(session: Session, relation: str, names: Sequence[str]) -> dict[str, TextFacts]:
    """Count what the texts of some columns are: in a sample first, then in all rows whatever the sample had any of.

    A pattern that no value of the sample matches counts as matched by none, so it is a type's pattern no more.
    """
    table = exp.Table(this=identifier(relation))
    sample = _counted(session, exp.select("*").from_(table.copy()).limit(_SAMPLE).subquery("s"), names, {})
    some = {
        name: tuple(p for p in _PATTERNS if not facts.present or facts.matching[p]) for name, facts in sample.items()
    }
    return _counted(session, table, names, some)


def _counted(
    session: Session, source: exp.Expr, names: Sequence[str], patterns: Mapping[str, Sequence[str]]
) -> dict[str, TextFacts]:
    chosen: list[exp.Expr] = []
    for name in names:
        wanted = patterns.get(name, tuple(_PATTERNS))
        chosen += [exp.Count(this=column(name)), *(_measures(name) if "number" in wanted else [exp.Null()] * 3)]
        chosen += [_matching(name, _PATTERNS[p]) if p in wanted else exp.Null() for p in _PATTERNS]
    named = [exp.alias_(value, f"c{at}", quoted=True) for at, value in enumerate(chosen)]
    found = session.fetch(exp.select(*named).from_(source).sql("duckdb"))
    numbers = [int(values[0].as_py() or 0) for values in found.columns]
    width = 4 + len(_PATTERNS)
    return {name: _facts(numbers[at * width : (at + 1) * width]) for at, name in enumerate(names)}


def _measures(name: str) -> list[exp.Expr]:
    """Return the most digits of a value, and the least and most digits after the point."""
    mantissa = _call("regexp_replace", column(name), _literal("[eE].*"), _literal(""))
    digits = _call("regexp_replace", mantissa, _literal("[^0-9]"), _literal(""), _literal("g"))
    scale = _call("length", _call("split_part", column(name), _literal("."), exp.Literal.number(2)))
    return [exp.Max(this=_call("length", digits)), exp.Min(this=scale), exp.Max(this=scale.copy())]


def _matching(name: str, pattern: str) -> exp.Expr:
    return _call("count_if", _call("regexp_full_match", column(name), _literal(pattern)))


def _facts(numbers: Sequence[int]) -> TextFacts:
    present, digits, low, high = numbers[:4]
    return TextFacts(present, dict(zip(_PATTERNS, numbers[4:], strict=True)), digits, (low, high))


def text_type(name: str, facts: TextFacts) -> tuple[DataType, str | None]:
    """Return the type for a column of texts, and why it is text although it looks like something else."""
    if facts.all("boolean"):
        return Scalar.BOOLEAN, None
    if facts.all("integer"):
        # A value beyond 64 bits is found when the casts are tried.
        return (Scalar.BIGINT, None) if facts.digits <= 19 else (Scalar.VARCHAR, "whole numbers beyond 64 bits")
    scale = facts.scales[0]
    if facts.all("fixed") and scale == facts.scales[1] and _MONEY.fullmatch(name.lower()):
        return (Decimal(18 if facts.digits <= 16 else 38, scale) if facts.digits <= 36 else Scalar.VARCHAR), None
    if facts.all("number"):
        exact = facts.digits <= _DOUBLE_DIGITS
        return (Scalar.DOUBLE, None) if exact else (Scalar.VARCHAR, "numbers with more digits than a DOUBLE holds")
    times = {
        "date": Scalar.DATE,
        "moment": Scalar.TIMESTAMP,
        "zoned": Scalar.TIMESTAMPTZ,
        "time": Scalar.TIME,
    }
    for pattern, kind in times.items():
        if facts.all(pattern):
            return kind, None
    return Scalar.VARCHAR, _why_text(facts)


def _why_text(facts: TextFacts) -> str | None:
    matching = facts.matching
    if facts.present == 0:
        return "no value at all, so nothing tells the type"
    if matching["padded"] and matching["padded"] + matching["integer"] == facts.present:
        return "numbers with leading zeros, which a number would lose"
    if facts.all("local_date"):
        return "dates whose order of day and month cannot be told; deliver them as 2026-01-31"
    if facts.all("comma"):
        return "numbers with a decimal comma; deliver them with a point"
    if matching["moment"] and matching["moment"] + matching["date"] + matching["zoned"] == facts.present:
        return "dates and times written in several ways"
    if matching["missing"] and matching["number"] + matching["missing"] == facts.present:
        return "numbers beside a word for nothing, such as NA; name the word with --null if it means that"
    return None


def draft_type(engine_type: str) -> DataType:
    """Return the type for a column that a file gives a type, such as Parquet: the same, or the next that holds it.

    Args:
        engine_type: as :meth:`hanse.interfaces.Session.describe` writes it.
    """
    return _drafted(exp.DataType.build(engine_type, dialect="duckdb"))


_SCALARS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT", "UTINYINT", "USMALLINT", "UINT"), Scalar.BIGINT),
    **dict.fromkeys(("FLOAT", "DOUBLE"), Scalar.DOUBLE),
    "BOOLEAN": Scalar.BOOLEAN,
    "DATE": Scalar.DATE,
    "TIME": Scalar.TIME,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Scalar.TIMESTAMP),
    "TIMESTAMPTZ": Scalar.TIMESTAMPTZ,
    **dict.fromkeys(("BLOB", "VARBINARY", "BINARY"), Scalar.BLOB),
}


def _drafted(found: exp.DataType) -> DataType:
    kind = found.this.name if isinstance(found.this, exp.DataType.Type) else ""
    inner = found.expressions
    match kind:
        case "LIST" | "ARRAY":
            return List(_drafted(inner[0]))
        case "MAP":
            return Map(_drafted(inner[0]), _drafted(inner[1]))
        case "STRUCT":
            return Struct(tuple(Field(part.name, _drafted(part.args["kind"])) for part in inner))
        case "DECIMAL":
            precision, scale = (int(part.name) for part in inner) if len(inner) == 2 else (18, 3)
            return Decimal(precision, scale)
        case "UBIGINT":
            return Decimal(20, 0)
    return _SCALARS.get(kind, Scalar.VARCHAR)


def tree(kind: DataType) -> dict[str, Any]:
    """Return a type as a document: ``kind`` is ``object`` (with ``members``), ``array``, ``map`` or ``scalar``."""
    match kind:
        case Struct(fields):
            return {"kind": "object", "members": [{"name": f.name, **tree(f.type)} for f in fields]}
        case List(item):
            return {"kind": "array", "item": tree(item)}
        case Map(key, value):
            return {"kind": "map", "key": tree(key), "value": tree(value)}
    return {"kind": "scalar", "type": str(kind)}


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _literal(text: str) -> exp.Literal:
    return exp.Literal.string(text)
