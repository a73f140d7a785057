"""CSV files as SELECTs that DuckDB can bind, and without their bad lines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from hanse.base import EngineError, Location, new_id
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.errors import classify
from hanse.drivers.duckdb.footers import check_present
from hanse.drivers.duckdb.quoting import identifier, literal_path, local_path, text, texts
from hanse.interfaces import CsvScan, RejectedLine
from hanse.spec import TextStyle

_SNIFFED = "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, Columns, DateFormat, TimestampFormat FROM sniff_csv"
_DELIMITERS = (",", ";", "\t", "|")
_NUMBERS = frozenset({"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL"})
# Stands for null in no file.
_NO_VALUE = "\x1a\x1a"


def csv_select(cursor: duckdb.DuckDBPyConnection, scan: CsvScan, further: Sequence[str] = ()) -> str:
    """Read a CSV file with the dialect and types found once, over the whole file, now.

    Args:
        cursor: a connection.
        scan: the file.
        further: options for ``read_csv``.

    Raises:
        EngineError: damaged, missing, wrongly encoded or malformed file.
    """
    path = local_path(scan.path)
    check_present(path)
    given = _given(scan)
    sniffed = _sniff(cursor, path, given)
    if scan.delimiter is None and len(sniffed[5]) == 1:
        # A ragged line makes the sniffer see one wide column; reading with the evident delimiter names the line.
        counts = {d: sniffed[5][0]["name"].count(d) for d in _DELIMITERS}
        delimiter = max(counts, key=lambda d: counts[d])
        if counts[delimiter]:
            sniffed = _sniff(cursor, path, f"{given}, delim={text(delimiter)}")
    if scan.quote is None and sniffed[1] == "'":
        sniffed = _apostrophes(cursor, scan, given, sniffed)
    columns, (date_format, timestamp_format) = sniffed[5], sniffed[6:]
    styled = (
        {} if scan.text else {c["name"]: value for c in columns if (value := _styled(c["name"], c["type"], scan.style))}
    )
    kinds = {c["name"]: "VARCHAR" if c["name"] in styled else c["type"] for c in columns}
    options = [
        *_dialect(scan, sniffed, kinds),
        "strict_mode=true",
        *([f"dateformat={text(date_format)}"] if date_format else []),
        *([f"timestampformat={text(timestamp_format)}"] if timestamp_format else []),
        *further,
    ]
    projection = ", ".join(styled.get(c["name"], identifier(c["name"])) for c in columns) if styled else "*"
    return f"SELECT {projection} FROM read_csv({literal_path(path)}, {', '.join(options)})"  # noqa: S608 - quoted tokens


def _dialect(scan: CsvScan, sniffed: tuple[Any, ...], kinds: Mapping[str, str]) -> list[str]:
    """Return the options of ``read_csv`` for a file in a dialect that was found, with columns of these types."""
    delimiter, quote, escape, skip, header = sniffed[:5]
    # "(empty)" means that the sniffed part holds no quotes; later lines may.
    quote = scan.quote if scan.quote is not None else '"' if quote in {"(empty)", ""} else quote
    escape = quote if escape in {"(empty)", ""} else escape
    types = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in kinds.items())
    return [
        "auto_detect=false",
        f"delim={text(delimiter)}",
        f"quote={text(quote)}",
        f"escape={text(escape)}",
        f"skip={int(skip)}",
        f"header={str(bool(header)).lower()}",
        f"columns={{{types}}}",
        "hive_partitioning=false",
        *_source_options(scan),
    ]


def _apostrophes(
    cursor: duckdb.DuckDBPyConnection, scan: CsvScan, given: str, sniffed: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return what is found if apostrophes are no quotes, where more lines are rows then.

    The sniffer sees quotes in ``1,'t Hooft`` and ``9,the boys'``, and takes all lines between them for one value.
    """
    path, names = local_path(scan.path), [column["name"] for column in sniffed[5]]

    def rows(quote: str) -> int:
        options = _dialect(scan, (sniffed[0], quote, quote, *sniffed[3:5]), dict.fromkeys(names, "VARCHAR"))
        tolerant = ", ".join([*options, "strict_mode=false", "ignore_errors=true"])
        counted = cursor.execute(f"SELECT count(*) FROM read_csv({literal_path(path)}, {tolerant})").fetchone()  # noqa: S608 - quoted tokens
        return int(counted[0]) if counted else 0

    if rows('"') <= rows("'"):
        return sniffed
    other = _sniff(cursor, path, f"{given}, delim={text(sniffed[0])}, quote='\"'")
    if [column["name"] for column in other[5]] == names:
        return other
    return sniffed[0], '"', '"', *sniffed[3:]  # bad lines are in the sniffer's way; reading will name them


def _sniff(cursor: duckdb.DuckDBPyConnection, path: str, given: str) -> tuple[Any, ...]:
    query = f"{_SNIFFED}({literal_path(path)}{given}"
    row = None
    for patience in ("", ", ignore_errors=true", ", ignore_errors=true, strict_mode=false"):
        try:
            row = cursor.execute(f"{query}{patience})").fetchone()
            break
        except duckdb.InvalidInputException as error:
            # The sniffer gives up without naming a line. Reading strictly with what sound lines say will name it.
            if classify(error) is not codes.MALFORMED_ROW or "strict_mode" in patience:
                raise
    if row is None:
        raise EngineError(codes.FILE_DAMAGED, "nothing can be read from the file", where=Location(path))
    return row


def _given(scan: CsvScan) -> str:
    # Left free, the sniffer skips whatever lines do not fit its favourite dialect, in silence.
    options = [*_source_options(scan), "skip=0"]
    if scan.text:
        options.append("all_varchar=true")
    else:
        options += ["sample_size=-1", *_style_options(scan.style)]
    if scan.columns:
        pinned = ", ".join(f"{text(name)}: {text(sql_type)}" for name, sql_type in scan.columns.items())
        options.append(f"types={{{pinned}}}")
    if scan.delimiter is not None:
        options.append(f"delim={text(scan.delimiter)}")
    if scan.quote is not None:
        options.append(f"quote={text(scan.quote)}")
    if scan.escape is not None:
        options.append(f"escape={text(scan.escape)}")
    if scan.header is not None:
        options.append(f"header={str(scan.header).lower()}")
    return "".join(f", {o}" for o in options)


def _style_options(style: TextStyle) -> list[str]:
    written = {
        "decimal_separator": style.decimal,
        "thousands": style.thousands,
        "dateformat": style.dates,
        "timestampformat": style.timestamps,
    }
    return [f"{option}={text(value)}" for option, value in written.items() if value is not None]


def _is_number(kind: str) -> bool:
    return kind.partition("(")[0] in _NUMBERS


def _styled(name: str, kind: str, style: TextStyle) -> str | None:
    """Return an expression for a column's values where DuckDB itself would not read them as the style says."""
    if _is_number(kind):
        return _number(name, kind, style) if style.has_numbers else None
    form = style.dates if kind == "DATE" else style.timestamps if kind.startswith("TIMESTAMP") else None
    return _moment(name, kind, form) if form and "%Y" in form else None


def _moment(name: str, kind: str, form: str) -> str:
    """Return an expression for a date or a time; DuckDB itself would read ``26`` as the year 26."""
    value = identifier(name)
    moment = f"strptime(trim({value}), {text(form)})"
    fault = f"error(concat('column ', {text(name)}, ': `', {value}, '` is no date as the file writes them'))"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN year({moment}) >= 1000 OR contains({value}, strftime({moment}, '%Y')) THEN CAST({moment} AS {kind}) "
        f"ELSE {fault} END AS {value}"
    )


def _number(name: str, kind: str, style: TextStyle) -> str:
    """Return an expression for a number as it is written; DuckDB itself would read ``1.5`` as 15 where points group."""
    value = identifier(name)
    plain = value if style.thousands is None else f"replace({value}, {text(style.thousands)}, '')"
    plain = f"replace({plain}, {text(style.decimal or '.')}, '.')"
    fault = f"error(concat('column ', {text(name)}, ': `', {value}, '` is no number as the file writes them'))"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN regexp_full_match({value}, {text(style.number_pattern)}) THEN CAST({plain} AS {kind}) "
        f"ELSE {fault} END AS {value}"
    )


def sift(cursor: duckdb.DuckDBPyConnection, scan: CsvScan, path: str, at_most: int) -> tuple[RejectedLine, ...]:
    """See :meth:`hanse.interfaces.Session.sift`."""
    rejects, scans = f"__rejects_{new_id()}", f"__scans_{new_id()}"
    # Values are copied as they stand: what means null is said when the copy is read.
    raw = replace(scan, text=True, columns={}, null_values=(_NO_VALUE,), style=TextStyle())
    names = [f"rejects_table={text(rejects)}", f"rejects_scan={text(scans)}"]
    tolerant = ["store_rejects=true", "rejects_limit=0", *names]
    target = Path(path)
    partial = target.with_name(f".{target.name}.{new_id()}.partial")
    try:
        select = csv_select(cursor, raw, tolerant)
        header = str(scan.header is not False).lower()
        cursor.execute(
            f"COPY ({select}) TO {text(str(partial))} "
            f"(FORMAT csv, HEADER {header}, DELIMITER ',', QUOTE '\"', FORCE_QUOTE *, USE_TMP_FILE false)"
        )
        found = cursor.execute(
            f"SELECT line, any_value(csv_line), first(error_message ORDER BY column_idx) FROM {identifier(rejects)} "  # noqa: S608 - a name of ours
            f"GROUP BY line ORDER BY line LIMIT {int(at_most) + 1}"
        ).fetchall()
        os.replace(partial, target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngineError(codes.WRITE_FAILED, f"`{path}` cannot be written: {reason}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        for table in (rejects, scans):
            cursor.execute(f"DROP TABLE IF EXISTS {identifier(table)}")
    return tuple(RejectedLine(int(number), line or "", reason or "") for number, line, reason in found)


def _source_options(scan: CsvScan) -> list[str]:
    options = [f"compression={text(scan.compression)}"]
    if scan.encoding is not None:
        options.append(f"encoding={text(scan.encoding.lower())}")
    if scan.null_values:
        options.append(f"nullstr={texts(scan.null_values)}")
    return options
