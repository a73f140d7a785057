"""Writing results: CSV, JSON, NDJSON, Parquet and Arrow, batch by batch, never the whole of it in memory.

How values are written as text (CSV and JSON alike):

- dates and times in ISO 8601, ``2013-01-01T05:00:00``; with time zone in UTC with ``Z``; fractions only if not zero;
- whole numbers with all their digits, also beyond 2^53 (readers that know only doubles must take care);
- decimals with a fraction as JSON strings, ``"12.50"``: exact for every reader;
- NaN and infinities, which JSON does not know, as ``null``; in CSV ``nan``, ``inf``, ``-inf``;
- binary as Base64 (RFC 4648), intervals as ISO 8601 durations, lists as arrays, structs as objects, maps as arrays of
  ``{"key": …, "value": …}``; nested values stand in CSV as JSON.

CSV follows RFC 4180: a header, lines end with CR LF, fields with a comma, quote or line break are quoted and quotes
doubled. A null is an empty field, an empty text is ``""``.
"""

from __future__ import annotations

import base64
import decimal
import json
import re
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hanse.base import QueryError
from hanse.base.suggest import did_you_mean
from hanse.query import codes

if TYPE_CHECKING:
    from hanse.query.result import Result


def write(result: Result, file: IO[bytes], format: str) -> int:  # noqa: A002 - the word that everybody uses
    """Write a result's rows to a binary file, and return how many there were.

    Args:
        result: read to its end.
        file: open for writing; left open.
        format: ``csv``, ``json`` (an array of objects), ``ndjson`` (one object per line), ``parquet`` or ``arrow``
            (IPC stream).

    Raises:
        QueryError: HNS-Q106 for another format, HNS-Q107 when it cannot hold a column's type.
    """
    writer = FORMATS.get(format)
    if writer is None:
        raise QueryError(
            codes.UNKNOWN_FORMAT,
            f"`{format}` is no format that results are written in",
            fix=did_you_mean(format, FORMATS),
        )
    return writer(result, file)


def rows_of(result: Result, limit: int) -> tuple[list[str], list[list[Any]], bool]:
    """Return column names, the first rows with JSON-ready values, and whether there are more. Closes the result.

    Values are those that the ``json`` format writes. For tables on a screen; ``limit`` is at least 0.
    """
    rows: list[list[Any]] = []
    more = False
    for batch in result:
        wanted = min(batch.num_rows, limit - len(rows))
        columns = [_values(column) for column in batch.slice(0, wanted).columns]
        rows += [list(row) for row in zip(*columns, strict=True)] if columns else []
        if wanted < batch.num_rows:
            more = True
            break
    result.close()
    return list(result.schema.names), rows, more or result.truncated


def _write_csv(result: Result, file: IO[bytes]) -> int:
    file.write(",".join(_csv_field(name) for name in result.schema.names).encode() + b"\r\n")
    written = 0
    for batch in result:
        fields = [_csv_column(column) for column in batch.columns]
        _write_lines(file, pc.binary_join_element_wise(*fields, ","), "\r\n", "\r\n")
        written += batch.num_rows
    return written


def _write_ndjson(result: Result, file: IO[bytes]) -> int:
    written = 0
    for batch in result:
        _write_lines(file, _objects(batch), "\n", "\n")
        written += batch.num_rows
    return written


def _write_json(result: Result, file: IO[bytes]) -> int:
    file.write(b"[")
    written = 0
    for batch in result:
        if batch.num_rows:
            file.write(b",\n" if written else b"\n")
            _write_lines(file, _objects(batch), ",\n", "")
            written += batch.num_rows
    file.write(b"\n]\n")
    return written


def _write_parquet(result: Result, file: IO[bytes]) -> int:
    import pyarrow.parquet as pq

    try:
        writer = pq.ParquetWriter(file, result.schema, compression="zstd")
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise QueryError(
            codes.FORMAT_CANNOT_HOLD,
            "Parquet has no place for a type of this result",
            why=str(error).split("\n", 1)[0],
            fix="CAST that column to VARCHAR, or write arrow",
        ) from error
    written = 0
    with writer:
        for batch in result:
            writer.write_batch(batch)
            written += batch.num_rows
    return written


def _write_arrow(result: Result, file: IO[bytes]) -> int:
    written = 0
    with pa.ipc.new_stream(file, result.schema) as writer:
        for batch in result:
            writer.write_batch(batch)
            written += batch.num_rows
    return written


FORMATS: dict[str, Callable[[Result, IO[bytes]], int]] = {
    "arrow": _write_arrow,
    "csv": _write_csv,
    "json": _write_json,
    "ndjson": _write_ndjson,
    "parquet": _write_parquet,
}
"""Writers by name of the format."""


def _write_lines(file: IO[bytes], lines: pa.Array, between: str, after: str) -> None:
    """Write texts one after another without making a Python object of each."""
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), between)
    file.write(joined[0].as_buffer())
    file.write(after.encode())


def _objects(batch: pa.RecordBatch) -> pa.Array:
    """Return each row as a JSON object."""
    if not batch.num_columns:
        return pa.array(["{}"] * batch.num_rows)
    pieces: list[Any] = []
    for index, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        pieces += (pa.scalar(("{" if index == 0 else ",") + json.dumps(name, ensure_ascii=False) + ":"), _json(column))
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), "")


def _json(column: pa.Array) -> pa.Array:
    """Return values as JSON texts, nulls as ``null``."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = _json_strings(column.cast(pa.string()))
    elif pa.types.is_dictionary(kind):
        return _json(column.cast(kind.value_type))
    elif _is_plain_number(kind) or pa.types.is_boolean(kind):
        texts = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
        texts = finite.cast(pa.string())
    elif _is_text_like(kind):
        texts = pc.binary_join_element_wise(pa.scalar('"'), _text(column), pa.scalar('"'), "")
    else:
        texts = pa.array([None if v is None else _dumps(v) for v in _plain_values(column)], pa.string())
    return pc.fill_null(texts, "null")


def _csv_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _csv_column(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = _csv_strings(column.cast(pa.string()))
    elif _is_plain_number(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        texts = column.cast(pa.string())
    elif _is_text_like(kind):
        texts = _text(column)
    else:
        values = [None if v is None else v if isinstance(v, str) else _dumps(v) for v in _plain_values(column)]
        texts = _csv_strings(pa.array(values, pa.string()))
    return pc.fill_null(texts, "")


def _is_plain_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0))


def _is_text_like(kind: pa.DataType) -> bool:
    """Whether values have a text of their own that needs no escaping."""
    return bool((pa.types.is_temporal(kind) and not pa.types.is_interval(kind)) or pa.types.is_decimal(kind))


def _text(column: pa.Array) -> pa.Array:
    """Return dates, times and decimals as text."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return _plain_decimals(column)
    zone = pa.types.is_timestamp(kind) and kind.tz is not None
    if zone:
        column = column.cast(pa.timestamp(kind.unit))
    texts = _without_zeros(column)
    if pa.types.is_timestamp(kind):
        texts = pc.replace_substring(texts, " ", "T", max_replacements=1)
    return pc.binary_join_element_wise(texts, pa.scalar("Z"), "") if zone else texts


def _without_zeros(column: pa.Array) -> pa.Array:
    """Return times as text, with fractions of a second only as far as they are not zero."""
    kind = column.type
    if not (pa.types.is_timestamp(kind) or pa.types.is_time(kind)):
        return column.cast(pa.string())
    try:
        return column.cast(pa.timestamp("s") if pa.types.is_timestamp(kind) else pa.time32("s")).cast(pa.string())
    except pa.ArrowInvalid:
        texts = pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d*?)0+$", r"\1")
        return pc.replace_substring_regex(texts, r"\.$", "")


def _plain_decimals(column: pa.Array) -> pa.Array:
    texts = column.cast(pa.string())
    if not pc.any(pc.match_substring(texts, "E")).as_py():
        return texts
    # Arrow writes very small decimals with an exponent.
    return pa.array([None if v is None else f"{v:f}" for v in column.to_pylist()], pa.string())


def _json_strings(column: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(column, r"[\x00-\x1f]")).as_py():
        return pa.array(
            [None if v is None else json.dumps(v, ensure_ascii=False) for v in column.to_pylist()], pa.string()
        )
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise(pa.scalar('"'), escaped, pa.scalar('"'), "")


def _csv_strings(column: pa.Array) -> pa.Array:
    needs = pc.or_(pc.match_substring_regex(column, '[",\r\n]'), pc.equal(column, ""))
    if not pc.any(needs).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    quoted = pc.binary_join_element_wise(pa.scalar('"'), doubled, pa.scalar('"'), "")
    return pc.if_else(needs, quoted, column)


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) or not text else text


def _values(column: pa.Array) -> list[Any]:
    return [json.loads(text) for text in _json(column).to_pylist()]


def _plain_values(column: pa.Array) -> list[Any]:
    """Return values of nested and rare types as JSON-ready ones."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [_plain_list(value) for value in column]
    if pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind):
        return [None if not value.is_valid else _plain(value) for value in column]
    return [_plain(value) for value in column]


def _plain_list(value: pa.Scalar) -> list[Any] | None:
    return _values(value.values) if value.is_valid else None


def _plain(value: pa.Scalar) -> Any:
    """Return one Arrow value as a JSON-ready one."""
    if not value.is_valid:
        return None
    kind = value.type
    if pa.types.is_struct(kind):
        return {field.name: _plain(value[index]) for index, field in enumerate(kind)}
    if pa.types.is_map(kind):
        entries = value.values
        keys, items = _values(entries.field(0)), _values(entries.field(1))
        return [{"key": key, "value": item} for key, item in zip(keys, items, strict=True)]
    if pa.types.is_union(kind):
        return _plain(value.value)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return base64.b64encode(value.as_py()).decode("ascii")
    if pa.types.is_interval(kind):
        return _duration(*value.as_py())
    return _values(pa.array([value]))[0]


def _duration(months: int, days: int, nanoseconds: int) -> str:
    """Return an ISO 8601 duration, for example ``P1M2DT3.5S``."""
    parts = [f"{months}M" if months else "", f"{days}D" if days else ""]
    time = ""
    if nanoseconds:
        seconds = decimal.Decimal(nanoseconds) / 1_000_000_000
        time = f"T{seconds.normalize():f}S"
    return "P" + ("".join(parts) + time or "T0S")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
