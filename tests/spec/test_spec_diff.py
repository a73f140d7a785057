"""What changes of a contract mean to its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import Location, Severity
from hanse.spec.change import Change, ChangeKind, given_bump, next_version, required_bump, suffices
from hanse.spec.contract import Column, Condition, Contract, Limits, Rule, ServiceLevel, Table
from hanse.spec.diff import diff_contracts
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct

BREAKING, ADDITIVE, COSMETIC = ChangeKind.BREAKING, ChangeKind.ADDITIVE, ChangeKind.COSMETIC


def column(name: str = "id", type_: DataType = Scalar.BIGINT, **clauses: Any) -> Column:
    return Column(name, type_, "string" if type_ is Scalar.VARCHAR else "integer", **clauses)


def contract(*columns: Column, **clauses: Any) -> Contract:
    tables = clauses.pop("tables", (Table("orders", columns or (column(),)),))
    plain: dict[str, Any] = {"version": "1.0.0", "api_version": "v3.1.0", "status": "active", **clauses}
    return Contract(id="orders", tables=tables, path="orders.odcs.yaml", text="", **plain)


def kinds(old: Contract, new: Contract) -> list[tuple[ChangeKind, str, str]]:
    return [(c.kind, c.subject, c.clause) for c in diff_contracts(old, new)]


def of_columns(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[ChangeKind, str]]:
    """Compare two states of one column, both ways to write it given as arguments."""
    return [(c.kind, c.clause) for c in diff_contracts(contract(column(**old)), contract(column(**new)))]


def rule(**clauses: Any) -> Rule:
    plain: dict[str, Any] = {"kind": "library", "metric": "rowCount", **clauses}
    return Rule(**plain)


def at_least(value: float) -> tuple[Condition, ...]:
    return (Condition("mustBeGreaterOrEqualTo", (value,)),)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"required": True}, {}, (BREAKING, "required")),
        ({}, {"required": True}, (ADDITIVE, "required")),
        ({"unique": True}, {}, (BREAKING, "unique")),
        ({}, {"unique": True}, (ADDITIVE, "unique")),
        ({"enum": ("a",)}, {"enum": ("a", "b")}, (BREAKING, "enum")),
        ({"enum": ("a",)}, {}, (BREAKING, "enum")),
        ({"enum": ("a", "b")}, {"enum": ("a",)}, (ADDITIVE, "enum")),
        ({}, {"enum": ("a",)}, (ADDITIVE, "enum")),
        ({"enum": ("a", "b")}, {"enum": ("b", "a")}, (COSMETIC, "enum")),
        ({"enum": (1,)}, {"enum": ("1",)}, (BREAKING, "enum")),
        ({"limits": Limits(minimum=0)}, {"limits": Limits(minimum=-1)}, (BREAKING, "minimum")),
        ({"limits": Limits(minimum=0)}, {}, (BREAKING, "minimum")),
        ({"limits": Limits(minimum=0)}, {"limits": Limits(minimum=1)}, (ADDITIVE, "minimum")),
        ({"limits": Limits(minimum=0)}, {"limits": Limits(exclusive_minimum=0)}, (ADDITIVE, "minimum")),
        ({"limits": Limits(exclusive_minimum=0)}, {"limits": Limits(minimum=0)}, (BREAKING, "minimum")),
        ({"limits": Limits(exclusive_minimum=0)}, {"limits": Limits(minimum=1)}, (ADDITIVE, "minimum")),
        ({"limits": Limits(maximum=9)}, {"limits": Limits(maximum=10)}, (BREAKING, "maximum")),
        ({"limits": Limits(maximum=9)}, {"limits": Limits(maximum=8.5)}, (ADDITIVE, "maximum")),
        ({}, {"limits": Limits(maximum=9)}, (ADDITIVE, "maximum")),
        ({"limits": Limits(maximum=9)}, {"limits": Limits(maximum="x")}, (BREAKING, "maximum")),
        (
            {"limits": Limits(minimum="2013-01-01T00:00:00+02:00")},
            {"limits": Limits(minimum="2012-12-31T23:30:00+00:00")},
            (ADDITIVE, "minimum"),
        ),
        ({"limits": Limits(max_length=5)}, {"limits": Limits(max_length=6)}, (BREAKING, "maximum length")),
        ({"limits": Limits(min_length=5)}, {"limits": Limits(min_length=6)}, (ADDITIVE, "minimum length")),
        ({"limits": Limits(multiple_of=5)}, {"limits": Limits(multiple_of=10)}, (ADDITIVE, "multiple of")),
        ({"limits": Limits(multiple_of=0.1)}, {"limits": Limits(multiple_of=0.05)}, (BREAKING, "multiple of")),
        ({"limits": Limits(multiple_of=3)}, {"limits": Limits(multiple_of=2)}, (BREAKING, "multiple of")),
        ({"limits": Limits(pattern="a")}, {"limits": Limits(pattern="b")}, (BREAKING, "pattern")),
        ({}, {"limits": Limits(pattern="b")}, (ADDITIVE, "pattern")),
        ({"limits": Limits(format="a")}, {"limits": Limits(format="b")}, (COSMETIC, "format")),
        ({"limits": Limits(unique_items=True)}, {}, (BREAKING, "unique items")),
        ({"rules": (rule(),)}, {}, (BREAKING, "rule")),
        ({}, {"rules": (rule(),)}, (ADDITIVE, "rule")),
        ({"rules": (rule(severity=Severity.WARNING),)}, {}, (COSMETIC, "rule")),
        ({"rules": (rule(kind="text", query="be kind"),)}, {}, (COSMETIC, "rule")),
        ({"rules": (rule(),)}, {"rules": (rule(severity=Severity.WARNING),)}, (BREAKING, "severity")),
        ({"rules": (rule(severity=Severity.WARNING),)}, {"rules": (rule(),)}, (ADDITIVE, "severity")),
        (
            {"rules": (rule(conditions=at_least(10)),)},
            {"rules": (rule(conditions=at_least(9)),)},
            (BREAKING, "threshold"),
        ),
        (
            {"rules": (rule(conditions=at_least(10)),)},
            {"rules": (rule(conditions=at_least(11)),)},
            (ADDITIVE, "threshold"),
        ),
        (
            {"rules": (rule(conditions=at_least(10)),)},
            {"rules": (rule(conditions=(Condition("mustBeBetween", (10, 12)),)),)},
            (ADDITIVE, "threshold"),
        ),
        (
            {"rules": (rule(kind="sql", name="q", query="SELECT 1"),)},
            {"rules": (rule(kind="sql", name="q", query="SELECT 2"),)},
            (BREAKING, "rule"),
        ),
        (
            {"rules": (rule(kind="sql", name="q", query="SELECT 1"),)},
            {"rules": (rule(kind="sql", name="q", query="SELECT  1"),)},
            (COSMETIC, "rule"),
        ),
        ({"rules": (rule(name="a"),)}, {"rules": (rule(name="b"),)}, (COSMETIC, "rule")),
        ({}, {"classification": "pii"}, (ADDITIVE, "classification")),
        ({}, {"deprecated": True}, (ADDITIVE, "deprecated")),
        ({}, {"custom": {"nullMeaning": "cancelled"}}, (ADDITIVE, "null meaning")),
        ({}, {"custom": {"nullWhen": "a IS NULL"}}, (ADDITIVE, "null reasons")),
        ({"custom": {"nullReasons": [{"when": "a"}]}}, {"custom": {"nullReasons": []}}, (BREAKING, "null reasons")),
        ({"custom": {"nullWhen": "a IS NULL"}}, {}, (BREAKING, "null reasons")),
        ({}, {"custom": {"x": float("nan")}}, (COSMETIC, "custom properties")),
        ({}, {"description": "the order"}, (COSMETIC, "description")),
        ({}, {"tags": ("a",)}, (COSMETIC, "tags")),
        ({}, {"examples": (1,)}, (COSMETIC, "examples")),
        ({}, {"property_id": "p1"}, (COSMETIC, "property id")),
    ],
)
def test_each_clause_of_a_column(old: dict[str, Any], new: dict[str, Any], expected: tuple[ChangeKind, str]) -> None:
    assert of_columns(old, new) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (Decimal(10, 2), Decimal(12, 2), ADDITIVE),
        (Decimal(12, 2), Decimal(10, 2), ADDITIVE),
        (Decimal(10, 2), Decimal(12, 3), BREAKING),
        (Scalar.BIGINT, Scalar.DOUBLE, BREAKING),
        (Scalar.DATE, Scalar.TIMESTAMP, BREAKING),
        (Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ, BREAKING),
        (Scalar.BIGINT, Scalar.VARCHAR, BREAKING),
        (List(Decimal(9, 0)), List(Decimal(10, 0)), ADDITIVE),
        (List(Scalar.DATE), Scalar.DATE, BREAKING),
        (Map(Scalar.VARCHAR, Decimal(9, 0)), Map(Scalar.BIGINT, Decimal(10, 0)), BREAKING),
        (Map(Scalar.VARCHAR, Decimal(9, 0)), Map(Scalar.VARCHAR, Decimal(10, 0)), ADDITIVE),
        (Struct((Field("a", Scalar.DATE),)), Struct((Field("a", Scalar.DATE), Field("b", Scalar.DATE))), ADDITIVE),
        (Struct((Field("a", Scalar.DATE), Field("b", Scalar.DATE))), Struct((Field("a", Scalar.DATE),)), BREAKING),
        (Struct((Field("a", Scalar.DATE, True),)), Struct((Field("a", Scalar.DATE),)), BREAKING),
        (Struct((Field("a", Scalar.DATE),)), Struct((Field("a", Scalar.TIME),)), BREAKING),
        (
            Struct((Field("a", Scalar.DATE), Field("b", Scalar.TIME))),
            Struct((Field("b", Scalar.TIME), Field("a", Scalar.DATE))),
            COSMETIC,
        ),
    ],
)
def test_types(old: DataType, new: DataType, kind: ChangeKind) -> None:
    found = diff_contracts(contract(Column("x", old, "object")), contract(Column("x", new, "object")))
    assert [(c.kind, c.clause) for c in found] == [(kind, "type")]
    assert str(old) in found[0].what
    assert found[0].why


def test_members_of_nested_columns_are_compared_clause_by_clause() -> None:
    def nested(member: Column) -> Contract:
        inner = Column("address", Struct((Field(member.name, member.type),)), "object", children=(member,))
        return contract(Column("persons", List(inner.type), "array", children=(inner,)))

    assert kinds(nested(column("zip", required=True)), nested(column("zip", enum=(1,)))) == [
        (BREAKING, "orders.persons.address.zip", "required"),
        (ADDITIVE, "orders.persons.address.zip", "enum"),
    ]


def test_columns_removed_added_and_reordered() -> None:
    a, b, c = column("a"), column("b"), column("c")
    assert kinds(contract(a, b), contract(b, a, c)) == [
        (ADDITIVE, "orders.c", "column"),
        (COSMETIC, "orders", "order"),
    ]
    assert kinds(contract(a, b), contract(b)) == [(BREAKING, "orders.a", "column")]


def test_a_rename_is_known_by_the_property_id_even_when_names_are_swapped() -> None:
    old = contract(column("begin", property_id="p1"), column("end", property_id="p2"))
    new = contract(column("end", property_id="p1"), column("begin", property_id="p2"))
    assert kinds(old, new) == [(BREAKING, "orders.end", "name"), (BREAKING, "orders.begin", "name")]
    assert diff_contracts(old, new)[0].what == "`begin` renamed to `end`"


def test_primary_keys() -> None:
    def keyed(*keys: int | None) -> Contract:
        pairs = zip("abc", keys, strict=True)
        return contract(*(column(n, required=True, primary_key_position=k) for n, k in pairs))

    key = [(BREAKING, "orders", "primary key")]
    assert kinds(keyed(1, 2, None), keyed(1, 2, 3)) == key
    assert kinds(keyed(1, 2, None), keyed(None, None, None)) == key
    assert kinds(keyed(1, 2, None), keyed(1, None, 2)) == key
    assert kinds(keyed(1, 2, None), keyed(1, None, None)) == [(ADDITIVE, "orders", "primary key")]
    assert kinds(keyed(None, None, None), keyed(1, 2, None)) == [(ADDITIVE, "orders", "primary key")]
    assert kinds(keyed(1, 2, None), keyed(2, 1, None)) == [(COSMETIC, "orders", "primary key")]


def test_leaving_the_primary_key_makes_nulls_possible() -> None:
    old = contract(column("a", primary_key_position=1), column("b", primary_key_position=2))
    new = contract(column("a", primary_key_position=1), column("b"))
    assert kinds(old, new) == [(BREAKING, "orders.b", "required"), (ADDITIVE, "orders", "primary key")]


def test_tables() -> None:
    a, b = Table("a", (column(),)), Table("b", (column(),))
    assert kinds(contract(tables=(a,)), contract(tables=(b,))) == [
        (BREAKING, "a", "table"),
        (ADDITIVE, "b", "table"),
    ]
    assert kinds(contract(tables=(a, b)), contract(tables=(b, a))) == [(COSMETIC, "contract", "order")]
    assert kinds(contract(tables=(a,)), contract(tables=(replace(a, granularity="one row per day"),))) == [
        (ADDITIVE, "a", "granularity")
    ]
    assert kinds(contract(tables=(a,)), contract(tables=(replace(a, description="x", physical_name="t"),))) == [
        (COSMETIC, "a", "physical name"),
        (COSMETIC, "a", "description"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("draft", "active", ADDITIVE),
        ("active", "draft", BREAKING),
        ("active", "deprecated", ADDITIVE),
        ("deprecated", "active", ADDITIVE),
        ("deprecated", "retired", BREAKING),
        ("retired", "active", ADDITIVE),
        ("proposed", "draft", COSMETIC),
    ],
)
def test_status(old: str, new: str, kind: ChangeKind) -> None:
    assert kinds(contract(status=old), contract(status=new)) == [(kind, "contract", "status")]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (("latency", 1, "h"), ("latency", 2, "h"), BREAKING),
        (("latency", 1, "h"), ("latency", 59, "minutes"), ADDITIVE),
        (("latency", 1, "h"), ("latency", 60, "min"), COSMETIC),
        (("retention", 3, "y"), ("retention", 2, "y"), BREAKING),
        (("retention", 3, "y"), ("retention", 40, "months"), ADDITIVE),
        (("availability", "99.9%", None), ("availability", "99%", None), BREAKING),
        (("timeOfAvailability", "08:00-05:00", None), ("timeOfAvailability", "08:00-06:00", None), BREAKING),
        (("endOfSupport", "2027-01-01", None), ("endOfSupport", "2026-01-01", None), BREAKING),
        (("mood", 1, None), ("mood", 2, None), ADDITIVE),
        (("latency", 1, "h"), ("latency", 2, "beats"), ADDITIVE),
    ],
)
def test_service_levels(old: tuple[Any, ...], new: tuple[Any, ...], kind: ChangeKind) -> None:
    left, right = (contract(service_levels=(ServiceLevel(*level),)) for level in (old, new))
    assert kinds(left, right) == [(kind, "contract", "service level")]


def test_service_levels_removed_and_added() -> None:
    some, none = contract(service_levels=(ServiceLevel("latency", 1, "h"),)), contract()
    assert kinds(some, none) == [(BREAKING, "contract", "service level")]
    assert kinds(none, some) == [(ADDITIVE, "contract", "service level")]


def test_places_files_and_layout_are_no_changes() -> None:
    old = contract(column(where=Location("a", 1, 1), rules=(rule(where=Location("a", 2, 1)),)))
    new = contract(column(where=Location("b", 7, 3), rules=(rule(where=Location("b", 8, 3)),)))
    assert diff_contracts(old, replace(new, path="elsewhere.yaml", text="# the same")) == ()


def test_a_change_points_into_the_new_file() -> None:
    place = Location("orders.odcs.yaml", 12, 5)
    new = replace(contract(), tables=(Table("orders", (column(unique=True, where=place),)),))
    assert diff_contracts(contract(), new)[0].where == place
    gone = diff_contracts(contract(column(), column("b")), new)
    assert gone[0].where == Location("orders.odcs.yaml")


def test_required_bump() -> None:
    def bump(*found: ChangeKind) -> str | None:
        return required_bump(Change(k, "x", "what", "why") for k in found)

    assert bump() is None
    assert bump(COSMETIC) == "patch"
    assert bump(COSMETIC, ADDITIVE) == "minor"
    assert bump(ADDITIVE, BREAKING) == "major"
    assert required_bump(diff_contracts(contract(), contract(version="1.0.1"))) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1.0.0", "2.0.0", "major"),
        ("1.4.2", "1.5.0", "minor"),
        ("v1.4.2", "1.4.3", "patch"),
        ("1.4", "1.4.1", "patch"),
        ("1.0.0", "1.0.0", None),
        ("2.0.0", "1.9.0", None),
        ("first", "1.0.0", None),
    ],
)
def test_given_bump(old: str, new: str, expected: str | None) -> None:
    assert given_bump(old, new) == expected


def test_a_larger_bump_suffices_and_the_next_version_gives_the_one_needed() -> None:
    assert suffices("major", "minor")
    assert not suffices("patch", "minor")
    assert not suffices(None, "patch")
    assert suffices(None, None)
    for bump in ("major", "minor", "patch"):
        assert given_bump("1.4.2", next_version("1.4.2", bump)) == bump
    assert next_version("1.4.2", "minor") == "1.5.0"
    assert next_version("one", "minor") == "1.0.0"


# Laws. Contracts are small, so that two random ones are often comparable.
_SMALL = st.integers(-2, 2)
_LIMITS = st.builds(
    Limits,
    minimum=st.none() | _SMALL,
    maximum=st.none() | _SMALL,
    exclusive_minimum=st.none() | _SMALL,
    exclusive_maximum=st.none() | _SMALL,
    multiple_of=st.none() | st.sampled_from([1, 2]),
)


def _columns(name: str) -> st.SearchStrategy[Column]:
    return st.builds(
        lambda required, enum, limits, words: column(
            name, required=required, enum=tuple(enum), limits=limits, description=words
        ),
        st.booleans(),
        st.lists(_SMALL, max_size=3, unique=True),
        st.just(Limits()) | _LIMITS,
        st.sampled_from([None, "words"]),
    )


_CONTRACTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(_columns(n) for n in names)).map(lambda columns: contract(*columns))
)


def valid(value: int | None, of: Column) -> bool:
    """Say whether a value keeps a column's promises: written from the standard's words, not from the code above."""
    if value is None:
        return not of.required
    limits = of.limits
    return (
        (not of.enum or value in of.enum)
        and (limits.minimum is None or value >= limits.minimum)  # type: ignore[operator]
        and (limits.maximum is None or value <= limits.maximum)  # type: ignore[operator]
        and (limits.exclusive_minimum is None or value > limits.exclusive_minimum)  # type: ignore[operator]
        and (limits.exclusive_maximum is None or value < limits.exclusive_maximum)  # type: ignore[operator]
        and (limits.multiple_of is None or value % limits.multiple_of == 0)
    )


@settings(max_examples=100, deadline=None)
@given(_CONTRACTS)
def test_nothing_differs_from_itself(some: Contract) -> None:
    assert diff_contracts(some, some) == ()


@settings(max_examples=300, deadline=None)
@given(_CONTRACTS, _CONTRACTS)
def test_without_a_breaking_change_all_data_of_the_new_contract_keeps_the_old_one(old: Contract, new: Contract) -> None:
    broken = {c.column for c in diff_contracts(old, new) if c.breaking}
    for before in old.tables[0].columns:
        after = new.tables[0].column(before.name)
        if after is None:
            assert before.name in broken
        elif before.name not in broken:
            assert all(valid(v, before) for v in (None, *range(-4, 5)) if valid(v, after))


@settings(max_examples=100, deadline=None)
@given(_CONTRACTS, _CONTRACTS)
def test_what_is_added_one_way_is_breaking_the_other_way(old: Contract, new: Contract) -> None:
    forth = {(c.column, c.clause) for c in diff_contracts(old, new) if c.kind is ADDITIVE}
    back = {(c.column, c.clause) for c in diff_contracts(new, old) if c.kind is BREAKING}
    assert forth <= back


_MUTATIONS: dict[str, Callable[[Column], Column]] = {
    "name": lambda c: replace(c, name=f"{c.name}x"),
    "type": lambda c: replace(c, type=Scalar.DATE),
    "logical_type": lambda c: replace(c, logical_type="other"),
    "physical_type": lambda c: replace(c, physical_type="other"),
    "physical_name": lambda c: replace(c, physical_name="other"),
    "required": lambda c: replace(c, required=not c.required),
    "unique": lambda c: replace(c, unique=not c.unique),
    "key": lambda c: replace(c, primary_key_position=None if c.primary_key_position else 1),
    "partition": lambda c: replace(c, partition_key_position=1),
    "minimum": lambda c: replace(c, limits=replace(c.limits, minimum=-9, exclusive_minimum=None)),
    "enum": lambda c: replace(c, enum=(*c.enum, 99)),
    "description": lambda c: replace(c, description="other"),
    "business": lambda c: replace(c, business_name="other"),
    "classification": lambda c: replace(c, classification="pii"),
    "critical": lambda c: replace(c, critical=not c.critical),
    "deprecated": lambda c: replace(c, deprecated=not c.deprecated),
    "tags": lambda c: replace(c, tags=("other",)),
    "examples": lambda c: replace(c, examples=(99,)),
    "rules": lambda c: replace(c, rules=(rule(),)),
    "id": lambda c: replace(c, property_id="other"),
    "custom": lambda c: replace(c, custom={"other": [1]}),
    "children": lambda c: replace(c, children=(column("inner"),)),
}


@settings(max_examples=150, deadline=None)
@given(_CONTRACTS, st.lists(st.sampled_from(sorted(_MUTATIONS)), min_size=1, max_size=3, unique=True))
def test_every_mutation_is_noticed(old: Contract, names: list[str]) -> None:
    first, *others = old.tables[0].columns
    for name in names:
        first = _MUTATIONS[name](first)
    new = contract(first, *others)
    assert diff_contracts(old, new)


@pytest.mark.parametrize("name", sorted(_MUTATIONS))
def test_every_attribute_of_a_column_has_a_mutation_that_is_noticed(name: str) -> None:
    assert diff_contracts(contract(column()), contract(_MUTATIONS[name](column())))
