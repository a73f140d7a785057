"""Statements from text to rows, and what stands between."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hanse.base import Denied, HanseError, QueryError
from hanse.interfaces import SessionLimits
from hanse.query import Road
from hanse.spec.types import Scalar


def _rows(road: Road, sql: str) -> list[tuple[Any, ...]]:
    with road.run(sql) as result:
        return [tuple(row.values()) for row in result.to_arrow().to_pylist()]


def test_released_rows_are_read_by_their_full_name(road: Road) -> None:
    assert _rows(road, "SELECT id, customer FROM sales.orders.orders ORDER BY id") == [(0, "c0"), (1, "c1"), (2, "c2")]
    assert _rows(road, 'from SALES."orders".Orders select count(*)') == [(3,)]


def test_tables_are_joined_and_qualified_in_every_way(road: Road) -> None:
    sql = """
        WITH totals AS (SELECT order_id, sum(price) AS total FROM sales.orders.lines GROUP BY ALL)
        SELECT sales.orders.orders.id, orders.customer, t.total
        FROM sales.orders.orders JOIN totals t ON t.order_id = orders.id
        WHERE EXISTS (FROM sales.orders.lines l WHERE l.order_id = sales.orders.orders.id)
        ORDER BY ALL
    """
    assert _rows(road, sql) == [(0, "c0", 4.5), (1, "c1", 6.0), (2, "c2", 7.5)]


def test_a_result_says_which_releases_it_read(shop: Any, road: Road) -> None:
    release = shop.registry.reader().release(shop.registry.reader().products()[-1].name)
    with road.run("SELECT 1 FROM sales.orders.orders, sales.orders.lines") as result:
        assert [r.id for r in result.releases] == [release.id]
    with road.run("SELECT 1") as result:
        assert result.releases == ()


def test_a_new_release_is_seen_by_the_next_statement_and_a_running_one_keeps_its_own(shop: Any, road: Road) -> None:
    sql = "SELECT count(*) FROM sales.orders.orders"
    many = "SELECT i AS id, 'new' AS customer, NULL AS placed FROM range(200000) t(i)"
    empty = "SELECT 1 AS order_id, 1 AS price LIMIT 0"
    assert _rows(road, sql) == [(3,)]
    shop.publish("sales.orders", {"orders": many, "lines": empty})
    assert _rows(road, sql) == [(200_000,)]
    with road.run("SELECT * FROM sales.orders.orders") as running:
        batches = iter(running)
        seen = next(batches).num_rows
        shop.publish("sales.orders", {"orders": f"FROM ({many}) LIMIT 5", "lines": empty})
        assert _rows(road, sql) == [(5,)]
        assert seen + sum(b.num_rows for b in batches) == 200_000


def test_one_statement_never_mixes_two_releases(shop: Any, road: Road) -> None:
    """Both tables carry the number of their release; readers run while releases are made."""
    shop.apply("a.b", {"x": {"n": Scalar.BIGINT}, "y": {"n": Scalar.BIGINT}})
    shop.publish("a.b", {"x": "SELECT 0 AS n", "y": "SELECT 0 AS n"})
    stop = threading.Event()
    seen: list[tuple[Any, ...]] = []
    faults: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                seen.extend(_rows(road, "SELECT x.n, y.n FROM a.b.x, a.b.y"))
        except HanseError as error:
            faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 8):
        shop.publish("a.b", {"x": f"SELECT {number} AS n", "y": f"SELECT {number} AS n"})
    last = _rows(road, "SELECT x.n, y.n FROM a.b.x, a.b.y")
    stop.set()
    for reader in readers:
        reader.join()
    assert not faults
    assert last == [(7, 7)]
    assert all(x == y for x, y in seen)


def test_few_bound_relations_are_enough_for_many_tables(shop: Any) -> None:
    for number in range(6):
        shop.apply(f"many.p{number}", {"t": {"n": Scalar.BIGINT}})
        shop.publish(f"many.p{number}", {"t": f"SELECT {number} AS n"})
    with shop.road(relations=2) as road:
        for _ in range(2):
            for number in range(6):
                assert _rows(road, f"SELECT n FROM many.p{number}.t") == [(number,)]
        everything = " UNION ALL ".join(f"SELECT n FROM many.p{number}.t" for number in range(6))
        assert _rows(road, f"SELECT sum(n) FROM ({everything})") == [(15,)]
        assert road._opened is not None
        assert len(road._opened.relations._bound) <= 2


def test_majors_are_addressed_by_suffix_and_the_newest_is_the_default(shop: Any, road: Road) -> None:
    shop.apply("hr.staff", {"staff": {"v": Scalar.VARCHAR}, "staff_v2": {"v": Scalar.VARCHAR}})
    shop.publish("hr.staff", {"staff": "SELECT 'one' AS v", "staff_v2": "SELECT 'two' AS v"})
    assert _rows(road, "FROM hr.staff.staff") == [("two",)]
    assert _rows(road, "FROM hr.staff.staff_v1") == [("one",)]
    assert _rows(road, "FROM hr.staff.staff_v2") == [("two",)]
    with pytest.raises(QueryError, match="HNS-Q101") as caught:
        road.run("FROM hr.staff.staff_v3")
    assert caught.value.problem.fix == "majors served: 1, 2"


@pytest.mark.parametrize(
    ("sql", "code", "fix"),
    [
        ("FROM sales.orders.order", "HNS-Q101", "did you mean `orders`?"),
        ("FROM sale.orders.orders", "HNS-Q101", "did you mean `sales.orders.orders`?"),
        ("FROM crm.people.people", "HNS-Q103", "its owner publishes it with `hanse run crm.people`"),
        ("FROM orders", "HNS-Q102", "write `sales.orders.orders`"),
        ("FROM sales.orders", "HNS-Q102", "write `sales.orders.lines` or `sales.orders.orders`"),
        ("FROM orders.lines", "HNS-Q102", "write `sales.orders.lines`"),
        ("FROM checks", "HNS-Q102", "write `mesh.catalog.checks`"),
        ("FROM mesh.catalog.run", "HNS-Q101", "did you mean `runs`? in `mesh.catalog`"),
        ("FROM one.two.three", "HNS-Q101", "`hanse list` shows all products"),
        ("FROM a.b.c.d", "HNS-Q003", "name a table: `domain.product.table`"),
    ],
)
def test_names_without_meaning_are_explained(road: Road, sql: str, code: str, fix: str) -> None:
    with pytest.raises(QueryError) as caught:
        road.run(sql)
    assert caught.value.code.id == code
    assert caught.value.problem.fix == fix
    assert str(caught.value.problem.where) == "query:1:6"


def test_an_unknown_column_has_a_place_and_a_suggestion(road: Road) -> None:
    with pytest.raises(QueryError) as caught:
        road.run("SELECT id,\n       custmer\nFROM sales.orders.orders")
    assert caught.value.code.id == "HNS-Q104"
    assert caught.value.problem.what == "there is no column `custmer`"
    assert caught.value.problem.fix == "did you mean `customer`?"
    assert str(caught.value.problem.where) == "query:2:8"
    for sql in ("SELECT o.nonsense FROM sales.orders.orders o", 'SELECT "no""such" FROM sales.orders.orders'):
        with pytest.raises(QueryError, match="HNS-Q104"):
            road.run(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(customer AS BIGINT) FROM sales.orders.orders",
        "SELECT CAST(customer AS DATE) FROM sales.orders.orders WHERE id = 1",
        "SELECT (id + 1) * 9223372036854775807 FROM sales.orders.orders",
        "SELECT chr((id - 5)::INTEGER) FROM sales.orders.orders",
        "SELECT json_extract('{}', '$[' || customer) FROM sales.orders.orders",
        "SELECT date_part(customer, DATE '2026-01-01') FROM sales.orders.orders",
        "SELECT regexp_matches('x', '(' || customer) FROM sales.orders.orders",
    ],
)
def test_messages_never_hold_values_of_the_data(road: Road, sql: str) -> None:
    with pytest.raises(HanseError) as caught:
        road.run(sql).to_arrow()
    message = str(caught.value)
    assert caught.value.code.id.startswith("HNS-E")
    assert isinstance(caught.value, QueryError)
    assert not any(value in message for value in ("c0", "c1", "c2", "9223372036854775807", "-5", "-4"))


def test_internal_names_never_reach_the_reader(road: Road) -> None:
    for sql in ("SELECT sum(customer) FROM sales.orders.orders", "SELECT orders.id.x FROM sales.orders.orders"):
        with pytest.raises(QueryError) as caught:
            road.run(sql).to_arrow()
        assert "__t_" not in str(caught.value)
        assert "__cte" not in str(caught.value)


def test_statements_that_change_things_are_denied_before_anything_is_opened(shop: Any) -> None:
    road = shop.road()
    for sql in ("DROP TABLE sales.orders.orders", "SELECT 1; SELECT 2", "SELECT * FROM 'x.csv'"):
        with pytest.raises(Denied):
            road.run(sql)
    assert road._opened is None


def test_rows_beyond_a_limit_are_cut_and_it_says_so(road: Road) -> None:
    with road.run("FROM sales.orders.lines", max_rows=4) as result:
        assert result.to_arrow().num_rows == 4
        assert result.truncated
    with road.run("FROM sales.orders.lines", max_rows=9) as result:
        assert result.to_arrow().num_rows == 9
        assert not result.truncated
    with road.run("FROM sales.orders.lines", max_rows=0) as result:
        assert result.to_arrow().num_rows == 0
        assert result.truncated


def test_a_time_limit_ends_a_statement(shop: Any) -> None:
    with shop.road(limits=SessionLimits(seconds=0.3)) as road:
        with pytest.raises(QueryError, match="HNS-E010"):
            road.run("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range").to_arrow()
        assert _rows(road, "SELECT 1") == [(1,)]


def test_an_explanation_shows_what_would_be_read_and_runs_nothing(road: Road) -> None:
    document = road.explain("SELECT o.id, now() AS t FROM sales.orders.orders o, mesh.catalog.runs")
    assert document["volatile"] is True
    assert document["columns"] == [
        {"name": "id", "type": "BIGINT"},
        {"name": "t", "type": "TIMESTAMP WITH TIME ZONE"},
    ]
    [table] = document["tables"]
    assert (table["name"], table["table"], table["sequence"], table["rows"]) == (
        "sales.orders.orders",
        "sales.orders.orders",
        1,
        3,
    )
    assert table["relation"] in document["sql"]
    assert document["metadata"][0]["name"] == "mesh.catalog.runs"
    with pytest.raises(QueryError, match="HNS-Q104"):
        road.explain("SELECT nope FROM sales.orders.orders")


def test_a_closed_road_opens_again_and_a_plan_survives_it(shop: Any) -> None:
    road = shop.road()
    assert _rows(road, "SELECT count(*) FROM sales.orders.orders") == [(3,)]
    road.close()
    road.close()
    assert _rows(road, "SELECT count(*) FROM sales.orders.orders") == [(3,)]
    road.close()


def test_two_roads_in_one_process_do_not_know_each_other(shop: Any) -> None:
    with shop.road() as first, shop.road() as second:
        assert _rows(first, "SELECT count(*) FROM sales.orders.orders") == [(3,)]
        assert _rows(second, "SELECT count(*) FROM sales.orders.lines") == [(9,)]
        first.close()
        assert _rows(second, "SELECT count(*) FROM sales.orders.orders") == [(3,)]


def test_aliases_of_the_author_win_and_hostile_names_stay_names(road: Road) -> None:
    sql = 'SELECT "a""; --".id AS "x""y", 1 AS "select" FROM sales.orders.orders AS "a""; --" ORDER BY 1 LIMIT 1'
    with road.run(sql) as result:
        assert result.schema.names == ['x"y', "select"]
        assert result.to_arrow().to_pylist() == [{'x"y': 0, "select": 1}]


def test_a_result_outlives_its_road_only_to_be_closed(shop: Any) -> None:
    road = shop.road()
    results = [road.run("SELECT * FROM mesh.catalog.runs, range(500000)") for _ in range(2)]
    road.close()
    results[0].close()
    with pytest.raises(QueryError, match="HNS-E018"):
        results[1].to_arrow()


def test_a_statement_that_fails_gives_its_relations_back(road: Road) -> None:
    for _ in range(3):
        with pytest.raises(QueryError, match="HNS-Q104"):
            road.run("SELECT nope FROM mesh.catalog.runs")
    assert road._opened is not None
    assert road._opened.metadata._taken == set()
