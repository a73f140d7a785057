"""Rows as they come, with the engine's errors mapped wherever they are raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.base import EngineError
from hanse.drivers.duckdb.errors import translate
from hanse.drivers.duckdb.flights import Flight, Tower
from hanse.drivers.duckdb.signals import hearing

if TYPE_CHECKING:
    import pyarrow as pa


class Batches:
    """Iterator over a result's record batches. Its flight lands with the last batch, an error, or its own end."""

    def __init__(self, flight: Flight, tower: Tower) -> None:
        self._flight = flight
        self._tower = tower

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        flight = self._flight
        try:
            with flight.busy:
                return _read(flight)
        except OSError as error:  # Arrow's form of an error inside the engine
            self._tower.land(flight)
            raise translate(error, code=flight.verdict) from error
        except BaseException:  # the end, a verdict, the user's Ctrl-C
            self._tower.land(flight)
            raise

    def __del__(self) -> None:
        self._tower.land(self._flight)


def _read(flight: Flight) -> pa.RecordBatch:
    if flight.verdict is not None:
        raise EngineError(flight.verdict, "the statement was ended before its last row")
    if flight.result is None:
        raise StopIteration
    return hearing(flight.cursor, flight.result.read_next_batch)


def start_stream(cursor: Any, select: str, batch_rows: int) -> Any:
    """Start a SELECT and return an Arrow reader that produces rows as they are asked for.

    DuckDB 1.5 streams from ``execute``; 2.0 materialises there and streams from ``sql``. The one place that knows.
    """
    return cursor.execute(select).to_arrow_reader(batch_rows)
