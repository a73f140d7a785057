"""Where the value of an expression comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlglot import exp

from hanse.sql.functions import AGGREGATES
from hanse.sql.lineage.names import Scope
from hanse.sql.lineage.output import Output, union
from hanse.sql.origins import NOTHING, How, Origins, through

QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Pivot)
UNNESTING = frozenset({"generate_subscripts", "regexp_split_to_table", "unnest"})

# Evaluates a subquery within a scope.
Evaluate = Callable[[exp.Expr, Scope], Output]


class Expressions:
    """Finds the origins of expressions. What is not named here computes from its parts."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.named: set[tuple[tuple[str, ...], str]] = set()
        self._special: dict[type[exp.Expr], Callable[..., Origins]] = {
            exp.Alias: self._inner,
            exp.Paren: self._inner,
            exp.Ordered: self._inner,
            exp.Column: self._column,
            exp.Star: self._star,
            exp.Columns: self._columns,
            exp.Anonymous: self._call,
            exp.Window: self._window,
            exp.Filter: self._filter,
            exp.Order: self._order,
            exp.PropertyEQ: self._named_part,
            exp.Kwarg: self._named_part,
            exp.Lambda: self._lambda,
            exp.Comprehension: self._comprehension,
            exp.Exists: self._exists,
            exp.DataType: lambda *_: NOTHING,
        }

    def of(self, node: exp.Expr, scope: Scope) -> Origins:
        """Return where the value of an expression comes from, and what influences it alone."""
        found: list[Origins] = []
        stack = [node]
        while stack:
            part = stack.pop()
            origins = self._of_special(part, scope)
            if origins is None:
                stack.extend(part.iter_expressions())
            else:
                found.append(origins if part is node else through(How.DERIVED, origins))
        return union(found)

    def of_all(self, nodes: Iterable[exp.Expr], scope: Scope) -> Origins:
        """Return where the values of several expressions come from."""
        return union(self.of(node, scope) for node in nodes)

    def _of_special(self, node: exp.Expr, scope: Scope) -> Origins | None:
        if isinstance(node, QUERIES):
            output = self._evaluate(node, scope)
            return through(How.DERIVED, output.every) | output.rows
        special = self._special.get(type(node))
        return special(node, scope) if special is not None else None

    def _inner(self, node: exp.Expr, scope: Scope) -> Origins:
        return self.of(node.this, scope)

    def look_up(self, name: Sequence[str], scope: Scope) -> Origins:
        """Return where a name that the text holds comes from, and remember the columns that it may mean."""
        found = scope.resolve(name)
        self.named |= {(o.relation, o.column) for o in found if o.column is not None}
        return found

    def _column(self, node: exp.Column, scope: Scope) -> Origins:
        if isinstance(node.this, exp.Star):
            return union(item.origins for item in scope.star([p.name.lower() for p in node.parts[:-1]]))
        return self.look_up([part.name for part in node.parts], scope)

    @staticmethod
    def _star(node: exp.Star, scope: Scope) -> Origins:
        parent = node.parent
        counts = isinstance(parent, exp.Anonymous) and parent.name.lower() in ("count", "count_star")
        return NOTHING if counts else scope.every

    @staticmethod
    def _columns(_: exp.Columns, scope: Scope) -> Origins:
        return scope.every if scope.spread is None else scope.spread

    def _call(self, node: exp.Anonymous, scope: Scope) -> Origins:
        how = How.AGGREGATED if node.name.lower() in AGGREGATES else How.DERIVED
        return through(how, self.of_all(node.expressions, scope))

    def _window(self, node: exp.Window, scope: Scope) -> Origins:
        frame = [part for key, part in node.args.items() if key not in ("this", "alias")]
        if node.args.get("alias"):
            # Named windows may build on each other; which of them does not matter enough to follow.
            frame += [part for window in scope.windows for key, part in window.args.items() if key != "this"]
        flat = [part for entry in frame for part in (entry if isinstance(entry, list) else [entry])]
        deciding = self.of_all((part for part in flat if isinstance(part, exp.Expr)), scope)
        return through(How.AGGREGATED, self.of(node.this, scope)) | through(How.WINDOW, deciding)

    def _filter(self, node: exp.Filter, scope: Scope) -> Origins:
        return self.of(node.this, scope) | through(How.FILTER, self.of(node.expression, scope))

    def _order(self, node: exp.Order, scope: Scope) -> Origins:
        own = self.of(node.this, scope) if isinstance(node.this, exp.Expr) else NOTHING
        return own | through(How.ORDER, self.of_all(node.expressions, scope))

    def _named_part(self, node: exp.Expr, scope: Scope) -> Origins:
        # `{'a': x}` and `f(a := x)` name a part; in `MAP {a: x}` the key is a value.
        is_map = isinstance(node.parent, exp.Struct) and isinstance(node.parent.parent, exp.ToMap)
        key = self.of(node.this, scope) if is_map else NOTHING
        return through(How.DERIVED, key | self.of(node.expression, scope))

    def _lambda(self, node: exp.Lambda, scope: Scope) -> Origins:
        names = {part.name.lower() for part in node.expressions}
        return through(How.DERIVED, self.of(node.this, _bind(scope, names)))

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> Origins:
        bound = node.args["expression"]
        names = {part.name.lower() for part in bound.find_all(exp.Identifier)}
        inner = [node.this, *([node.args["condition"]] if node.args.get("condition") else [])]
        values = self.of_all(inner, _bind(scope, names)) | self.of(node.args["iterator"], scope)
        return through(How.DERIVED, values)

    def _exists(self, node: exp.Exists, scope: Scope) -> Origins:
        inner = node.this
        return self._evaluate(inner, scope).rows if isinstance(inner, QUERIES) else self.of(inner, scope)


def _bind(scope: Scope, names: Iterable[str]) -> Scope:
    return replace(scope, bound=scope.bound | frozenset(names))


def aggregates(node: exp.Expr) -> bool:
    """Whether an expression holds an aggregate of the query it stands in; windows and subqueries are none."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, exp.Window):
            stack.extend(part.this.iter_expressions())
            continue
        if isinstance(part, exp.Anonymous) and part.name.lower() in AGGREGATES:
            return True
        if not isinstance(part, QUERIES):
            stack.extend(part.iter_expressions())
    return False


def unnests(node: exp.Expr) -> list[exp.Expr]:
    """Return the calls in an expression that make several rows of one; those of subqueries are not among them."""
    found: list[exp.Expr] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, exp.Anonymous) and part.name.lower() in UNNESTING:
            found.append(part)
        if not isinstance(part, QUERIES):
            stack.extend(part.iter_expressions())
    return found
