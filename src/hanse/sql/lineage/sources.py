"""What FROM offers: relations, subqueries, functions, joins and pivots."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlglot import exp

from hanse.sql.lineage.expressions import Expressions
from hanse.sql.lineage.names import Scope, Source
from hanse.sql.lineage.output import Item, Output, influence, opened, renamed, union
from hanse.sql.origins import NOTHING, UNKNOWN, How, Origins, through
from hanse.sql.scope import parts

# Evaluates a query within the scope around it.
Evaluate = Callable[[exp.Expr, Scope | None], Output]
# Says what a named relation offers: a base relation or a CTE.
Mention = Callable[[exp.Table], Output]

_JSON_COLUMNS = ("key", "value", "type", "atom", "id", "parent", "fullkey", "path", "json", "rowid")


class Sources:
    """Reads FROM clauses into scopes, from left to right: what stands further left may be used on the right."""

    def __init__(self, evaluate: Evaluate, mention: Mention, expressions: Expressions) -> None:
        self._evaluate = evaluate
        self._mention = mention
        self._expressions = expressions

    def read(self, select: exp.Expr, scope: Scope) -> None:
        """Take the sources of a SELECT into its scope."""
        clause = select.args.get("from_")
        if clause is not None:
            self.take(clause.this, scope)
        for join in select.args.get("joins") or ():
            self._join(join, scope)
        for lateral in select.args.get("laterals") or ():
            self.take(lateral, scope)

    def take(self, node: exp.Expr, scope: Scope) -> None:
        """Take one entry of FROM into a scope, with the joins that hang on it."""
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery) and _is_group(node):
            self._group(node, scope)
        else:
            scope.add(self._source(node, scope))
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _source(self, node: exp.Expr, scope: Scope) -> Source:
        names: tuple[str, ...] = (node.alias.lower(),) if node.alias else ()
        inner = node.this
        if isinstance(node, exp.Table) and isinstance(inner, exp.Identifier):
            output = self._mention(node)
            names = names or tuple(part.lower() for part in parts(node))
        elif isinstance(inner, exp.Anonymous):
            output = self._function(inner, node, scope)
            names = names or (inner.name.lower(),)
        elif isinstance(node, exp.Lateral):
            output = self._evaluate(inner, scope)
        else:
            output = self._evaluate(_bare(node), scope)
        for pivot in node.args.get("pivots") or ():
            output = self.pivot(pivot, Source(output, names))
            alias = pivot.args.get("alias")
            names = (alias.name.lower(),) if alias is not None and alias.name else names
            output = renamed(output, _columns_of(alias))
        return Source(renamed(output, _columns_of(node.args.get("alias"))), names)

    def _function(self, call: exp.Anonymous, node: exp.Expr, scope: Scope) -> Output:
        """Return what a table function offers: all of it comes from its arguments, as does the number of its rows."""
        arguments = self._expressions.of_all(call.expressions, scope)
        values, rows = through(How.DERIVED, arguments), through(How.UNNEST, arguments)
        name = call.name.lower()
        if name.startswith("json_"):
            return Output(tuple(Item(column, values) for column in _JSON_COLUMNS), rows)
        if any(isinstance(argument, exp.PropertyEQ | exp.Kwarg) for argument in call.expressions):
            return Output((opened(lambda _: values, values),), rows)
        items = [Item(name, values)]
        if node.args.get("ordinality"):
            items.append(Item("ordinality", rows))
        return Output(tuple(items), rows)

    def _group(self, node: exp.Subquery, scope: Scope) -> None:
        """Take in ``(a JOIN b)``: as its parts, or under one alias."""
        within = Scope(parent=scope)
        self.take(node.this, within)
        if node.alias or node.args.get("pivots"):
            source = Source(Output(tuple(within.star()), within.rows), (node.alias.lower(),) if node.alias else ())
            for pivot in node.args.get("pivots") or ():
                source = replace(source, output=self.pivot(pivot, source))
            scope.add(replace(source, output=renamed(source.output, _columns_of(node.args.get("alias")))))
            return
        scope.sources += within.sources
        scope.merged |= within.merged
        scope.rows |= within.rows

    # Joins

    def _join(self, join: exp.Expr, scope: Scope) -> None:
        before = len(scope.sources)
        left = Scope(sources=list(scope.sources), merged=dict(scope.merged))
        self.take(join.this, scope)
        right = Scope(sources=scope.sources[before:])
        shared = [part.name.lower() for part in join.args.get("using") or ()]
        if join.args.get("method") == "NATURAL":
            shared = self._natural(left, right, scope)
        outer = "RIGHT" in _kind(join) or "FULL" in _kind(join)
        for name in shared:
            one, other = left.one(name), right.one(name)
            both = (one if one is not None else left.every | {UNKNOWN}) | (
                other if other is not None else right.every | {UNKNOWN}
            )
            scope.merged[name] = both if outer or one is None else one
            scope.rows |= through(How.JOIN, both)
        condition = join.args.get("on")
        if condition is not None:
            scope.rows |= through(How.JOIN, self._expressions.of(condition, scope))
        if _kind(join) & {"SEMI", "ANTI"}:
            scope.sources[before:] = [replace(s, hidden=True) for s in scope.sources[before:]]

    @staticmethod
    def _natural(left: Scope, right: Scope, scope: Scope) -> list[str]:
        """Return the names that both sides have; where they are not all known, every column may decide."""
        outputs = [s.output for s in (*left.visible, *right.visible)]
        if any(output.names is None for output in outputs):
            scope.rows |= influence(How.JOIN, outputs) | {UNKNOWN}
        names = {name for s in left.visible for name in s.output.named}
        return [name for s in right.visible for name in s.output.named if name in names]

    # Pivots

    def pivot(self, node: exp.Expr, source: Source) -> Output:
        """Return what PIVOT or UNPIVOT makes of a source.

        Columns that it does not mention pass through; all others are made of those that it mentions. All of them
        decide which rows there are.
        """
        scope = Scope()
        scope.add(source)
        told = [c for c in node.find_all(exp.Column) if not _within(c, node, "into", "this")]
        mentioned: Origins = NOTHING
        names = set[str]()
        group = node.args.get("group")
        kept = {c.name.lower() for c in group.find_all(exp.Column)} if group is not None else None
        for column in told:
            origins = scope.one(column.name.lower())
            if origins is not None:  # a value in `IN (a, b)` may look like a column
                mentioned |= origins
                if not _within(column, node, "group"):
                    names.add(column.name.lower())
        how = How.DERIVED if node.args.get("unpivot") else How.AGGREGATED
        made = through(how, mentioned) | through(How.FILTER, mentioned)
        star = source.output
        passing = [
            item
            for name, item in star.named.items()
            if name not in names and (kept is None or name in kept)
        ]  # fmt: skip

        def found(name: str) -> Origins | None:
            if name in names:
                return made
            more = star.perhaps(name)
            return made if more is None else made | more

        rows = through(How.GROUP, union(i.origins for i in passing) if star.is_closed else star.every)
        items = (*passing, opened(found, made | (NOTHING if star.is_closed else star.every)))
        return Output(items, source.output.rows | rows | through(How.FILTER, mentioned))


def _is_group(node: exp.Subquery) -> bool:
    """Whether parentheses hold an entry of FROM rather than a query."""
    inner = node.this
    return isinstance(inner, exp.Table) or (isinstance(inner, exp.Subquery) and bool(inner.args.get("joins")))


def _bare(node: exp.Expr) -> exp.Expr:
    """Return the query of an entry of FROM without what belongs to the entry."""
    if isinstance(node, exp.Subquery) and not any(node.args.get(key) for key in ("order", "limit", "offset", "with_")):
        inner: exp.Expr = node.this
        return inner
    return node


def _columns_of(alias: exp.Expr | None) -> tuple[str, ...]:
    return tuple(part.name for part in alias.args.get("columns") or ()) if alias is not None else ()


def _kind(join: exp.Expr) -> frozenset[str]:
    words: Iterable[str] = (str(join.args.get(key) or "") for key in ("side", "kind", "method"))
    return frozenset(re.split(r"\s+", " ".join(words).upper()))


def _within(node: exp.Expr, root: exp.Expr, *keys: str) -> bool:
    """Whether a node stands in certain parts of a root."""
    child = node
    while child.parent is not None and child.parent is not root:
        child = child.parent
    return child.arg_key in keys
