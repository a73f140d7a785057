"""What a statement gives: rows that stream, in the shape that the reader wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hanse.base import QueryError
from hanse.query import codes
from hanse.registry.records import Release

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Result:
    """Rows of one statement, read once as they come. Close it, or use it in a ``with`` statement.

    Column names are unique: what the statement gives twice comes as ``id`` and ``id_1``.

    Attributes:
        releases: the releases that were read, one per product named in the statement.
        schema: names and Arrow types of the columns.
    """

    def __init__(
        self,
        source: pa.RecordBatchReader,
        releases: tuple[Release, ...],
        *,
        max_rows: int | None = None,
        explain: Callable[[BaseException], BaseException] = lambda error: error,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        import pyarrow as pa

        self.releases = releases
        names = _unique(source.schema.names)
        self.schema: pa.Schema = pa.schema(
            [field.with_name(name) for field, name in zip(source.schema, names, strict=True)]
        )
        self._source: pa.RecordBatchReader | None = source
        self._left = max_rows
        self._truncated = False
        self._explain = explain
        self._on_close = on_close
        self._table: pa.Table | None = None
        self._reader: pa.RecordBatchReader | None = None

    @property
    def truncated(self) -> bool:
        """Whether ``max_rows`` cut rows off; known once the rows were read."""
        return self._truncated

    @property
    def reader(self) -> pa.RecordBatchReader:
        """The rows as an Arrow stream; the same stream every time."""
        if self._reader is None:
            import pyarrow as pa

            self._reader = pa.RecordBatchReader.from_batches(self.schema, iter(self))
        return self._reader

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield record batches as they come.

        Raises:
            QueryError: HNS-Q108 when the rows were read already, or what the engine meets while it works.
        """
        if self._table is not None:
            yield from self._table.to_batches()
            return
        source = self._source
        if source is None:
            raise QueryError(
                codes.RESULT_CLOSED,
                "the rows of this result were read already, or it was closed",
                fix="run the statement again, or keep the rows with to_arrow()",
            )
        try:
            while True:
                try:
                    batch = source.read_next_batch()
                except StopIteration:
                    return
                except Exception as error:
                    raise self._explain(error) from error
                taken = self._take(batch)
                if taken.num_rows:
                    yield taken
                if self._truncated:
                    return
        finally:
            self._finish()

    def to_arrow(self) -> pa.Table:
        """Return all rows as one Arrow table; kept, so that it can be asked for again."""
        if self._table is None:
            import pyarrow as pa

            self._table = pa.Table.from_batches(list(self), schema=self.schema)
        return self._table

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows as a pandas data frame. Integers with nulls stay integers (``Int64``).

        Raises:
            QueryError: HNS-Q105, pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise _missing("pandas") from error
        import pyarrow as pa

        nullable = {
            pa.int8(): pd.Int8Dtype(),
            pa.int16(): pd.Int16Dtype(),
            pa.int32(): pd.Int32Dtype(),
            pa.int64(): pd.Int64Dtype(),
            pa.uint8(): pd.UInt8Dtype(),
            pa.uint16(): pd.UInt16Dtype(),
            pa.uint32(): pd.UInt32Dtype(),
            pa.uint64(): pd.UInt64Dtype(),
        }
        table = self.to_arrow()
        holed = {field.type for field, column in zip(table.schema, table.columns, strict=True) if column.null_count}
        return table.to_pandas(types_mapper={k: v for k, v in nullable.items() if k in holed}.get)

    def to_polars(self) -> pl.DataFrame:
        """Return all rows as a polars data frame.

        Raises:
            QueryError: HNS-Q105, polars is not installed.
        """
        try:
            import polars as pl
        except ModuleNotFoundError as error:
            raise _missing("polars") from error
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def close(self) -> None:
        """Stop reading and give everything back. Closing twice is harmless."""
        self._finish()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_source", None) is not None:
            self._finish()

    def _take(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._left is not None and batch.num_rows > self._left:
            batch = batch.slice(0, self._left)
            self._truncated = True
        if self._left is not None:
            self._left -= batch.num_rows
        return batch.rename_columns(self.schema.names)

    def _finish(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            # Dropping the engine's reader ends the statement; what it read may be forgotten only then.
            del source
            self._on_close()


def _missing(package: str) -> QueryError:
    return QueryError(
        codes.PACKAGE_MISSING, f"{package} is not installed", fix=f"pip install 'hanse[{package}]', or use to_arrow()"
    )


def _unique(names: list[str]) -> list[str]:
    """Return the names with ``_1``, ``_2`` … added where a name comes again, case ignored."""
    taken = {name.lower() for name in names}
    seen: set[str] = set()
    unique = []
    for name in names:
        chosen, number = name, 0
        while chosen.lower() in seen or (number and chosen.lower() in taken):
            number += 1
            chosen = f"{name}_{number}"
        seen.add(chosen.lower())
        unique.append(chosen)
    return unique
