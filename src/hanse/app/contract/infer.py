"""From data to a draft of its contract, with everything that the data tells about itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from hanse.app.codes import BAD_DATA
from hanse.app.contract.options import Options
from hanse.app.contract.places import Place, place
from hanse.app.contract.scratch import scratch_folder
from hanse.app.profiling import look_at, relation_of, table_name
from hanse.base import HanseError, Problem
from hanse.blueprints.contract_draft import Head, Reference, draft_contract
from hanse.spec.file_formats import guess_format
from hanse.spec.product import FileInput

Document = dict[str, Any]


def infer_contract(
    data: Sequence[tuple[str | None, str]],
    *,
    name: str | None = None,
    null_values: Sequence[str] = (),
    header: bool = True,
    options: Options | None = None,
) -> Document:
    """Draft a contract from data.

    Args:
        data: name of the table (None: after the file) and path of a file, or of a folder whose files are tables.
        name: id of the contract; None: the name of the first table.
        null_values: texts of CSV files that mean nothing.
        header: CSV files have one, if their first line looks like it; False: none has.
        options: how much memory and time may be used.

    Returns:
        ``contract``: the YAML text; ``id``; ``tables``: their profiles; ``references`` between them.

    Raises:
        HanseError: data cannot be read, or two files would become one table.
    """
    inputs = [
        replace(source, null_values=tuple(null_values), header=None if header else False)
        if source.format == "csv"
        else source
        for source in _inputs(data)
    ]
    profiles, references = _profiles(inputs, options or Options())
    id_ = name or profiles[0]["name"]
    head = Head(id_, id_.replace("_", " ").capitalize(), "hanse contract infer", "hanse contract lint")
    lines = draft_contract(head, profiles, references=references, full=True)
    return {
        "id": id_,
        "contract": "".join(f"{line}\n" for line in lines),
        "tables": profiles,
        "references": [asdict(reference) for reference in references],
    }


def _inputs(data: Iterable[tuple[str | None, str]]) -> list[FileInput]:
    found: dict[str, FileInput] = {}
    for given, path in data:
        for source in _of_path(given, path):
            if source.name in found:
                first = found[source.name].written
                raise HanseError(
                    BAD_DATA,
                    f"`{first}` and `{source.written}` would both become the table `{source.name}`",
                    fix=f"give one of them another name: `other_name={source.written}`",
                )
            found[source.name] = source
    return list(found.values())


def _of_path(given: str | None, path: str) -> list[FileInput]:
    if given is None and os.path.isdir(path):
        names = sorted(entry.name for entry in os.scandir(path) if entry.is_file() and guess_format(entry.name)[0])
        if names:
            return [_input(None, os.path.join(path, name)) for name in names if not name.startswith((".", "_"))]
    return [_input(given, path)]


def _input(given: str | None, path: str) -> FileInput:
    found = place([path])
    if isinstance(found, Problem):
        raise HanseError(found.code, found.what, why=found.why, fix=found.fix)
    if found.kind not in ("csv", "ndjson", "json", "parquet", "xlsx", "avro") or len(found.paths) != 1:
        raise HanseError(
            BAD_DATA, f"no contract can be drafted from `{found.shown}`", why=_why_not(found), fix="name one file of it"
        )
    name = given or table_name(os.path.basename(found.paths[0]).partition(".")[0])
    kind: Any = found.kind
    compression: Any = found.compression
    return FileInput(name, found.paths[0], kind, compression, written=path)


def _why_not(found: Place) -> str:
    return "it means several files" if len(found.paths) > 1 else f"it is {found.kind}, and a draft is made from files"


def _profiles(inputs: Sequence[FileInput], options: Options) -> tuple[list[Document], list[Reference]]:
    from hanse.drivers.duckdb import DuckDBEngine
    from hanse.interfaces import SessionLimits
    from hanse.quality.drafts.inclusions import inclusions
    from hanse.quality.drafts.profile import typed_name

    with scratch_folder() as scratch:
        session = DuckDBEngine(temp_directory=scratch).open(
            readable=[*(source.path for source in inputs), scratch],
            writable=[scratch],
            limits=SessionLimits(memory=options.memory, seconds=options.seconds),
            formats={source.format for source in inputs},
        )
        with session:
            profiles = [look_at(session, source, scratch, shapes=True, cast=False) for source in inputs]
            relations: Mapping[str, str] = {s.name: typed_name(relation_of(s.name)) for s in inputs}
            found = inclusions(session, profiles, relations)
    return profiles, [Reference(i.table, i.columns, i.to_table, i.to_columns) for i in found]
