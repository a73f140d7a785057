from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hanse.base import Location, Severity
from hanse.quality import checks_of, lint
from hanse.quality.records import Broken, Duplicates, Settled
from hanse.spec.contract import Condition, Rule, Table
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct

ZERO = (Condition("mustBe", (0,)),)


def metric(which: str, **facts: Any) -> Rule:
    return Rule("library", metric=which, **{"conditions": ZERO, **facts})


def test_every_clause_becomes_one_check_in_the_contracts_order(words: Any) -> None:
    inner = (
        words.column("street", Scalar.VARCHAR, required=True, limits={"max_length": 9}),
        words.column("no", Scalar.BIGINT),
    )
    subject = words.table(
        words.column("b", Scalar.BIGINT, required=True, primary_key_position=2, limits={"minimum": 1, "format": "i32"}),
        words.column("a", Scalar.VARCHAR, unique=True, primary_key_position=1, enum=("x", "y")),
        words.column("address", Struct((Field("street", Scalar.VARCHAR), Field("no", Scalar.BIGINT))), children=inner),
        words.column(
            "tags",
            List(Scalar.VARCHAR),
            limits={"unique_items": True},
            children=(words.column("items", Scalar.VARCHAR, enum=("q",)),),
        ),
        words.column(
            "rates",
            Map(Scalar.VARCHAR, Scalar.DOUBLE),
            children=(
                words.column("key", Scalar.VARCHAR, limits={"pattern": "^[A-Z]$"}),
                words.column("value", Scalar.DOUBLE, limits={"exclusive_maximum": 1}),
            ),
        ),
        rules=[metric("rowCount", name="not_empty"), Rule("text", name="look", query="Look at it.")],
    )
    assert words.ids(subject) == [
        "primaryKey(a, b)",
        "type(b)",
        "required(b)",
        "minimum(b)",
        "format(b)",
        "type(a)",
        "unique(a)",
        "enum(a)",
        "type(address)",
        "required(address.street)",
        "maxLength(address.street)",
        "type(tags)",
        "uniqueItems(tags)",
        "enum(tags[])",
        "type(rates)",
        "pattern(rates.keys[])",
        "exclusiveMaximum(rates.values[])",
        "rowCount:not_empty",
        "text:look",
    ]


def test_ids_do_not_depend_on_neighbours_thresholds_or_order(words: Any) -> None:
    one = metric("nullValues", severity=Severity.WARNING)
    other = Rule("sql", query="SELECT 1", conditions=ZERO)
    column = words.column("a", Scalar.BIGINT, limits={"minimum": 1}, rules=(one, other))
    changed = words.column(
        "a",
        Scalar.BIGINT,
        required=True,
        limits={"minimum": 2},
        rules=(replace(other, description="new words"), replace(one, conditions=(Condition("mustBeLessThan", (9,)),))),
    )
    before = words.ids(words.table(column))
    after = words.ids(words.table(changed))
    assert set(before) < set(after)


def test_equal_clauses_get_different_ids(words: Any) -> None:
    rules = (metric("nullValues", name="n"), metric("nullValues", name="n"))
    subject = words.table(words.column("a", Scalar.BIGINT, rules=rules), words.column("a.b", Scalar.BIGINT))
    assert words.ids(subject) == ["type(a)", 'type("a.b")', "nullValues(a):n", "nullValues(a):n#2"]


def test_names_are_written_so_that_they_cannot_be_misread(words: Any) -> None:
    struct = Struct((Field("b", Scalar.BIGINT),))
    nested = words.column("a", struct, children=(words.column("b", Scalar.BIGINT, required=True),))
    flat = words.column("a.b", Scalar.BIGINT, required=True)
    ids = words.ids(words.table(nested, flat))
    assert len(set(ids)) == len(ids) == 4


def test_places_severities_and_dimensions_are_kept(words: Any) -> None:
    place = Location("c.yaml", 7, 3)
    rule = metric("nullValues", severity=Severity.WARNING, dimension="accuracy", where=Location("c.yaml", 9), name="n")
    subject = words.table(words.column("a", Scalar.BIGINT, required=True, where=place, rules=(rule,)))
    checks = {c.id: c for c in checks_of(words.contract(subject), subject)}
    assert checks["required(a)"].location == place
    assert checks["required(a)"].dimension == "completeness"
    check = checks["nullValues(a):n"]
    assert (check.severity, check.dimension, check.location) == (Severity.WARNING, "accuracy", Location("c.yaml", 9))
    assert check.as_document()["where"] == "c.yaml:9"


NONSENSE: list[tuple[DataType, dict[str, Any], str, str]] = [
    (Scalar.BIGINT, {"limits": {"minimum": "abc"}}, "HNS-C001", "`abc` does not bound a BIGINT"),
    (Scalar.BIGINT, {"limits": {"minimum": 1e30}}, "HNS-C001", "no BIGINT can reach"),
    (Scalar.BOOLEAN, {"limits": {"maximum": 1}}, "HNS-C001", "no order"),
    (Scalar.DATE, {"limits": {"maximum": "soon"}}, "HNS-C001", "2013-01-31"),
    (Scalar.BIGINT, {"enum": (1, "two")}, "HNS-C001", "`two` is no BIGINT"),
    (Scalar.VARCHAR, {"enum": ("DE", False)}, "HNS-C001", "quotes"),
    (Decimal(4, 2), {"enum": (100,)}, "HNS-C001", "does not fit DECIMAL(4,2)"),
    (Scalar.VARCHAR, {"limits": {"pattern": "(?=a)"}}, "HNS-C002", "look-around"),
    (Scalar.VARCHAR, {"limits": {"pattern": "(a"}}, "HNS-C002", "never closed"),
    (Scalar.BIGINT, {"limits": {"pattern": "a"}}, "HNS-C001", "speaks of text"),
    (Scalar.BIGINT, {"limits": {"max_length": 3}}, "HNS-C001", "no length"),
    (Scalar.VARCHAR, {"limits": {"max_length": -3}}, "HNS-C001", "no length"),
    (Scalar.VARCHAR, {"limits": {"multiple_of": 3}}, "HNS-C001", "a VARCHAR is no number"),
    (Scalar.BIGINT, {"limits": {"multiple_of": 0}}, "HNS-C001", "not greater than 0"),
    (Scalar.VARCHAR, {"limits": {"unique_items": True}}, "HNS-C001", "no items"),
    (Scalar.VARCHAR, {"limits": {"format": "emial"}}, "HNS-C003", "not a format"),
    (Scalar.BIGINT, {"rules": (metric("nullValue"),)}, "HNS-C004", "no such metric"),
    (Scalar.BIGINT, {"rules": (metric("rowCount"),)}, "HNS-C004", "no such metric for a property"),
    (Scalar.BIGINT, {"rules": (metric("nullValues", conditions=()),)}, "HNS-C004", "states no condition"),
    (Scalar.BIGINT, {"rules": (metric("invalidValues"),)}, "HNS-C004", "which values are valid"),
    (Scalar.BIGINT, {"rules": (metric("invalidValues", arguments={"valid": [1]}),)}, "HNS-C004", "unknown argument"),
    (Scalar.BIGINT, {"rules": (metric("invalidValues", arguments={"validValues": 1}),)}, "HNS-C001", "must be a list"),
    (Scalar.BIGINT, {"rules": (metric("missingValues", arguments={"missingValues": 1}),)}, "HNS-C004", "list"),
    (
        Scalar.BIGINT,
        {"rules": (metric("nullValues", conditions=(Condition("mustBeBetween", (3, 1)),)),)},
        "HNS-C004",
        "smaller number first",
    ),
    (
        Scalar.BIGINT,
        {"rules": (Rule("custom", engine="soda", implementation="x"),)},
        "HNS-C005",
        "has no exact equivalent",
    ),
    (Scalar.BIGINT, {"rules": (Rule("sql", conditions=ZERO),)}, "HNS-C004", "no query"),
    (Scalar.BIGINT, {"rules": (Rule("sql", query="SELEC 1", conditions=ZERO),)}, "HNS-C006", "cannot be used"),
    (Scalar.BIGINT, {"rules": (Rule("sql", query="DROP TABLE t", conditions=ZERO),)}, "HNS-C006", "cannot be used"),
    (Scalar.BIGINT, {"rules": (Rule("sql", query="SELECT 1 FROM {tabel}", conditions=ZERO),)}, "HNS-C006", "{tabel}"),
    (
        Scalar.BIGINT,
        {"rules": (Rule("sql", query="SELECT count(*) FROM read_csv('/etc/passwd')", conditions=ZERO),)},
        "HNS-C006",
        "reaches outside",
    ),
]


@pytest.mark.parametrize(("type_", "facts", "code", "what"), NONSENSE)
def test_nonsense_is_found_without_data_and_is_an_error_with_it(
    laboratory: Any, words: Any, type_: DataType, facts: dict[str, Any], code: str, what: str
) -> None:
    subject = words.table(words.column("a", type_, where=Location("c.yaml", 5, 9), **facts))
    (problem,) = lint(words.contract(subject), subject)
    assert problem.code.id == code
    assert what in problem.what
    assert problem.where == Location("c.yaml", 5, 9)
    verdict = laboratory.verify(subject, [{"a": None}])
    (result,) = [r for r in verdict.results if r.error]
    assert result.status.value == "error"
    assert result.error.startswith(f"{code}: ")
    assert verdict.blocked


def test_table_rules_that_cannot_run(words: Any) -> None:
    rules = [
        metric("duplicateValues"),
        metric("duplicateValues", arguments={"properties": ["b"]}),
        metric("rowCount", unit="percent"),
        metric("nullValues"),
        Rule("custom", engine="soda", severity=Severity.WARNING),
        Rule("sql", query="SELECT {column} FROM {table}", conditions=ZERO),
    ]
    subject = words.table(words.column("a", Scalar.BIGINT), words.column("l", List(Scalar.BIGINT)), rules=rules)
    problems = lint(words.contract(subject), subject)
    assert [p.code.id for p in problems] == [f"HNS-C00{n}" for n in (4, 4, 4, 4, 5, 6)]
    assert [p.severity.value for p in problems] == ["error"] * 4 + ["warning", "error"]
    assert problems[1].fix == "use one of `a`, `l`"


def test_a_key_inside_a_list_is_an_error_that_names_it(words: Any) -> None:
    item = words.column("items", Scalar.BIGINT, primary_key_position=1)
    subject = words.table(words.column("l", List(Scalar.BIGINT), children=(item,)))
    (problem,) = lint(words.contract(subject), subject)
    assert (problem.code.id, "`l[]`" in problem.what) == ("HNS-C001", True)


def test_sound_contracts_have_no_problems(words: Any) -> None:
    subject = words.table(
        words.column(
            "a", Scalar.VARCHAR, enum=("x", None), limits={"pattern": "^x", "min_length": 0, "format": "password"}
        ),
        rules=[Rule("sql", query="SELECT count(*) FROM {table}", conditions=ZERO), Rule("text", query="words")],
    )
    assert lint(words.contract(subject), subject) == ()


def test_clauses_that_types_settle_are_not_measured(words: Any) -> None:
    subject = words.table(
        words.column("a", Scalar.BIGINT, limits={"maximum": 2**63 - 1, "format": "i64"}),
        words.column("b", Scalar.VARCHAR, limits={"min_length": 0}),
    )
    measures = {c.kind: c.measure for c in checks_of(words.contract(subject), subject)}
    assert all(isinstance(measures[k], Settled) for k in ("maximum", "format", "minLength"))


def test_unique_members_of_structs_are_measured(words: Any) -> None:
    child = words.column("x", Scalar.BIGINT, unique=True)
    subject = words.table(words.column("s", Struct((Field("x", Scalar.BIGINT),)), children=(child,)))
    check = next(c for c in checks_of(words.contract(subject), subject) if c.kind == "unique")
    assert isinstance(check.measure, Duplicates)


def test_a_contract_without_any_clause(words: Any) -> None:
    subject = Table("orders", ())
    assert checks_of(words.contract(subject), subject) == ()
    assert not any(isinstance(c.measure, Broken) for c in checks_of(words.contract(subject), subject))
