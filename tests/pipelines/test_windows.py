"""Tables that are built range by range: which ranges a run builds, what they replace, and what a release covers."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hanse
from hanse.app import Mesh
from hanse.base import Problems
from hanse.base.clock import SetClock
from hanse.testing.meshes import Columns, MeshFolder
from kill_boundaries import KILLED_AT_A_BOUNDARY

PRODUCT = "domains/a/b"
DAILY: Columns = {"day": {"logicalType": "date", "primaryKey": True, "required": True}, "n": "integer"}
BY_DAY = "SELECT day, sum(n) AS n FROM raw WHERE day >= $window_start AND day < $window_end GROUP BY day"
WINDOW = {"column": "day", "start": "2024-01-01", "size": "1 day", "lookback": "2 days"}
NOON = dt.datetime(2024, 1, 5, 12, tzinfo=dt.UTC)


def day(number: int) -> str:
    return f"2024-01-{number:02}"


def text(days: Mapping[int, int]) -> str:
    return "day,n\n" + "".join(f"{day(number)},{n}\n" for number, n in days.items())


def opened(folder: MeshFolder, clock: SetClock | None = None) -> Mesh:
    return hanse.open_mesh(folder.root, clock=clock or SetClock(NOON))


def made(
    folder: MeshFolder,
    window: Mapping[str, Any] | None = WINDOW,
    *,
    data: str | None = None,
    columns: Columns = DAILY,
    sql: str = BY_DAY,
    clock: SetClock | None = None,
    more: Mapping[str, str] | None = None,
    tables: Mapping[str, Columns] | None = None,
) -> Mesh:
    folder.product(
        "a.b",
        {"t": columns, **(tables or {})},
        transforms={"t": sql, **(more or {})},
        data={"raw.csv": data or text({n: n for n in range(1, 11)})},
        pipeline={"raw": {"file": "data/raw.csv"}},
    )
    folder.settings("a.b", {"t": {"window": dict(window)}} if window else {})
    mesh = opened(folder, clock)
    mesh.apply()
    return mesh


def rows(mesh: Mesh, sql: str = "SELECT * FROM a.b.t ORDER BY ALL") -> list[tuple[Any, ...]]:
    with mesh.query(sql) as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


def days(mesh: Mesh) -> dict[int, int]:
    return {moment.day: n for moment, n in rows(mesh)}


def run(mesh: Mesh, start: Any = None, end: Any = None, **options: Any) -> dict[str, Any]:
    document: dict[str, Any] = mesh.run(["a.b"], start=start, end=end, **options)["runs"][0]
    return document


def ranges(mesh: Mesh, document: Mapping[str, Any]) -> list[str]:
    steps = mesh.run_details(document["id"])["steps"]
    return sorted(s["name"].partition(":")[2].partition(":")[2] for s in steps if s["kind"] == "range")


def covered(mesh: Mesh) -> list[list[str]]:
    built: list[list[str]] = mesh.show("a.b.t")["tables"][0]["coverage"]["built"]
    return built


def test_a_run_builds_what_has_passed_and_is_not_there(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, clock=clock)
    assert ranges(mesh, run(mesh)) == [day(n) for n in (1, 2, 3, 4)]
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}
    assert run(mesh)["status"] == "unchanged"
    clock.advance(dt.timedelta(hours=11))
    assert run(mesh)["status"] == "unchanged"
    clock.advance(dt.timedelta(hours=25))
    assert ranges(mesh, run(mesh)) == [day(5), day(6)]  # nothing changed, so no late rows are looked for
    assert covered(mesh) == [[day(1), day(7)]]


def test_late_rows_are_found_as_far_as_the_lookback_goes(folder: MeshFolder) -> None:
    mesh = made(folder)
    run(mesh)
    folder.write(f"{PRODUCT}/data/raw.csv", text(dict.fromkeys(range(1, 11), 100)))
    again = run(mesh)
    assert ranges(mesh, again) == [day(3), day(4)]
    assert days(mesh) == {1: 1, 2: 2, 3: 100, 4: 100}
    assert run(mesh)["status"] == "unchanged"


def test_without_lookback_a_passed_range_is_left_alone(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, {**WINDOW, "lookback": "0"}, clock=clock)
    run(mesh)
    folder.write(f"{PRODUCT}/data/raw.csv", text(dict.fromkeys(range(1, 11), 100)))
    assert (run(mesh)["built"], days(mesh)) == ([], {1: 1, 2: 2, 3: 3, 4: 4})
    clock.advance(dt.timedelta(days=1))
    run(mesh)
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4, 5: 100}


def test_a_range_by_itself_replaces_what_was_there(folder: MeshFolder) -> None:
    mesh = made(folder, more={"total": "SELECT sum(n) AS n FROM t"}, tables={"total": {"n": "integer"}})
    run(mesh)
    folder.write(f"{PRODUCT}/data/raw.csv", text({2: 200, 3: 300, 4: 4}))
    again = run(mesh, day(1), dt.date(2024, 1, 3))
    assert (again["status"], ranges(mesh, again)) == ("succeeded", [day(1), day(2)])
    assert days(mesh) == {2: 200, 3: 3, 4: 4}  # the first day has no rows any more
    assert rows(mesh, "SELECT n FROM a.b.total") == [(207,)]
    (asked,) = [i for i in mesh.run_details(again["id"])["inputs"] if i["kind"] == "range"]
    assert (asked["from"], asked["to"]) == (day(1), day(3))
    assert ranges(mesh, run(mesh)) == [day(3), day(4)]  # the ordinary run looks for late rows still
    assert run(mesh)["status"] == "unchanged"


def test_a_first_range_by_itself_leaves_a_gap_that_the_next_run_fills(folder: MeshFolder) -> None:
    mesh = made(folder)
    assert ranges(mesh, run(mesh, day(3), day(4))) == [day(3)]
    assert (days(mesh), covered(mesh)) == ({3: 3}, [[day(3), day(4)]])
    assert ranges(mesh, run(mesh)) == [day(1), day(2), day(4)]
    assert run(mesh)["status"] == "unchanged"
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}


def test_a_failure_leaves_everything_as_it_was_and_the_next_run_fills_the_gap(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, sql=BY_DAY.replace("sum(n)", "sum(CAST(n AS BIGINT))"), clock=clock)
    run(mesh)
    clock.advance(dt.timedelta(days=2))
    folder.write(f"{PRODUCT}/data/raw.csv", text({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}) + f"{day(6)},six\n")
    assert run(mesh)["status"] == "failed"
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}
    clock.advance(dt.timedelta(days=1))
    folder.write(f"{PRODUCT}/data/raw.csv", text({n: n for n in range(1, 8)}))
    assert ranges(mesh, run(mesh)) == [day(n) for n in (3, 4, 5, 6, 7)]


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2023-12-31", day(3), "HNS-L083"),
        (day(3), day(6), "HNS-L083"),
        (day(3), day(3), "HNS-L083"),
    ],
)
def test_a_range_that_is_not_there_is_refused(folder: MeshFolder, start: Any, end: Any, code: str) -> None:
    mesh = made(folder)
    run(mesh)
    before = mesh.releases()["releases"]
    assert run(mesh, start, end)["error"]["code"] == code
    assert mesh.releases()["releases"] == before


def test_keys_are_no_range_of_a_window_over_time(folder: MeshFolder) -> None:
    mesh = made(folder)
    with pytest.raises(Problems) as caught:
        run(mesh, 5, 9)
    assert [p.code.id for p in caught.value.problems] == ["HNS-L082"]
    assert mesh.runs()["runs"] == []


def test_another_transform_builds_everything_anew(folder: MeshFolder) -> None:
    mesh = made(folder)
    run(mesh)
    folder.write(f"{PRODUCT}/transforms/t.sql", BY_DAY.replace("sum(n)", "-sum(n)"))
    (note,) = mesh.plan()["notes"]
    assert "anew" in note
    mesh.apply()
    assert run(mesh, day(1), day(2))["error"]["code"] == "HNS-L084"
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}
    run(mesh)
    assert days(mesh) == {1: -1, 2: -2, 3: -3, 4: -4}


def test_another_private_transform_builds_everything_anew(folder: MeshFolder) -> None:
    mesh = made(folder, sql=BY_DAY.replace("raw", "clean"), more={"clean": "SELECT day, n FROM raw"})
    run(mesh)
    folder.write(f"{PRODUCT}/transforms/clean.sql", "SELECT day, n * 2 AS n FROM raw")
    mesh.apply()
    run(mesh)
    assert days(mesh) == {1: 2, 2: 4, 3: 6, 4: 8}


def test_another_table_of_the_product_that_is_read_builds_everything_anew(folder: MeshFolder) -> None:
    pairs = {"column": "day", "start": "2024-01-01", "size": "2 days"}
    double = "SELECT day, n * 2 AS n FROM t WHERE day >= $window_start AND day < $window_end"
    mesh = made(folder)
    folder.product(
        "a.b",
        {"t": DAILY, "double": DAILY},
        transforms={"t": BY_DAY, "double": double},
        pipeline={"raw": {"file": "data/raw.csv"}},
    )
    folder.settings("a.b", {"t": {"window": WINDOW}, "double": {"window": pairs}})
    mesh.apply()
    run(mesh)
    assert [n for _, n in rows(mesh, "FROM a.b.double ORDER BY ALL")] == [2, 4, 6, 8]
    folder.write(f"{PRODUCT}/transforms/t.sql", BY_DAY.replace("sum(n)", "-sum(n)"))
    assert sum("anew" in note for note in map(str, mesh.plan()["notes"])) == 2
    mesh.apply()
    run(mesh)
    assert [n for _, n in rows(mesh, "FROM a.b.double ORDER BY ALL")] == [-2, -4, -6, -8]
    folder.settings("a.b", {"t": {"window": {**WINDOW, "start": day(3)}}, "double": {"window": pairs}})
    mesh.apply()
    run(mesh)
    assert [n for _, n in rows(mesh, "FROM a.b.double ORDER BY ALL")] == [-6, -8]


def test_an_earlier_start_adds_what_lies_before(folder: MeshFolder) -> None:
    mesh = made(folder, {**WINDOW, "start": day(3)})
    run(mesh)
    folder.settings("a.b", {"t": {"window": WINDOW}})
    mesh.apply()
    assert ranges(mesh, run(mesh)) == [day(1), day(2)]
    folder.settings("a.b", {"t": {"window": {**WINDOW, "start": day(4)}}})
    (note,) = mesh.plan()["notes"]
    assert "builds it anew, without what lies before 2024-01-04" in note
    mesh.apply()
    run(mesh)
    assert days(mesh) == {4: 4}


def test_a_replaced_table_gets_a_window_and_loses_it(folder: MeshFolder) -> None:
    mesh = made(folder, None, sql="SELECT day, n FROM raw")
    run(mesh)
    assert len(days(mesh)) == 10
    folder.write(f"{PRODUCT}/transforms/t.sql", BY_DAY)
    folder.settings("a.b", {"t": {"window": WINDOW}})
    mesh.apply()
    assert run(mesh, day(1), day(2))["error"]["code"] == "HNS-L084"
    run(mesh)
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}
    folder.write(f"{PRODUCT}/transforms/t.sql", "SELECT day, n FROM raw")
    folder.settings("a.b", {})
    mesh.apply()
    run(mesh)
    assert len(days(mesh)) == 10


def test_a_rollback_takes_ranges_back_and_they_are_built_again(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, clock=clock)
    run(mesh)
    clock.advance(dt.timedelta(days=3))
    run(mesh)
    mesh.rollback("a.b")
    assert (len(days(mesh)), covered(mesh)) == (4, [[day(1), day(5)]])
    mesh.resume("a.b")
    assert ranges(mesh, run(mesh)) == [day(5), day(6), day(7)]
    assert len(days(mesh)) == 7


def test_compaction_keeps_what_is_covered(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, {**WINDOW, "lookback": "10 days"}, clock=clock)
    for _ in range(6):
        run(mesh)
        clock.advance(dt.timedelta(days=1))
    (upkeep,) = mesh.maintain()["products"]
    assert upkeep["compacted"]
    folder.write(f"{PRODUCT}/data/raw.csv", text({n: n * 10 for n in range(1, 11)}))
    run(mesh)
    assert days(mesh) == {n: n * 10 for n in range(1, 11)}


def test_only_files_with_rows_of_the_ranges_are_written_anew(folder: MeshFolder) -> None:
    mesh = made(folder)
    run(mesh)  # the first two days are closed and share a file, the others may change
    first = files(mesh)
    assert len(first) == 3
    folder.write(f"{PRODUCT}/data/raw.csv", text({3: 30, 4: 40}))
    run(mesh, day(3), day(4))
    assert len(first & files(mesh)) == 2
    run(mesh, day(1), day(2))
    assert days(mesh) == {2: 2, 3: 30, 4: 4}
    assert mesh.doctor()["healthy"]


def files(mesh: Mesh) -> set[str]:
    from hanse.base import ProductName

    release = mesh.registry.reader().release(ProductName("a", "b"))
    assert release is not None
    return {f.path for f in mesh.store.files(release.tables[0].table, release.tables[0].snapshot_id)}


def test_files_that_were_put_together_are_not_left_behind(folder: MeshFolder) -> None:
    mesh = made(folder)
    run(mesh)
    kept = {Path(f).name for f in files(mesh)}
    there = {f.name for f in (folder.root / ".hanse/warehouse").rglob("data/*.parquet")}
    assert there == kept


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT day, sum(n) AS n FROM raw WHERE day >= $window_start GROUP BY day",
        "SELECT CASE WHEN n > 2 THEN NULL ELSE day END AS day, n FROM raw WHERE day = $window_start",
    ],
    ids=["too far", "null"],
)
def test_rows_outside_of_their_range_block(folder: MeshFolder, sql: str) -> None:
    mesh = made(folder)
    run(mesh)
    folder.write(f"{PRODUCT}/transforms/t.sql", sql)
    mesh.apply()
    blocked = run(mesh)
    assert blocked["status"] == "blocked"
    (failed,) = [r for r in blocked["checks"]["results"] if r["status"] == "failed"]
    assert (failed["id"], failed["column"]) == ("window", "day")
    assert failed["sample"][0]["row"].keys() == {"day", "n"}
    assert len(failed["sample"]) <= 20
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}


def test_values_that_cannot_be_cast_are_told_of_all_ranges(folder: MeshFolder) -> None:
    wrong = "SELECT day, CASE WHEN n < 3 THEN 'odd' ELSE '1' END AS n FROM raw WHERE day = $window_start"
    blocked = run(made(folder, sql=wrong))
    assert blocked["status"] == "blocked"
    (failed,) = [r for r in blocked["checks"]["results"] if r["id"] == "cast"]
    assert (failed["failed_rows"], failed["total_rows"], len(failed["sample"])) == (2, 4, 2)


def test_new_rows_are_checked_by_themselves(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    mesh = made(folder, clock=clock)
    run(mesh)
    clock.advance(dt.timedelta(days=1))
    checks = run(mesh)["checks"]["results"]
    looked_at = {c["check"]: c["total_rows"] for c in checks if c["total_rows"] is not None}
    assert set(looked_at.values()) == {1}  # also the key: the window's column is in it


def test_a_key_without_the_windows_column_is_checked_over_the_whole(folder: MeshFolder) -> None:
    columns: Columns = {"n": {"logicalType": "integer", "primaryKey": True}, "day": "date"}
    clock = SetClock(NOON)
    mesh = made(folder, columns=columns, data=text({4: 1, 5: 1}), clock=clock)
    assert run(mesh)["status"] == "succeeded"
    clock.advance(dt.timedelta(days=1))
    assert run(mesh)["status"] == "blocked"


KEYS: Columns = {"id": {"logicalType": "integer", "primaryKey": True}, "v": "string"}
BY_KEY = "SELECT id, v FROM raw WHERE id BETWEEN $window_start AND $window_end - 1"
OF_TEN = {"column": "id", "start": 0, "size": 10, "until": "raw.id"}


def keyed(*keys: int, value: str = "a") -> str:
    return "id,v\n" + "".join(f"{key},{value}\n" for key in keys)


def test_a_window_over_keys_goes_up_to_the_greatest(folder: MeshFolder) -> None:
    mesh = made(folder, OF_TEN, data=keyed(1, 12, 25), columns=KEYS, sql=BY_KEY)
    assert ranges(mesh, run(mesh)) == ["0", "10", "20"]
    assert run(mesh)["status"] == "unchanged"
    folder.write(f"{PRODUCT}/data/raw.csv", keyed(1, 12, 25, 26, 31, value="b"))
    again = run(mesh)
    assert ranges(mesh, again) == ["20", "30"]  # the last range was open still
    assert rows(mesh) == [(1, "a"), (12, "a"), (25, "b"), (26, "b"), (31, "b")]
    assert run(mesh)["status"] == "unchanged"
    assert ranges(mesh, run(mesh, 0, 15)) == ["0", "10"]
    assert rows(mesh)[0] == (1, "b")
    assert run(mesh)["status"] == "unchanged"
    assert run(mesh, 0, 50)["error"]["code"] == "HNS-L083"


def test_a_first_range_of_keys_by_itself_leaves_the_rest_to_the_next_run(folder: MeshFolder) -> None:
    mesh = made(folder, OF_TEN, data=keyed(1, 12, 25), columns=KEYS, sql=BY_KEY)
    assert ranges(mesh, run(mesh, 10, 20)) == ["10"]
    assert ranges(mesh, run(mesh)) == ["0", "20"]
    assert run(mesh)["status"] == "unchanged"


def test_keys_of_nothing(folder: MeshFolder) -> None:
    typed = {"typed": "SELECT CAST(id AS BIGINT) AS id, v FROM raw"}
    window = {**OF_TEN, "until": "typed.id"}
    mesh = made(folder, window, data="id,v\n", columns=KEYS, sql=BY_KEY.replace("raw", "typed"), more=typed)
    assert run(mesh)["status"] == "succeeded"
    assert rows(mesh) == []
    assert run(mesh)["status"] == "unchanged"
    folder.write(f"{PRODUCT}/data/raw.csv", keyed(3))
    assert ranges(mesh, run(mesh)) == ["0"]


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_months_of_times(folder: MeshFolder, kind: str) -> None:
    options = {} if kind == "timestamptz" else {"logicalTypeOptions": {"timezone": False}}
    columns: Columns = {"at": {"logicalType": "timestamp", **options}, "n": "integer"}
    data = "at,n\n2024-01-31 23:59:59.999999+00,1\n2024-02-01 00:00:00+00,2\n2024-03-05 10:00:00+00,3\n"
    cast = "TIMESTAMPTZ" if kind == "timestamptz" else "TIMESTAMP"
    sql = f"WITH r AS (SELECT CAST(at AS {cast}) AS at, n FROM raw) SELECT * FROM r WHERE at >= $window_start AND "
    window = {"column": "at", "start": "2024-01-01", "size": "1 month", "lookback": "1 month"}
    clock = SetClock(dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    mesh = made(folder, window, data=data, columns=columns, sql=sql + "at < $window_end", clock=clock)
    assert ranges(mesh, run(mesh)) == ["2024-01-01", "2024-02-01"]
    assert [n for _, n in rows(mesh)] == [1, 2]
    clock.advance(dt.timedelta(days=31))
    folder.write(f"{PRODUCT}/data/raw.csv", data.replace(",2\n", ",20\n").replace(",1\n", ",10\n"))
    assert ranges(mesh, run(mesh)) == ["2024-02-01", "2024-03-01"]
    assert [n for _, n in rows(mesh)] == [1, 20, 3]


@pytest.mark.parametrize(
    ("kind", "wanted"), [("datetime.date", "2024-01-02"), ("datetime.datetime", None), ("int", None)]
)
def test_a_python_transform_is_given_its_range(folder: MeshFolder, kind: str, wanted: str | None) -> None:
    mesh = made(folder)
    (folder.root / PRODUCT / "transforms/t.sql").unlink()
    folder.write(
        f"{PRODUCT}/transforms/t.py",
        f"""
import datetime
import duckdb

def transform(raw: duckdb.DuckDBPyRelation, window_start: {kind}, window_end: {kind}) -> duckdb.DuckDBPyRelation:
    assert window_end - window_start == datetime.timedelta(days=1)
    return raw.filter(f"day >= '{{window_start}}' AND day < '{{window_end}}'").project("day, n")
""",
    )
    if wanted is None:
        with pytest.raises(Problems) as caught:
            mesh.apply()
        assert "HNS-L081" in {p.code.id for p in caught.value.problems}
        return
    mesh.apply()
    assert run(mesh)["status"] == "succeeded"
    assert days(mesh) == {1: 1, 2: 2, 3: 3, 4: 4}
    folder.write(f"{PRODUCT}/data/raw.csv", text({2: 22}))
    run(mesh, wanted, day(3))
    assert days(mesh) == {1: 1, 2: 22, 3: 3, 4: 4}


@pytest.mark.parametrize(
    ("window", "sql", "code", "line"),
    [
        (WINDOW, "SELECT day, n FROM raw", "HNS-L080", None),
        (None, BY_DAY, "HNS-L081", 1),
        (None, "SELECT day, n\nFROM raw\nWHERE day < $window_end", "HNS-L081", 3),
        (
            {**OF_TEN, "column": "n", "until": "other.id"},
            "SELECT day, n FROM raw WHERE n < $window_end",
            "HNS-L086",
            None,
        ),
        ({**WINDOW, "column": "dya"}, BY_DAY, "HNS-S037", None),
        ({**WINDOW, "column": "n"}, BY_DAY, "HNS-S037", None),
        ({**WINDOW, "size": "6 hours"}, BY_DAY, "HNS-S037", None),
    ],
)
def test_windows_and_transforms_that_do_not_go_together(
    folder: MeshFolder, window: Mapping[str, Any] | None, sql: str, code: str, line: int | None
) -> None:
    folder.product("a.b", {"t": DAILY}, transforms={"t": sql}, data={"raw.csv": text({1: 1})})
    folder.settings("a.b", {"t": {"window": dict(window)} if window else {}})
    problems = opened(folder).check()["problems"]
    (found,) = [p for p in problems if p["severity"] == "error"]
    assert found["code"] == code
    assert line is None or found["where"].split(":")[1] == str(line)


@pytest.mark.parametrize("way", ["append", "merge", "partition", "snapshot"])
def test_a_window_goes_with_nothing_else(folder: MeshFolder, way: str) -> None:
    folder.product("a.b", {"t": DAILY}, transforms={"t": BY_DAY}, data={"raw.csv": text({1: 1})})
    folder.settings("a.b", {"t": {"materialize": way, "window": WINDOW}})
    found = [p for p in opened(folder).check()["problems"] if "does not go with" in p["what"]]
    assert [p["code"] for p in found] == ["HNS-S037"]


@pytest.mark.parametrize(("later", "fix"), [(BY_DAY, "delete"), (BY_DAY.replace("raw", "t"), "rename")])
def test_a_transform_that_a_retired_major_left_is_named(folder: MeshFolder, later: str, fix: str) -> None:
    left = BY_DAY if fix == "delete" else "SELECT * FROM raw"
    transforms = {"t": left, "t_v2": later}
    folder.product("a.b", {"t": DAILY}, transforms=transforms, data={"raw.csv": text({1: 1})}, version="2.0.0")
    folder.settings("a.b", {"t": {"window": WINDOW}})
    (found,) = [p for p in opened(folder).check()["problems"] if p["severity"] == "error"]
    assert (found["code"], found["where"]) == ("HNS-L080", f"{PRODUCT}/transforms/t.sql")
    assert found["fix"].startswith(f"{fix} `transforms/t.sql`")
    if fix == "delete":
        (folder.root / PRODUCT / "transforms/t.sql").unlink()
        assert [p for p in opened(folder).check()["problems"] if p["severity"] == "error"] == []


def test_a_private_transform_has_no_range(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": DAILY},
        transforms={"t": BY_DAY.replace("raw", "few"), "few": "SELECT * FROM raw WHERE day < $window_end"},
        data={"raw.csv": text({1: 1})},
    )
    folder.settings("a.b", {"t": {"window": WINDOW}})
    (found,) = opened(folder).check()["problems"]
    assert (found["code"], found["where"]) == ("HNS-L081", f"{PRODUCT}/transforms/few.sql:1:31")


def test_a_plan_tries_the_transform_on_a_range(folder: MeshFolder) -> None:
    sql = "SELECT day, nonsense AS n FROM raw WHERE day >= $window_start AND day < $window_end"
    folder.product("a.b", {"t": DAILY}, transforms={"t": sql}, data={"raw.csv": text({1: 1})})
    folder.settings("a.b", {"t": {"window": WINDOW}})
    assert any("nonsense" in w["what"] for w in opened(folder).plan()["warnings"])


def test_a_plan_looks_at_the_end_of_the_keys(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": KEYS}, transforms={"t": BY_KEY}, data={"raw.csv": keyed(1)})
    folder.settings("a.b", {"t": {"window": {**OF_TEN, "until": "raw.v"}}})
    assert "HNS-L086" in {w["code"] for w in opened(folder).plan()["warnings"]}


def test_force_builds_everything_anew(folder: MeshFolder) -> None:
    mesh = made(folder)
    run(mesh)
    folder.write(f"{PRODUCT}/data/raw.csv", text(dict.fromkeys(range(1, 11), 7)))
    run(mesh, force=True)
    assert days(mesh) == dict.fromkeys(range(1, 5), 7)
    assert run(mesh)["status"] == "unchanged"


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("pass"), st.integers(0, 3), st.just(0)),
            st.tuples(st.just("late"), st.integers(1, 14), st.integers(1, 99)),
            st.tuples(st.just("run"), st.just(0), st.just(0)),
            st.tuples(st.just("back"), st.integers(1, 12), st.integers(1, 5)),
        ),
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_any_sequence_comes_to_what_its_ranges_were_last_built_from(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], lookback: int
) -> None:
    """A model keeps, per day, what it was last built from; at the end, all days built again equal one rebuild."""
    folder = MeshFolder(tmp_path_factory.mktemp("windows") / "mesh")
    clock = SetClock(NOON)
    data = {n: n for n in range(1, 16)}
    mesh = made(folder, {**WINDOW, "lookback": f"{lookback} days"}, data=text(data), clock=clock)
    model: dict[int, int] = {}
    for kind, first, second in [*steps, ("run", 0, 0)]:
        complete = min(clock.at.day - 1, 15)
        if kind == "pass":
            clock.at = min(clock.at + dt.timedelta(days=first), NOON.replace(day=15))
        elif kind == "late":
            data[first] = second
            folder.write(f"{PRODUCT}/data/raw.csv", text(data))
        elif kind == "run":
            top = max(model, default=0)
            wanted = {n for n in range(1, complete + 1) if n not in model or n > top - lookback}
            assert run(mesh)["status"] in {"succeeded", "unchanged"}
            model |= {n: data[n] for n in wanted}
        elif first + second <= complete + 1:
            assert run(mesh, day(first), day(first + second))["status"] == "succeeded"
            model |= {n: data[n] for n in range(first, first + second)}
        assert not model or days(mesh) == model
    run(mesh, day(1), day(max(model) + 1))
    again = rows(mesh)
    run(mesh, force=True)
    assert rows(mesh) == again
    assert mesh.doctor()["healthy"]
    mesh.close()


# Kills its own process when the n-th file is staged, or right after the commit.
KILLED = """
import os, signal, sys
import hanse
from hanse.drivers.duckdb.session import DuckDBSession
from hanse.drivers.iceberg import IcebergTables
from hanse.pipelines import records
from hanse.pipelines.staging import ranges

records._FLUSH_SECONDS = 0.0
ranges.WORKERS = 1
stage, commit, count = DuckDBSession.stage, IcebergTables.commit, 0

def staged(self, select, path, columns=None):
    global count
    count += bool(columns)
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return stage(self, select, path, columns)

def committed(self, *arguments, **options):
    commit(self, *arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

DuckDBSession.stage = staged
IcebergTables.commit = committed
with hanse.open_mesh(sys.argv[1]) as mesh:
    mesh.run(["a.b"], start="2024-01-01", end="2024-01-05")
"""


@pytest.mark.parametrize("fatal", [1, 3, 99], ids=["at the first range", "within", "after the commit"])
def test_a_killed_range_goes_on_where_it_was(folder: MeshFolder, fatal: int) -> None:
    made(folder).close()
    with hanse.open_mesh(folder.root) as mesh:
        run(mesh, day(3), day(4))
        folder.write(f"{PRODUCT}/data/raw.csv", text({n: n * 10 for n in range(1, 11)}))
        command = [sys.executable, "-c", KILLED, str(folder.root), str(fatal)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        dead = mesh.runs()["runs"][0]["id"]
        assert days(mesh) == {3: 3}
        before = {s["name"]: s["started_at"] for s in mesh.run_details(dead)["steps"] if s["kind"] == "range"}
        assert len(before) == min(fatal - 1, 4)
        staged = {f: os.stat(f).st_mtime_ns for f in (folder.root / ".hanse/warehouse").rglob(f"{dead}~*.parquet")}
        again = run(mesh, day(1), day(5))
        assert (again["id"], again["status"]) == (dead, "succeeded")
        after = {s["name"]: s["started_at"] for s in mesh.run_details(dead)["steps"] if s["kind"] == "range"}
        assert before.items() <= after.items()
        assert len(after) == 4
        assert all(os.stat(f).st_mtime_ns == then for f, then in staged.items() if f.exists())
        assert days(mesh) == {n: n * 10 for n in range(1, 5)}
        assert covered(mesh) == [[day(1), day(5)]]
        assert mesh.doctor()["healthy"]


def test_a_killed_run_that_is_not_gone_on_with_leaves_no_files(folder: MeshFolder) -> None:
    made(folder).close()
    command = [sys.executable, "-c", KILLED, str(folder.root), "3"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with hanse.open_mesh(folder.root) as mesh:
        dead = mesh.runs()["runs"][0]["id"]
        warehouse = folder.root / ".hanse/warehouse"
        assert list(warehouse.rglob(f"{dead}~*.parquet"))
        assert run(mesh, day(1), day(3))["status"] == "succeeded"
        assert not list(warehouse.rglob(f"{dead}~*.parquet"))
        shutil.rmtree(folder.root / ".hanse/runs", ignore_errors=True)
        assert days(mesh) == {1: 1, 2: 2}


KILLED_ANYWHERE = f"""{KILLED_AT_A_BOUNDARY}
from hanse.pipelines import records
from hanse.pipelines.staging import ranges
records._FLUSH_SECONDS = 0.0
ranges.WORKERS = 1
with hanse.open_mesh(sys.argv[1]) as mesh:
    assert mesh.run(["a.b"], start="2024-01-01", end="2024-01-03")["succeeded"] == 1
"""


@pytest.mark.slow
def test_a_range_that_is_killed_anywhere_is_there_or_not(folder: MeshFolder, tmp_path: Path) -> None:
    made(folder, {**WINDOW, "lookback": "0"}).close()
    with hanse.open_mesh(folder.root) as mesh:
        run(mesh, day(1), day(5))  # one file: the first range written anew leaves rows of the others
    folder.write(f"{PRODUCT}/data/raw.csv", text({1: 10, 2: 20, 3: 30}))
    old, new = {1: 1, 2: 2, 3: 3, 4: 4}, {1: 10, 2: 20, 3: 3, 4: 4}
    before, seen = tmp_path / "before", []
    shutil.copytree(folder.root, before)
    for fatal in range(1, 200, 3):
        # Tables name their files by absolute path: every attempt happens at the same place.
        shutil.rmtree(folder.root)
        shutil.copytree(before, folder.root)
        command = [sys.executable, "-c", KILLED_ANYWHERE, str(folder.root), str(fatal)]
        code = subprocess.run(command, check=False).returncode
        assert code in {0, -signal.SIGKILL}
        with hanse.open_mesh(folder.root) as mesh:
            seen.append(days(mesh))
            assert seen[-1] in (old, new), f"torn at boundary {fatal}"
            assert run(mesh, day(1), day(3))["status"] == "succeeded"
            assert days(mesh) == new
            assert mesh.doctor()["healthy"]
            if code == 0:
                break
    else:
        pytest.fail("the run never ended by itself")
    assert (seen[0], seen[-1]) == (old, new)
    assert fatal > 10
