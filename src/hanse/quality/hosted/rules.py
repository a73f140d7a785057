"""A contract's own SQL in a database: untrusted text in the database's dialect, confined to the tables under test.

Read twice, as everywhere. First here: one SELECT, whose every part and function is on a list of those that look at
nothing but rows; what the database gets is written from that tree. Then by the database's own parser (SQLite's
authorizer, the plan of MySQL and MariaDB), or PostgreSQL's grammar as DuckDB has it: neither may find another table.
The transaction is read only, and its time is limited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from hanse.base import HanseError
from hanse.base.suggest import did_you_mean
from hanse.quality.codes import BAD_QUERY, NOT_ONE_VALUE
from hanse.quality.hosted.dialects import Dialect
from hanse.quality.hosted.tables import HostedTable
from hanse.quality.records import Answer, Broken
from hanse.quality.statement import QueryFault, expand

if TYPE_CHECKING:
    from hanse.interfaces import HostedDatabase, Session

_GREATEST = 50_000  # characters
_DEEPEST = 100  # brackets
_CTE = "__part_"
_PARTS = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Join,
    exp.Subquery, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null,
    exp.Boolean, exp.Paren, exp.Tuple, exp.Not, exp.Neg, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT,
    exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Add, exp.Sub,
    exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam,
    exp.Interval, exp.Var, exp.Distinct, exp.Exists, exp.With, exp.CTE, exp.Union, exp.Intersect, exp.Except,
    exp.Filter, exp.Window, exp.WindowSpec, exp.Extract, exp.Collate, exp.National, exp.HexString, exp.Escape,
)  # fmt: skip
_FUNCTIONS = (
    exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Coalesce, exp.Nullif,
    exp.Greatest, exp.Least, exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Substring, exp.Concat, exp.ConcatWs,
    exp.Replace, exp.StrPosition, exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.TimestampTrunc,
    exp.DateTrunc, exp.DateDiff, exp.DateAdd, exp.DateSub, exp.Year, exp.Month, exp.Day, exp.Stddev, exp.StddevPop,
    exp.StddevSamp, exp.Variance, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.RegexpLike,
    exp.Sign, exp.Sqrt, exp.Pow, exp.Left, exp.Right, exp.LogicalAnd, exp.LogicalOr,
)  # fmt: skip
_TYPES = frozenset(
    {
        exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.SMALLINT, exp.DataType.Type.DOUBLE,
        exp.DataType.Type.FLOAT, exp.DataType.Type.DECIMAL, exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR,
        exp.DataType.Type.CHAR, exp.DataType.Type.DATE, exp.DataType.Type.TIME, exp.DataType.Type.TIMESTAMP,
        exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.BOOLEAN, exp.DataType.Type.INTERVAL, exp.DataType.Type.UUID,
        exp.DataType.Type.UBIGINT, exp.DataType.Type.BINARY, exp.DataType.Type.DATETIME,
    }
)  # fmt: skip


def answer(
    database: HostedDatabase, session: Session, asked: Answer, subject: HostedTable, tables: Mapping[str, HostedTable]
) -> Any:
    """Run a rule's query in the database and return its single value.

    Args:
        database: where the tables are.
        session: whose parser reads what PostgreSQL is to run.
        asked: the rule.
        subject: the table under test.
        tables: name that a query may use → table.

    Raises:
        QueryFault: it does or names what it may not, or does not return one value.
        IngestError: the database refused it.
    """
    dialect = Dialect(database.dialect, tables)
    sql = confined(asked, subject, dialect)
    _second_reading(database, session, sql, dialect)
    rows = database.fetch(sql)
    if len(rows) != 1 or len(rows[0]) != 1:
        shape = f"{'no' if not rows else 'more than one'} row" if not rows or len(rows[0]) == 1 else "several columns"
        what = f"the query returns {shape} instead of one value"
        raise QueryFault(Broken(NOT_ONE_VALUE, what, "use an aggregate such as count(*)"))
    return rows[0][0]


def confined(asked: Answer, subject: HostedTable, dialect: Dialect) -> str:
    """Return what the database is to run: written anew from a tree in which nothing else is than may be.

    Raises:
        QueryFault: the text cannot be read, or does what a rule may not.
    """
    if asked.column is not None and asked.column in subject.columns:
        asked = replace(asked, column=subject.columns[asked.column].name)
    text = expand(asked, subject.table, quote=_quote(dialect.name))
    tree = _parsed(text, dialect.name)
    for node in tree.walk():
        _allowed(node)
    tables = {name.lower(): table for name, table in dialect.tables.items()}
    ctes = _rename_ctes(tree)
    for table in list(tree.find_all(exp.Table)):
        name = table.name.lower()
        if not table.alias:
            table.set("alias", exp.TableAlias(this=table.this.copy()))
        if not table.db and name in ctes:
            table.set("this", exp.to_identifier(ctes[name], quoted=True))
            continue
        found = tables.get(name)
        if found is None or table.catalog or (table.db and table.db != found.source.schema):
            shown = ".".join(part.name for part in table.parts)
            what = f"the query reads `{shown}`, which is no table of the contract"
            raise _fault(what, did_you_mean(table.name, list(dialect.tables)))
        here = dialect.source(found.table.name)
        table.set("this", here.this)
        table.set("db", here.args.get("db"))
    if dialect.name == "mysql":
        for match in list(tree.find_all(exp.RegexpLike)):
            match.replace(_matched(match))
    select = exp.select("*").from_(tree.subquery("answer")).limit(2)
    return select.sql(dialect.name, comments=False)


def _matched(node: exp.RegexpLike) -> exp.Expr:
    """Write ``REGEXP`` as what MariaDB has as well as MySQL: it knows no ``REGEXP_LIKE``."""
    if node.args.get("flag"):
        return node
    found = exp.Anonymous(this="REGEXP_INSTR", expressions=[node.this.copy(), node.expression.copy()])
    return exp.paren(exp.GT(this=found, expression=exp.Literal.number(0)), copy=False)


def _rename_ctes(tree: exp.Expr) -> dict[str, str]:
    """Give parts of a query names that no table has: where such a name means nothing, it must not mean a table."""
    names: dict[str, str] = {}
    for cte in tree.find_all(exp.CTE):
        name = names.setdefault(cte.alias.lower(), f"{_CTE}{len(names) + 1}")
        cte.args["alias"].set("this", exp.to_identifier(name, quoted=True))
    return names


def _parsed(text: str, dialect: str) -> exp.Query:
    if len(text) > _GREATEST or text.count("(") > _DEEPEST or "\0" in text:
        raise _fault("the query is too large", "split the rule")
    try:
        trees = sqlglot.parse(text, read=dialect)
    except (SqlglotError, RecursionError) as error:
        words = " ".join(re.sub(r"\x1b\[[0-9]*m", "", str(error)).split())[:200]
        raise _fault(f"the query cannot be read as SQL of the database: {words}", None) from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise _fault("a rule's query is one SELECT", "write one SELECT that returns one value")
    return trees[0]


def _allowed(node: exp.Expr) -> None:
    if isinstance(node, exp.Cast):
        if node.to.this not in _TYPES:
            raise _fault(f"the query casts to `{node.to.sql()}`, which a rule may not", None)
    elif isinstance(node, exp.Select) and (node.args.get("into") or node.args.get("locks")):
        raise _fault("the query writes or locks, which a rule may not", "write a plain SELECT")
    elif isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise _fault("the query reads from a function, which a rule may not", "name tables in FROM")
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        raise _fault(f"the query calls `{node.name}`, which a rule may not in a database", None)
    if not isinstance(node, (*_PARTS, *_FUNCTIONS)):
        called = "calls" if isinstance(node, exp.Func) else "uses"
        raise _fault(f"the query {called} `{node.key}`, which a rule may not in a database", None)


def _second_reading(database: HostedDatabase, session: Session, sql: str, dialect: Dialect) -> None:
    """Refuse a statement in which another parser finds a table that the first did not leave there."""
    if database.dialect == "postgres":
        try:
            found = session.references(sql)
        except HanseError as error:
            raise _fault(f"the query is read by one parser only: {error.problem.what}", "write it plainer") from error
        read = found.relations
        allowed = {_parts(t) for t in dialect.tables.values()}
        plain = found.statement.lower() == "select" and not found.table_functions
    else:
        plain = True
        read = database.reads(sql) or frozenset()
        allowed = set()
        for name in dialect.tables:
            source = exp.select("*").from_(dialect.source(name))
            allowed |= database.reads(source.sql(dialect.name)) or set()
        if database.dialect == "mysql":  # its plan knows tables by their aliases
            allowed |= {(t.alias_or_name,) for t in sqlglot.parse_one(sql, read="mysql").find_all(exp.Table)}
    strange = {parts for parts in read - allowed if not parts[-1].startswith(_CTE)}
    if strange or not plain:
        shown = ", ".join(f"`{'.'.join(parts)}`" for parts in sorted(strange)) or "something else than a SELECT"
        raise _fault(f"the database finds {shown} in the query, which was not seen when it was checked", None)


def _parts(table: HostedTable) -> tuple[str, ...]:
    return tuple(part for part in (table.source.schema, table.source.name) if part)


def _quote(dialect: str) -> str:
    return "`" if dialect == "mysql" else '"'


def _fault(what: str, fix: str | None) -> QueryFault:
    return QueryFault(Broken(BAD_QUERY, what, fix))
