"""A product's summary: what the rest of the mesh needs of it, as a value and as a document of the cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanse.base import Code, Location, Problem, ProductName, Severity, digest
from hanse.base import codes as base_codes
from hanse.spec import codes, windows
from hanse.spec.retention import Retention
from hanse.spec.urls import place_of
from hanse.spec.variables import Expansion
from hanse.spec.workspace import DatabaseReference, Entry, FileReference, InputSummary, PortSummary, WrittenPath

if TYPE_CHECKING:
    from hanse.spec.assemble import Assembly
    from hanse.spec.product import OutputPort

_CODES = {**codes.CODES, **{c.id: c for c in vars(base_codes).values() if isinstance(c, Code)}}


@dataclass(frozen=True, slots=True)
class Summary:
    """A product's entry and what is looked at on every load.

    Attributes:
        paths: of every file input.
        others: names in the product's folder that mean nothing.
    """

    entry: Entry
    paths: tuple[WrittenPath, ...]
    others: tuple[str, ...] = ()


def summarise(assembly: Assembly, settings: str, environ: Mapping[str, str], others: Sequence[str] = ()) -> Summary:
    """Return the summary of a product without errors of its own.

    Args:
        assembly: the product as read.
        settings: digest of its files and of the values of the variables that they refer to.
        environ: values of variables.
        others: names in its folder that mean nothing.
    """
    product = assembly.product
    if product is None:
        raise ValueError("a product with errors has no summary")
    entry = Entry(
        name=product.name,
        path=product.path,
        digest=product.digest,
        settings=settings,
        version=product.version,
        status=product.status,
        outputs=tuple(_port(p) for p in product.outputs),
        inputs=tuple(
            InputSummary(p.name, p.contract_id, p.port, p.major, p.where or Location(product.path))
            for p in product.input_ports
            if p.contract_id or p.port
        ),
        files=_files(assembly.paths, environ),
        problems=tuple(assembly.problems),
        variables=assembly.variables,
        retention=product.pipeline.retention,
        databases=tuple(
            DatabaseReference(d.name, d.connection, d.shown, d.where or Location(product.path))
            for d in product.pipeline.databases
        ),
        windows=tuple(s.window for _, s in sorted(product.pipeline.tables.items()) if s.window is not None),
    )
    return Summary(entry, tuple(assembly.paths), tuple(others))


def _port(port: OutputPort) -> PortSummary:
    contract = port.contract
    tables = contract.tables if contract else ()
    schema = [[t.name, [[c.name, str(c.type)] for c in t.columns]] for t in tables]
    return PortSummary(
        name=port.name,
        major=port.major,
        version=port.version,
        contract_id=contract.id if contract else None,
        tables=tuple(t.name for t in tables),
        schema_digest=digest(schema),
        where=port.where,
    )


def to_document(summary: Summary, content: str, data: Sequence[str] | None) -> dict[str, Any]:
    """Return the JSON document of a summary.

    Args:
        summary: what to keep.
        content: digest of the product's files.
        data: names in its ``data`` folder, if its inputs come from there.
    """
    entry = summary.entry
    return {
        "content": content,
        "digest": entry.digest,
        "settings": entry.settings,
        "variables": list(entry.variables),
        "data": data,
        "others": list(summary.others),
        "entry": [entry.name.domain, entry.name.product, entry.path, entry.version, entry.status],
        "outputs": [
            [p.name, p.major, p.version, p.contract_id, list(p.tables), p.schema_digest, _place(p.where)]
            for p in entry.outputs
        ],
        "inputs": [[p.name, p.contract_id, p.port, p.major, _place(p.where)] for p in entry.inputs],
        "problems": [
            [p.code.id, p.what, _place(p.where), p.why, p.fix, p.severity.value, p.subject] for p in entry.problems
        ],
        "paths": [[p.name, p.text, _place(p.where), p.only_new, [*map(list, p.headers)]] for p in summary.paths],
        "databases": [[d.name, d.connection, d.shown, _place(d.where)] for d in entry.databases],
        "retention": entry.retention
        and [entry.retention.releases, entry.retention.days, _place(entry.retention.where)],
        "windows": [windows.as_document(w) for w in entry.windows],
    }


def from_document(document: dict[str, Any], environ: Mapping[str, str]) -> Summary:
    """Return the summary that a document was made of; what is kept are paths as written, without values."""
    domain, product, path, version, status = document["entry"]
    paths = tuple(
        WrittenPath(name, text, _location(where) or Location(path), new, tuple((n, v) for n, v in headers))
        for name, text, where, new, headers in document["paths"]
    )
    entry = Entry(
        name=ProductName(domain, product),
        path=path,
        digest=document["digest"],
        settings=document["settings"],
        version=version,
        status=status,
        outputs=tuple(
            PortSummary(name, major, port_version, contract, tuple(tables), schema, _location(where))
            for name, major, port_version, contract, tables, schema, where in document["outputs"]
        ),
        inputs=tuple(
            InputSummary(name, contract, port, major, _location(where) or Location(path))
            for name, contract, port, major, where in document["inputs"]
        ),
        problems=tuple(
            Problem(_CODES[code], what, _location(where), why, fix, Severity(severity), subject)
            for code, what, where, why, fix, severity, subject in document["problems"]
        ),
        variables=tuple(document["variables"]),
        files=_files(paths, environ),
        retention=_retention(document["retention"]),
        databases=tuple(
            DatabaseReference(name, connection, shown, _location(where) or Location(path))
            for name, connection, shown, where in document["databases"]
        ),
        windows=tuple(windows.from_document(w) for w in document["windows"]),
    )
    return Summary(entry, paths, tuple(document["others"]))


def _retention(kept: list[Any] | None) -> Retention | None:
    return Retention(kept[0], kept[1], _location(kept[2])) if kept else None


def _files(paths: Iterable[WrittenPath], environ: Mapping[str, str]) -> tuple[FileReference, ...]:
    expansion = Expansion(environ)
    return tuple(
        FileReference(
            name=p.name,
            path=place_of(expansion.text(p.text)[0]),
            where=p.where,
            written=p.text,
            only_new=p.only_new,
            headers={name: expansion.text(value)[0] for name, value in p.headers},
        )
        for p in paths
    )


def _place(where: Location | None) -> list[Any] | None:
    return [where.path, where.line, where.column] if where else None


def _location(place: list[Any] | None) -> Location | None:
    return Location(*place) if place else None
