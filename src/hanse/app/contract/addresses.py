"""Databases by their addresses: what a user types, and what an entry of ``servers`` says.

Passwords stand in no address: they come from the environment, or from what libpq finds (``PGPASSWORD``, ``~/.pgpass``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from hanse.app.codes import BAD_ADDRESS, SERVER_UNREADABLE
from hanse.base import Problem
from hanse.interfaces import MySqlDatabase, PostgresDatabase, QueriedDatabase, SqliteDatabase

if TYPE_CHECKING:
    from hanse.spec.contract import Server

SCHEMES = {
    "postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite",
    "duckdb": "duckdb",
}  # fmt: skip
PORTS = {"postgres": 5432, "mysql": 3306}
SERVERS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_FILES = {".sqlite": "sqlite", ".sqlite3": "sqlite", ".db3": "sqlite", ".duckdb": "duckdb", ".ddb": "duckdb"}
_TLS = ("disable", "require", "verify-ca", "verify-full")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def database_kind(path: str) -> str | None:
    """Return which kind of database an address or the name of a file means, None if none."""
    scheme, colon, _ = path.partition("://")
    if colon:
        return SCHEMES.get(scheme.lower())
    return _FILES.get(os.path.splitext(path)[1].lower())


def local_file(path: str) -> str:
    """Return the path of a database's file: ``sqlite:///a.db`` is ``a.db`` here, ``sqlite:////a.db`` is ``/a.db``."""
    scheme, colon, rest = path.partition("://")
    return unquote(rest.removeprefix("/")) if colon and scheme else path


def typed_database(address: str) -> tuple[QueriedDatabase, str, str | None] | Problem:
    """Return the database that a typed address means, how to show it, and its schema.

    Args:
        address: for example ``postgresql://reader@db.example.org:5432/shop?schema=sales&tls=verify-full``.
    """
    kind = database_kind(address)
    if kind == "sqlite":
        path = local_file(address)
        return SqliteDatabase(os.path.abspath(path)), path, None
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError:
        return _bad("its host or port cannot be read")
    if parts.password is not None:
        return _bad("it holds a password, which is seen where addresses are", "set HANSE_DATA_PASSWORD instead")
    asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = sorted(set(asked) - {"schema", "tls", "ca"})
    database = unquote(parts.path.removeprefix("/"))
    if unknown or not host or not database or "/" in database:
        return _bad(f"`{unknown[0]}` is no part of it" if unknown else "it names no host or no database")
    found = _server(
        str(kind), host, port, database, "DATA", unquote(parts.username or "") or None, asked.get("tls"),
        asked.get("ca"),
    )  # fmt: skip
    if isinstance(found, Problem):
        return found
    return found, f"{parts.scheme}://{host}:{found.port}/{database}", asked.get("schema")


def server_database(server: Server, settings: Mapping[str, Any]) -> QueriedDatabase | Problem:
    """Return the database that an entry of ``servers`` means; nothing is sent to it here.

    Args:
        server: the entry.
        settings: what it says, references expanded.
    """
    host, database, port = settings.get("host"), settings.get("database"), settings.get("port")
    if not host or not database or not re.fullmatch(r"[0-9]{1,5}", str(port or 1)):
        what = f"the server `{server.name}` does not say its `host` and `database`, or its `port` is no number"
        return Problem(SERVER_UNREADABLE, what, server.where, fix="add them, or name the data with `--data`")
    if not _HOST.fullmatch(str(host)):  # libpq takes lists of hosts, and folders of sockets, too
        what = f"the `host` of the server `{server.name}` is no name or address of one host"
        return Problem(SERVER_UNREADABLE, what, server.where, fix="correct it, or name the data with `--data`")
    name = re.sub(r"[^A-Z0-9]", "_", server.name.upper())
    number = int(str(port)) if port else None
    return _server(SERVERS[server.type], str(host), number, str(database), name, None, None, None)


def origin(kind: str, database: QueriedDatabase) -> str:
    """Return the beginning of a server's address, as ``--allow`` names it."""
    assert not isinstance(database, SqliteDatabase)
    host = f"[{database.host}]" if ":" in database.host else database.host
    return f"{kind}://{host}:{database.port}/"


def _server(
    kind: str,
    host: str,
    port: int | None,
    database: str,
    name: str,
    user: str | None,
    tls: str | None,
    ca: str | None,
) -> PostgresDatabase | MySqlDatabase | Problem:
    environ = os.environ
    tls = tls or environ.get(f"HANSE_{name}_TLS") or ("disable" if host in _HERE else "require")
    if tls not in _TLS:
        return _bad(f"`{tls}` is no way to encrypt", f"use one of {', '.join(_TLS)}")
    user = user or environ.get(f"HANSE_{name}_USER") or (environ.get("PGUSER") if kind == "postgres" else None)
    make = PostgresDatabase if kind == "postgres" else MySqlDatabase
    encryption: Literal["disable", "require", "verify-ca", "verify-full"] = tls  # type: ignore[assignment]
    return make(
        host=host,
        port=port or PORTS[kind],
        database=database,
        user=user or _me(),
        password=environ.get(f"HANSE_{name}_PASSWORD"),
        tls=encryption,
        ca=os.path.abspath(ca) if ca else environ.get(f"HANSE_{name}_CA"),
    )


def _me() -> str:
    import getpass

    return getpass.getuser()


def _bad(what: str, fix: str | None = None) -> Problem:
    example = "write `postgresql://USER@HOST:PORT/DATABASE?schema=NAME`, or `mysql://…`"
    return Problem(BAD_ADDRESS, f"the address of a database cannot be used: {what}", fix=fix or example)
