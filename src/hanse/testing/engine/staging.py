"""Files that are written, and what their footers say."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import EngineError
from hanse.interfaces import (
    ArrowScan,
    FileSizes,
    Session,
    TableScan,
)
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.testing.engine.suite import EngineSuite, column, rows_of


class StagingSuite(EngineSuite):
    """Staging and statistics."""

    def test_staged_file_carries_ids(self, session: Session, folder: Path) -> None:
        """Ids stand at every depth, and rows and bytes are those of the file."""
        nested = Struct((Field("x", List(Scalar.BIGINT)), Field("y", Map(Scalar.VARCHAR, Scalar.DOUBLE))))
        columns = (column(7, "a", Scalar.BIGINT), column(20, "s", nested))
        select = f"SELECT n AS a, CAST({{'x': [n], 'y': MAP {{'k': n}}}} AS {nested}) AS s FROM numbers"  # noqa: S608
        staged = session.stage(select, str(folder / "t.parquet"), columns)
        assert staged.rows == 5_000
        assert staged.bytes == (folder / "t.parquet").stat().st_size
        schema = pq.read_schema(folder / "t.parquet")
        inner = schema.field("s").type
        fields = [schema.field("a"), schema.field("s"), inner.field("x"), inner.field("x").type.value_field]
        fields += [inner.field("y"), inner.field("y").type.key_field, inner.field("y").type.item_field]
        assert [int(f.metadata[b"PARQUET:field_id"]) for f in fields] == [7, 20, 21, 22, 23, 24, 25]

    def test_held_rows_stay_as_they_were(self, session: Session) -> None:
        """What is held is bound, counted, replaced and forgotten like any relation; it may read what it replaces."""
        assert session.hold("h", "SELECT n FROM numbers WHERE n < 10 -- a comment at the end") == 10
        assert session.hold("h", "SELECT n + 1 AS n FROM h WHERE n < 3") == 3
        assert [r["n"] for r in rows_of(session, "SELECT n FROM h ORDER BY n")] == [1, 2, 3]
        session.bind("h", ArrowScan(pa.table({"n": [7]})))
        assert [r["n"] for r in rows_of(session, "SELECT n FROM h")] == [7]
        session.unbind("h")
        with pytest.raises(EngineError):
            session.fetch("SELECT n FROM h")

    def test_staging_nothing_makes_an_empty_file(self, session: Session, folder: Path) -> None:
        """No rows are rows too."""
        columns = (column(1, "n", Scalar.BIGINT),)
        staged = session.stage("SELECT n FROM numbers WHERE false", str(folder / "t.parquet"), columns)
        assert staged.rows == 0
        session.bind("t", TableScan((staged.path,), columns))
        assert rows_of(session, "SELECT * FROM t") == []
        assert session.statistics([staged.path])["n"].nulls == 0

    def test_staging_twice_gives_the_same_bytes(self, session: Session, folder: Path) -> None:
        """Order is kept, so equal input gives an equal file."""
        select = "SELECT n, n % 7 AS m, hash(n) % 100 AS h FROM numbers WHERE n % 3 > 0"
        paths = [folder / "1.parquet", folder / "2.parquet"]
        for path in paths:
            session.stage(select, str(path))
        assert paths[0].read_bytes() == paths[1].read_bytes()

    @pytest.mark.parametrize(
        "select",
        [
            "SELECT n AS a FROM numbers",
            "SELECT n::INTEGER AS a, 'x' AS b FROM numbers",
            "SELECT 'x' AS b, n AS a FROM numbers",
            "SELECT n AS a, 'x' AS b, 1 AS c FROM numbers",
            "SELECT n AS a, 'x' AS bb FROM numbers",
        ],
    )
    def test_other_columns_are_not_staged(self, session: Session, folder: Path, select: str) -> None:
        """A column without an id, or of another type, would be lost to readers."""
        columns = (column(1, "a", Scalar.BIGINT), column(2, "b", Scalar.VARCHAR))
        with pytest.raises(EngineError, match="HNS-E022"):
            session.stage(select, str(folder / "t.parquet"), columns)
        assert list(folder.iterdir()) == []

    def test_failed_staging_leaves_what_was_there(self, session: Session, folder: Path) -> None:
        """The file exists whole or not at all; an older one stays."""
        path = folder / "t.parquet"
        failing = "SELECT CASE WHEN n = 4999 THEN error('late') ELSE n END AS n FROM numbers"
        with pytest.raises(EngineError):
            session.stage(failing, str(path))
        assert list(folder.iterdir()) == []
        session.stage("SELECT 1 AS a", str(path))
        before = path.read_bytes()
        with pytest.raises(EngineError):
            session.stage(failing, str(path))
        assert list(folder.iterdir()) == [path]
        assert path.read_bytes() == before

    def test_staging_outside_is_refused(self, session: Session, tmp_path: Path) -> None:
        """Only folders opened for writing are written to."""
        with pytest.raises(EngineError, match="HNS-E006"):
            session.stage("SELECT 1 AS a", str(tmp_path / "t.parquet"))
        assert not (tmp_path / "t.parquet").exists()

    @given(data=st.data())
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_statistics_are_exact(self, session: Session, folder: Path, data: st.DataObject) -> None:
        """What is said is true of the rows; what cannot be known is None."""
        types: dict[str, tuple[DataType, st.SearchStrategy[Any]]] = {
            "i": (Scalar.BIGINT, st.integers(-(2**63), 2**63 - 1)),
            "f": (Scalar.DOUBLE, st.floats()),
            "s": (Scalar.VARCHAR, st.text(st.characters(codec="utf-8"), max_size=80)),
            "d": (Scalar.DATE, st.dates()),
            "t": (Scalar.TIMESTAMPTZ, st.datetimes(timezones=st.just(UTC))),
            "n": (Decimal(20, 3), st.decimals(-(10**16), 10**16, places=3)),
            "b": (Scalar.BOOLEAN, st.booleans()),
        }
        name = data.draw(st.sampled_from(sorted(types)))
        data_type, values = types[name]
        files = []
        drawn: list[Any] = []
        columns = (column(1, name, data_type),)
        session.bind("rows", TableScan((), columns))
        arrow_type = session.fetch("SELECT * FROM rows").schema.field(name).type
        for number in range(data.draw(st.integers(1, 2))):
            rows = data.draw(st.lists(st.none() | values, max_size=6))
            drawn += rows
            session.bind("rows", ArrowScan(pa.table({name: pa.array(rows, type=arrow_type)})))
            path = str(folder / f"{number}.parquet")
            if data.draw(st.booleans(), label="another writer"):
                pq.write_table(pa.table({name: pa.array(rows, type=arrow_type)}), path)
            else:
                session.stage("SELECT * FROM rows", path, columns)
            files.append(path)
        found = session.statistics(files)[name]
        known = [v for v in drawn if v is not None]
        assert found.rows == len(drawn)
        assert found.nulls in {None, len(drawn) - len(known)}
        if found.minimum is not None:
            assert found.minimum == min(known)
            assert all(v >= found.minimum for v in known)
        if found.maximum is not None:
            assert found.maximum == max(known)
            assert all(v <= found.maximum for v in known)

    def test_statistics_say_what_footers_know(self, session: Session, folder: Path) -> None:
        """Silence everywhere would be exact too: of its own files an engine tells nulls and bounds."""
        select = (
            "SELECT n, CASE WHEN n > 9 THEN n END AS m, DATE '2013-01-01' AS d, 1.5::DECIMAL(9,2) AS p FROM numbers"
        )
        staged = session.stage(select, str(folder / "t.parquet"))
        found = session.statistics([staged.path])
        assert list(found) == ["n", "m", "d", "p"]
        assert (found["n"].rows, found["n"].nulls, found["n"].minimum, found["n"].maximum) == (5_000, 0, 0, 4_999)
        assert (found["m"].nulls, found["m"].minimum) == (10, 10)
        assert found["d"].minimum == date(2013, 1, 1)
        assert found["p"].maximum == Number("1.50")
        assert session.statistics([]) == {}

    def test_statistics_of_a_table_follow_ids(self, session: Session, folder: Path) -> None:
        """Two columns exchanged their names between two files: facts are of the columns, never of the names."""
        one, other = column(1, "a", Scalar.BIGINT), column(2, "b", Scalar.BIGINT)
        first = session.stage("SELECT 1::BIGINT AS a, NULL::BIGINT AS b", str(folder / "1.parquet"), (one, other))
        now = (column(2, "a", Scalar.BIGINT), column(1, "b", Scalar.BIGINT), column(3, "c", Scalar.BIGINT))
        second = session.stage("SELECT 7::BIGINT AS a, 5::BIGINT AS b, 9::BIGINT AS c", str(folder / "2.parquet"), now)
        found = session.statistics([first.path, second.path], now)
        assert (found["a"].nulls, found["a"].minimum, found["a"].maximum) == (1, 7, 7)
        assert (found["b"].nulls, found["b"].minimum, found["b"].maximum) == (0, 1, 5)
        assert "c" not in found

    def test_no_bounds_where_a_nan_may_hide(self, session: Session, folder: Path) -> None:
        """NaN is above every number for SQL and invisible to most writers' statistics."""
        path = str(folder / "t.parquet")
        pq.write_table(pa.table({"f": [1.0, float("nan"), 2.0]}), path)
        assert session.statistics([path])["f"].maximum is None
        session.stage("SELECT 'NaN'::DOUBLE AS f UNION ALL SELECT 1.0", path)
        assert session.statistics([path])["f"].maximum is None

    def test_bounds_of_small_floats_are_what_the_file_holds(self, session: Session, folder: Path) -> None:
        """0.1 of 32 bits is more than 0.1 of 64."""
        path = str(folder / "t.parquet")
        session.stage("SELECT CAST(x AS FLOAT) AS f FROM (VALUES (0.1), (0.5)) v(x)", path)
        found = session.statistics([path])["f"]
        assert found.minimum in {None, 0.10000000149011612}

    def test_no_bounds_of_cut_texts(self, session: Session, folder: Path) -> None:
        """Writers may shorten long texts in footers."""
        path = str(folder / "t.parquet")
        session.stage("SELECT repeat('é', 5000) || n AS s FROM numbers", path)
        found = session.statistics([path])["s"]
        assert found.maximum is None or found.maximum == "é" * 5_000 + "999"

    def test_many_rows_become_several_files(self, session: Session, folder: Path) -> None:
        """One after the other they hold all rows in their order, with ids, and each is of about the size asked for."""
        columns = (column(7, "n", Scalar.BIGINT), column(8, "s", Struct((Field("x", List(Scalar.VARCHAR)),))))
        session.bind("many", ArrowScan(pa.table({"n": pa.array(range(600_000), pa.int64())})))
        select = (
            f"SELECT n, CAST({{'x': [CAST(n * 7919 % 1000003 AS VARCHAR), NULL]}} AS {columns[1].type}) AS s FROM many"  # noqa: S608
        )
        sizes = FileSizes(least=200_000, number=1_000, greatest=1 << 30)
        staged = session.stage_several(select, lambda n: str(folder / f"t{n}.parquet"), columns, sizes=sizes)
        assert len(staged) > 1
        assert [f.path for f in staged] == [str(folder / f"t{n}.parquet") for n in range(len(staged))]
        assert sorted(p.name for p in folder.iterdir() if p.name.startswith((".t", "t"))) == sorted(
            Path(f.path).name for f in staged
        )
        assert all(f.bytes == Path(f.path).stat().st_size >= sizes.least / 2 for f in staged)
        assert [f.rows for f in staged] == [pq.read_metadata(f.path).num_rows for f in staged]
        session.bind("t", TableScan(tuple(f.path for f in staged), columns))
        assert session.fetch("SELECT n FROM t").column("n").to_pylist() == list(range(600_000))
        assert rows_of(session, f"SELECT count(*) AS n FROM ((FROM t) EXCEPT ({select}))") == [{"n": 0}]  # noqa: S608
        whole = session.stage_several(
            "SELECT n FROM numbers", lambda n: str(folder / f"u{n}.parquet"), columns[:1], sizes=sizes
        )
        assert [(f.path, f.rows) for f in whole] == [(str(folder / "u0.parquet"), 5_000)]
