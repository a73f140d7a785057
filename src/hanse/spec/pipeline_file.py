"""From ``pipeline.yaml``, or what lies in ``data``, to a :class:`~hanse.spec.product.Pipeline`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hanse.base import Code, Location, Problem, ProductName, Severity
from hanse.base.codes import ILLEGAL_NAME
from hanse.base.names import MAX_OWNER_NAME, name_fault, suggest_name
from hanse.spec import codes
from hanse.spec.address_checks import address_problems
from hanse.spec.database_input import read_database_input
from hanse.spec.descriptors import FileInputFile, PipelineFile, PortInputFile, TableFile, TableInputFile
from hanse.spec.document import Document, Map
from hanse.spec.file_formats import guess_format
from hanse.spec.globs import is_glob
from hanse.spec.models import validate
from hanse.spec.product import DatabaseInput, FileInput, InputPort, Pipeline, TableSettings
from hanse.spec.retention import retention_of
from hanse.spec.text_style import TextStyle
from hanse.spec.urls import place_of
from hanse.spec.variables import Expansion, expand_document
from hanse.spec.window_file import read_window
from hanse.spec.workspace import WrittenPath

_DATA_FILE = re.compile(r"(.+?)\.((?:csv|ndjson|jsonl|json)(?:\.gz|\.zip|\.bz2|\.zst)?|parquet|xlsx|avro)")
_TEXTUAL = ("csv", "ndjson", "json")


@dataclass
class PipelineReading:
    """A pipeline and what goes with it.

    Attributes:
        pipeline: None when it cannot be read.
        paths: of every file input.
        tables: names under ``tables`` with their places.
        variables: names referred to.
        from_data: inputs were taken from the listing of ``data``.
    """

    pipeline: Pipeline | None = None
    problems: list[Problem] = field(default_factory=list)
    paths: list[WrittenPath] = field(default_factory=list)
    tables: dict[str, Location] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    from_data: bool = False


def read_pipeline(document: Document | None, data: Iterable[str], folder: str, expansion: Expansion) -> PipelineReading:
    """Read a pipeline.

    Args:
        document: ``pipeline.yaml``, or None when there is none.
        data: names in the product's ``data`` folder: the inputs, when the pipeline names none.
        folder: the product's folder, relative to the mesh.
        expansion: how references are expanded.
    """
    reading = PipelineReading()
    if document is None:
        _from_data(reading, data, folder)
        reading.pipeline = Pipeline(files=reading.pipeline.files if reading.pipeline else ())
        return reading
    reading.problems += document.problems
    written = {
        name: str(entry["file"])
        for name, entry in _mapping(document.root.get("inputs")).items()
        if isinstance(entry, Map) and isinstance(entry.get("file"), str | int | float)
    }
    tables_written = {
        name: {key: str(value) for key, value in entry.items() if isinstance(value, str)}
        for name, entry in _mapping(document.root.get("inputs")).items()
        if isinstance(entry, Map)
    }
    headers = _without_headers(document)
    reading.problems += expand_document(document, expansion)
    for holder, asked in headers.values():
        holder["headers"] = asked
    reading.variables = tuple(sorted(expansion.names))
    if reading.problems:
        return reading
    model, problems = validate(document, PipelineFile, "`hanse/v1`")
    reading.problems += problems
    if model is None:
        return reading
    if model.inputs is None:
        _from_data(reading, data, folder)
    files = list(reading.pipeline.files) if reading.pipeline else []
    ports, databases = [], list[DatabaseInput]()
    inputs = _mapping(document.root.get("inputs"))
    for name, entry in (model.inputs or {}).items():
        where = document.at_key(inputs, name)
        fault = name_fault(name)
        if fault:
            reading.problems.append(_illegal(f"input `{name}`", name, fault, where))
        elif isinstance(entry, PortInputFile):
            ports.append(_port(reading, document, inputs[name], name, entry, where))
        elif isinstance(entry, TableInputFile):
            table, problems = read_database_input(document, inputs[name], name, entry, tables_written[name], where)
            reading.problems += problems
            databases += [table] if table else []
        else:
            file = _file(reading, document, inputs[name], name, entry, where)
            if file:
                files.append(replace(file, written=written[name]))
                place = document.at(inputs[name], "file")
                reading.problems += address_problems(document, inputs[name], file, place)
                own = tuple((entry.headers or {}).items())
                reading.paths.append(WrittenPath(name, written[name], place, file.only_new, own))
    tables = _mapping(document.root.get("tables"))
    reading.tables = {name: document.at_key(tables, name) for name in tables}
    settings = {
        name: _settings(reading, document, tables[name], found, reading.tables[name])
        for name, found in (model.tables or {}).items()
    }
    asked = document.root.get("retention")
    retention = retention_of(asked, document.at(document.root, "retention")) if isinstance(asked, Map) else None
    reading.pipeline = Pipeline(tuple(files), tuple(ports), settings, document.path, retention, tuple(databases))
    return reading


def _settings(
    reading: PipelineReading, document: Document, entry: Map, found: TableFile, where: Location
) -> TableSettings:
    usual = TableSettings()
    window = read_window(document, entry["window"], found.window, reading.problems) if found.window else None
    return TableSettings(
        materialize=found.materialize,
        deleted=found.deleted,
        by=tuple(found.by or ()),
        since=found.since or usual.since,
        until=found.until or usual.until,
        missing=found.missing or usual.missing,
        window=window,
        where=where,
    )


def _without_headers(document: Document) -> dict[str, tuple[Map, Any]]:
    """Take the headers of all inputs out of a document, and return them with the inputs that they belong to.

    Their variables decide who may read a file, not what it holds: a token that changes every day is no other product,
    and nothing but the request for the file ever sees its value.
    """
    inputs = _mapping(document.root.get("inputs"))
    return {
        name: (entry, entry.pop("headers"))
        for name, entry in inputs.items()
        if isinstance(entry, Map) and "headers" in entry
    }


def _mapping(value: object) -> Map:
    return value if isinstance(value, Map) else Map()


def _illegal(what: str, name: str, fault: str, where: Location) -> Problem:
    return Problem(ILLEGAL_NAME, f"{what} has no legal name", where, why=fault, fix=f"call it `{suggest_name(name)}`")


def _port(
    reading: PipelineReading, document: Document, entry: Map, name: str, model: PortInputFile, where: Location
) -> InputPort:
    domain, product, port = model.port.split(".")
    parts = ((domain, MAX_OWNER_NAME), (product, MAX_OWNER_NAME), (port, 63))
    for part, limit in parts:
        fault = name_fault(part, limit=limit)
        if fault:
            reading.problems.append(
                Problem(
                    ILLEGAL_NAME,
                    f"`{part}` in `{model.port}` is no legal name",
                    document.at(entry, "port"),
                    why=fault,
                    fix="write the address as `domain.product.port`",
                )
            )
    return InputPort(name, port=model.port, major=model.major, where=where)


def _file(
    reading: PipelineReading, document: Document, entry: Map, name: str, model: FileInputFile, where: Location
) -> FileInput | None:
    def report(code: Code, key: str, what: str, fix: str) -> None:
        place = document.at(entry, key) if key in entry else where
        reading.problems.append(Problem(code, what, place, fix=fix))

    guessed, compression = guess_format(model.file)
    format_ = model.format or guessed
    if format_ is None:
        report(
            codes.MISSING_KEY, "file", f"the format of input `{name}` cannot be told from its name", "add `format: csv`"
        )
        return None
    compression = model.compression or compression
    belongs = (("csv", model.csv, ("csv",)), ("columns", model.columns, _TEXTUAL), ("excel", model.excel, ("xlsx",)))
    for key, given, formats in belongs:
        if given is not None and format_ not in formats:
            names = {"csv": "CSV", "columns": "CSV and JSON", "excel": "Excel"}
            what = f"`{key}` of input `{name}` belongs to {names[key]} files only"
            report(codes.BAD_VALUE, key, what, f"remove `{key}`")
    if format_ not in _TEXTUAL and compression != "none":
        what = f"input `{name}` is a compressed {format_.capitalize()} file"
        report(codes.BAD_VALUE, "compression", what, f"unpack it: {format_.capitalize()} compresses inside")
        return None
    if model.only_new and not is_glob(model.file):
        what = f"`only_new` of input `{name}` belongs to patterns only, and `file` names one file"
        report(codes.BAD_VALUE, "only_new", what, "write a pattern, for example `data/*.csv`, or remove `only_new`")
    csv, excel = model.csv, model.excel
    return FileInput(
        name=name,
        path=place_of(model.file),
        format=format_,
        compression=compression,
        columns=dict(model.columns or {}),
        delimiter=csv.delimiter if csv else None,
        quote=csv.quote if csv else None,
        header=csv.header if csv else excel.header if excel else None,
        encoding=csv.encoding if csv else None,
        null_values=tuple(csv.null_values or ()) if csv else (),
        style=TextStyle(csv.decimal, csv.thousands, csv.dates, csv.timestamps) if csv else TextStyle(),
        bad_rows=(csv.bad_rows or 0) if csv else 0,
        sheet=excel.sheet if excel else None,
        only_new=bool(model.only_new),
        drift=model.drift or "fail",
        where=where,
    )


def _from_data(reading: PipelineReading, data: Iterable[str], folder: str) -> None:
    files: dict[str, FileInput] = {}
    reading.from_data = True
    for entry in data:
        match = _DATA_FILE.fullmatch(entry)
        if not match:
            continue
        name, where = match.group(1), Location(f"{folder}/data/{entry}")
        fault = name_fault(name)
        if fault:
            reading.problems.append(
                Problem(
                    codes.IGNORED_FILE,
                    f"`data/{entry}` is no input: `{name}` is no legal name",
                    where,
                    why=fault,
                    fix=f"rename it to `{suggest_name(name)}.{match.group(2)}`, or name it in `pipeline.yaml`",
                    severity=Severity.WARNING,
                )
            )
        elif name in files:
            first = files[name].path
            what = f"`{first}` and `data/{entry}` would both be the input `{name}`"
            reading.problems.append(
                Problem(codes.DUPLICATE_NAME, what, where, fix="rename one, or name the inputs in `pipeline.yaml`")
            )
        else:
            format_, compression = guess_format(entry)
            files[name] = FileInput(name, f"data/{entry}", format_ or "csv", compression, where=where)
            reading.paths.append(WrittenPath(name, f"data/{entry}", where))
    reading.pipeline = Pipeline(tuple(files.values()))


def port_owner(address: str) -> ProductName:
    """Return the product of a port's address ``domain.product.port``."""
    domain, product, _ = address.split(".")
    return ProductName(domain, product)
