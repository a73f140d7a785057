"""JSON, Excel and Avro files as SELECTs that DuckDB can bind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import duckdb

from hanse.base import EngineError, Location
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.footers import check_present
from hanse.drivers.duckdb.quoting import fold, identifier, literal_path, local_path, text
from hanse.interfaces import AvroScan, ExcelScan, JsonScan
from hanse.spec.types import DataType, List, Map, Struct

# A run of whatever is no number (strings as a whole), then a number or the end. Replacing each match puts every number
# between quotes, and one empty pair of quotes behind everything: the engine's own readers turn numbers into DOUBLE.
_NUMBERS = r"""((?:"(?:[^"\\]|\\.)*"|[^"\-0-9])*)(-?[0-9][-+.0-9eE]*|$)"""
_QUOTED = r'\1"\2"'


def json_select(cursor: duckdb.DuckDBPyConnection, scan: JsonScan) -> str:
    """Read JSON objects, with the columns and types found once, over the whole file, now.

    Raises:
        EngineError: damaged or missing file; HNS-E013: not JSON, or not the objects asked for.
    """
    check_present(local_path(scan.path))
    objects = _objects(scan)
    structure = _structure(cursor, scan, objects)
    if scan.text:
        return _as_text(objects, structure, {fold(name): kind for name, kind in scan.nested.items()})
    found = {name: kind for name, kind, *_ in cursor.execute(f"DESCRIBE {_typed(scan, {})}").fetchall()}
    if not scan.columns:
        return _typed(scan, found)
    pinned = {fold(name): kind for name, kind in scan.columns.items()}
    return _typed(scan, {name: pinned.get(fold(name), kind) for name, kind in found.items()})


def _source(scan: JsonScan) -> str:
    shape = "newline_delimited" if scan.lines else "array"
    packing = "gzip" if scan.compression == "gzip" else "uncompressed"
    return f"{literal_path(scan.path)}, format={text(shape)}, compression={text(packing)}"


def _objects(scan: JsonScan) -> str:
    """Return a SELECT of every object as it is written (``raw``), and with its numbers as texts (``quoted``)."""
    marked = f"regexp_replace(CAST(json AS VARCHAR), {text(_NUMBERS)}, {text(_QUOTED)}, 'g')"
    inner = f"SELECT json AS raw, {marked} AS marked FROM read_json_objects({_source(scan)})"  # noqa: S608 - quoted
    return f"SELECT raw, CAST(left(marked, length(marked) - 2) AS JSON) AS quoted FROM ({inner})"  # noqa: S608 - ours


def _structure(cursor: duckdb.DuckDBPyConnection, scan: JsonScan, objects: str) -> Mapping[str, Any]:
    """Return what the objects of a file hold: name → type, or a structure of its own.

    Raises:
        EngineError: HNS-E013.
    """
    twice = "json_type(raw) = 'OBJECT' AND len(json_keys(raw)) > len(list_distinct(json_keys(raw)))"
    query = (
        f"SELECT json_group_structure(quoted), count(*) FILTER (json_type(raw) <> 'OBJECT'), "  # noqa: S608 - ours
        f"count(*) FILTER ({twice}) FROM ({objects})"
    )
    row = cursor.execute(query).fetchone()
    found, others, doubles = row or (None, 0, 0)
    structure = json.loads(found) if found else None
    where = Location(local_path(scan.path))
    if others:
        raise EngineError(codes.MALFORMED_ROW, f"{others} of the file's values are no JSON objects", where=where)
    if not isinstance(structure, dict) or not structure:
        raise EngineError(
            codes.FILE_DAMAGED, "the file holds no JSON object with a name in it, so no column is known", where=where
        )
    if doubles or len({fold(name) for name in structure}) < len(structure):
        raise EngineError(
            codes.MALFORMED_ROW,
            "an object names something twice, or in another spelling than the others",
            where=where,
            why="small and capital letters do not tell names apart in SQL",
        )
    return structure


def _as_text(objects: str, structure: Mapping[str, Any], nested: Mapping[str, DataType]) -> str:
    opaque = {
        name for name, kind in structure.items() if fold(name) in nested and not _is_like(kind, nested[fold(name)])
    }
    kinds = {name: "VARCHAR" if name in opaque else _texts(kind) for name, kind in structure.items() if name}
    texts = json.dumps(kinds or {"_": "VARCHAR"})
    chosen = []
    for at, (name, kind) in enumerate(structure.items()):
        value = f"struct_extract(content, {text(name)})"
        pointer = text("/" + name.replace("~", "~0").replace("/", "~1"))
        if name in opaque:
            value = f"CASE WHEN json_type(quoted, {pointer}) <> 'NULL' THEN json_extract(quoted, {pointer}) END"
        elif kind == "JSON" or not name:  # objects in one place, values in another: as it is written
            value = f"raw ->> {pointer}"
        chosen.append(f"{value} AS {identifier(name or _unnamed(at, structure))}")
    inner = f"SELECT raw, quoted, from_json(quoted, {text(texts)}) AS content FROM ({objects})"  # noqa: S608 - quoted
    return f"SELECT {', '.join(chosen)} FROM ({inner})"  # noqa: S608 - quoted


def _unnamed(at: int, taken: Iterable[str]) -> str:
    """Return what a column without a name is called, as in CSV files."""
    folded = {fold(name) for name in taken}
    return next(name for name in (f"column{number}" for number in count(at)) if name not in folded)


def _is_like(kind: Any, wanted: DataType) -> bool:
    """Say whether all values in a place are of a type's shape; of objects no two members are one in SQL."""
    if kind == "NULL":
        return True
    match wanted:
        case List(item):
            return isinstance(kind, list) and all(_is_like(inner, item) for inner in kind)
        case Struct(fields):
            members = {fold(f.name): f.type for f in fields}
            if not isinstance(kind, dict) or len({fold(name) for name in kind}) < len(kind):
                return False
            known = [(inner, members[fold(name)]) for name, inner in kind.items() if fold(name) in members]
            return bool(known) and all(_is_like(inner, of) for inner, of in known)
    return not isinstance(wanted, Map)


def _texts(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {name: _texts(member) for name, member in kind.items()}
    return [_texts(member) for member in kind] if isinstance(kind, list) else "VARCHAR"


def _typed(scan: JsonScan, columns: Mapping[str, str]) -> str:
    types = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in columns.items())
    given = f", columns={{{types}}}" if columns else ", sample_size=-1"
    return f"SELECT * FROM read_json({_source(scan)}, records=true{given})"  # noqa: S608 - quoted


def excel_select(cursor: duckdb.DuckDBPyConnection, scan: ExcelScan) -> str:
    """Read one sheet of a workbook.

    Excel keeps dates as numbers and shows them as dates; as text, columns that begin with a date come in ISO 8601.

    Raises:
        EngineError: damaged or missing file, or no such sheet.
    """
    path = local_path(scan.path)
    check_present(path)
    options = [text(path), f"header={str(scan.header).lower()}", "stop_at_empty=false"]
    if scan.sheet is not None:
        options.append(f"sheet={text(scan.sheet)}")
    typed = f"SELECT * FROM read_xlsx({', '.join(options)})"  # noqa: S608 - quoted
    if not scan.text:
        return typed
    kinds = {name: kind for name, kind, *_ in cursor.execute(f"DESCRIBE {typed}").fetchall()}
    chosen = ", ".join(f"{_cell(name, kind)} AS {identifier(name)}" for name, kind in kinds.items())
    return f"SELECT {chosen} FROM read_xlsx({', '.join([*options, 'all_varchar=true'])})"  # noqa: S608 - quoted


def _cell(name: str, kind: str) -> str:
    cell = identifier(name)
    number = f"TRY_CAST({cell} AS DOUBLE)"
    # Days since the end of 1899, to the millisecond: all that Excel keeps.
    moment = f"TIMESTAMP '1899-12-30' + to_milliseconds(CAST(round({number} * 86400000) AS BIGINT))"
    if kind not in ("DATE", "TIMESTAMP", "TIME"):
        return cell
    # A date column may hold a time of day further down; the contract decides whether that is meant.
    whole = f"CAST(CAST({moment} AS DATE) AS VARCHAR)"
    shown = f"CASE WHEN {number} = floor({number}) THEN {whole} ELSE CAST({moment} AS VARCHAR) END"
    if kind == "TIMESTAMP":
        shown = f"CAST({moment} AS VARCHAR)"
    elif kind == "TIME":
        shown = f"CAST(CAST({moment} AS TIME) AS VARCHAR)"
    return f"CASE WHEN {number} IS NULL THEN {cell} ELSE {shown} END"


def avro_select(scan: AvroScan) -> str:
    """Read an Avro file as it is.

    Raises:
        EngineError: missing file.
    """
    check_present(local_path(scan.path))
    return f"SELECT * FROM read_avro({literal_path(scan.path)})"  # noqa: S608 - quoted
