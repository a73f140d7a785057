"""What a query offers: SELECT, set operations, VALUES, PIVOT, and common table expressions, recursive ones too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

from hanse.sql.lineage.expressions import Expressions, aggregates, unnests
from hanse.sql.lineage.names import Scope, Source
from hanse.sql.lineage.output import Item, Output, influence, opened, relation, renamed, stacked, union
from hanse.sql.lineage.sources import Sources
from hanse.sql.origins import NOTHING, UNKNOWN, How, Origins, through
from hanse.sql.scope import parts

_ROUNDS = 100
_CONTAINERS = (exp.Cube, exp.GroupingSets, exp.Paren, exp.Rollup, exp.Tuple)


class Queries:
    """Walks the queries of one tree. A CTE is worked out once, where it is first mentioned."""

    def __init__(
        self, schemas: Mapping[tuple[str, ...], tuple[str, ...]], meanings: Mapping[int, exp.CTE | None]
    ) -> None:
        self._schemas = schemas
        self._meanings = meanings
        self._around: dict[int, Scope | None] = {}
        self._ctes: dict[int, Output] = {}
        self._partial: dict[int, Output] = {}
        self._expressions = Expressions(self.query)
        self._sources = Sources(self.query, self._mention, self._expressions)

    @property
    def named(self) -> frozenset[tuple[tuple[str, ...], str]]:
        """Columns of relations that the text names, whether or not anything of the result comes from them."""
        return frozenset(self._expressions.named)

    def query(self, node: exp.Expr, around: Scope | None) -> Output:
        """Return what a query offers.

        Args:
            node: the query.
            around: the scope that it may refer to.
        """
        for cte in (node.args.get("with_") or exp.With(expressions=[])).expressions:
            self._around[id(cte)] = around
        if isinstance(node, exp.Select):
            return self._select(node, around)
        if isinstance(node, exp.SetOperation):
            return self._cut(node, self._set_operation(node, around), around)
        if isinstance(node, exp.Values):
            return self._values(node, around)
        if isinstance(node, exp.Pivot) and node.this is not None:
            scope = Scope(parent=around)
            self._sources.take(node.this, scope)
            source = Source(Output(tuple(scope.star()), scope.rows))
            return self._cut(node, self._sources.pivot(node, source), around)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Expr) and not node.args.get("pivots"):
            inner = node.this
            if isinstance(inner, exp.Table) or node.args.get("joins"):
                return self._entry(node, around)
            return self._cut(node, self.query(inner, around), around)
        return self._entry(node, around)

    def _entry(self, node: exp.Expr, around: Scope | None) -> Output:
        """Return what an entry of FROM offers that stands for a query."""
        scope = Scope(parent=around)
        self._sources.take(node, scope)
        return Output(tuple(scope.star()), scope.rows)

    # SELECT

    def _select(self, node: exp.Select, around: Scope | None) -> Output:
        scope = Scope(parent=around, windows=list(node.args.get("windows") or ()))
        self._sources.read(node, scope)
        # In order: an entry of the list may use the aliases before it.
        places = [(projection, self._projection(projection, scope)) for projection in node.expressions]
        items = [item for _, found in places for item in found]
        rows = scope.rows | self._condition(node, "where", scope)
        rows |= union(self._unnested(projection, scope) for projection in node.expressions)
        scope.result = Output(tuple(item for item in items if item.name is not None or item.find is not None))
        rows |= self._condition(node, "having", scope) | self._condition(node, "qualify", scope)
        rows |= through(How.GROUP, self._group(node, places, scope))
        distinct = node.args.get("distinct")
        if distinct is not None:
            on = distinct.args.get("on")
            keys = self._keys([on], items, scope) if on is not None else union(i.origins for i in items)
            rows |= through(How.GROUP, keys)
        rows |= self._order(node, items, scope)
        return Output(tuple(items), rows)

    def _condition(self, node: exp.Expr, key: str, scope: Scope) -> Origins:
        clause = node.args.get(key)
        return through(How.FILTER, self._expressions.of(clause, scope)) if clause is not None else NOTHING

    def _unnested(self, projection: exp.Expr, scope: Scope) -> Origins:
        return through(How.UNNEST, self._expressions.of_all(unnests(projection), scope))

    def _projection(self, node: exp.Expr, scope: Scope) -> list[Item]:
        """Return the columns that one entry of a select list gives, and remember its alias."""
        if isinstance(node, exp.Star):
            return self._edited(node, scope.star(), scope)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            qualifier = [part.name.lower() for part in node.parts[:-1]]
            return self._edited(node.this, scope.star(qualifier), scope)
        if node.find(exp.Columns):
            return [self._spread(node, scope)]
        if isinstance(node, exp.Predicate | exp.Not) and isinstance(_left(node), exp.Star):
            return [_all_or_some(scope.star())]  # * LIKE '…'
        origins = self._expressions.of(node, scope)
        if isinstance(node, exp.Alias):
            name = node.alias
            scope.aliases[name.lower()] = scope.aliases.get(name.lower(), NOTHING) | origins
            return [Item(name, origins), *([opened(lambda _: origins, origins)] if _unpacks(node.this) else [])]
        if isinstance(node, exp.Column | exp.Dot):
            last = node.expression if isinstance(node, exp.Dot) else node
            return [Item(last.name, origins)]
        return [opened(lambda _: origins, origins) if _unpacks(node) else Item(None, origins)]

    def _edited(self, star: exp.Star, items: list[Item], scope: Scope) -> list[Item]:
        """Apply EXCLUDE, REPLACE and RENAME."""
        excluded = {part.name.lower() for part in star.args.get("except_") or ()}
        renaming = {part.this.name.lower(): part.alias for part in star.args.get("rename") or ()}
        for name in (*excluded, *renaming):
            self._expressions.look_up([name], scope)
        replaced = {
            part.alias.lower(): self._expressions.of(part.this, scope) for part in star.args.get("replace") or ()
        }
        changed: list[Item] = []
        for item in items:
            if item.find is not None:
                changed.append(_edited_open(item, excluded, renaming, replaced))
            elif item.name is None or item.name.lower() not in excluded:
                name = item.name.lower() if item.name is not None else ""
                changed.append(Item(renaming.get(name, item.name), replaced.get(name, item.origins)))
        return changed

    def _spread(self, node: exp.Expr, scope: Scope) -> Item:
        """Return what an expression with ``COLUMNS(…)`` gives: itself once for each column that is chosen."""
        every = _all_or_some(scope.star())
        chosen = next(node.find_all(exp.Columns))
        aliased = isinstance(node, exp.Alias)

        def of(spread: Origins) -> Origins:
            scope.spread = spread
            try:
                return self._expressions.of(node, scope)
            finally:
                scope.spread = None

        origins = of(every.origins)
        if aliased or chosen.args.get("unpack"):
            return opened(lambda _: origins, origins)

        def found(name: str) -> Origins | None:
            assert every.find is not None
            own = every.find(name)
            return None if own is None or not _may_choose(chosen, name) else of(own)

        return opened(found, origins)

    # Clauses about rows

    def _group(self, node: exp.Select, places: list[tuple[exp.Expr, list[Item]]], scope: Scope) -> Origins:
        group = node.args.get("group")
        if group is None:
            return NOTHING
        items = [item for _, found in places for item in found]
        written = [part for part in group.iter_expressions() if isinstance(part, exp.Expr)]
        keys = self._keys(written, items, scope)
        if group.args.get("all") is not None:
            keys |= union(i.origins for projection, found in places if not aggregates(projection) for i in found)
        return keys

    def _keys(self, nodes: list[exp.Expr], items: list[Item], scope: Scope) -> Origins:
        """Return the origins of keys: expressions, places in the select list, or sets of them."""
        found: list[Origins] = []
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if isinstance(node, _CONTAINERS):
                stack.extend(node.iter_expressions())
            elif isinstance(node, exp.Literal) and not node.is_string:
                found.append(_at(items, node.name))
            elif isinstance(node, exp.Var) or (isinstance(node, exp.Column) and node.name.lower() == "all"):
                found.append(union(i.origins for i in items))
            else:
                found.append(self._expressions.of(node, scope))
        return union(found)

    def _order(self, node: exp.Expr, items: list[Item], scope: Scope) -> Origins:
        """Return what ORDER BY, LIMIT and OFFSET decide: which rows are left, or come first for whoever cuts them."""
        order, rows = node.args.get("order"), NOTHING
        if order is not None:
            rows = through(How.ORDER, self._keys([part.this for part in order.expressions], items, scope))
        limits = [node.args[key] for key in ("limit", "offset") if node.args.get(key) is not None]
        return rows | through(How.ORDER, self._expressions.of_all(limits, scope))

    def _cut(self, node: exp.Expr, output: Output, around: Scope | None) -> Output:
        """Apply the clauses that stand behind a whole query."""
        if not any(node.args.get(key) is not None for key in ("order", "limit", "offset", "where", "qualify")):
            return output
        scope = Scope(parent=around)
        scope.add(Source(output))
        rows = self._condition(node, "where", scope) | self._condition(node, "qualify", scope)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
            # `(SELECT a FROM t) ORDER BY b` may still name the inner columns.
            self._sources.read(node.this, scope)
        return Output(output.items, output.rows | rows | self._order(node, list(output.items), scope))

    # Other queries

    def _set_operation(self, node: exp.SetOperation, around: Scope | None) -> Output:
        left, right = (self.query(side, around) for side in (node.this, node.expression))
        rows = left.rows | right.rows
        if not isinstance(node, exp.Union):
            return Output(left.items, rows | influence(How.FILTER, (left, right)))
        if node.args.get("distinct"):
            rows |= influence(How.GROUP, (left, right))
        return Output(stacked(left, right, by_name=bool(node.args.get("by_name"))), rows)

    def _values(self, node: exp.Values, around: Scope | None) -> Output:
        scope = around or Scope()
        lines = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        columns = [self._expressions.of_all(column, scope) for column in zip(*lines, strict=False)]
        return Output(tuple(Item(f"col{number}", origins) for number, origins in enumerate(columns)))

    # Relations and common table expressions

    def _mention(self, table: exp.Table) -> Output:
        cte = self._meanings.get(id(table))
        if cte is None:
            key = tuple(part.lower() for part in parts(table))
            return relation(key, self._schemas.get(key))
        if id(cte) in self._partial:
            return self._partial[id(cte)]
        if id(cte) not in self._ctes:
            self._ctes[id(cte)] = self._cte(cte)
        return self._ctes[id(cte)]

    def _cte(self, cte: exp.CTE) -> Output:
        around, names = self._around.get(id(cte)), _given(cte)
        if not any(meaning is cte for meaning in self._meanings_in(cte)):
            return renamed(self.query(cte.this, around), names)
        body = cte.this
        first = body.this if isinstance(body, exp.SetOperation) else body
        known = set(self._ctes)
        output = renamed(self.query(first, around), names)
        for _ in range(_ROUNDS):
            self._partial[id(cte)] = output
            for other in set(self._ctes) - known:
                del self._ctes[other]  # worked out with what was known a round ago
            following = renamed(self.query(body, around), names)
            keys = self._expressions.of_all(cte.args.get("key_expressions") or (), _over(following))
            following = Output(following.items, following.rows | output.rows | through(How.GROUP, keys))
            if following == output or not following.is_closed:
                break
            output = following
        del self._partial[id(cte)]
        if following == output:
            return output
        guess = following.every | {UNKNOWN}
        return Output(tuple(_unsure(item, guess) for item in following.items), following.rows | {UNKNOWN})

    def _meanings_in(self, cte: exp.CTE) -> Iterator[exp.CTE | None]:
        return (self._meanings.get(id(table)) for table in cte.find_all(exp.Table))


def _given(cte: exp.CTE) -> tuple[str, ...]:
    return tuple(part.name for part in cte.args["alias"].args.get("columns") or ())


def _over(output: Output) -> Scope:
    scope = Scope()
    scope.add(Source(output))
    return scope


def _unsure(item: Item, guess: Origins) -> Item:
    return Item(item.name, guess, None if item.find is None else lambda _: guess)


def _at(items: list[Item], place: str) -> Origins:
    """Return the origins of the column at a place of the select list, counted from 1."""
    number = int(place) if place.isdigit() else 0
    before = items[:number]
    if 0 < number <= len(items) and all(item.find is None for item in before):
        return items[number - 1].origins
    return union(item.origins for item in items)


def _left(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Not | exp.Paren | exp.Escape):
        node = node.this
    return node.this if isinstance(node.this, exp.Expr) else node


def _unpacks(node: exp.Expr) -> bool:
    """Whether an expression may become several columns: ``unnest(struct)``."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == "unnest"


def _all_or_some(items: list[Item]) -> Item:
    """Return columns of which some may be left out."""
    output = Output(tuple(items))
    return opened(output.get, output.every)


def _edited_open(item: Item, excluded: set[str], renaming: Mapping[str, str], replaced: Mapping[str, Origins]) -> Item:
    find: Callable[[str], Origins | None] = item.find or (lambda _: None)
    before = {new.lower(): old for old, new in renaming.items()}

    def found(name: str) -> Origins | None:
        old = before.get(name, name)
        if old in excluded or (name in renaming and name not in before):
            return None
        own = find(old)
        return replaced.get(old, own) if own is not None else None

    return opened(found, item.origins | union(replaced.values()))


def _may_choose(columns: exp.Columns, name: str) -> bool:
    """Whether ``COLUMNS(…)`` may choose a column: a pattern of letters tells, everything else may."""
    pattern = columns.this
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        return True
    try:
        return re.search(pattern.name, name, re.IGNORECASE) is not None
    except re.error:
        return True
