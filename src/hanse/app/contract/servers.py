"""Where the data is, by the contract's own account: an entry of ``servers``.

A contract is somebody else's text. What it names on this machine is read only below its own folder and the working
directory; what it names elsewhere only if whoever tests it has typed the beginning of that address (``--allow``), and
variables of the environment only if they were named (``--variable``). So nothing of the environment, neither a variable
nor a key that a library finds there, reaches a host that only the contract speaks of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hanse.app.codes import NOT_ALLOWED, SERVER_UNREADABLE, UNKNOWN_FORMAT, UNKNOWN_SERVER
from hanse.app.contract.addresses import SERVERS, origin, server_database
from hanse.app.contract.options import Options
from hanse.app.contract.places import Place, place
from hanse.base import Problem
from hanse.spec.contract import Contract, Server, Table
from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import is_remote, parse_url, place_of, redact
from hanse.spec.variables import Expansion

if TYPE_CHECKING:
    from hanse.app.contract.places import Kind

_PLACEHOLDER = re.compile(r"\{(model|schema|table|object)\}")
_FORMATS: dict[str, Kind] = {
    "csv": "csv", "json": "json", "ndjson": "ndjson", "jsonl": "ndjson",
    "parquet": "parquet", "avro": "avro", "xlsx": "xlsx", "excel": "xlsx", "iceberg": "iceberg",
}  # fmt: skip
_FILES = frozenset({"local", "s3", "azure", "sftp", "custom"})


def default_server(contract: Contract) -> str | None:
    """Return the entry that is meant when nobody names one: the only one, if it is of this machine."""
    if len(contract.servers) == 1 and contract.servers[0].type == "local":
        return contract.servers[0].name
    return None


def server_places(
    contract: Contract, tables: Sequence[Table], name: str, folder: str, options: Options
) -> dict[str, Place | Problem]:
    """Return where the data of each table is, by an entry of ``servers``, or why it may not or cannot be read.

    Args:
        contract: the contract.
        tables: the tables.
        name: the entry's ``server``.
        folder: the contract's folder, absolute.
        options: what may be reached and used.
    """
    server = next((s for s in contract.servers if s.name == name), None)
    if server is None:
        return dict.fromkeys([t.name for t in tables], _unknown(contract, name))
    if server.type in SERVERS:
        return _database(server, tables, options)
    if server.type == "duckdb":
        return {table.name: _duckdb(server, folder, options) for table in tables}
    if server.type not in _FILES:
        what = f"data of a server of type `{server.type}` cannot be read yet"
        problem = Problem(SERVER_UNREADABLE, what, server.where, fix="name its data with `--data`")
        return dict.fromkeys([t.name for t in tables], problem)
    return {table.name: _place(server, table, folder, options) for table in tables}


def _database(server: Server, tables: Sequence[Table], options: Options) -> dict[str, Place | Problem]:
    """Return the tables' places in a database, whose server hears of nothing unless its address is allowed."""
    names = [table.name for table in tables]
    settings = expanded(server, options)
    if isinstance(settings, Problem):
        return dict.fromkeys(names, settings)
    found = server_database(server, settings)
    if isinstance(found, Problem):
        return dict.fromkeys(names, found)
    address = origin("postgresql" if SERVERS[server.type] == "postgres" else "mysql", found)
    refused = permitted(server, address, options)
    if refused:
        return dict.fromkeys(names, refused)
    schema = settings.get("schema")
    shown = f"{address}{settings['database']}"
    there = Place((), "", shown=shown, database=found, schema=str(schema) if schema else None)
    return dict.fromkeys(names, there)


def _duckdb(server: Server, folder: str, options: Options) -> Place | Problem:
    settings = expanded(server, options)
    if isinstance(settings, Problem):
        return settings
    written = settings.get("database") or settings.get("path")
    if not isinstance(written, str) or not written:
        what = f"the server `{server.name}` does not say its `database`"
        return Problem(SERVER_UNREADABLE, what, server.where, fix="add it, or name the data with `--data`")
    found = _here(server, written, folder, None, "duckdb")
    return replace(found, schema=settings.get("schema")) if isinstance(found, Place) else found


def _place(server: Server, table: Table, folder: str, options: Options) -> Place | Problem:
    settings = expanded(server, options)
    if isinstance(settings, Problem):
        return settings
    written = settings.get("path") or settings.get("location")
    if not isinstance(written, str) or not written:
        what = f"the server `{server.name}` says neither `path` nor `location`"
        return Problem(SERVER_UNREADABLE, what, server.where, fix="add it, or name the data with `--data`")
    named = _PLACEHOLDER.sub(lambda _: table.physical_name or table.name, written)
    alone = table if named == written else None
    kind = _FORMATS.get(str(settings.get("format") or "").lower())
    if settings.get("format") and kind is None:
        what = f"the server `{server.name}` holds files of the format `{settings['format']}`, which cannot be read"
        return Problem(UNKNOWN_FORMAT, what, server.where)
    found = (
        _elsewhere(server, settings, named, options) if is_remote(named) else _here(server, named, folder, alone, kind)
    )
    if isinstance(found, Problem):
        return found
    encoding = settings.get("encoding")
    return replace(found, kind=found.kind or kind or "", encoding=str(encoding) if encoding else None)


def expanded(server: Server, options: Options) -> Mapping[str, Any] | Problem:
    """Return what an entry says, with the references to those variables expanded that it may use."""
    expansion = Expansion({name: os.environ[name] for name in options.variables if name in os.environ})
    settings: dict[str, Any] = {}
    for key, value in server.settings.items():
        settings[key], problems = expansion.text(value) if isinstance(value, str) else (value, [])
        if problems:
            names = sorted(expansion.names - set(options.variables))
            if not names:
                return replace(problems[0], where=server.where)
            what = f"the server `{server.name}` uses the variable `{names[0]}`, which nobody allowed it"
            fix = f"if it may: `--variable {names[0]}`"
            return Problem(NOT_ALLOWED, what, server.where, fix=fix)
    return settings


def permitted(server: Server, address: str, options: Options) -> Problem | None:
    """Return why an address that a contract names may not be spoken to, or None if it may."""
    try:
        url = parse_url(address)
        reach = SourceSettings(allow=options.allow)
        if reach.permits(url, url.folder if is_glob(address) else None):
            return None
    except ValueError as error:
        what = f"an address of the server `{server.name}` or of `--allow` cannot be used: {error}"
        return Problem(NOT_ALLOWED, what, server.where)
    what = f"the server `{server.name}` is at `{url.origin}`, and only the contract says so"
    why = "reading from there would tell it of you, and libraries may show it your keys"
    return Problem(NOT_ALLOWED, what, server.where, why=why, fix=f"if you trust it: `--allow {url.origin}/`")


def _elsewhere(server: Server, settings: Mapping[str, Any], address: str, options: Options) -> Place | Problem:
    endpoint = settings.get("endpointUrl")
    for one in (address, *([str(endpoint)] if endpoint else [])):
        problem = permitted(server, one, options)
        if problem:
            return problem
    return Place((address,), "", shown=redact(address), reach=options.allow, endpoint=endpoint and str(endpoint))


def _here(server: Server, path: str, folder: str, table: Table | None, kind: Kind | None) -> Place | Problem:
    if "\0" in path:
        what = f"the server `{server.name}` leads to a path that no file can have"
        return Problem(SERVER_UNREADABLE, what, server.where, fix="correct it, or name the data with `--data`")
    absolute = os.path.normpath(os.path.join(folder, place_of(path)))
    found = place((absolute,), table, kind)
    paths = found.paths if isinstance(found, Place) else (absolute,)
    roots = [os.path.realpath(root) for root in (folder, os.getcwd())]
    for one in paths:
        real = os.path.realpath(one)
        if not any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in roots):
            what = f"the server `{server.name}` leads to `{path}`, outside of the contract's folder and of this one"
            return Problem(NOT_ALLOWED, what, server.where, fix=f"if you trust it: `--data {path}`")
    return replace(found, shown=path) if isinstance(found, Place) else found


def _unknown(contract: Contract, name: str) -> Problem:
    from hanse.base.suggest import did_you_mean

    names = [server.name for server in contract.servers]
    what = f"the contract `{contract.path}` has no server `{name}`"
    fix = did_you_mean(name, names) or (f"it has {', '.join(f'`{n}`' for n in names)}" if names else None)
    return Problem(UNKNOWN_SERVER, what, fix=fix or "name its data with `--data`")
