"""Names of a statement → released tables. One statement sees one consistent set of releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanse.base import Code, ProductName, QueryError, TableName
from hanse.base.names import split_major
from hanse.base.suggest import closest, did_you_mean
from hanse.query import codes
from hanse.query.metadata import TABLES
from hanse.registry.records import Release, ReleasedTable

if TYPE_CHECKING:
    from hanse.registry import Reader
    from hanse.sql import RelationRef, Statement

METADATA = ("mesh", "catalog")
"""Domain and product of the tables about the mesh itself."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the names of one statement mean.

    Attributes:
        tables: name's parts in lower case → released table.
        metadata: name's parts in lower case → name of a metadata table.
        releases: the releases read, by product.
    """

    tables: Mapping[tuple[str, ...], ReleasedTable]
    metadata: Mapping[tuple[str, ...], str]
    releases: Mapping[ProductName, Release]


def products_of(names: Iterable[tuple[str, ...]]) -> tuple[ProductName, ...]:
    """Return the products that full names speak of, each once; metadata and incomplete names are left out."""
    found = {ProductName(parts[0], parts[1]) for parts in names if len(parts) == 3 and parts[:2] != METADATA}
    return tuple(sorted(found))


def resolve(statement: Statement, reader: Reader) -> Resolution:
    """Find what the statement's names mean, all in the same state of the mesh.

    Raises:
        QueryError: HNS-Q101 to HNS-Q103, with the place of the name and what may be meant.
    """
    releases = dict(reader.visible(products_of(statement.names)))
    tables: dict[tuple[str, ...], ReleasedTable] = {}
    metadata: dict[tuple[str, ...], str] = {}
    for parts in statement.names:
        if len(parts) == 3 and parts[:2] == METADATA:
            if parts[2] in TABLES:
                metadata[parts] = parts[2]
                continue
        elif len(parts) == 3:
            released = _find(parts[2], releases.get(ProductName(parts[0], parts[1])))
            if released:
                tables[parts] = released
                continue
        ref = next(ref for ref in statement.relations if ref.key == parts)
        raise _Unresolved(statement, ref, reader).error()
    return Resolution(tables, metadata, releases)


def _find(name: str, release: Release | None) -> ReleasedTable | None:
    """Return a table of a release; without `_v<n>` the newest major."""
    if release is None:
        return None
    plain, major = split_major(name)
    candidates = [t for t in release.tables if t.table.table == plain and major in (None, t.table.major)]
    return max(candidates, key=lambda t: t.table.major, default=None)


class _Unresolved:
    """Finds out why a name means nothing, and what may be meant."""

    def __init__(self, statement: Statement, ref: RelationRef, reader: Reader) -> None:
        self._statement = statement
        self._ref = ref
        self._reader = reader

    def error(self) -> QueryError:
        parts = self._ref.key
        if parts[0] == "mesh" and len(parts) > 1:
            return self._error(
                codes.UNKNOWN_RELATION,
                f"there is no table `{self._ref}` about the mesh",
                fix=did_you_mean(parts[-1], TABLES) and f"{did_you_mean(parts[-1], TABLES)} in `mesh.catalog`",
            )
        if len(parts) != 3:
            return self._incomplete(parts)
        name = ProductName(parts[0], parts[1])
        product = self._reader.product(name)
        if product is None:
            return self._unknown_product(name)
        known = [t.name for t in product.tables]
        plain, major = split_major(parts[2])
        meant = [t for t in known if t.table == plain and major in (None, t.major)]
        if meant:
            return self._error(
                codes.NOT_RELEASED,
                f"`{self._ref}` has not been published yet",
                fix=f"its owner publishes it with `hanse run {name}`",
                subject=str(meant[0]),
            )
        majors = sorted(t.major for t in known if t.table == plain)
        fix = (
            f"majors served: {', '.join(map(str, majors))}"
            if majors
            else did_you_mean(parts[2], [t.local for t in known])
        )
        return self._error(
            codes.UNKNOWN_RELATION, f"the product {name} has no table `{parts[2]}`", fix=fix, subject=str(name)
        )

    def _incomplete(self, parts: tuple[str, ...]) -> QueryError:
        tables = self._visible_tables()
        if len(parts) == 2:
            product = [str(t) for t in tables if (t.domain, t.product) == parts]
            fitting = product or [str(t) for t in tables if (t.product, t.local) == parts]
        else:
            fitting = [str(t) for t in tables if t.local == parts[-1]] if len(parts) == 1 else []
            if not fitting and parts[0] in TABLES:
                fitting = [".".join((*METADATA, parts[0]))]
        fix = None
        if fitting:
            fix = "write " + " or ".join(f"`{name}`" for name in sorted(fitting)[:5])
        return self._error(
            codes.INCOMPLETE_NAME,
            f"`{self._ref}` is not the whole name of a table",
            fix=fix or "write `domain.product.table`; `hanse list` shows all products",
        )

    def _unknown_product(self, name: ProductName) -> QueryError:
        tables = [str(t) for t in self._visible_tables()]
        near = closest(str(self._ref), tables)
        if near is None:
            product = closest(str(name), {table.rpartition(".")[0] for table in tables})
            near = product and f"{product}.{self._ref.key[2]}"
        return self._error(
            codes.UNKNOWN_RELATION,
            f"there is no product {name}",
            fix=f"did you mean `{near}`?" if near else "`hanse list` shows all products",
        )

    def _visible_tables(self) -> list[TableName]:
        return [table.table for release in self._reader.visible().values() for table in release.tables]

    def _error(self, code: Code, what: str, *, fix: str | None, subject: str | None = None) -> QueryError:
        return QueryError(code, what, where=self._statement.where(self._ref), fix=fix, subject=subject)
