"""Which data belongs to which table of a contract.

Names of tables are the contract's, so they never become part of a path: what lies in a folder is compared with them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hanse.app.codes import BAD_DATA, NO_DATA, UNKNOWN_FORMAT
from hanse.app.contract.addresses import database_kind, local_file, typed_database
from hanse.base import Problem
from hanse.spec.contract import Contract, Table
from hanse.spec.file_formats import guess_format
from hanse.spec.globs import is_glob, matches
from hanse.spec.urls import is_remote, place_of, redact

_METADATA = "metadata"
_METADATA_ENDING = ".metadata.json"


if TYPE_CHECKING:
    from hanse.interfaces import QueriedDatabase
    from hanse.spec.product import Compression, Format

    Kind = Format | Literal["iceberg", "duckdb"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table's data is.

    Attributes:
        paths: absolute paths of its files, or of the one folder of an Iceberg table; or addresses.
        kind: a format of files, or ``iceberg``; of files elsewhere empty, if only their names will tell.
        compression: of the files.
        shown: as the user would call it.
        reach: of files elsewhere: beginnings of addresses that may be read.
        endpoint: of an S3-compatible store, if it is no matter of the environment.
        encoding: of the files, None: told by themselves.
        database: that the table is in; then there are no files.
        schema: that the table is in there, None: the usual one.
    """

    paths: tuple[str, ...]
    kind: Kind | Literal[""]
    compression: Compression = "none"
    shown: str = ""
    reach: tuple[str, ...] = ()
    endpoint: str | None = None
    encoding: str | None = None
    database: QueriedDatabase | None = None
    schema: str | None = None


def places(
    contract: Contract, tables: Sequence[Table], data: Mapping[str | None, Sequence[str]]
) -> tuple[dict[str, Place | Problem], list[Problem]]:
    """Return where the data of each table is, or why there is none; and what was named in vain.

    Args:
        contract: the contract.
        tables: those of its tables that are asked for.
        data: as :attr:`~hanse.app.contract.options.Options.data`.
    """
    found: dict[str, Place | Problem] = {}
    problems = []
    for name, paths in data.items():
        if name is None:
            found |= _unnamed(contract, tables, paths)
    for name, paths in data.items():
        if name is None:
            continue
        table = _table(contract, name)
        if table is None:
            problems.append(no_table(contract, name))
        else:
            found[table.name] = place(paths)
    for table in tables:
        found.setdefault(table.name, _no_data(table, contract, named=bool(data)))
    return found, problems


def place(paths: Sequence[str], table: Table | None = None, kind: Kind | None = None) -> Place | Problem:
    """Return the one place that paths, patterns, a folder or addresses mean.

    Args:
        paths: as the user wrote them.
        table: if a folder may hold other tables, too: whose data it is.
        kind: format of the files, None: their names tell.
    """
    shown = ", ".join(redact(path) for path in paths)
    if len(paths) == 1 and database_kind(paths[0]):
        return database_place(paths[0])
    if any(is_remote(path) for path in paths):
        return Place(tuple(paths), "", shown=shown, reach=tuple(paths))
    files: list[str] = []
    for path in map(place_of, paths):
        absolute = os.path.abspath(path)
        if os.path.isdir(absolute):
            inside = _inside(absolute, path, table, kind)
            if isinstance(inside, Problem):
                return inside
            if inside.kind == "iceberg":
                return inside if len(paths) == 1 else _mixed(shown)
            files += inside.paths
        elif os.path.exists(absolute) or not is_glob(path):
            if not os.path.exists(absolute):
                return Problem(NO_DATA, f"there is no file `{path}`", fix="correct the path")
            files.append(absolute)
        else:
            found = matches(path, os.getcwd())
            if not found:
                return Problem(NO_DATA, f"no file matches `{path}`", fix="correct the pattern")
            files += found
    return alike(files, shown, kind)


def database_place(address: str) -> Place | Problem:
    """Return the place that the address or the file of a database means."""
    if database_kind(address) in ("duckdb", "sqlite") and not os.path.isfile(local_file(address)):
        return Problem(NO_DATA, f"there is no file `{local_file(address)}`", fix="correct the path")
    if database_kind(address) == "duckdb":
        return Place((os.path.abspath(local_file(address)),), "duckdb", shown=local_file(address))
    found = typed_database(address)
    if isinstance(found, Problem):
        return found
    database, shown, schema = found
    return Place((), "", shown=shown, database=database, schema=schema)


def _unnamed(contract: Contract, tables: Sequence[Table], paths: Sequence[str]) -> dict[str, Place | Problem]:
    """Return the places of data that is named without its table."""
    if len(contract.tables) == 1:
        only = contract.tables[0]
        return {only.name: place(paths, only)}
    found: dict[str, Place | Problem] = {}
    for path in paths:
        if database_kind(path):
            found |= dict.fromkeys([table.name for table in tables], database_place(path))
            continue
        if is_remote(path) or not os.path.isdir(place_of(path)):
            shown = redact(path)
            names = ", ".join(f"`{t.name}`" for t in contract.tables[:5])
            problem = Problem(
                BAD_DATA,
                f"`{shown}` is the data of one table, and the contract has {len(contract.tables)}: {names}",
                fix=f"write `--data {contract.tables[0].name}={shown}`, or name a folder with a file for each",
            )
            return {table.name: problem for table in tables}
        for table in tables:
            inside = _inside(os.path.abspath(place_of(path)), path, table, None, several=True)
            if not isinstance(inside, Problem) or table.name not in found:
                found[table.name] = inside
    return found


def _inside(
    folder: str, shown: str, table: Table | None, kind: Kind | None, *, several: bool = False
) -> Place | Problem:
    """Return what a folder holds: a table's own file or folder, an Iceberg table, or files of one format."""
    try:
        entries = sorted(name for name in os.listdir(folder) if not name.startswith((".", "_")))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return Problem(NO_DATA, f"the folder `{shown}` cannot be read: {reason}")
    if not several and is_iceberg(folder):
        return Place((folder,), "iceberg", shown=shown)
    names = {name.casefold() for name in (table.name, table.physical_name) if name} if table else set()
    similar = (entry for entry in entries if entry.casefold().startswith(tuple(names)))  # a folder may hold thousands
    own = [entry for entry in similar if _stem(entry).casefold() in names]
    own = [entry for entry in own if os.path.isdir(os.path.join(folder, entry)) or guess_format(entry)[0]]
    if len(own) == 1:
        return place((os.path.join(shown, own[0]),), kind=kind)
    if len(own) > 1:
        listed = ", ".join(f"`{entry}`" for entry in own)
        what = f"the folder `{shown}` holds several things called like the table: {listed}"
        return Problem(BAD_DATA, what, fix=f"name one: `--data {table.name if table else ''}={shown}/{own[0]}`")
    files = [] if several else _below(folder)
    if files:
        return alike(files, shown, kind)
    what = f"nothing in the folder `{shown}` is called like the table"
    if not several:
        what = f"the folder `{shown}` holds no data"
    name = table.name if table else "TABLE"
    return Problem(
        NO_DATA, what, fix=f"put `{name}.csv`, `{name}.parquet` or a folder `{name}` there, or name the path"
    )


def is_iceberg(folder: str) -> bool:
    """Say whether a folder is that of an Iceberg table."""
    try:
        return any(name.endswith(_METADATA_ENDING) for name in os.listdir(os.path.join(folder, _METADATA)))
    except OSError:
        return False


def _below(folder: str) -> list[str]:
    """Return the data files in a folder, at any depth; what begins with `.` or `_` is of the writer's own."""
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        plain = (name for name in sorted(names) if not name.startswith((".", "_")))
        found += [os.path.join(where, name) for name in plain if guess_format(name)[0]]
    return found


def alike(files: Sequence[str], shown: str, kind: Kind | None = None) -> Place | Problem:
    """Return files of one format as one place.

    Args:
        files: their paths, at least one.
        shown: what messages call them.
        kind: their format, None: their names tell.
    """
    told = {guess_format(os.path.basename(file)) for file in files}
    formats = {(kind or found, compression) for found, compression in told}
    if len(formats) > 1:
        return _mixed(shown)
    found, compression = next(iter(formats))
    if found is None:
        endings = "`.csv`, `.ndjson`, `.json`, `.parquet`, `.xlsx` or `.avro`"
        return Problem(UNKNOWN_FORMAT, f"the name `{shown}` does not tell the format", fix=f"let it end in {endings}")
    return Place(tuple(dict.fromkeys(files)), found, compression, shown)


def _mixed(shown: str) -> Problem:
    return Problem(UNKNOWN_FORMAT, f"`{shown}` holds files of several formats", fix="name those of one: `…/*.parquet`")


def _stem(entry: str) -> str:
    kind, compression = guess_format(entry)
    if kind is None:
        return entry
    stem = os.path.splitext(entry)[0]
    return stem if compression == "none" else os.path.splitext(stem)[0]


def _table(contract: Contract, name: str) -> Table | None:
    exact = contract.table(name)
    return exact or next((t for t in contract.tables if name == t.physical_name), None)


def no_table(contract: Contract, name: str) -> Problem:
    """Say that a contract has no such table."""
    from hanse.base.suggest import did_you_mean

    fix = did_you_mean(name, [t.name for t in contract.tables])
    return Problem(BAD_DATA, f"the contract `{contract.path}` has no table `{name}`", fix=fix)


def _no_data(table: Table, contract: Contract, *, named: bool) -> Problem:
    what = f"no data is named for the table `{table.name}`"
    fix = f"write `--data {table.name}=PATH`" if len(contract.tables) > 1 or named else "write `--data PATH`"
    return Problem(NO_DATA, what, table.where, fix=fix)
