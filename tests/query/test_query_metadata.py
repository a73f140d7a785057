"""The mesh's own metadata, read like any table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hanse.query import METADATA_TABLES, Road, describe_metadata
from hanse.query.metadata import build
from hanse.spec.types import Scalar


def _records(road: Road, sql: str) -> list[dict[str, Any]]:
    with road.run(sql) as result:
        rows: list[dict[str, Any]] = result.to_arrow().to_pylist()
        return rows


@pytest.mark.parametrize("name", sorted(METADATA_TABLES))
def test_every_table_has_the_documented_columns_and_types_full_or_empty(name: str, place: Any, shop: Any) -> None:
    definition = METADATA_TABLES[name]
    names = {"BOOLEAN": "bool", "BIGINT": "int64", "DOUBLE": "double", "VARCHAR": "string"}
    wanted = {c.name: names.get(str(c.type), "timestamp[us, tz=UTC]") for c in definition.columns}
    table = build(name, shop.registry.reader())
    assert {f.name: str(f.type) for f in table.schema} == wanted
    assert table.num_rows > 0
    assert all(c.description for c in definition.columns)
    assert len(wanted) == len(definition.columns)


def test_an_empty_mesh_has_empty_tables(place: Any) -> None:
    with place.road() as road:
        for name in METADATA_TABLES:
            assert _records(road, f"FROM mesh.catalog.{name}") == []


def test_tables_tell_what_is_released_and_what_is_not(road: Road) -> None:
    rows = _records(road, "SELECT address, rows, release_id IS NULL AS waiting FROM mesh.catalog.tables ORDER BY 1")
    assert rows == [
        {"address": "crm.people.people", "rows": None, "waiting": True},
        {"address": "sales.orders.lines", "rows": 9, "waiting": False},
        {"address": "sales.orders.orders", "rows": 3, "waiting": False},
    ]


def test_metadata_joins_with_itself_and_with_data(road: Road) -> None:
    sql = """
        SELECT t.table_name, any_value(t.rows) = count(DISTINCT o.id) AS counted,
            max(r.sequence) AS sequence, any_value(c.clause) AS clause
        FROM mesh.catalog.tables t JOIN mesh.catalog.releases r USING (release_id)
        JOIN mesh.catalog.checks c ON c.run_id = r.run_id, sales.orders.orders o
        WHERE t.table_name = 'orders' GROUP BY ALL
    """
    assert _records(road, sql) == [{"table_name": "orders", "counted": True, "sequence": 1, "clause": "rowCount"}]
    assert _records(road, "SELECT count(*) AS n FROM mesh.catalog.runs a, mesh.catalog.runs b") == [{"n": 1}]


def test_times_are_times_and_documents_are_json_text(road: Road) -> None:
    [row] = _records(
        road, "SELECT applied_at, tags ->> 0 AS tag, document FROM mesh.catalog.products WHERE domain = 'crm'"
    )
    assert row["applied_at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert row["tag"] == "t"
    assert '"title": "crm.people"' in row["document"]
    [check] = _records(road, "SELECT measured::DOUBLE AS measured, status, severity FROM mesh.catalog.checks")
    assert check == {"measured": 1.5, "status": "failed", "severity": "warning"}


def test_only_the_newest_release_is_marked_visible(shop: Any, road: Road) -> None:
    shop.publish("sales.orders", {"orders": "SELECT 9 AS id, 'x' AS customer, NULL AS placed"})
    rows = _records(road, "SELECT sequence, visible FROM mesh.catalog.releases ORDER BY sequence")
    assert rows == [{"sequence": 1, "visible": False}, {"sequence": 2, "visible": True}]


def test_a_statement_sees_what_was_written_before_it(shop: Any, road: Road) -> None:
    sql = "SELECT count(*) AS n FROM mesh.catalog.events"
    [before] = _records(road, sql)
    shop.apply("new.thing", {"t": {"n": Scalar.BIGINT}})
    [after] = _records(road, sql)
    assert after["n"] > before["n"]


def test_nothing_stays_bound_after_a_result_is_read_closed_or_dropped(road: Road) -> None:
    for sql in ("FROM mesh.catalog.runs", "FROM mesh.catalog.columns"):
        road.run(sql).to_arrow()
        road.run(sql).close()
        road.run(sql)  # dropped unread
    assert road._opened is not None
    assert road._opened.metadata._taken == set()


def test_the_description_lists_every_table_and_column() -> None:
    document = {entry["name"]: entry for entry in describe_metadata()}
    assert set(document) == {f"mesh.catalog.{name}" for name in METADATA_TABLES}
    assert document["mesh.catalog.releases"]["columns"][0] == {
        "name": "release_id",
        "type": "VARCHAR",
        "description": "Id; ids sort by time.",
    }
