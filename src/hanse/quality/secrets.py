"""Which measurements may be classified values themselves: the greatest one, the newest one, what a query returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.quality.masking import hidden_columns
from hanse.quality.records import Aggregate, Answer, Measure, Newest, Steps
from hanse.spec.contract import Contract, Table

if TYPE_CHECKING:
    from sqlglot import exp


def reveals(measure: Measure, table: Table, contract: Contract, dialect: str | None = None) -> bool:
    """Tell whether what is measured may be, or tell, a value of a classified column.

    Numbers of rows and of different values are shown. So is what a query returns, unless it does more than count, and
    one of its SELECT lists names a classified column or takes in whole rows.

    Args:
        measure: what is measured.
        table: the table under test.
        contract: whose other tables a query may read.
        dialect: that the query is written in; None: that of the engine.
    """
    match measure:
        case Aggregate(function, target, of):
            return function != "distinct" and of == "value" and target.column in hidden_columns(table)
        case Newest(target) | Steps(target):
            return target.column in hidden_columns(table)
        case Answer():
            return _tells(measure, table, contract, dialect)
    return False


def _tells(asked: Answer, table: Table, contract: Contract, dialect: str | None) -> bool:
    names = {name.casefold() for one in (table, *contract.tables) for name in hidden_columns(one)}
    if not names:
        return False
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from hanse.quality.predicates import DIALECT
    from hanse.quality.statement import QueryFault, expand

    try:
        tree = sqlglot.parse_one(
            expand(asked, table, quote="`" if dialect == "mysql" else '"'), read=dialect or DIALECT
        )
    except (QueryFault, SqlglotError, RecursionError):
        return True
    if isinstance(tree, exp.Select) and not any(map(_carried, tree.expressions)):
        return False
    aliases = list(tree.find_all(exp.TableAlias))
    if any(alias.columns for alias in aliases):
        return True  # new names for columns, by their order
    # The name of a table stands for its whole rows.
    names |= {"*", *(part.name.casefold() for part in (*aliases, *tree.find_all(exp.Table)))}
    listed = (projection for select in tree.find_all(exp.Select) for projection in select.expressions)
    found = [value for projection in listed for value in _carried(projection)]
    if dialect == "postgres":  # `t.to_json` is `to_json(t)` there, of whole rows
        known = {column.name.casefold() for one in contract.tables for column in one.columns}
        names |= {_name(v) for v in found if isinstance(v, exp.Column) and v.table} - known
    return any(_name(value) in names for value in found)


def _carried(projection: exp.Expr) -> list[exp.Expr]:
    """Return the columns of a projection whose values may be in its value: not those that are counted or compared."""
    from sqlglot import exp

    return [
        node for node in projection.find_all(exp.Column, exp.Columns, exp.Star) if not _is_weighed(node, projection)
    ]


def _is_weighed(node: exp.Expr, projection: exp.Expr) -> bool:
    from sqlglot import exp

    while node is not projection:
        parent = node.parent
        assert parent is not None
        if isinstance(parent, exp.Count | exp.CountIf | exp.Where | exp.Predicate):
            return True
        if isinstance(parent, exp.If | exp.Case) and node.arg_key == "this":
            return True
        node = parent
    return False


def _name(node: exp.Expr) -> str:
    """Return the name of a column; of all that a star or ``COLUMNS(…)`` stands for, a star."""
    from sqlglot import exp

    return node.name.casefold() if isinstance(node, exp.Column) else "*"
