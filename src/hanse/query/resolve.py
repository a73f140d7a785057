"""Names of a statement → released tables. One statement sees one consistent set of releases.

A table is read in the visible release of its product, or in the one that its clause, or the whole statement, names. All
go through releases: what was committed and never released cannot be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hanse.base import Code, ProductName, QueryError, TableName
from hanse.base.names import split_major
from hanse.base.suggest import closest, did_you_mean
from hanse.base.versions import Version, spell_moment
from hanse.query import codes
from hanse.query.metadata import TABLES
from hanse.registry.records import Release, ReleasedTable

if TYPE_CHECKING:
    from hanse.registry import Reader
    from hanse.sql import RelationRef, Statement

METADATA = ("mesh", "catalog")
"""Domain and product of the tables about the mesh itself."""


Key = tuple[tuple[str, ...], Version | None]
"""A name's parts in lower case, and the version that its clause names."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One table and the release in which it is read."""

    table: ReleasedTable
    release: Release


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the names of one statement mean.

    Attributes:
        tables: what each name means.
        metadata: name's parts in lower case → name of a metadata table.
        visible: the visible releases of all products named without a version, by product: as long as they are
            visible, and ``timed`` is false, the same names mean the same.
        timed: something is read as of a version.
    """

    tables: Mapping[Key, Resolved]
    metadata: Mapping[tuple[str, ...], str]
    visible: Mapping[ProductName, Release]
    timed: bool = False

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases read, each once."""
        return tuple({r.release.id: r.release for r in self.tables.values()}.values())


def products_of(names: Iterable[tuple[str, ...]]) -> tuple[ProductName, ...]:
    """Return the products that full names speak of, each once; metadata and incomplete names are left out."""
    found = {ProductName(parts[0], parts[1]) for parts in names if len(parts) == 3 and parts[:2] != METADATA}
    return tuple(sorted(found))


def resolve(statement: Statement, reader: Reader, at: Version | None = None) -> Resolution:
    """Find what the statement's names mean, all in the same state of the mesh.

    Args:
        statement: what is asked.
        reader: knows the releases.
        at: the version of all tables without a clause of their own; None: what is visible. With a release's id, tables
            of other products are read as of the moment at which it became visible.

    Raises:
        QueryError: HNS-Q101 to HNS-Q103 and HNS-Q109 to HNS-Q114, with the place of the name and what may be meant.
    """
    refs = {(ref.key, ref.at): ref for ref in reversed(statement.relations)}
    metadata = {ref.key: _metadata(statement, ref, reader, at) for ref in refs.values() if ref.key[:2] == METADATA}
    wanted = {key: ref for key, ref in refs.items() if ref.key[:2] != METADATA}
    meant = _meant(wanted.values(), reader, at)
    visible = dict(reader.visible(products_of(ref.key for ref in wanted.values() if meant[ref] is None)))
    versions = {(_product(ref), v) for ref, v in meant.items() if v is not None}
    versioned = reader.as_of(versions) if versions else {}
    tables: dict[Key, Resolved] = {}
    for key, ref in reversed(wanted.items()):
        version = meant[ref]
        if version is not None:
            found = versioned[_product(ref), version]
            tables[key] = _as_of(statement, ref, version, found, reader)
            continue
        release = visible.get(_product(ref)) if len(ref.key) == 3 else None
        released = _find(ref.key[-1], release)
        if release is None or released is None:
            raise _Unresolved(statement, ref, reader).error()
        tables[key] = Resolved(released, release)
    return Resolution(tables, metadata, visible, timed=bool(versions))


def _product(ref: RelationRef) -> ProductName:
    return ProductName(*ref.key[:2])


def _metadata(statement: Statement, ref: RelationRef, reader: Reader, at: Version | None) -> str:
    if len(ref.key) != 3 or ref.key[2] not in TABLES:
        raise _Unresolved(statement, ref, reader).error()
    if ref.at is not None or at is not None:
        raise QueryError(
            codes.NO_HISTORY,
            f"`{ref}` says what is so now, and cannot be read as of another time",
            where=statement.where(ref),
            fix="leave out the time, and filter by the table's own columns of times",
        )
    return ref.key[2]


def _meant(refs: Iterable[RelationRef], reader: Reader, at: Version | None) -> Mapping[RelationRef, Version | None]:
    """Return the version in which each relation is read; incomplete names have none."""
    whole = [ref for ref in refs if len(ref.key) == 3]
    meant: dict[RelationRef, Version | None] = {ref: ref.at for ref in refs}
    if at is None:
        return meant
    plain = [ref for ref in whole if ref.at is None]
    products = {_product(ref) for ref in plain}
    if isinstance(at, int) and len(products) > 1:
        raise QueryError(
            codes.SEVERAL_PRODUCTS,
            f"release {at} of which product? The statement reads {', '.join(map(str, sorted(products)))}",
            fix="give a time or the id of a release, or write `AT (VERSION => …)` after each table",
        )
    owner = _owner(at, products, reader) if isinstance(at, str) else None
    for ref in plain:
        meant[ref] = at if owner is None or owner.product == _product(ref) else owner.created_at
    return meant


def _owner(at: str, products: Iterable[ProductName], reader: Reader) -> Release | None:
    """Return the release that an id names, if it is of one of the products; None lets each of them say that it is not.

    The id of a snapshot means one table, so it is no version of a whole statement over several products.
    """
    found = reader.as_of((product, at) for product in products)
    return next((release for release in found.values() if release is not None), None)


def _as_of(
    statement: Statement, ref: RelationRef, version: Version, release: Release | None, reader: Reader
) -> Resolved:
    name = _product(ref)

    def error(code: Code, what: str, fix: str, why: str | None = None) -> QueryError:
        return QueryError(code, what, why=why, where=statement.where(ref), fix=fix, subject=str(name))

    listing = f"`hanse releases {name}` lists what there is"
    if release is None:
        first = reader.first_release(name)
        if first is None:
            raise _Unresolved(statement, ref, reader).error()
        if isinstance(version, datetime):
            raise error(
                codes.BEFORE_FIRST_RELEASE,
                f"{name} had no release yet at {spell_moment(version)}",
                f"its first became visible at {spell_moment(first.created_at)}",
            )
        is_snapshot = isinstance(version, int) and reader.as_of([(name, str(version))])[name, str(version)]
        hint = f"a snapshot's id stands in quotes: `AT (VERSION => '{version}')`" if is_snapshot else listing
        shown = version if isinstance(version, int) else f"`{version}`"
        raise error(codes.UNKNOWN_VERSION, f"{name} has no release {shown}", hint)
    if release.expired_at is not None:
        raise error(
            codes.EXPIRED_VERSION,
            f"release {release.sequence} of {name} has expired",
            listing,
            f"it was marked at {spell_moment(release.expired_at)}, and its data may be gone",
        )
    table = _find(ref.key[2], release)
    by_snapshot = isinstance(version, str) and version != release.id
    if by_snapshot and (table is None or str(table.snapshot_id) != str(version).lstrip("0")):
        raise error(codes.UNKNOWN_VERSION, f"no release names snapshot `{version}` for `{ref}`", listing)
    if table is None:
        what = f"release {release.sequence} of {name} has no table `{ref.key[2]}`"
        raise error(codes.NOT_IN_RELEASE, what, f"it has {', '.join(t.table.local for t in release.tables)}")
    return Resolved(table, release)


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
            subject=str(name),
        )

    def _visible_tables(self) -> list[TableName]:
        return [table.table for release in self._reader.visible().values() for table in release.tables]

    def _error(self, code: Code, what: str, *, fix: str | None, subject: str | None = None) -> QueryError:
        return QueryError(code, what, where=self._statement.where(self._ref), fix=fix, subject=subject)
