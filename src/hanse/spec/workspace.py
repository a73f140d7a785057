"""Everything that the folder of a mesh says, read lazily and by content.

A mesh of thousands of products is looked at often and changes little. So a product is first an :class:`Entry`: its
digest and the few facts that other products need of it, kept in a cache beside the mesh. Its descriptors are parsed
only when somebody asks for the :class:`~hanse.spec.product.Product`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hanse.base import Location, Problem, ProductName
from hanse.spec.retention import Retention, combined
from hanse.spec.urls import redact

if TYPE_CHECKING:
    from hanse.spec.mesh import Domain, MeshConfig
    from hanse.spec.product import Product
    from hanse.spec.windows import Window


@dataclass(frozen=True, slots=True)
class PortSummary:
    """What other products need to know of an output port.

    Attributes:
        schema_digest: digest of names, order and types of its tables' columns.
    """

    name: str
    major: int
    version: str
    contract_id: str | None
    tables: tuple[str, ...]
    schema_digest: str
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class InputSummary:
    """What a product asks of others: exactly one of ``contract_id`` and ``port`` is given."""

    name: str
    contract_id: str | None
    port: str | None
    major: int | None
    where: Location


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """Where a file input is, as it stands in its file: what may be kept and shown.

    Attributes:
        name: the input's name.
        text: its path, references unexpanded.
        where: the path's place.
        only_new: a run reads only files whose content was not taken in before.
        headers: names of HTTP headers and their values, references unexpanded.
    """

    name: str
    text: str
    where: Location
    only_new: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FileReference:
    """Where a file input is.

    Attributes:
        name: the input's name.
        path: relative to the product's folder, or absolute, or an address; references expanded.
        where: where the path is written.
        written: the path as written, references unexpanded; None: as ``path``.
        only_new: a run reads only files whose content was not taken in before.
        headers: of HTTP, references expanded: never to be shown.
    """

    name: str
    path: str
    where: Location
    written: str | None = None
    only_new: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def shown(self) -> str:
        """The path for messages and records: without the values of variables, and without signatures."""
        return redact(self.path if self.written is None else self.written)


@dataclass(frozen=True, slots=True)
class DatabaseReference:
    """That an input is a table of a database.

    Attributes:
        name: the input's name.
        connection: the connection of ``mesh.yaml``; None: an SQLite file.
        shown: the table for messages and records: without the values of variables.
    """

    name: str
    connection: str | None
    shown: str
    where: Location


@dataclass(frozen=True, slots=True)
class Entry:
    """A product as the mesh sees it without parsing it.

    Attributes:
        digest: equals :attr:`Product.digest`.
        settings: digest of the files and of the values of the variables that they refer to.
        files: file inputs: what a run looks at before anything else.
        problems: warnings found in its own files (a product with errors has them in :attr:`Workspace.problems` too).
        variables: names of the variables that its files refer to; never their values.
        retention: how long its releases shall be kept, if it says so itself.
        databases: inputs that are tables of databases.
        windows: of its tables that are built range by range.
    """

    name: ProductName
    path: str
    digest: str
    settings: str
    version: str
    status: str
    outputs: tuple[PortSummary, ...]
    inputs: tuple[InputSummary, ...]
    files: tuple[FileReference, ...] = ()
    problems: tuple[Problem, ...] = ()
    variables: tuple[str, ...] = ()
    retention: Retention | None = None
    databases: tuple[DatabaseReference, ...] = ()
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedInput:
    """An input port and the output port it means.

    Attributes:
        name: local name.
        product: product read.
        port: output port read.
        major: major read.
        tables: names of the tables it offers.
    """

    name: str
    product: ProductName
    port: str
    major: int
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Workspace:
    """All descriptors of one mesh.

    Attributes:
        mesh: ``mesh.yaml``.
        domains: by name.
        entries: by address; products whose files could not be read are missing here and present in ``problems``.
        problems: everything found in all files, errors and warnings, sorted by place.
        parse: how a product is parsed when it is asked for.
    """

    mesh: MeshConfig
    domains: Mapping[str, Domain]
    entries: Mapping[ProductName, Entry]
    problems: tuple[Problem, ...]
    parse: Callable[[ProductName], Product]
    _products: dict[ProductName, Product] = field(default_factory=dict, repr=False, compare=False)

    def product(self, name: ProductName) -> Product:
        """Return the parsed product, parsing it once.

        Raises:
            SpecError: no such product, or its files have errors.
        """
        found = self._products.get(name)
        if found is None:
            found = self._products[name] = self.parse(name)
        return found

    def retention(self, name: ProductName) -> Retention:
        """Return how long releases of a product are kept; of one whose files are gone, as its domain or mesh says."""
        domain, entry = self.domains.get(name.domain), self.entries.get(name)
        scopes = (self.mesh.retention, domain.retention if domain else None, entry.retention if entry else None)
        return combined(*scopes, limit=self.mesh.retention_limit)

    def resolve_inputs(self, name: ProductName) -> tuple[ResolvedInput, ...]:
        """Return the output ports that a product's input ports mean; dangling ones are left out (they are problems)."""
        resolved = []
        for wanted in self.entries[name].inputs:
            match = self._find_port(wanted)
            if match:
                resolved.append(match)
        return tuple(resolved)

    def _find_port(self, wanted: InputSummary) -> ResolvedInput | None:
        candidates = [
            (entry, port)
            for entry in self._candidates(wanted)
            for port in entry.outputs
            if self._matches(wanted, entry, port)
        ]
        if not candidates:
            return None
        entry, port = max(candidates, key=lambda c: c[1].major)
        return ResolvedInput(wanted.name, entry.name, port.name, port.major, port.tables)

    def _candidates(self, wanted: InputSummary) -> tuple[Entry, ...]:
        if wanted.port is not None:
            domain, product, _ = wanted.port.split(".")
            entry = self.entries.get(ProductName(domain, product))
            return (entry,) if entry else ()
        return self._by_contract().get(wanted.contract_id or "", ())

    def _by_contract(self) -> Mapping[str, tuple[Entry, ...]]:
        index: dict[str, tuple[Entry, ...]] | None = self.__dict__.get("_contract_index")
        if index is None:
            index = {}
            for entry in self.entries.values():
                for contract_id in {p.contract_id for p in entry.outputs if p.contract_id}:
                    index[contract_id] = (*index.get(contract_id, ()), entry)
            self.__dict__["_contract_index"] = index
        return index

    @staticmethod
    def _matches(wanted: InputSummary, entry: Entry, port: PortSummary) -> bool:
        if wanted.major is not None and port.major != wanted.major:
            return False
        if wanted.port is not None:
            return wanted.port == f"{entry.name}.{port.name}"
        return wanted.contract_id == port.contract_id
