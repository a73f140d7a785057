"""Statements that run: in batches, side by side, and until somebody ends them."""

from __future__ import annotations

import threading
import time as clock
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from hanse.base import EngineError
from hanse.interfaces import (
    ArrowScan,
    Engine,
    Session,
    SessionLimits,
)
from hanse.testing.engine.suite import EngineSuite, rows_of

_ENDLESS = "SELECT sum(a.n * b.n + c.n * d.n) AS s FROM numbers AS a, numbers AS b, numbers AS c, numbers AS d"


class RunningSuite(EngineSuite):
    """Streams, threads, interrupts, time limits, closing."""

    def test_stream_comes_in_batches(self, session: Session) -> None:
        """All rows, in order, in more than one batch of the asked-for size at most."""
        reader = session.stream(
            "SELECT a.n * 5000 + b.n AS n FROM numbers AS a, numbers AS b WHERE a.n < 40 ORDER BY 1", batch_rows=10_000
        )
        assert reader.schema.names == ["n"]
        sizes, first = [], None
        for batch in reader:
            sizes.append(batch.num_rows)
            first = batch.column(0)[0].as_py() if first is None else first
        assert sum(sizes) == 200_000
        assert len(sizes) > 1
        assert first == 0

    def test_stream_does_not_wait_for_the_last_row(self, session: Session) -> None:
        """The first rows of a result that would never fit come at once, and the rest can be left."""
        started = clock.monotonic()
        reader = session.stream("SELECT a.n AS n FROM numbers AS a, numbers AS b, numbers AS c")
        assert reader.read_next_batch().num_rows > 0
        del reader
        assert clock.monotonic() - started < 10
        assert rows_of(session, "SELECT 1 AS a") == [{"a": 1}]

    def test_errors_in_a_stream_are_mapped(self, session: Session) -> None:
        """Also those that happen when earlier batches are out already."""
        late = "CASE WHEN a.n = 4999 THEN CAST('x' || a.n AS BIGINT) ELSE a.n END"
        select = f"SELECT {late} AS n FROM numbers AS a, numbers AS b WHERE b.n < 200"  # noqa: S608 - our own text
        with pytest.raises(EngineError, match="HNS-E004"):
            session.stream(select).read_all()

    def test_threads_share_a_session(self, session: Session) -> None:
        """Each call stands alone: results do not mix, bindings may change meanwhile."""
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for _ in range(10):
                    session.bind(f"t{number}", ArrowScan(pa.table({"a": [number]})))
                    assert rows_of(session, f"SELECT a FROM t{number}") == [{"a": number}]  # noqa: S608 - a number
                    assert session.stream("SELECT n FROM numbers", batch_rows=1_000).read_all().num_rows == 5_000
            except BaseException as failure:  # noqa: BLE001 - handed to the main thread
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_interrupt_ends_what_runs(self, session: Session) -> None:
        """The statement raises; the session goes on."""
        timer = threading.Timer(0.1, session.interrupt)
        timer.start()
        with pytest.raises(EngineError, match="HNS-E009"):
            session.fetch(_ENDLESS)
        timer.join()
        reader = session.stream("SELECT a.n AS n FROM numbers AS a, numbers AS b")
        reader.read_next_batch()
        session.interrupt()
        with pytest.raises(EngineError, match="HNS-E009"):
            reader.read_all()
        session.interrupt()
        assert rows_of(session, "SELECT 1 AS a") == [{"a": 1}]

    def test_interrupted_staging_leaves_nothing(self, session: Session, folder: Path) -> None:
        """As any other failure."""
        timer = threading.Timer(0.1, session.interrupt)
        timer.start()
        with pytest.raises(EngineError, match="HNS-E009"):
            session.stage("SELECT a.n AS n FROM numbers AS a, numbers AS b, numbers AS c", str(folder / "t.parquet"))
        timer.join()
        assert list(folder.iterdir()) == []

    def test_time_limit(self, engine: Engine) -> None:
        """It counts from the start of a statement to its last batch, and for each statement anew."""
        with engine.open(limits=SessionLimits(seconds=0.3)) as session:
            session.bind("numbers", ArrowScan(pa.table({"n": range(5_000)})))
            started = clock.monotonic()
            with pytest.raises(EngineError, match="HNS-E010"):
                session.fetch(_ENDLESS)
            assert clock.monotonic() - started < 5
            with pytest.raises(EngineError, match="HNS-E010"):
                session.stream("SELECT a.n AS n FROM numbers AS a, numbers AS b, numbers AS c").read_all()
            for _ in range(3):
                clock.sleep(0.15)
                assert rows_of(session, "SELECT 1 AS a") == [{"a": 1}]

    def test_close(self, engine: Engine) -> None:
        """Closing twice is harmless; nothing works afterwards, and open readers end."""
        session = engine.open()
        session.bind("numbers", ArrowScan(pa.table({"n": range(5_000)})))
        reader = session.stream("SELECT a.n AS n FROM numbers AS a, numbers AS b")
        reader.read_next_batch()
        session.close()
        session.close()
        with pytest.raises(EngineError, match="HNS-E018"):
            reader.read_all()
        for use in (session.fetch, session.stream, session.describe, session.references):
            with pytest.raises(EngineError, match="HNS-E018"):
                use("SELECT 1")
        with pytest.raises(EngineError, match="HNS-E018"):
            session.bind("t", ArrowScan(pa.table({"a": [1]})))

    def test_close_ends_a_running_statement(self, engine: Engine) -> None:
        """Another thread's statement raises soon."""
        session = engine.open()
        session.bind("numbers", ArrowScan(pa.table({"n": range(5_000)})))
        timer = threading.Timer(0.1, session.close)
        timer.start()
        with pytest.raises(EngineError, match="HNS-E018"):
            session.fetch(_ENDLESS)
        timer.join()
        with suppress(EngineError):
            session.interrupt()
