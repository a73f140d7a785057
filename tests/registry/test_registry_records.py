"""What is put in comes out: every record, any legal value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import ProductName, RegistryError, SetClock, Severity, TableName, new_id
from hanse.registry import (
    AppliedContract,
    AppliedDomain,
    AppliedPort,
    AppliedProduct,
    AppliedTable,
    CheckResult,
    CheckStatus,
    FailedRow,
    Registry,
    Release,
    ReleasedTable,
    Run,
    RunStatus,
    Step,
    StepStatus,
    verify_events,
)
from hanse.registry.schema import moment_of, moment_text

LAW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
words = st.text(max_size=20)
maybe_words = st.none() | words
whole = st.integers(min_value=0, max_value=2**63 - 1)
maybe_whole = st.none() | whole
majors = st.integers(min_value=1, max_value=5)
seconds = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(words, json_values, max_size=3)
products = st.builds(ProductName, names, names)
contracts = st.builds(AppliedContract, words, words, majors, words, words, words, words)


@st.composite
def applied_products(draw: st.DrawFn) -> AppliedProduct:
    name = draw(products)
    port = st.builds(
        AppliedPort,
        name=names,
        direction=st.sampled_from(["input", "output"]),
        kind=st.just("tables"),
        major=majors,
        description=maybe_words,
        contract=st.none() | contracts,
        source=maybe_words,
    )
    table = st.builds(
        AppliedTable,
        name=st.builds(TableName, st.just(name.domain), st.just(name.product), names, majors),
        port=names,
        description=maybe_words,
        columns=st.lists(documents, max_size=3).map(tuple),
        schema_id=whole,
        granularity=maybe_words,
    )
    return AppliedProduct(
        name=name,
        digest=new_id(),
        version=draw(words),
        status=draw(words),
        text=draw(words),
        document=draw(documents),
        applied_at=draw(moments),
        ports=tuple(draw(st.lists(port, max_size=4, unique_by=lambda p: (p.direction, p.name, p.major)))),
        tables=tuple(draw(st.lists(table, max_size=4, unique_by=lambda t: t.name))),
    )


@st.composite
def runs(draw: st.DrawFn) -> Run:
    return Run(
        id=new_id(),
        product=ProductName(draw(names), new_id()[:20]),
        status=RunStatus.RUNNING,
        key=draw(words),
        trigger=draw(words),
        started_at=draw(moments),
        inputs=tuple(draw(st.lists(documents, max_size=3))),
        fence=draw(st.integers(1, 2**40)),
        owner=draw(maybe_words),
        error=draw(st.none() | documents),
    )


@pytest.fixture(scope="module")
def shared() -> Iterator[Registry]:
    with Registry.open("sqlite://", clock=SetClock(datetime(2026, 1, 1, tzinfo=UTC))) as opened:
        yield opened


@given(moments, moments)
@LAW
def test_times_round_trip_and_sort_as_text(one: datetime, other: datetime) -> None:
    assert moment_of(moment_text(one)) == one
    assert len(moment_text(one)) == 27
    assert (moment_text(one) < moment_text(other)) == (one < other)


@given(st.builds(AppliedDomain, names, st.builds(new_id), maybe_words, maybe_words, maybe_words, maybe_words))
@LAW
def test_a_domain_round_trips(shared: Registry, domain: AppliedDomain) -> None:
    with shared.write() as writer:
        writer.put_domain(domain)
    assert shared.reader().domains()[domain.name] == domain


@given(applied_products())
@LAW
def test_a_product_round_trips(shared: Registry, product: AppliedProduct) -> None:
    with shared.write() as writer:
        writer.put_product(product)
    assert shared.reader().product(product.name) == product
    assert shared.reader().digests()[product.name] == product.digest


@given(runs(), st.data())
@LAW
def test_a_run_and_all_it_records_round_trip(shared: Registry, run: Run, data: st.DataObject) -> None:
    table = TableName(run.product.domain, run.product.product, data.draw(names), data.draw(majors))
    steps = data.draw(
        st.lists(
            st.builds(
                Step,
                st.just(run.id),
                words,
                words,
                st.sampled_from(StepStatus),
                moments,
                seconds,
                maybe_whole,
                maybe_whole,
                documents,
                st.none() | documents,
            ),
            unique_by=lambda s: s.name,
            max_size=3,
        )
    )
    checks = data.draw(
        st.lists(
            st.builds(
                CheckResult,
                run_id=st.just(run.id),
                table=st.just(table),
                check_id=words,
                clause=words,
                status=st.sampled_from(CheckStatus),
                severity=st.sampled_from(Severity),
                column=maybe_words,
                failed_rows=maybe_whole,
                total_rows=maybe_whole,
                measured=json_values,
                method=maybe_words,
                dimension=maybe_words,
                message=maybe_words,
                error=maybe_words,
                path=maybe_words,
                line=maybe_whole,
            ),
            max_size=3,
        )
    )
    failed = data.draw(
        st.lists(st.builds(FailedRow, st.just(run.id), st.just(table), words, words, documents), max_size=3)
    )
    release = Release(
        id=new_id(),
        product=run.product,
        sequence=99,
        run_id=run.id,
        kind=data.draw(words),
        key=data.draw(words),
        version=data.draw(words),
        created_at=data.draw(moments),
        tables=(ReleasedTable(table, data.draw(names), data.draw(whole), 1, "c", "1.0.0", data.draw(whole), 5, "k"),),
        checks_passed=data.draw(whole),
        warnings=data.draw(whole),
    )
    with shared.write() as writer:
        writer.begin_run(run, lease_seconds=60)
    reader = shared.reader()
    assert reader.run(run.id) == run
    with shared.write() as writer:
        writer.record_steps(steps, run.fence)
        writer.record_checks(checks, failed, run.fence)
        made = writer.release(release, run.fence)
    assert list(reader.steps(run.id)) == steps
    assert list(reader.checks(run.id)) == checks
    assert list(reader.failed_rows(run.id)) == failed
    assert reader.release(run.product) == made == replace(release, sequence=1)


@given(documents)
@LAW
def test_the_chain_holds_whatever_the_events_say(shared: Registry, data: dict[str, Any]) -> None:
    with shared.write() as writer:
        writer.append_event("test", "sales.orders", data)
    last = shared.reader().events()[-1]
    assert last.data == data
    assert verify_events(shared.reader(), expected_head=last.hash).ok


@pytest.mark.parametrize(
    "bad",
    [
        {"n": float("nan")},
        {"n": float("inf")},
        {"n": b"bytes"},
        {"n": object()},
        {"n": "\ud800"},
        {("a", "b"): 1},
    ],
    ids=["nan", "infinity", "bytes", "object", "surrogate", "key"],
)
def test_what_json_cannot_hold_is_refused_with_a_code(registry: Registry, make: Any, bad: dict[Any, Any]) -> None:
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        writer.put_product(replace(make.product(), document=bad))
    assert caught.value.code.id == "HNS-G015"
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        writer.append_event("test", "s", bad)
    assert caught.value.code.id == "HNS-G015"
    assert not registry.reader().digests()
    assert not registry.reader().events()


def test_numbers_beyond_64_bits_and_times_without_zone_are_refused(registry: Registry, make: Any) -> None:
    for bad in (replace(make.product(), applied_at=datetime(2026, 1, 1)),):  # noqa: DTZ001 - that is the test
        with pytest.raises(RegistryError) as caught, registry.write() as writer:
            writer.put_product(bad)
        assert caught.value.code.id == "HNS-G015"
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        writer.release(make.release(run_id=None, snapshot_id=2**63), 0)
    assert caught.value.code.id == "HNS-G015"
    assert registry.reader().release(make.name) is None


def test_integer_keys_hash_as_they_are_read_back(registry: Registry) -> None:
    with registry.write() as writer:
        writer.append_event("test", "s", {2: "b", 10: "a"})  # type: ignore[dict-item]
    assert verify_events(registry.reader()).ok
