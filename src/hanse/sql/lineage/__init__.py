"""Column lineage: from a checked statement and its relations' columns to the origins of every column and of the rows.

The result may name too much, never too little: of two readings that the text allows, both count, and what cannot be
resolved is :attr:`~hanse.sql.How.UNKNOWN` and comes from everything in reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.sql.lineage.output import Output, opened, whole
from hanse.sql.lineage.queries import Queries
from hanse.sql.origins import UNKNOWN, ColumnLineage, How, Lineage, Origin, Origins, strongest
from hanse.sql.scope import mentions, parts
from hanse.sql.statement import Statement

__all__ = ["column_lineage"]


def column_lineage(statement: Statement, schemas: Mapping[tuple[str, ...], Sequence[str]]) -> Lineage:
    """Return where the columns and the rows of a statement's result come from.

    Args:
        statement: the query.
        schemas: parts of a relation, in any case → its columns. A relation without an entry may have any.
    """
    tree = statement._tree  # noqa: SLF001 - one value in two files of one room
    known = {tuple(part.lower() for part in key): tuple(names) for key, names in schemas.items()}
    meanings = {id(table): cte for table, cte in mentions(tree)}
    queries = Queries(known, meanings)
    try:
        output = queries.query(tree, None)
        output.rows  # noqa: B018 - evaluated here, where too much depth is caught
    except RecursionError:
        output = _everything({tuple(p.lower() for p in parts(t)) for t, cte in mentions(tree) if cte is None})
    names = output.names

    def find(name: str) -> ColumnLineage | None:
        origins = output.promised(name)
        return None if origins is None else ColumnLineage(name, strongest(origins), UNKNOWN in origins)

    return Lineage(names, strongest(output.rows), UNKNOWN in output.rows, find, queries.named)


def _everything(relations: set[tuple[str, ...]]) -> Output:
    """Return what is left to say of a statement that is nested too deeply to be followed."""
    origins: Origins = frozenset({UNKNOWN}).union(*(whole(key) for key in relations))
    rows = origins | {Origin(key, None, How.ROWS) for key in relations}
    return Output((opened(lambda _: origins, origins),), rows)
