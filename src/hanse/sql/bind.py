"""From a checked tree to the text that an engine may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from hanse.base import Denied, QueryError
from hanse.base.versions import Version
from hanse.sql import codes
from hanse.sql.lex import Dialect
from hanse.sql.parameters import fill
from hanse.sql.records import Bound, RelationRef, Value
from hanse.sql.scope import AT, mentions, parts

if TYPE_CHECKING:
    from hanse.sql.statement import Statement

CTE_PREFIX = "__cte_"
_ALIAS_PREFIX = "__as_"
_Key = tuple[tuple[str, ...], Version | None]


def write(tree: exp.Expr) -> str:
    """Return a tree's text: identifiers quoted, comments dropped, functions as named.

    Raises:
        Denied: HNS-D005 or HNS-D008, the tree cannot be written out faithfully.
    """
    try:
        return _sealed(tree).sql(
            Dialect,
            identify=True,
            normalize_functions=False,
            comments=False,
            unsupported_level=ErrorLevel.RAISE,
        )
    except UnsupportedError as error:
        raise Denied(codes.SYNTAX_DENIED, f"the statement cannot be written for the engine: {error}") from error
    except RecursionError as error:
        raise Denied(codes.TOO_LARGE, "the statement is nested too deeply", fix="split it with WITH clauses") from error


def _sealed(tree: exp.Expr) -> exp.Expr:
    """Write out what is pivoted, and queries within a PIVOT, before the PIVOT itself.

    The generator takes the tables off all names in a PIVOT. Right as that is for its own clauses, in a query below the
    engine would then find another table's column of the same name.
    """
    if tree.find(exp.Pivot) is None:
        return tree
    tree = tree.copy()
    for pivot in reversed(list(tree.find_all(exp.Pivot))):
        inner = [query for query in pivot.find_all(exp.Query) if query.find_ancestor(exp.Pivot, exp.Query) is pivot]
        for part in [*inner, *([pivot.this] if isinstance(pivot.this, exp.Table) else [])]:
            part.replace(exp.Var(this=write(part)))
    return tree


def bind(
    statement: Statement,
    names: Mapping[tuple[str, ...], str],
    versions: Mapping[_Key, str],
    values: Mapping[str, Value],
) -> Bound:
    """See :meth:`Statement.bind`."""
    internal: dict[_Key, str] = {(tuple(part.lower() for part in key), None): name for key, name in names.items()}
    internal |= versions
    tree = statement._tree.copy()  # noqa: SLF001 - one value in two files of one room
    _keep_names(tree)
    fill(tree, values, Dialect)
    bases: list[exp.Table] = []
    ctes: dict[int, str] = {}
    for table, cte in list(mentions(tree)):
        if cte is None:
            bases.append(table)
            continue
        name = ctes.setdefault(id(cte), f"{CTE_PREFIX}{len(ctes) + 1}")
        _rename(table, name, alias=table.name)
    _rename_ctes(tree, ctes)
    used = _bind_bases(tree, bases, internal, statement)
    return Bound(write(tree), frozenset(used), frozenset(ctes.values()))


def _keep_names(tree: exp.Expr) -> None:
    """Name columns that hold a subquery after what the author wrote; the engine would print internal names."""
    for select in tree.find_all(exp.Select):
        for projection in select.expressions:
            several = projection.is_star or projection.find(exp.Columns)
            if several or isinstance(projection, exp.Alias) or not projection.find(exp.Table):
                continue
            name = projection.sql(Dialect, normalize_functions=False, comments=False)
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))


def _rename(table: exp.Table, name: str, *, alias: str) -> None:
    given = table.args.get("alias")
    if given is None:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    elif given.this is None:
        given.set("this", exp.to_identifier(alias, quoted=True))
    table.set("this", exp.to_identifier(name, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def _rename_ctes(tree: exp.Expr, ctes: dict[int, str]) -> None:
    for cte in tree.find_all(exp.CTE):
        name = ctes.setdefault(id(cte), f"{CTE_PREFIX}{len(ctes) + 1}")
        cte.args["alias"].set("this", exp.to_identifier(name, quoted=True))


def _bind_bases(tree: exp.Expr, bases: list[exp.Table], internal: Mapping[_Key, str], statement: Statement) -> set[str]:
    used: set[str] = set()
    # Query → parts of a relation without an alias → the name that qualifies its columns from now on.
    qualifiers: dict[int, dict[tuple[str, ...], str]] = {}
    aliases = _default_aliases(bases)
    for table in bases:
        written = parts(table)
        key = tuple(part.lower() for part in written)
        name = internal.get((key, table.meta.get(AT)))
        if name is None:
            raise _unbound(written, table, statement)
        if name.lower().startswith(CTE_PREFIX):
            raise ValueError(f"{name} is a name of a CTE")
        used.add(name)
        alias = aliases[id(table)]
        if len(written) > 1 and not table.alias:
            qualifiers.setdefault(id(_query_of(table)), {})[key] = alias
        _rename(table, name, alias=alias)
    if qualifiers:
        _requalify(tree, qualifiers)
    return used


def _default_aliases(bases: list[exp.Table]) -> dict[int, str]:
    """Return a relation's own name as its alias, or a generated one where two in one query have the same name."""
    seen: dict[tuple[int, str], set[tuple[str, ...]]] = {}
    for table in bases:
        if not table.alias:
            key = tuple(part.lower() for part in parts(table))
            seen.setdefault((id(_query_of(table)), key[-1]), set()).add(key)
    aliases = {}
    for number, table in enumerate(bases, 1):
        rivals = seen.get((id(_query_of(table)), table.name.lower()), set())
        aliases[id(table)] = f"{_ALIAS_PREFIX}{number}" if len(rivals) > 1 else table.name
    return aliases


def _query_of(node: exp.Expr) -> exp.Expr | None:
    return node.find_ancestor(exp.Select, exp.SetOperation)


def _requalify(tree: exp.Expr, qualifiers: Mapping[int, Mapping[tuple[str, ...], str]]) -> None:
    """Shorten ``domain.product.table.column`` to ``table.column`` where that table stands in the query or around it."""
    for column in list(tree.find_all(exp.Column)):
        if not column.args.get("db"):
            continue
        key = tuple(part.name.lower() for part in column.parts[:-1])
        query = _query_of(column)
        while query is not None:
            alias = qualifiers.get(id(query), {}).get(key)
            if alias is not None:
                column.set("table", exp.to_identifier(alias, quoted=True))
                column.set("db", None)
                column.set("catalog", None)
                break
            query = _query_of(query)


def _unbound(written: tuple[str, ...], table: exp.Table, statement: Statement) -> QueryError:
    ref = RelationRef(written, *statement.text.position(table.parts[0].meta.get("start") or 0))
    return QueryError(codes.UNBOUND, f"`{ref}` is no relation known here", where=statement.where(ref))
