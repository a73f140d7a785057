"""Random contracts as ODCS documents, and random rows for them. Every clause that can be stated is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from .oracle import PATTERNS, type_of

_ZONE = datetime(2013, 1, 1, tzinfo=UTC)
POOLS: dict[str, list[Any]] = {
    "integer": [-(2**63), -129, -128, -1, 0, 1, 2, 3, 5, 255, 256, 2**53, 2**53 + 1, 2**63 - 1],
    "double": [-math.inf, -1.5, -0.0, 0.0, 0.1, 0.3, 1.0, 2.5, 3.5e38, 1e300, math.inf, math.nan, math.nan, math.nan],
    "decimal": [Decimal(t) for t in ("-9999999.99", "-3.00", "0.00", "0.01", "0.10", "1.25", "2.50", "9999999.99")],
    "text": [
        *("", " ", "A", "AB", "ÄÖ", "a'b", "N/A", "abc1", "x\ny", "é", "e\u0301", "\U0001f600\U0001f600", "12", "\r"),
        *("\u2028", "a\tb", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "QUJD", "QUI=", "QUI"),
        *("::1", "1::2::3", "10.0.0.1", "10.0.0.256"),
        *("2024-02-31", "2024-13-01", "6f1e2f3a-0000-4000-8000-ABCDEF012345", "6f1e2f3a-0000-4000-8000-ABCDEF01234"),
    ],
    "bytes": [b"", b"\0", b"ab", "é".encode(), b"\xff\xfe\xfd"],
    "boolean": [True, False],
    "date": [date(1, 1, 1), date(1969, 12, 31), date(2013, 1, 1), date(2013, 6, 30), date(2024, 2, 29), date.max],
    "time": [time(0), time(8), time(8, 0, 0, 1), time(23, 59, 59, 999_999)],
    "local": [
        datetime.fromisoformat(text)
        for text in (
            *("0001-01-01T00:00:00", "2013-01-01T00:00:00", "2013-01-01T00:00:00.000001", "2020-05-05T12:00:00"),
            "9999-12-31T23:59:59.999999",
        )
    ],
    "instant": [_ZONE - timedelta(days=400_000), _ZONE, _ZONE + timedelta(hours=5), datetime(9999, 12, 31, tzinfo=UTC)],
}
# Smaller ones first: bounds are drawn in order, so that a value can keep both.
STATED: dict[str, list[Any]] = {
    "integer": [-(2**63) - 1, -129, -128, 0, 0.5, 2.5, 3, 2**53, 2**64],
    "double": [-2, 0, 0.1, 0.3, 1, 2.5, 1e300],
    "decimal": [-3, 0, 0.005, 0.01, 1.25, 1.255, 2],
    "date": ["0001-01-01", "2013-01-01", "2013-01-01T12:00:00", "2013-06-29", "2024-02-29", "9999-12-31"],
    "time": ["00:00:00", "08:00:00", "08:00:00.000001", "23:59:59"],
    "local": ["2013-01-01T00:00:00", "2013-01-01T00:00:00.000001", "2020-05-05"],
    "instant": ["2013-01-01", "2013-01-01T00:00:00Z", "2013-01-01T06:00:00+01:00", "2013-01-01T05:00:00.000001"],
}
ENUMS: dict[str, list[Any]] = {
    "integer": [-128, 0, 1, 3, 2**53 + 1],
    "double": [0, 0.1, 1, 2.5],
    "decimal": [-3, 0.01, 1.25, "2.5"],
    "text": ["", "A", "ÄÖ", "é", "a'b", "\U0001f600\U0001f600", "N/A"],
    "boolean": [True, False],
    "date": ["0001-01-01", "2013-01-01", "9999-12-31"],
    "time": ["08:00:00", "23:59:59.999999"],
    "local": ["2013-01-01T00:00:00", "2013-01-01 00:00:00.000001"],
    "instant": ["2013-01-01T00:00:00Z", "2013-01-01T06:00:00+01:00"],
}
KINDS: dict[str, dict[str, Any]] = {
    "integer": {"logicalType": "integer"},
    "double": {"logicalType": "number"},
    "decimal": {"logicalType": "number", "physicalType": "DECIMAL(9,2)"},
    "text": {"logicalType": "string"},
    "bytes": {"logicalType": "string", "physicalType": "BLOB"},
    "boolean": {"logicalType": "boolean"},
    "date": {"logicalType": "date"},
    "time": {"logicalType": "time"},
    "local": {"logicalType": "timestamp", "logicalTypeOptions": {"timezone": False}},
    "instant": {"logicalType": "timestamp"},
}
PHYSICAL = {"text": ["VARCHAR(2)", "TEXT"], "integer": ["INT16", "UINT32", "BIGINT"]}
NAMES = ["id", "select", "a b", 'quo"te', "Größe", "x'; DROP TABLE t; --", "item_0", "value", "n", "k0", "c1"]
NAMES += ["e\u0301"]
_OPERATORS = ("Be", "NotBe", "BeGreaterThan", "BeGreaterOrEqualTo", "BeLessThan", "BeLessOrEqualTo")


@st.composite
def options(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Options of a scalar property."""
    found: dict[str, Any] = dict(KINDS[kind].get("logicalTypeOptions", {}))
    if kind in STATED:
        stated = STATED[kind]
        middle = draw(st.integers(0, len(stated) - 2))  # a minimum that the type cannot reach is a mistake
        low = draw(st.sampled_from([None, None, *stated[: middle + 1]]))
        high = draw(st.sampled_from([None, None, *stated[middle + 1 :]]))
        if low is not None:
            found[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
        if high is not None:
            found[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    if kind in ("integer", "double", "decimal") and draw(st.booleans()):
        found["multipleOf"] = draw(st.sampled_from([1, 2, 2.5, 0.1]))
    if kind in ("text", "bytes") and draw(st.booleans()):
        found["minLength"] = draw(st.sampled_from([0, 1, 2]))
        found["maxLength"] = draw(st.sampled_from([2, 3, 40]))
    if kind == "text":
        clause = draw(st.sampled_from(["pattern", "format", None]))
        if clause == "pattern":
            found["pattern"] = draw(st.sampled_from(list(PATTERNS)))
        elif clause == "format":
            found["format"] = draw(st.sampled_from(["byte", "date", "ipv4", "ipv6", "uuid"]))
    if kind == "integer" and not found.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        found["format"] = draw(st.sampled_from(["i8", "u8", "i16", "u16", "u32", "i64"]))
    if kind == "double" and draw(st.booleans()):
        found["format"] = draw(st.sampled_from(["f32", "f64"]))
    return found


@st.composite
def scalars(draw: st.DrawFn, kinds: Sequence[str] = tuple(KINDS)) -> dict[str, Any]:
    """A property of a scalar type, without a name."""
    kind = draw(st.sampled_from(list(kinds)))
    made = {**KINDS[kind], "required": draw(st.booleans())}
    if kind in PHYSICAL and draw(st.booleans()):
        made["physicalType"] = draw(st.sampled_from(PHYSICAL[kind]))
    found = draw(options(kind))
    if found:
        made["logicalTypeOptions"] = found
    if kind in ENUMS and draw(st.integers(0, 3)) == 0:
        values = draw(st.lists(st.sampled_from(ENUMS[kind]), min_size=1, max_size=4, unique_by=repr))
        made["enum"] = [{"value": v} for v in values]
    return made


@st.composite
def properties(draw: st.DrawFn, depth: int = 0) -> dict[str, Any]:
    """A property of any type, without a name."""
    nested = [objects(depth), arrays(depth), maps(depth), vectors()] if depth < 2 else []
    made: dict[str, Any] = draw(st.one_of(*[scalars()] * (len(nested) + 1), *nested))
    return {"required": draw(st.booleans()), **made}


@st.composite
def objects(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    """An object; rules and uniqueness on members of its own."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique_by=str.casefold))
    members = [{**draw(properties(depth + 1)), "name": n} for n in names]
    for member in members:
        if is_plain(member):
            draw(with_rules(member, f"in {member['name']} at {depth}"))
    made: dict[str, Any] = {"logicalType": "object", "properties": members}
    if draw(st.booleans()):
        made["logicalTypeOptions"] = {"required": [names[0]]}
    return made


@st.composite
def arrays(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    """An array; rules and uniqueness on its items."""
    item = draw(properties(depth + 1))
    found: dict[str, Any] = {}
    if is_plain(item):
        draw(with_rules(item, f"of items at {depth}"))
        if draw(st.booleans()):
            found["uniqueItems"] = True
    if draw(st.booleans()):
        found |= {"minItems": draw(st.sampled_from([0, 1, 2])), "maxItems": draw(st.sampled_from([2, 3]))}
    made: dict[str, Any] = {"logicalType": "array", "items": item}
    return {**made, "logicalTypeOptions": found} if found else made


@st.composite
def maps(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    """A map."""
    key = {**draw(scalars(("text", "integer"))), "unique": draw(st.booleans())}
    return {"logicalType": "map", "map": {"key": key, "value": draw(properties(depth + 1))}}


@st.composite
def vectors(draw: st.DrawFn) -> dict[str, Any]:
    """A vector."""
    kinds = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "binary"]
    found = {"dimensions": draw(st.sampled_from([1, 2, 3])), "elementType": draw(st.sampled_from(kinds))}
    return {"logicalType": "vector", "logicalTypeOptions": found}


@st.composite
def with_rules(draw: st.DrawFn, about: dict[str, Any], of: str) -> None:
    """Give a scalar property uniqueness and rules, in place."""
    about["unique"] = draw(st.integers(0, 3)) == 0
    rules = draw(st.lists(column_rules(type_of(about)), max_size=2))
    for at, rule in enumerate(rules):
        rule["name"] = f"rule {at} {of}"
    about["quality"] = rules


def is_plain(about: Mapping[str, Any]) -> bool:
    """Tell whether a property is not nested."""
    return about["logicalType"] not in ("object", "array", "map", "vector")


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """One ``mustBe…`` condition."""
    number = st.sampled_from([0, 1, 2, 3, 10, 33.4, 50])
    if draw(st.integers(0, 3)):
        return {"must" + draw(st.sampled_from(_OPERATORS)): draw(number)}
    low, high = sorted(draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    return {draw(st.sampled_from(["mustBeBetween", "mustNotBeBetween"])): [low, high]}


@st.composite
def column_rules(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A quality rule on a property of a scalar type, without a name."""
    metric = draw(st.sampled_from(["nullValues", "missingValues", "invalidValues", "duplicateValues", "text"]))
    if metric == "text":
        return {"type": "text", "description": "It feels right."}
    rule: dict[str, Any] = {
        "metric": metric,
        **draw(conditions()),
        "unit": draw(st.sampled_from(["rows", "percent"])),
        "severity": draw(st.sampled_from(["error", "warning"])),
    }
    listed = ENUMS.get(kind, [])
    if draw(st.booleans()) and listed and metric == "missingValues":
        rule["arguments"] = {"missingValues": draw(st.lists(st.sampled_from([None, *listed]), max_size=3))}
    elif metric == "invalidValues":
        if not listed:
            return {**rule, "metric": "nullValues"}
        arguments: dict[str, Any] = {"validValues": draw(st.lists(st.sampled_from(listed), min_size=1, max_size=3))}
        if kind == "text" and draw(st.booleans()):
            arguments = {"pattern": draw(st.sampled_from(list(PATTERNS))), "maxLength": draw(st.sampled_from([1, 2]))}
        if kind in STATED and draw(st.booleans()):
            arguments = {"minimum": STATED[kind][1]}
        rule["arguments"] = arguments
    return rule


def values(about: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a property, nulls among them."""
    inner: st.SearchStrategy[Any]
    match about["logicalType"]:
        case "object":
            inner = st.fixed_dictionaries({c["name"]: values(c) for c in about["properties"]})
        case "array":
            inner = st.lists(values(about["items"]), max_size=3)
        case "map":
            keys = st.sampled_from(POOLS[type_of(about["map"]["key"])])
            inner = st.lists(st.tuples(keys, values(about["map"]["value"])), max_size=3, unique_by=lambda p: p[0])
        case "vector":
            whole = about["logicalTypeOptions"]["elementType"] in ("int8", "uint8", "binary")
            elements = [1, 0, 1, -129, 255, None] if whole else [0.0, 0.5, -1.0, None, *POOLS["double"]]
            inner = st.lists(st.sampled_from(elements), max_size=3)
        case _:
            inner = st.sampled_from(POOLS[type_of(about)])
    return st.one_of(inner, inner, inner, st.none())


@st.composite
def contracts(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """A contract of the table ``orders`` and of a table ``others`` that it refers to, and rows for both."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique_by=str.casefold))
    columns = [{**draw(properties()), "name": n} for n in names]
    plain = [c for c in columns if is_plain(c)]
    for at, column in enumerate(plain):
        draw(with_rules(column, str(at)))
        if draw(st.booleans()):
            query = "SELECT count(*) FROM ${table} WHERE ${column} IS NULL"
            column["quality"].append({"type": "sql", "name": f"asked of {at}", "query": query, **draw(conditions())})
    for column in columns:
        if column["logicalType"] in ("object", "array", "vector"):
            column["unique"] = draw(st.integers(0, 3)) == 0
    parts = plain + [m for c in columns for m in c.get("properties", ()) if is_plain(m)]
    key = draw(st.lists(st.sampled_from(parts), max_size=2, unique_by=id)) if parts else []
    for at, column in enumerate(key, 1):
        column |= {"primaryKey": True, "primaryKeyPosition": at}
    others = [{"name": f"k{at}", **KINDS[type_of(c)]} for at, c in enumerate(plain)] or [
        {"name": "k0", **KINDS["text"]}
    ]
    rules: list[dict[str, Any]] = [{"metric": "rowCount", **draw(conditions())}]
    relationships: list[dict[str, Any]] = []
    if plain:
        listed = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique_by=lambda c: c["name"]))
        rules.append(
            {
                "metric": "duplicateValues",
                "arguments": {"properties": [c["name"] for c in listed]},
                **draw(conditions()),
                "unit": draw(st.sampled_from(["rows", "percent"])),
            }
        )
        for at, column in enumerate(plain):
            if draw(st.integers(0, 2)) == 0 and type_of(column) != "bytes":
                column["relationships"] = [{"to": f"others.k{at}"}]
        simple = [(at, c) for at, c in enumerate(plain) if c["name"].isascii() and c["name"].isidentifier()]
        if draw(st.booleans()) and simple:
            relationships = [
                {
                    "from": [f"orders.{c['name']}" for _, c in simple],
                    "to": [f"others.k{at}" for at, _ in simple],
                }
            ]
    for at, rule in enumerate(rules):
        rule["name"] = f"rule {at} of all"
    table = {"name": "orders", "properties": columns, "quality": rules, "relationships": relationships}
    document = {
        "apiVersion": draw(st.sampled_from(["v3.1.0", "v3.2.0"])),
        "kind": "DataContract",
        "id": "orders",
        "version": "1.0.0",
        "status": "active",
        "schema": [table, {"name": "others", "properties": others}],
    }
    row = st.fixed_dictionaries({c["name"]: values(c) for c in columns})
    rows = draw(st.lists(row, max_size=12))
    if draw(st.booleans()):
        rows = [row for row in rows for _ in range(draw(st.integers(1, 3)))]
    other_row = st.fixed_dictionaries({c["name"]: values(c) for c in others})
    return document, {"orders": rows, "others": draw(st.lists(other_row, max_size=5))}
