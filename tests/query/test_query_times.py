"""Reading tables as of a time, a release or a snapshot."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import HanseError, ProductName, QueryError
from hanse.base.versions import Version, parse_moment, spell_moment
from hanse.interfaces import ColumnDraft, Replacement
from hanse.query import Road
from hanse.registry import Release
from hanse.spec.types import Scalar

START = datetime.fromisoformat("2026-04-01T12:00:00Z")
DAY = timedelta(days=1)
PRODUCT = ProductName("a", "b")


def _rows(road: Road, sql: str, at: Version | None = None) -> list[tuple[Any, ...]]:
    with road.run(sql, at=at) as result:
        return [tuple(row.values()) for row in result.to_arrow().to_pylist()]


@pytest.fixture
def daily(place: Any) -> tuple[Release, ...]:
    """Three daily releases of `a.b` with two tables that carry the release's number, then one of `c.d`."""
    place.apply("a.b", {"x": {"n": Scalar.BIGINT}, "y": {"n": Scalar.BIGINT}})
    place.apply("c.d", {"z": {"n": Scalar.BIGINT}})
    made = []
    for number in (1, 2, 3):
        rows = dict.fromkeys(("x", "y"), f"SELECT {number} AS n")
        made.append(place.publish("a.b", rows, at=START + (number - 1) * DAY))
        made.append(place.publish("c.d", {"z": f"SELECT {number * 10} AS n"}, at=START + number * DAY))
    return tuple(made[::2])


def test_a_time_a_release_and_a_snapshot_name_a_state(place: Any, daily: tuple[Release, ...]) -> None:
    second = daily[1]
    snapshot = second.tables[0].snapshot_id
    with place.road() as road:
        for clause in (
            "FOR SYSTEM_TIME AS OF TIMESTAMP '2026-04-02 12:00'",
            "FOR SYSTEM_TIME AS OF '2026-04-03T13:59:59.999+02:00'",
            "AT (TIMESTAMP => '2026-04-02 23:00')",
            "AT (VERSION => 2)",
            f"AT (VERSION => '{second.id}')",
            f"AT (VERSION => '{snapshot}')",
        ):
            assert _rows(road, f"SELECT n FROM a.b.x {clause}") == [(2,)], clause
            assert _rows(road, f"SELECT o.n FROM a.b.x {clause} AS o, a.b.x now WHERE now.n = 3") == [(2,)], clause
        assert _rows(road, "SELECT n FROM a.b.x") == [(3,)]
        assert _rows(road, "SELECT n FROM a.b.x AT (TIMESTAMP => '2999-01-01')") == [(3,)]


def test_a_statement_may_compare_times(place: Any, daily: tuple[Release, ...]) -> None:
    sql = """
        SELECT now.n, was.n, a.b.y.n FROM a.b.x now, a.b.x AT (VERSION => 1) AS was,
        a.b.y FOR SYSTEM_TIME AS OF '2026-04-02 12:00'
    """
    with place.road() as road:
        assert _rows(road, sql) == [(3, 1, 2)]
        with road.run(sql) as result:
            assert {r.sequence for r in result.releases} == {1, 2, 3}
        explained = road.explain(sql)["tables"]
        assert [(t["name"], t["sequence"], t["at"]) for t in explained] == [
            ("a.b.x", 3, None),
            ("a.b.x", 1, "1"),
            ("a.b.y", 2, "2026-04-02 12:00:00+00:00"),
        ]


def test_a_whole_statement_is_read_at_one_time(place: Any, daily: tuple[Release, ...]) -> None:
    sql = "SELECT x.n, y.n FROM a.b.x, a.b.y"
    both = "SELECT x.n, z.n FROM a.b.x, c.d.z"
    with place.road() as road:
        assert _rows(road, sql, START + DAY) == [(2, 2)]
        assert _rows(road, sql, 1) == [(1, 1)]
        assert _rows(road, sql, daily[1].id) == [(2, 2)]
        assert _rows(road, sql) == [(3, 3)]
        assert _rows(road, f"{sql} AT (VERSION => 3)", 1) == [(1, 3)]
        assert _rows(road, both, START + DAY) == [(2, 10)]
        assert _rows(road, both, daily[2].id) == [(3, 20)]
        with pytest.raises(QueryError, match="HNS-Q114"):
            road.run(both, at=2)
        assert _rows(road, "SELECT x.n, z.n FROM a.b.x, c.d.z AT (VERSION => 1)", 2) == [(2, 10)]
        assert _rows(road, "SELECT 1", START - DAY) == [(1,)]


@pytest.mark.parametrize(
    ("clause", "code", "said"),
    [
        ("AT (VERSION => 9)", "HNS-Q110", "a.b has no release 9"),
        ("AT (VERSION => 0)", "HNS-Q110", "a.b has no release 0"),
        ("AT (VERSION => 'nobody')", "HNS-Q110", "`nobody`"),
        ("AT (VERSION => '12345')", "HNS-Q110", "`12345`"),
        ("FOR SYSTEM_TIME AS OF '2026-04-01 11:59:59.999999'", "HNS-Q109", "2026-04-01T11:59:59.999999Z"),
    ],
)
def test_versions_that_are_not_there_are_explained(
    place: Any, daily: tuple[Release, ...], clause: str, code: str, said: str
) -> None:
    with place.road() as road, pytest.raises(QueryError) as caught:
        road.run(f"SELECT 1\nFROM a.b.x {clause}")
    assert caught.value.code.id == code
    assert said in caught.value.problem.what
    assert str(caught.value.problem.where) == "query:2:6"


def test_a_snapshot_without_quotes_and_one_of_another_table_are_told(place: Any, daily: tuple[Release, ...]) -> None:
    x, y = (t.snapshot_id for t in daily[0].tables)
    with place.road() as road:
        with pytest.raises(QueryError, match="HNS-Q110"):
            road.run(f"FROM a.b.x AT (VERSION => '{y}')")
        with pytest.raises(QueryError, match="HNS-Q110") as caught:
            road.run(f"FROM a.b.x AT (VERSION => {x})")
        assert f"AT (VERSION => '{x}')" in str(caught.value.problem.fix)


def test_what_was_committed_and_not_released_cannot_be_named(place: Any, daily: tuple[Release, ...]) -> None:
    table = daily[0].tables[0].table
    path = place.store.staging(table, "orphan")
    with place.engine.open(writable=[str(place.root / "warehouse")]) as session:
        staged = session.stage("SELECT CAST(666 AS BIGINT) AS n", path, place.store.schema(table).columns)
    replacement = Replacement(table, (staged,), daily[2].tables[0].snapshot_id)
    orphan = place.store.commit([replacement], run_id="orphan")[0]
    with place.road() as road:
        with pytest.raises(QueryError, match="HNS-Q110"):
            road.run(f"FROM a.b.x AT (VERSION => '{orphan.snapshot_id}')")
        assert _rows(road, "FROM a.b.x AT (TIMESTAMP => '2999-01-01')") == [(3,)]


def test_the_mesh_itself_unknown_tables_and_unreleased_ones_have_no_version(
    place: Any, daily: tuple[Release, ...]
) -> None:
    place.apply("e.f", {"t": {"n": Scalar.BIGINT}})
    with place.road() as road:
        for sql, at, code in (
            ("FROM mesh.catalog.runs AT (VERSION => 1)", None, "HNS-Q113"),
            ("FROM mesh.catalog.runs, a.b.x", START, "HNS-Q113"),
            ("FROM a.b.nothing AT (VERSION => 1)", None, "HNS-Q112"),
            ("FROM a.b.x_v2 AT (VERSION => 1)", None, "HNS-Q112"),
            ("FROM no.such.thing AT (VERSION => 1)", None, "HNS-Q101"),
            ("FROM e.f.t AT (VERSION => 1)", None, "HNS-Q103"),
            ("FROM b.x AT (VERSION => 1)", None, "HNS-Q102"),
            ("FROM b.x", START, "HNS-Q102"),
        ):
            with pytest.raises(QueryError) as caught:
                road.run(sql, at=at)
            assert caught.value.code.id == code, sql


def test_an_old_snapshot_is_read_with_its_own_columns(place: Any) -> None:
    place.apply("a.b", {"x": {"n": Scalar.BIGINT, "gone": Scalar.VARCHAR}})
    place.publish("a.b", {"x": "SELECT 1 AS n, 'old' AS gone"}, at=START)
    table = place.registry.reader().release(PRODUCT).tables[0].table
    columns = {"n": Scalar.BIGINT, "gone": Scalar.BIGINT, "more": Scalar.VARCHAR}
    place.store.alter(table, [ColumnDraft(c, t) for c, t in columns.items()])
    place.columns[table] = columns
    place.publish("a.b", {"x": "SELECT 2 AS n, 7 AS gone, 'new' AS more"}, at=START + DAY)
    with place.road() as road:
        assert _rows(road, "FROM a.b.x AT (VERSION => 1)") == [(1, "old")]
        assert _rows(road, "FROM a.b.x") == [(2, 7, "new")]
        with pytest.raises(QueryError, match="HNS-Q104"):
            road.run("SELECT more FROM a.b.x AT (VERSION => 1)")


def test_an_expired_release_is_refused_also_by_a_statement_that_read_it_before(
    place: Any, daily: tuple[Release, ...]
) -> None:
    first, second, _ = daily
    statements = [
        ("FROM a.b.x AT (VERSION => 1)", None),
        (f"FROM a.b.x AT (VERSION => '{first.tables[0].snapshot_id}')", None),
        ("FROM a.b.x FOR SYSTEM_TIME AS OF '2026-04-01 12:00'", None),
        ("FROM a.b.x", START),
        ("FROM a.b.x", first.id),
    ]
    with place.road() as road:
        assert all(_rows(road, sql, at) == [(1,)] for sql, at in statements)
        with place.registry.write() as writer:
            writer.expire_releases(PRODUCT, [first.id])
        for sql, at in statements:
            with pytest.raises(QueryError, match="HNS-Q111") as caught:
                road.run(sql, at=at)
            assert "release 1 of a.b" in caught.value.problem.what
        assert _rows(road, "FROM a.b.x AT (VERSION => 2)") == [(2,)]
        with place.registry.write() as writer:  # what a release that is kept names can be read, whoever else named it
            writer.rollback(PRODUCT, 2)
            writer.expire_releases(PRODUCT, [second.id])
        assert _rows(road, f"FROM a.b.x AT (VERSION => '{second.tables[0].snapshot_id}')") == [(2,)]
        assert _rows(road, "FROM a.b.x") == [(2,)]


def test_a_rollback_changes_what_is_visible_and_not_what_was(place: Any, daily: tuple[Release, ...]) -> None:
    with place.road() as road:
        assert _rows(road, "SELECT x.n, y.n FROM a.b.x, a.b.y") == [(3, 3)]
        with place.registry.write() as writer:
            made = writer.rollback(PRODUCT, 1)
        assert _rows(road, "SELECT x.n, y.n FROM a.b.x, a.b.y") == [(1, 1)]
        assert _rows(road, "FROM a.b.x", made.created_at) == [(1,)]
        assert _rows(road, "FROM a.b.x", made.created_at - timedelta(microseconds=1)) == [(3,)]
        # A run after it sets the table back to the old snapshot first; what came between can still be read.
        place.publish("a.b", {"x": "SELECT 4 AS n", "y": "SELECT 4 AS n"}, at=made.created_at + DAY)
        assert [_rows(road, f"FROM a.b.x AT (VERSION => {n})")[0][0] for n in range(1, 6)] == [1, 2, 3, 1, 4]


def test_a_repeated_statement_is_neither_read_nor_bound_anew(place: Any, daily: tuple[Release, ...]) -> None:
    timed, plain = "SELECT n FROM a.b.x AT (VERSION => 2)", "SELECT n FROM a.b.x"
    with place.road() as road:
        for sql in (timed, plain):
            first, second = road.explain(sql), road.explain(sql)
            assert first == second
        plans = dict(road._plans)
        assert plans[timed].resolved is None  # it may expire
        assert plans[plain].resolved is not None
        bound = plans[timed].bound
        assert _rows(road, timed) == [(2,)]
        assert road._plans[timed].bound is bound
        assert _rows(road, plain, START) == [(1,)]
        assert _rows(road, plain) == [(3,)]


def test_two_tables_at_one_time_come_from_one_release_while_releases_are_made(place: Any) -> None:
    place.apply("a.b", {"x": {"n": Scalar.BIGINT}, "y": {"n": Scalar.BIGINT}})
    place.publish("a.b", {"x": "SELECT 0 AS n", "y": "SELECT 0 AS n"}, at=START)
    stop, seen, faults = threading.Event(), list[tuple[Any, ...]](), list[BaseException]()
    at = spell_moment(START + 100 * DAY)
    sql = f"SELECT x.n, y.n FROM a.b.x FOR SYSTEM_TIME AS OF '{at}', a.b.y FOR SYSTEM_TIME AS OF '{at}'"
    with place.road() as road:

        def read() -> None:
            try:
                while not stop.is_set():
                    seen.extend(_rows(road, sql))
            except HanseError as error:
                faults.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(1, 6):
            place.publish("a.b", dict.fromkeys(("x", "y"), f"SELECT {number} AS n"), at=START + number * DAY)
        last = _rows(road, sql)
        stop.set()
        reader.join()
    assert not faults
    assert last == [(5, 5)]
    assert all(x == y for x, y in seen)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_times_are_spelled_as_they_are_read(at: datetime) -> None:
    aware = at.replace(tzinfo=START.tzinfo)
    assert parse_moment(spell_moment(aware)) == aware
