"""Verdicts and exact counts are those of a slow, obviously correct reading of the contract in plain Python."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Condition, Limits, Rule, Table
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct

Row = Mapping[str, Any]

POOLS: dict[DataType, list[Any]] = {
    Scalar.BIGINT: [-(2**63), -120, -1, 0, 1, 2, 3, 5, 12, 2**53 + 1, 2**63 - 1],
    Scalar.DOUBLE: [-math.inf, -1.5, -0.0, 0.0, 0.1, 0.3, 1.0, 2.5, 1e300, math.inf, math.nan, math.nan, math.nan],
    Decimal(9, 2): [Number(t) for t in ("-3.00", "0.00", "0.01", "0.10", "1.25", "2.50", "9999999.99")],
    Scalar.VARCHAR: ["", " ", "A", "AB", "ÄÖ", "a'b", "N/A", "abc1", "x\ny", "\U0001f600\U0001f600\U0001f600", "12"],
    Scalar.BOOLEAN: [True, False],
    Scalar.DATE: [date(1, 1, 1), date(2013, 1, 1), date(2013, 6, 30), date(2024, 2, 29), date(9999, 12, 31)],
    Scalar.TIMESTAMP: [
        datetime.fromisoformat("2013-01-01T00:00:00"),
        datetime.fromisoformat("2013-01-01T00:00:00.000001"),
        datetime.fromisoformat("2020-05-05T12:00:00"),
    ],
    Scalar.TIMESTAMPTZ: [datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, 5, tzinfo=UTC)],
}
STATED: dict[DataType, list[Any]] = {
    Scalar.BIGINT: [-121, -120, 0, 0.5, 2.5, 3, 2**53, "3"],
    Scalar.DOUBLE: [-2, 0, 0.1, 1, 2.5, 1e300],
    Decimal(9, 2): [-3, 0, 0.005, 0.01, 1.25, 1.255, 2],
    Scalar.DATE: ["2013-01-01", "2013-06-29", "2024-02-29"],
    Scalar.TIMESTAMP: ["2013-01-01T00:00:00", "2013-01-01 00:00:00.000001"],
    Scalar.TIMESTAMPTZ: ["2013-01-01", "2013-01-01T00:00:00Z", "2013-01-01T06:00:00+01:00"],
}
PATTERNS = {  # ECMA-262 → Python
    "^[A-Z]+$": r"^[A-Z]+\Z",
    "b": "b",
    "^.$": r"^.\Z",
    r"^\w*$": r"^[A-Za-z0-9_]*\Z",
    "'": "'",
    r"^\u0041": "^A",
    "^(?:A|N/A)$": r"^(?:A|N/A)\Z",
    r"\d{2,}": "[0-9]{2,}",
}
NESTED: list[tuple[DataType, list[Any]]] = [
    (Struct((Field("a", Scalar.BIGINT), Field("b c", Scalar.VARCHAR))), []),
    (List(Scalar.VARCHAR), []),
    (List(Struct((Field("a", Scalar.BIGINT),))), []),
    (Map(Scalar.VARCHAR, Scalar.BIGINT), []),
]
NAMES = ["id", "select", "a b", 'quo"te', "Größe", "x'; DROP TABLE t; --", "item_0", "value", "n"]


# --- contracts and rows -------------------------------------------------------------------------------------------


@st.composite
def limits(draw: st.DrawFn, type_: DataType) -> Limits:
    facts: dict[str, Any] = {}
    if type_ in STATED:
        for name in ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum"):
            facts[name] = draw(st.one_of(st.none(), st.sampled_from(STATED[type_])))
    if type_ in (Scalar.BIGINT, Decimal(9, 2), Scalar.DOUBLE):
        facts["multiple_of"] = draw(st.sampled_from([None, None, 1, 2, 2.5, 0.1]))
    if type_ is Scalar.VARCHAR or isinstance(type_, List):
        facts["min_length"] = draw(st.sampled_from([None, None, 0, 1, 2]))
        facts["max_length"] = draw(st.sampled_from([None, None, 1, 2, 3]))
    if type_ is Scalar.VARCHAR:
        facts["pattern"] = draw(st.sampled_from([None, None, *PATTERNS]))
    if isinstance(type_, List) and isinstance(type_.item, Scalar):
        facts["unique_items"] = draw(st.booleans())
    return Limits(**facts)


@st.composite
def columns(draw: st.DrawFn, name: str, type_: DataType, depth: int = 0) -> Column:
    enum: tuple[Any, ...] = ()
    if type_ in POOLS and type_ is not Scalar.DOUBLE and draw(st.integers(0, 3)) == 0:
        enum = tuple(draw(st.lists(st.sampled_from(POOLS[type_]), min_size=1, max_size=4, unique_by=str)))
    children: tuple[Column, ...] = ()
    if isinstance(type_, Struct):
        children = tuple(draw(columns(f.name, f.type, depth + 1)) for f in type_.fields)
    elif isinstance(type_, List):
        children = (draw(columns("items", type_.item, depth + 1)),)
    elif isinstance(type_, Map):
        children = (draw(columns("key", type_.key, depth + 1)), draw(columns("value", type_.value, depth + 1)))
    plain = type_ in POOLS
    return Column(
        name,
        type_,
        "any",
        required=draw(st.booleans()),
        unique=plain and depth == 0 and draw(st.integers(0, 2)) == 0,
        limits=draw(limits(type_)),
        enum=enum,
        children=children,
        rules=tuple(draw(st.lists(column_rules(type_), max_size=2))) if plain and depth == 0 else (),
    )


def conditions() -> st.SearchStrategy[tuple[Condition, ...]]:
    one = st.sampled_from([0, 1, 2, 3, 10, 33.4, 50])
    single = st.sampled_from(
        [
            "mustBe",
            "mustNotBe",
            "mustBeGreaterThan",
            "mustBeGreaterOrEqualTo",
            "mustBeLessThan",
            "mustBeLessOrEqualTo",
        ]
    )
    ranged = st.sampled_from(["mustBeBetween", "mustNotBeBetween"])
    return st.one_of(
        st.builds(lambda o, v: (Condition(o, (v,)),), single, one),
        st.builds(lambda o, a, b: (Condition(o, tuple(sorted((a, b)))),), ranged, one, one),
    )


@st.composite
def column_rules(draw: st.DrawFn, type_: DataType) -> Rule:
    metric = draw(st.sampled_from(["nullValues", "missingValues", "invalidValues", "duplicateValues"]))
    arguments: dict[str, Any] = {}
    if metric == "missingValues":
        arguments["missingValues"] = draw(st.lists(st.sampled_from([None, *POOLS[type_]]), max_size=3))
    elif metric == "invalidValues":
        arguments["validValues"] = draw(st.lists(st.sampled_from(POOLS[type_]), min_size=1, max_size=3))
        if type_ is Scalar.VARCHAR and draw(st.booleans()):
            arguments["pattern"] = draw(st.sampled_from(list(PATTERNS)))
    if any(isinstance(v, float) and not math.isfinite(v) for values in arguments.values() for v in values):
        arguments = {"missingValues": [None]} if metric == "missingValues" else {"validValues": [0.1]}
    return Rule(
        "library",
        metric=metric,
        arguments=arguments,
        conditions=draw(conditions()),
        unit=draw(st.sampled_from(["rows", "percent"])),
    )


def values(column: Column) -> st.SearchStrategy[Any]:
    type_ = column.type
    inner: st.SearchStrategy[Any]
    if isinstance(type_, Struct):
        inner = st.fixed_dictionaries({c.name: values(c) for c in column.children})
    elif isinstance(type_, List):
        inner = st.lists(values(column.children[0]), max_size=3)
    elif isinstance(type_, Map):
        keys = st.sampled_from(POOLS[type_.key])
        inner = st.lists(st.tuples(keys, values(column.children[1])), max_size=3, unique_by=lambda p: p[0])
    else:
        inner = st.sampled_from(POOLS[type_])
    return st.one_of(inner, inner, inner, st.none())


@st.composite
def subjects(draw: st.DrawFn) -> tuple[Table, list[Row]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    types = [draw(st.sampled_from([*POOLS, *POOLS, *(t for t, _ in NESTED)])) for _ in names]
    made = [draw(columns(n, t)) for n, t in zip(names, types, strict=True)]
    plain = [c.name for c in made if c.type in POOLS]
    key = draw(st.lists(st.sampled_from(plain), max_size=2, unique=True)) if plain else []
    made = [
        Column(
            **{
                **{f: getattr(c, f) for f in Column.__dataclass_fields__},
                "primary_key_position": key.index(c.name) + 1 if c.name in key else None,
            }
        )
        for c in made
    ]
    rules = [Rule("library", metric="rowCount", conditions=draw(conditions()))]
    if plain:
        rules.append(
            Rule(
                "library",
                metric="duplicateValues",
                arguments={"properties": draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique=True))},
                conditions=draw(conditions()),
                unit=draw(st.sampled_from(["rows", "percent"])),
            )
        )
    row = st.fixed_dictionaries({c.name: values(c) for c in made})
    rows: list[Row] = draw(st.lists(row, max_size=12))
    if draw(st.booleans()):
        rows = [row for row in rows for _ in range(draw(st.integers(1, 3)))]
    return Table("orders", tuple(made), rules=tuple(rules)), rows


# --- the oracle ---------------------------------------------------------------------------------------------------


def exact(value: Any) -> Any:
    """Compare numbers as the decimals they are written as; times as they are."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Number):
        return Fraction(value)
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(value)
    return value


def stated(value: Any, type_: DataType) -> Any:
    if type_ is Scalar.DOUBLE:
        return exact(float(value))
    if type_ is Scalar.BIGINT or isinstance(type_, Decimal):
        return Fraction(str(value))
    if type_ is Scalar.DATE:
        return date.fromisoformat(value)
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=moment.tzinfo or UTC) if type_ is Scalar.TIMESTAMPTZ else moment


def in_order(value: Any, bound: Any, test: Callable[[Any, Any], bool]) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    return test(exact(value), bound)


def is_multiple(value: Any, divisor: Any, type_: DataType) -> bool:
    if type_ is not Scalar.DOUBLE:
        return (Fraction(value) / Fraction(str(divisor))).denominator == 1
    if not math.isfinite(value):
        return False
    quotient = value / divisor
    return abs(quotient - round(quotient)) <= 1e-9 * max(1.0, abs(quotient)) if math.isfinite(quotient) else False


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return bool(exact(left) == exact(right))


def clauses(column: Column) -> dict[str, Callable[[Any], bool]]:
    """Return, per clause of one property, whether a non-null value keeps it."""
    found: dict[str, Callable[[Any], bool]] = {}
    type_, limit = column.type, column.limits
    if column.enum:
        found["enum"] = lambda v: any(equal(v, e) for e in column.enum)
    if limit.minimum is not None:
        found["minimum"] = lambda v: in_order(v, stated(limit.minimum, type_), lambda a, b: bool(a >= b))
    if limit.exclusive_minimum is not None:
        found["exclusiveMinimum"] = lambda v: in_order(
            v, stated(limit.exclusive_minimum, type_), lambda a, b: bool(a > b)
        )
    if limit.maximum is not None:
        found["maximum"] = lambda v: in_order(v, stated(limit.maximum, type_), lambda a, b: bool(a <= b))
    if limit.exclusive_maximum is not None:
        found["exclusiveMaximum"] = lambda v: in_order(
            v, stated(limit.exclusive_maximum, type_), lambda a, b: bool(a < b)
        )
    if limit.multiple_of is not None:
        found["multipleOf"] = lambda v: is_multiple(v, limit.multiple_of, type_)
    if limit.min_length is not None:
        found["minLength"] = lambda v: len(v) >= (limit.min_length or 0)
    if limit.max_length is not None:
        found["maxLength"] = lambda v: len(v) <= (limit.max_length or 0)
    if limit.pattern is not None:
        found["pattern"] = lambda v: re.search(PATTERNS[limit.pattern or ""], v) is not None
    if limit.unique_items:
        found["uniqueItems"] = lambda v: max(Counter(i for i in v if i is not None).values(), default=0) <= 1
    return found


def reached(column: Column, holders: list[list[Any]]) -> list[tuple[str, Column, list[list[Any]]]]:
    """Return every property inside a column: path, property, and per row the places where a value may stand."""
    inner: list[tuple[str, Column, list[list[Any]]]] = []
    for at, child in enumerate(column.children):
        if isinstance(column.type, Struct):
            step = f".{child.name}" if child.name.isidentifier() else f'."{child.name}"'
            places = [[v[child.name] for v in row if v is not None] for row in holders]
        elif isinstance(column.type, Map):
            step = (".keys[]", ".values[]")[at]
            places = [[pair[at] for v in row if v is not None for pair in v] for row in holders]
        else:
            step = "[]"
            places = [[item for v in row if v is not None for item in v] for row in holders]
        inner.append((step, child, places))
        inner += [(step + deeper, c, p) for deeper, c, p in reached(child, places)]
    return inner


def shared(rows: list[Row], names: list[str]) -> tuple[int, int]:
    """Return (rows that share their key with another row, rows that repeat an earlier one)."""
    keys = []
    for row in rows:
        key = [row[n] for n in names]
        if all(k is not None for k in key):
            keys.append(tuple("NaN" if isinstance(k, float) and math.isnan(k) else exact(k) for k in key))
    counts = Counter(keys)
    return sum(n for n in counts.values() if n > 1), sum(n - 1 for n in counts.values())


def condition_holds(number: Fraction, condition: Condition) -> bool:
    wanted = [Fraction(str(v)) for v in condition.values]
    return {
        "mustBe": lambda: number == wanted[0],
        "mustNotBe": lambda: number != wanted[0],
        "mustBeGreaterThan": lambda: number > wanted[0],
        "mustBeGreaterOrEqualTo": lambda: number >= wanted[0],
        "mustBeLessThan": lambda: number < wanted[0],
        "mustBeLessOrEqualTo": lambda: number <= wanted[0],
        "mustBeBetween": lambda: wanted[0] <= number <= wanted[-1],
        "mustNotBeBetween": lambda: not wanted[0] <= number <= wanted[-1],
    }[condition.operator]()


def metric_of(rule: Rule, column: Column | None, rows: list[Row]) -> int:
    if rule.metric == "rowCount":
        return len(rows)
    if column is None:
        return shared(rows, rule.arguments["properties"])[1]
    found = [row[column.name] for row in rows]
    if rule.metric == "nullValues":
        return sum(v is None for v in found)
    if rule.metric == "duplicateValues":
        return shared(rows, [column.name])[1]
    if rule.metric == "missingValues":
        listed = rule.arguments["missingValues"]
        return sum(any(v is None if m is None else v is not None and equal(v, m) for m in listed) for v in found)
    invalid = 0
    for value in found:
        if value is None:
            continue
        listed_one = any(equal(value, v) for v in rule.arguments["validValues"])
        pattern = rule.arguments.get("pattern")
        matches = pattern is None or re.search(PATTERNS[pattern], value) is not None
        invalid += not (listed_one and matches)
    return invalid


Expected = list[tuple[str, bool, int | None]]  # clause or metric, passed, failed rows


def expected(table: Table, rows: list[Row]) -> Expected:
    found: Expected = []
    key = list(table.primary_key)
    if key:
        broken = shared(rows, key)[0] + sum(any(row[k] is None for k in key) for row in rows)
        found.append(("primaryKey", broken == 0, broken))
    for column in table.columns:
        places = [[row[column.name]] for row in rows]
        found.append(("type", True, None))
        for path, inner, holders in [("", column, places), *reached(column, places)]:
            if inner.required:
                broken = sum(any(v is None for v in row) for row in holders)
                found.append((f"required{path}", broken == 0, broken))
            if inner.unique:
                broken = shared(rows, [column.name])[0]
                found.append(("unique", broken == 0, broken))
            for kind, keeps in clauses(inner).items():
                broken = sum(any(v is not None and not keeps(v) for v in row) for row in holders)
                found.append((f"{kind}{path}", broken == 0, broken))
    for rule, column_ in [
        *((r, None) for r in table.rules),
        *((r, c) for c in table.columns for r in c.rules),
    ]:
        number = Fraction(metric_of(rule, column_, rows))
        if rule.unit == "percent":
            number = Fraction(100 * number, len(rows)) if rows else Fraction(0)
        passed = all(condition_holds(number, c) for c in rule.conditions)
        found.append((f"{rule.metric}={float(number):.6f}", passed, None))
    return found


# --- the law ------------------------------------------------------------------------------------------------------


def compare(table: Table, rows: list[Row], laboratory: Any, *, parquet: bool) -> None:
    verdict = laboratory.verify(table, rows, parquet=parquet, limit=3)
    wanted = expected(table, rows)
    # What the contract alone decides has tests of its own.
    of_rows = [r for r in verdict.results if not r.check_id.startswith(("enumEntries(", "confusable("))]
    assert len(of_rows) == len(wanted)
    assert len({r.check_id for r in of_rows}) == len(wanted)
    for result, (kind, passed, failed) in zip(of_rows, wanted, strict=True):
        assert result.error is None, result
        assert result.status is (CheckStatus.PASSED if passed else CheckStatus.FAILED), (result, kind, failed)
        assert result.check_id.startswith(re.split(r"[.=\[]", kind)[0])
        if "=" in kind:
            assert f"{float(result.measured):.6f}" == kind.split("=")[1], (result, kind)
        elif failed is not None and result.failed_rows is not None:
            assert result.failed_rows == failed, (result, kind)
            assert result.total_rows == len(rows)
            samples = [s for s in verdict.failed_rows if s.check_id == result.check_id]
            assert len(samples) == min(failed, 3)
            assert all(set(s.row) == {c.name for c in table.columns} and s.reason for s in samples)
    assert verdict.blocked is any(r.status is not CheckStatus.PASSED for r in of_rows)


@pytest.mark.usefixtures("any_size_is_big")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(subject=subjects())
def test_staged_files_are_judged_as_the_oracle_judges(subject: tuple[Table, list[Row]], laboratory: Any) -> None:
    compare(*subject, laboratory, parquet=True)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(subject=subjects())
def test_relations_without_files_are_judged_as_the_oracle_judges(
    subject: tuple[Table, list[Row]], laboratory: Any
) -> None:
    compare(*subject, laboratory, parquet=False)
