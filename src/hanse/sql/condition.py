"""A condition on one table's rows, written by somebody who is not trusted: the same reading as for whole queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from hanse.base import Denied, QueryError
from hanse.sql import codes
from hanse.sql.bind import write
from hanse.sql.parse import parse_select
from hanse.sql.statement import Statement

_PARTS = {"expressions", "where", "kind"}


@dataclass(frozen=True)
class Condition:
    """One checked condition.

    Attributes:
        statement: the condition as a query without a table of its own; its relations are those of subqueries.
    """

    statement: Statement
    _tree: exp.Expr = field(repr=False, compare=False)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(qualifier or nothing, column) of the row itself, as written; what stands in subqueries is left out."""
        return tuple(
            dict.fromkeys((c.table, c.name) for c in _own(self._tree, exp.Column) if isinstance(c, exp.Column))
        )

    @property
    def is_volatile(self) -> bool:
        """Whether the same row may answer otherwise at another time."""
        return self.statement.is_volatile

    def written(self, own: Collection[str] = ()) -> str:
        """Return the condition as text for the engine, in parentheses.

        Args:
            own: names of the table itself, in lower case: as qualifiers of the row's columns they are left out.

        Raises:
            Denied: it cannot be written out faithfully.
        """
        tree = self._tree.copy()
        for column in _own(tree, exp.Column):
            if isinstance(column, exp.Column) and column.table.lower() in own:
                column.set("table", None)
        return write(exp.paren(tree, copy=False))


def parse_condition(text: str) -> Condition:
    """Read one condition and refuse everything that is not known to be harmless.

    Args:
        text: SQL as DuckDB writes it: what may stand after WHERE.

    Raises:
        QueryError: it is not SQL, or more than a condition on single rows.
        Denied: it may not run.
    """
    statement = parse_select(f"SELECT 1 WHERE (\n{text}\n)")
    tree = statement._tree  # noqa: SLF001 - the same room
    where = tree.args.get("where")
    given = {name for name, value in tree.args.items() if value}
    if not isinstance(tree, exp.Select) or given - _PARTS or len(tree.expressions) != 1 or where is None:
        raise Denied(codes.SYNTAX_DENIED, "it is more than one condition", fix="write what may stand after WHERE")
    if not isinstance(where.this, exp.Paren):
        raise Denied(codes.SYNTAX_DENIED, "its parentheses do not match", fix="write what may stand after WHERE")
    condition = where.this.this
    if any(True for _ in _own(condition, exp.AggFunc, exp.Window)):
        what = "a condition on single rows counts and adds up nothing"
        raise QueryError(codes.SYNTAX, what, fix="compare with a subquery, or state it as a rule of `type: sql`")
    return Condition(statement, condition)


def _own(tree: exp.Expr, *kinds: type[exp.Expr]) -> Iterator[exp.Expr]:
    """Yield nodes of some kinds outside of subqueries."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Query):
            continue
        if isinstance(node, kinds):
            yield node
        stack.extend(node.iter_expressions())
