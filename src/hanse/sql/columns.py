"""Names of a query's columns, as far as the text and the relations' columns tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from hanse.sql.scope import mentions, parts
from hanse.sql.statement import Statement

Names = tuple[str, ...] | None
Schemas = Mapping[tuple[str, ...], Sequence[str]]


def output_columns(statement: Statement, schemas: Schemas) -> Names:
    """Return the names of the result's columns in order, or None where only the engine knows them.

    Stars are expanded when the columns of what they stand for are known. Expressions without an alias, PIVOT,
    ``COLUMNS(…)`` and unnested structs are left to the engine.

    Args:
        statement: the query.
        schemas: parts of a relation, in any case → its columns.
    """
    tree = statement._tree  # noqa: SLF001 - one value in two files of one room
    known = {tuple(part.lower() for part in key): tuple(names) for key, names in schemas.items()}
    meanings = {id(table): cte for table, cte in mentions(tree)}
    return _Namer(known, meanings).query(tree)


class _Namer:
    """Walks one tree. Columns of a CTE are worked out once."""

    def __init__(self, schemas: Schemas, meanings: Mapping[int, exp.CTE | None]) -> None:
        self._schemas = schemas
        self._meanings = meanings
        self._ctes: dict[int, Names] = {}

    def query(self, node: exp.Expr) -> Names:
        """Return the columns of a query."""
        if isinstance(node, exp.Select):
            return self._select(node)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node)
        if isinstance(node, exp.Subquery):
            return self._source(node)
        if isinstance(node, exp.Values):
            first = node.expressions[0]
            width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
            return tuple(f"col{index}" for index in range(width))
        return None

    def _set_operation(self, node: exp.SetOperation) -> Names:
        left = self.query(node.left)
        if not node.args.get("by_name"):
            return left
        right = self.query(node.right)
        if left is None or right is None:
            return None
        have = {name.lower() for name in left}
        return (*left, *(name for name in right if name.lower() not in have))

    def _select(self, node: exp.Select) -> Names:
        names: list[str] = []
        for projection in node.expressions:
            found = self._projection(projection, node)
            if found is None:
                return None
            names += found
        return tuple(names)

    def _projection(self, node: exp.Expr, select: exp.Select) -> Names:
        if isinstance(node, exp.Alias):
            return None if _spreads(node.this) else (node.alias,)
        if isinstance(node, exp.Star):
            return self._edit(node, self._star(select, None))
        if isinstance(node, exp.Column):
            if isinstance(node.this, exp.Star):
                return self._edit(node.this, self._star(select, node))
            return (node.name,)
        return None

    @staticmethod
    def _edit(star: exp.Star, names: Names) -> Names:
        """Apply EXCLUDE, REPLACE and RENAME."""
        if names is None:
            return None
        excluded = {item.name.lower() for item in star.args.get("except_") or ()}
        renamed = {item.this.name.lower(): item.alias for item in star.args.get("rename") or ()}
        return tuple(renamed.get(name.lower(), name) for name in names if name.lower() not in excluded)

    def _star(self, select: exp.Select, qualified: exp.Column | None) -> Names:
        clause = select.args.get("from_")
        if clause is None or select.args.get("laterals"):
            return None
        if qualified is not None:
            return self._one_source(select, clause, qualified)
        names = self._source(clause.this)
        for join in (*(clause.this.args.get("joins") or ()), *(select.args.get("joins") or ())):
            names = self._join(names, join)
        return names

    def _one_source(self, select: exp.Select, clause: exp.Expr, qualified: exp.Column) -> Names:
        """Return what ``table.*`` stands for: the one source of that alias."""
        if len(qualified.parts) != 2:
            return None
        alias = qualified.parts[0].name.lower()
        sources = [clause.this, *(join.this for join in select.args.get("joins") or ())]
        matching = [item for item in sources if item.alias_or_name.lower() == alias]
        return self._source(matching[0]) if len(matching) == 1 else None

    def _join(self, left: Names, join: exp.Join) -> Names:
        if join.kind in ("SEMI", "ANTI") or join.side in ("SEMI", "ANTI"):
            return left
        right = self._source(join.this)
        if left is None or right is None or join.args.get("method") == "NATURAL":
            return None
        shared = {item.name.lower() for item in join.args.get("using") or ()}
        return (*left, *(name for name in right if name.lower() not in shared))

    def _source(self, node: exp.Expr) -> Names:
        if node.args.get("pivots") or (isinstance(node, exp.Subquery) and node.args.get("joins")):
            return None
        names: Names = None
        if isinstance(node, exp.Table):
            names = self._table(node)
        elif isinstance(node, exp.Subquery | exp.Values | exp.Lateral):
            inner = node if isinstance(node, exp.Values) else node.this
            names = self.query(inner)
        names = _given(node.args.get("alias"), names)
        # The engine renames columns that come twice out of a subquery.
        if names is not None and len({name.lower() for name in names}) < len(names):
            return None
        return names

    def _table(self, node: exp.Table) -> Names:
        cte = self._meanings.get(id(node))
        if cte is None:
            key = tuple(part.lower() for part in parts(node))
            columns = self._schemas.get(key) if isinstance(node.this, exp.Identifier) else None
            return None if columns is None else tuple(columns)
        if id(cte) not in self._ctes:
            self._ctes[id(cte)] = None  # a recursive mention of itself is not followed
            self._ctes[id(cte)] = _given(cte.args.get("alias"), self.query(cte.this))
        return self._ctes[id(cte)]


def _given(alias: exp.Expr | None, names: Names) -> Names:
    """Apply the names of ``AS t(a, b)``; there may be fewer than columns."""
    given = tuple(item.name for item in alias.args.get("columns") or ()) if alias is not None else ()
    if not given:
        return names
    return (*given, *names[len(given) :]) if names is not None else None


def _spreads(node: exp.Expr) -> bool:
    """Whether one expression may become several columns: ``unnest(struct)``, ``COLUMNS(…)``."""
    spreading = node.find(exp.Columns) is not None
    return spreading or (isinstance(node, exp.Anonymous) and node.name.lower() == "unnest")
