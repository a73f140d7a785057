"""Why a value may be null, executed."""

from typing import Any

import pytest

from hanse.quality import checks_of, lint
from hanse.quality.records import Broken
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Table
from hanse.spec.types import Field, Scalar, Struct

BACK = "EXISTS (SELECT 1 FROM returns AS r WHERE r.shipment_id = shipments.shipment_id AND r.outcome = 'reshipped')"


def shipments(words: Any, reasons: Any, key: str = "nullReasons", **facts: Any) -> Table:
    return Table(
        "shipments",
        (
            words.column("shipment_id", Scalar.BIGINT),
            words.column("status", Scalar.VARCHAR),
            words.column("shipped_on", Scalar.DATE, custom={key: reasons, "nullMeaning": "See reasons."}, **facts),
        ),
    )


def row(number: int, status: str | None, day: str | None) -> dict[str, Any]:
    import datetime as dt

    return {"shipment_id": number, "status": status, "shipped_on": dt.date.fromisoformat(day) if day else None}


ROWS = [
    row(1, "sent", "2026-01-01"),
    row(2, "waiting", None),
    row(3, "cancelled", None),
    row(4, "sent", None),
    row(5, None, None),
    row(6, "waiting", "2026-01-02"),
]
TWO = [
    {"reason": "it waits", "when": "status = 'waiting'", "always": True},
    {"reason": "the order was cancelled", "when": "shipments.status IN ('cancelled')"},
]


@pytest.mark.parametrize("parquet", [True, False])
def test_nulls_without_a_reason_are_found_in_the_one_scan(laboratory: Any, words: Any, parquet: bool) -> None:
    subject = shipments(words, TWO)
    verdict = laboratory.verify(subject, ROWS, parquet=parquet)
    result = words.by_id(verdict)["nullReasons(shipped_on)"]
    assert (result.status, result.failed_rows, result.total_rows, result.method) == (CheckStatus.FAILED, 2, 6, "scan")
    assert result.clause == "nullReasons(shipped_on): null only when it waits or the order was cancelled"
    samples = [s for s in verdict.failed_rows if s.check_id == result.check_id]
    assert [s.row["shipment_id"] for s in samples] == [4, 5]
    assert {s.reason for s in samples} == {"shipped_on is null, and no reason for it holds"}


def test_values_that_a_reason_forbids_are_found(laboratory: Any, words: Any) -> None:
    verdict = laboratory.verify(shipments(words, TWO), ROWS)
    result = next(r for r in verdict.results if r.check_id.startswith("nullAlways"))
    assert (result.failed_rows, result.clause) == (1, "nullAlways(shipped_on): null whenever it waits")
    (sample,) = [s for s in verdict.failed_rows if s.check_id == result.check_id]
    assert sample.reason == "shipped_on is 2026-01-02, though it waits"


def test_a_reason_may_look_into_another_table(laboratory: Any, words: Any) -> None:
    returns = Table("returns", (words.column("shipment_id", Scalar.BIGINT), words.column("outcome", Scalar.VARCHAR)))
    bound, _ = laboratory.bind(
        returns, [{"shipment_id": 4, "outcome": "reshipped"}, {"shipment_id": 5, "outcome": "x"}]
    )
    subject = shipments(words, [{"reason": "it came back and left again", "when": BACK, "always": True}])
    verdict = laboratory.verify(subject, ROWS, relations={"returns": bound})
    result = words.by_id(verdict)["nullReasons(shipped_on)"]
    assert (result.failed_rows, result.method) == (3, "sql")
    samples = [s for s in verdict.failed_rows if s.check_id == result.check_id]
    assert [s.row["shipment_id"] for s in samples] == [2, 3, 5]
    assert next(r for r in verdict.results if r.check_id.startswith("nullAlways")).failed_rows == 0


def test_a_short_form_is_one_condition_with_the_meaning_as_its_words(laboratory: Any, words: Any) -> None:
    subject = shipments(words, "status <> 'sent'", key="nullWhen")
    result = laboratory.verdict(subject, ROWS, "nullReasons(shipped_on)")
    assert (result.failed_rows, result.clause) == (2, "nullReasons(shipped_on): null only when See reasons")


def test_members_of_objects_have_reasons_too(laboratory: Any, words: Any) -> None:
    member = words.column("left_on", Scalar.DATE, custom={"nullWhen": "status = 'waiting'"})
    parcel = words.column("parcel", Struct((Field("left_on", Scalar.DATE),)), children=(member,))
    subject = Table("shipments", (words.column("status", Scalar.VARCHAR), parcel))
    rows = [
        {"status": "sent", "parcel": {"left_on": None}},
        {"status": "waiting", "parcel": {"left_on": None}},
        {"status": "sent", "parcel": None},
    ]
    assert laboratory.verdict(subject, rows, "nullReasons(parcel.left_on)").failed_rows == 1


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("statsu = 'x'", "statsu"),
        ("read_csv('/etc/passwd') IS NULL", "read_csv"),
        ("status = 'x') OR (1 = 1", "parentheses"),
        ("1 = 1) UNION SELECT (1", "more than one condition"),
        ("row_number() OVER () = 1", "counts"),
        ("status = ", "syntax"),
    ],
)
def test_conditions_that_cannot_be_used_are_told_before_and_with_data(
    laboratory: Any, words: Any, when: str, told: str
) -> None:
    subject = shipments(words, [{"reason": "so", "when": when}])
    problems = [p for p in lint(words.contract(subject), subject) if p.code.id == "HNS-C017"]
    assert len(problems) == 1
    assert told in str(problems[0])
    result = laboratory.verdict(subject, ROWS, "nullReasons(shipped_on)")
    assert result.status is CheckStatus.ERROR
    assert result.error.startswith("HNS-C017")


def test_a_condition_reads_no_table_that_was_not_given(laboratory: Any, words: Any) -> None:
    subject = shipments(words, [{"reason": "so", "when": "shipment_id IN (SELECT shipment_id FROM secrets)"}])
    result = laboratory.verdict(subject, ROWS, "nullReasons(shipped_on)")
    assert result.status is CheckStatus.ERROR
    assert "secrets" in result.error


def test_one_bad_condition_leaves_the_others_their_verdicts(laboratory: Any, words: Any) -> None:
    subject = shipments(words, [{"reason": "so", "when": "count(*) > 1"}], required=False)
    results = words.by_id(laboratory.verify(subject, ROWS))
    assert results["nullReasons(shipped_on)"].status is CheckStatus.ERROR
    assert results["type(status)"].status is CheckStatus.PASSED


@pytest.mark.parametrize(
    "reasons",
    ["words", [], [{"reason": "no condition"}], ["words"], [{"when": "true", "allways": True}], [{"when": 1}]],
)
def test_reasons_of_another_form_are_broken(words: Any, reasons: Any) -> None:
    subject = shipments(words, reasons)
    (check,) = [c for c in checks_of(words.contract(subject), subject) if c.kind == "nullReasons"]
    assert isinstance(check.measure, Broken)


def test_a_required_column_has_no_reason_for_nulls(words: Any) -> None:
    subject = shipments(words, TWO, required=True)
    (check,) = [c for c in checks_of(words.contract(subject), subject) if c.kind == "nullReasons"]
    assert isinstance(check.measure, Broken)
