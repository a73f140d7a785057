"""A slow, obviously correct reading of a contract: every clause, row by row, in plain Python.

Written from the text of ODCS and from what the records of checks say they mean, never from the SQL that they become.
A contract is the plain document; rows are Python values, already of their columns' types.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]
Property = Mapping[str, Any]

# ECMA-262, as contracts have it → Python; but `.` matches a carriage return and U+2028, too, as patterns.py says.
PATTERNS = {
    "^[A-Z]+$": r"\A[A-Z]+\Z",
    "b": "b",
    "^.$": r"\A[^\n]\Z",
    r"^\w*$": r"\A[A-Za-z0-9_]*\Z",
    "'": "'",
    r"^\u0041": r"\AA",
    "^(?:A|N/A)$": r"\A(?:A|N/A)\Z",
    r"\d{2,}": "[0-9]{2,}",
    "[^a-z]$": r"[^a-z]\Z",
    "é": "é",
    "^$": r"\A\Z",
    "^[\\u{1F600}-\\u{1F64F}]": "\\A[\U0001f600-\U0001f64f]",
}
WHOLE_FORMATS = {
    f"{sign}{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "i" else (0, 2**bits - 1)
    for sign in "iu"
    for bits in (8, 16, 32)
} | {"i64": (-(2**63), 2**63 - 1)}
# Greatest values; NaN and infinity are none of an element's.
ELEMENTS = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
}
_SIDES: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: bool(value >= bound),
    "exclusiveMinimum": lambda value, bound: bool(value > bound),
    "maximum": lambda value, bound: bool(value <= bound),
    "exclusiveMaximum": lambda value, bound: bool(value < bound),
}
WIDTHS = {"INT16": (-(2**15), 2**15 - 1), "UINT32": (0, 2**32 - 1)}


@dataclass(frozen=True)
class Expected:
    """What a check must say.

    Attributes:
        status: ``passed``, ``failed``, ``manual``.
        failed: rows that break the clause (values, where they are counted instead); None where nothing is counted.
        measured: the metric's number; None for clauses without one.
        breaking: rows that break it.
        of_values: values are counted instead of rows.
    """

    status: str
    failed: int | None = None
    measured: Any = None
    breaking: Sequence[Row] = field(default=())
    of_values: bool = False


@dataclass(frozen=True)
class Place:
    """A property, where it is inside its column, and every row's values there (none where what holds it is null)."""

    path: str
    about: Property
    values: Sequence[Sequence[Any]]
    many: bool = False  # inside a list or a map: a row has any number of values


def expectations(document: Mapping[str, Any], table: str, tables: Mapping[str, Sequence[Row]]) -> dict[str, Expected]:
    """Return what every check of a table must say, by the check's id.

    Args:
        document: the contract; written in ODCS 3.1 or later.
        table: name of one of its tables.
        tables: rows of all of them.
    """
    schema = {t["name"]: t for t in document["schema"]}
    about, rows = schema[table], tables[table]
    found: dict[str, Expected] = {}
    key = _key(about, rows)
    if key:
        keys = [[of[at] for of in key.values()] for at in range(len(rows))]
        shared, _ = _shared(keys)
        broken = [at for at, whole in enumerate(keys) if at in shared or any(v is None for v in whole)]
        found[f"primaryKey({', '.join(key)})"] = _clause(broken, rows)
    for column in about["properties"]:
        found[f"type({label(column['name'])})"] = Expected("passed")
    for relationship in about.get("relationships", ()):
        own = relationship["from"] if isinstance(relationship["from"], list) else [relationship["from"]]
        others = relationship["to"] if isinstance(relationship["to"], list) else [relationship["to"]]
        names = [o.split(".", 1)[1] for o in own]
        columns = [_columns(o, schema, tables) for o in others]
        to = [tuple(c[at][0] for c in columns) for at in range(len(columns[0]))]
        id_ = f"relationship({', '.join(map(label, names))}): {', '.join(others)}"
        found[_numbered(id_, found)] = _reference([[tuple(row[n] for n in names)] for row in rows], to, rows)
    for place in places(about, rows):
        found |= _clauses_of(place, rows)
        for rule in place.about.get("quality", ()):
            id_ = f"{rule.get('metric') or rule['type']}({place.path}):{rule['name']}"
            found[id_] = _rule(rule, place, rows)
        for relationship in place.about.get("relationships", ()):
            keys = [[(v,) for v in values] for values in place.values]
            to = _columns(relationship["to"], schema, tables)
            id_ = _numbered(f"relationship({place.path}): {relationship['to']}", found)
            found[id_] = replace(_reference(keys, to, rows), of_values=place.many)
    for rule in about.get("quality", ()):
        found[f"{rule.get('metric') or rule['type']}:{rule['name']}"] = _table_rule(rule, about, rows)
    return found


def _numbered(id_: str, found: Mapping[str, Expected]) -> str:
    return id_ if id_ not in found else _numbered(f"{id_}#2", found)


def label(name: str) -> str:
    """Write a column's name as checks do: quoted only when it would be misread."""
    return name if name.replace("_", "a").isalnum() else '"' + name.replace('"', '""') + '"'


def places(table: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[Place]:
    """Yield every property of a table, what is nested inside after what it is nested in."""
    for column in table["properties"]:
        yield from _inside(Place(label(column["name"]), column, [[row[column["name"]]] for row in rows]))


def breaks(kind: str, stated: Any, about: Property, value: Any) -> bool:
    """Tell whether a value that is not null breaks one clause of its property."""
    type_ = type_of(about)
    match kind:
        case "enum":
            return not any(equal(value, _meant(v, type_)) for v in stated)
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return not _ordered(value, _meant(stated, type_), _SIDES[kind])
        case "multipleOf":
            return not _is_multiple(value, stated, type_)
        case "minLength":
            return bool(len(value) < stated)
        case "maxLength":
            return bool(len(value) > stated)
        case "pattern":
            return re.search(PATTERNS[stated], value) is None
        case "format":
            return not has_format(value, stated)
        case "uniqueItems":
            items = [_hashable(i) for i in value if i is not None]
            return len(set(items)) < len(items)
    return _breaks_type(kind, stated, value)


def _breaks_type(kind: str, stated: Any, value: Any) -> bool:
    match kind:
        case "dimensions":
            return bool(len(value) != stated)
        case "elementType":
            return not all(_is_element(item, stated) for item in value)
        case "physicalType":
            low, high = WIDTHS.get(stated, (-(2**63), 2**63))
            return len(value) > 2 if stated == "VARCHAR(2)" else isinstance(value, int) and not low <= value <= high
        case "timezone":
            return False  # the type holds moments with a zone, or without one
    raise AssertionError(kind)


def type_of(about: Property) -> str:
    """Return ``integer``, ``double``, ``decimal``, ``text``, ``bytes``, ``boolean``, ``date``, ``time``, ``local`` or
    ``instant`` (a timestamp without and with a zone), or the logical type of what is nested."""
    physical = about.get("physicalType", "")
    match about["logicalType"]:
        case "number":
            return "decimal" if physical.startswith("DECIMAL") else "double"
        case "string":
            return "bytes" if physical == "BLOB" else "text"
        case "timestamp":
            return "local" if about.get("logicalTypeOptions", {}).get("timezone") is False else "instant"
        case logical:
            return str(logical)


def equal(left: Any, right: Any) -> bool:
    """Compare as SQL does where neither is null; NaN equals NaN."""
    return bool(_hashable(left) == _hashable(right))


def has_format(value: Any, name: str) -> bool:
    """Tell whether a text has one of JSON Schema's formats, or a number a size."""
    if isinstance(value, str):
        return _FORMATS[name](value)
    if name in WHOLE_FORMATS:
        low, high = WHOLE_FORMATS[name]
        return bool(low <= value <= high)
    return bool(name == "f64" or abs(value) <= 3.4028234663852886e38)


def holds(number: Any, rule: Mapping[str, Any]) -> bool:
    """Tell whether a measured number keeps a rule's condition."""
    operator = next(k for k in rule if k.startswith("must"))
    wanted = rule[operator] if isinstance(rule[operator], list) else [rule[operator]]
    bounds = [Fraction(str(v)) for v in wanted]
    first, last = bounds[0], bounds[-1]
    kept = {
        "mustBe": number == first,
        "mustNotBe": number != first,
        "mustBeGreaterThan": number > first,
        "mustBeGreaterOrEqualTo": number >= first,
        "mustBeLessThan": number < first,
        "mustBeLessOrEqualTo": number <= first,
        "mustBeBetween": first <= number <= last,
        "mustNotBeBetween": not first <= number <= last,
    }
    return bool(kept[operator])


def _key(table: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return what the primary key is made of, in order: path → every row's value."""
    parts = [p for p in places(table, rows) if p.about.get("primaryKey")]
    parts.sort(key=lambda part: int(part.about["primaryKeyPosition"]))
    return {p.path: [values[0] if values else None for values in p.values] for p in parts}


def _inside(place: Place) -> Iterator[Place]:
    yield place
    about = place.about
    there = [[v for v in values if v is not None] for values in place.values]
    inner: list[tuple[str, Property, list[list[Any]]]] = []
    match about["logicalType"]:
        case "object":
            for child in about["properties"]:
                name = child["name"]
                needed = name in about.get("logicalTypeOptions", {}).get("required", ())
                made = {**child, "required": True} if needed else child
                inner.append((f".{label(name)}", made, [[v[name] for v in values] for values in there]))
        case "array":
            inner.append(("[]", about["items"], [[i for v in values for i in v] for values in there]))
        case "map":
            for at, side in enumerate(("key", "value")):
                listed = [[pair[at] for v in values for pair in v] for values in there]
                inner.append((f".{side}s[]", about["map"][side], listed))
    for step, child, listed in inner:
        yield from _inside(Place(place.path + step, child, listed, place.many or "[]" in step))


def stated_clauses(about: Property) -> Iterator[tuple[str, Any]]:
    """Yield every clause about single values that a property states."""
    options = about.get("logicalTypeOptions", {})
    if about.get("enum"):
        yield "enum", [e["value"] for e in about["enum"]]
    for kind in ("multipleOf", "pattern"):
        if kind in options:
            yield kind, options[kind]
    if about["logicalType"] == "vector":
        yield "dimensions", options["dimensions"]
        yield "elementType", options.get("elementType", "float32")
    if about.get("physicalType"):
        yield "physicalType", about["physicalType"]
    if "timezone" in options:
        yield "timezone", options["timezone"]
    for kind, other in (("minLength", "minItems"), ("maxLength", "maxItems")):
        if kind in options or other in options:
            yield kind, options[other] if other in options else options[kind]
    if options.get("uniqueItems"):
        yield "uniqueItems", True
    bounds = {k: options[k] for k in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") if k in options}
    if "format" in options:
        yield "format", options["format"]
        if options["format"] in WHOLE_FORMATS and options["format"] != "i64":
            low, high = WHOLE_FORMATS[options["format"]]
            bounds["minimum"] = max(low, bounds.get("minimum", low))
            bounds["maximum"] = min(high, bounds.get("maximum", high))
    yield from bounds.items()


def _clauses_of(place: Place, rows: Sequence[Row]) -> dict[str, Expected]:
    found = {}
    about = place.about
    if about.get("required"):
        broken = [at for at, values in enumerate(place.values) if any(v is None for v in values)]
        found[f"required({place.path})"] = _clause(broken, rows)
    if about.get("unique"):
        found[f"unique({place.path})"] = _unique(place, rows)[0]
    for kind, stated in stated_clauses(about):
        broken = [
            at
            for at, values in enumerate(place.values)
            if any(v is not None and breaks(kind, stated, about, v) for v in values)
        ]
        found[f"{kind}({place.path})"] = _clause(broken, rows)
    return found


def _clause(broken: Sequence[int], rows: Sequence[Row]) -> Expected:
    return Expected("failed" if broken else "passed", len(broken), breaking=[rows[at] for at in broken])


def _unique(place: Place, rows: Sequence[Row]) -> tuple[Expected, int]:
    """Return what ``unique`` must say, and how many values repeat an earlier one: over all values of all rows."""
    listed = [(at, value) for at, values in enumerate(place.values) for value in values]
    shared, repeats = _shared([[value] for _, value in listed])
    breaking = [rows[at] for at in sorted({listed[n][0] for n in shared})]
    status = "failed" if shared else "passed"
    return Expected(status, len(shared), breaking=breaking, of_values=place.many), repeats


def _rule(rule: Mapping[str, Any], place: Place, rows: Sequence[Row]) -> Expected:
    if rule.get("type") == "text":
        return Expected("manual")
    if rule.get("type") == "sql":
        nulls = [row for row, values in zip(rows, place.values, strict=True) if None in values]
        return _answered(rule, len(nulls), nulls)
    offending = [at for at, values in enumerate(place.values) for v in values if _offends(rule, place.about, v)]
    broken = [rows[at] for at in sorted(set(offending))]
    failed = number = len(offending)
    if rule["metric"] == "duplicateValues":
        unique, number = _unique(place, rows)
        failed, broken = unique.failed or 0, list(unique.breaking)
    total = sum(map(len, place.values)) if place.many else len(rows)
    return replace(_measured(rule, number, failed, total, broken), of_values=place.many)


def _offends(rule: Mapping[str, Any], about: Property, value: Any) -> bool:
    arguments = rule.get("arguments", {})
    type_ = type_of(about)
    match rule["metric"]:
        case "nullValues":
            return value is None
        case "missingValues":
            listed = arguments.get("missingValues", [None, ""] if type_ == "text" else [None])
            if value is None:
                return None in listed
            return any(m is not None and equal(value, _meant(m, type_)) for m in listed)
        case "invalidValues":
            named = [("enum" if k == "validValues" else k, v) for k, v in arguments.items()]
            return value is not None and any(breaks(k, v, about, value) for k, v in named or stated_clauses(about))
    return False


def _table_rule(rule: Mapping[str, Any], about: Mapping[str, Any], rows: Sequence[Row]) -> Expected:
    if rule.get("type") == "text":
        return Expected("manual")
    if rule.get("type") == "sql":
        return _answered(rule, len(rows), rows)
    if rule["metric"] == "rowCount":
        return Expected("passed" if holds(len(rows), rule) else "failed", None, len(rows))
    shared, repeats = _shared([[row[n] for n in rule["arguments"]["properties"]] for row in rows])
    return _measured(rule, repeats, len(shared), len(rows), [rows[at] for at in sorted(shared)])


def _answered(rule: Mapping[str, Any], number: int, counted: Sequence[Row]) -> Expected:
    return Expected("passed" if holds(number, rule) else "failed", None, number, counted)


def _measured(rule: Mapping[str, Any], number: int, failed: int, total: int, breaking: Sequence[Row]) -> Expected:
    value = Fraction(number)
    if rule.get("unit") == "percent":
        value = Fraction(100 * number, total) if total else Fraction(0)
    if holds(value, rule):
        return Expected("passed", 0, float(value))
    return Expected("failed", failed, float(value), breaking)


def _columns(reference: str, schema: Mapping[str, Any], tables: Mapping[str, Sequence[Row]]) -> list[tuple[Any, ...]]:
    table, column = reference.split(".", 1)
    assert any(p["name"] == column for p in schema[table]["properties"])
    return [(row[column],) for row in tables[table]]


def _reference(keys: Sequence[Sequence[tuple[Any, ...]]], to: Sequence[Any], rows: Sequence[Row]) -> Expected:
    known = {tuple(map(_hashable, key)) for key in to if all(v is not None for v in key)}
    lost = [
        at
        for at, of_row in enumerate(keys)
        for key in of_row
        if all(v is not None for v in key) and tuple(map(_hashable, key)) not in known
    ]
    return Expected("failed" if lost else "passed", len(lost), breaking=[rows[at] for at in lost])


def _shared(keys: Sequence[Sequence[Any]]) -> tuple[set[int], int]:
    """Return which rows share their key with another, and how many repeat an earlier one; a null makes no key."""
    whole = {at: tuple(map(_hashable, key)) for at, key in enumerate(keys) if all(v is not None for v in key)}
    counts = Counter(whole.values())
    return {at for at, key in whole.items() if counts[key] > 1}, sum(n - 1 for n in counts.values())


def _hashable(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, int | Decimal) or (isinstance(value, float) and math.isfinite(value)):
        return Fraction(value)
    if isinstance(value, dict):
        return ("object", *((k, _hashable(v)) for k, v in sorted(value.items())))
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value


def _meant(stated: Any, type_: str) -> Any:
    """Return a value of a contract as a value of a type."""
    match type_:
        case "double":
            return float(stated)
        case "integer" | "decimal":
            return Fraction(str(stated))
        case "date":
            return datetime.fromisoformat(stated)  # a date stands for its first instant
        case "time":
            return time.fromisoformat(stated)
        case "local":
            return datetime.fromisoformat(stated)
        case "instant":
            moment = datetime.fromisoformat(stated)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        case _:
            return stated


def _ordered(value: Any, bound: Any, test: Callable[[Any, Any], bool]) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    if isinstance(value, int | Decimal):
        return test(Fraction(value), bound)
    if isinstance(value, date) and not isinstance(value, datetime):
        return test(datetime.combine(value, time()), bound)
    return test(value, bound)


def _is_multiple(value: Any, divisor: Any, type_: str) -> bool:
    if type_ != "double":
        return (Fraction(value) / Fraction(str(divisor))).denominator == 1
    if not math.isfinite(value) or not math.isfinite(value / divisor):
        return False
    quotient = value / divisor
    return bool(abs(quotient - round(quotient)) <= 1e-9 * max(1.0, abs(quotient)))


def _is_element(item: Any, kind: str) -> bool:
    if kind in ("int8", "uint8", "binary"):
        low, high = {"int8": (-128, 127), "uint8": (0, 255), "binary": (0, 1)}[kind]
        return item is not None and low <= item <= high
    return item is not None and math.isfinite(item) and abs(item) <= ELEMENTS[kind]


def _base64(text: str) -> bool:
    try:
        return text.isascii() and bool(base64.b64decode(text, validate=True) or not text)
    except binascii.Error:
        return False


def _address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return "%" not in text

    return test


def _uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(p) for p in parts] == [8, 4, 4, 4, 12] and set("".join(parts)) <= set("0123456789abcdefABCDEF")


def _day(text: str) -> bool:
    """A full date; that a month has so many days is not part of the format's grammar."""
    parts = text.split("-")
    digits = [len(p) for p in parts] == [4, 2, 2] and all(set(p) <= set("0123456789") for p in parts)
    return digits and 1 <= int(parts[1]) <= 12 and 1 <= int(parts[2]) <= 31


_FORMATS: dict[str, Callable[[str], bool]] = {
    "byte": _base64,
    "date": _day,
    "ipv4": _address(ipaddress.IPv4Address),
    "ipv6": _address(ipaddress.IPv6Address),
    "uuid": _uuid,
}


def shown(row: Row) -> str:
    """Return a row in a form that two equal rows share, whatever held them."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if isinstance(value, Decimal):
            return f"{value:f}"
        if isinstance(value, bytes):
            return value.hex()
        return value.isoformat() if isinstance(value, date | time) else value

    return json.dumps(plain(dict(row)), sort_keys=True, ensure_ascii=True)
