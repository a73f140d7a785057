"""Trees of the engine's dialect, written in a database's own, so that they mean exactly the same there.

Only what is known to mean the same is written. Texts compare by their bytes whatever their collation, names are
quoted, and whatever else a tree holds raises :class:`Untranslatable`: the engine answers then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from sqlglot import exp

from hanse.interfaces import HostedColumn
from hanse.quality.hosted.placing import Doubt
from hanse.quality.hosted.regexes import portable
from hanse.quality.hosted.tables import HostedTable

_DIALECTS = {"postgres": "postgres", "mysql": "mysql", "sqlite": "sqlite"}
_OUTPUT = "c"
_OWN = "own"
_WHOLE = 2**53  # whole numbers up to which a double has each one
_KEPT = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Join, exp.Subquery,
    exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null, exp.Boolean,
    exp.Paren, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Is, exp.Mod,
    exp.Neg, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Count, exp.Sum, exp.Coalesce, exp.Exists,
    exp.Collate, exp.Var, exp.HexString, exp.RegexpLike, exp.Distinct, exp.CharacterSet,
)  # fmt: skip


class Untranslatable(Exception):
    """A tree holds what has no exact counterpart; its text says what."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database writes trees.

    Attributes:
        name: as :class:`~hanse.interfaces.HostedDatabase` has it.
        tables: relation as trees call it → the table there.
    """

    name: str
    tables: Mapping[str, HostedTable]

    def write(self, tree: exp.Expr) -> str:
        """Write a tree of the engine's dialect in the database's.

        Raises:
            Untranslatable: something in it has no exact counterpart.
        """
        tree = tree.copy()
        bases = list(self._bases(tree))
        known = {id(column): hosted for column, hosted in bases}
        for filtered in list(tree.find_all(exp.Filter)):
            filtered.replace(_counted_if(filtered))
        for call in list(tree.find_all(exp.Anonymous)):
            call.replace(self._called(call, known))
        for cast in list(tree.find_all(exp.Cast)):
            _plain_number(cast)
        for column, hosted in bases:
            self._column(column, hosted)
        for table in list(tree.find_all(exp.Table)):
            self._table(table)
        for node in tree.walk():
            if not isinstance(node, _KEPT) and not node.meta.get(_OWN):
                raise Untranslatable(f"`{node.key}` is not written in other dialects")
        return tree.sql(_DIALECTS[self.name], identify=True, comments=False)

    def read(self, column: exp.Column, hosted: HostedColumn) -> exp.Expr:
        """Return the expression that hands a column's values out so that the engine reads the very same ones."""
        match self.name, hosted.family:
            case "postgres", "date" | "timestamp" | "timestamptz":
                # The engine writes `(BC)`, and would take PostgreSQL's `BC` for nothing.
                pattern, mark = exp.Literal.string(" BC$"), exp.Literal.string(" (BC)")
                return _call("regexp_replace", _as_text(column), pattern, mark)
            case "postgres", "json":
                return _as_text(_call("to_json", column))
            case "postgres", "decimal" | "time":
                return _as_text(column)
            case "postgres", "other" if hosted.holds != "UUID":
                return _as_text(column)
            case "mysql", "boolean":
                return exp.Cast(this=column, to=exp.DataType.build("BIGINT"))
            case "mysql", "integer" if hosted.declared.lower().startswith("bit"):
                return exp.Cast(this=column, to=exp.DataType.build("UBIGINT", dialect="mysql"))
            case "mysql", "float":
                return exp.Cast(this=column, to=exp.DataType.build("DOUBLE"))
        return column

    def staged(self, relation: str, names: list[str], condition: exp.Expr | None = None) -> str:
        """Return the query for some columns of all rows, in the form that the engine reads."""
        table = self.tables[relation]
        chosen = []
        for number, name in enumerate(names):
            hosted = table.columns[name]
            found = exp.Column(this=exp.to_identifier(hosted.name, quoted=True))
            chosen.append(exp.alias_(self.read(found, hosted), f"{_OUTPUT}{number}", quoted=True))
        select = exp.select(*chosen).from_(self.source(relation))
        if condition is not None:
            select = select.where(condition)
        return select.sql(_DIALECTS[self.name], identify=True, normalize_functions=False)

    def doubts(self, relation: str, doubts: Mapping[str, Doubt]) -> str:
        """Return the query that counts, column by column, the values that the engine's type does not have."""
        counts = []
        for number, (name, doubt) in enumerate(doubts.items()):
            column = exp.Column(this=exp.to_identifier(self.tables[relation].columns[name].name, quoted=True))
            case = exp.Case(ifs=[exp.If(this=_doubted(column, doubt), true=exp.Literal.number(1))])
            counts.append(exp.alias_(exp.Count(this=case), f"{_OUTPUT}{number}", quoted=True))
        return exp.select(*counts).from_(self.source(relation)).sql(_DIALECTS[self.name], identify=True)

    def source(self, relation: str) -> exp.Table:
        """Return a table by the names that the database has for it."""
        found = self.tables[relation].source
        schema = exp.to_identifier(found.schema, quoted=True) if found.schema else None
        return exp.Table(this=exp.to_identifier(found.name, quoted=True), db=schema)

    def _table(self, table: exp.Table) -> None:
        if table.name not in self.tables:
            raise Untranslatable(f"`{table.name}` is no table of the database")
        source = self.source(table.name)
        table.set("this", source.this)
        table.set("db", source.args.get("db"))

    def _bases(self, tree: exp.Expr) -> list[tuple[exp.Column, HostedColumn]]:
        """Return the columns of tables, not of subqueries, each with what the database says of it."""
        found = []
        for column in tree.find_all(exp.Column):
            select = column.find_ancestor(exp.Select)
            source = select.args["from_"].this if select is not None and select.args.get("from_") else None
            if not isinstance(source, exp.Table) or (column.table and column.table != source.alias_or_name):
                continue
            table = self.tables.get(source.name)
            if table is None or column.name not in table.columns:
                raise Untranslatable(f"`{column.name}` is no column of the database")
            found.append((column, table.columns[column.name]))
        return found

    def _column(self, column: exp.Column, hosted: HostedColumn) -> None:
        named = column.parent.alias if isinstance(column.parent, exp.Alias) else ""
        column.set("this", exp.to_identifier(hosted.name, quoted=True))
        if named[:1] == _OUTPUT and named[1:].isdigit():
            column.replace(self.read(column.copy(), hosted))
            return
        if hosted.family != "text" or isinstance(column.parent, exp.Is) or column.meta.get("measured"):
            return
        if self.name == "mysql" and isinstance(column.parent, exp.In):
            for item in list(column.parent.expressions):
                item.replace(exp.HexString(this=str(item.this).encode().hex()))
        column.replace(_BYTEWISE[self.name](column.copy()))

    def _called(self, node: exp.Anonymous, bases: Mapping[int, HostedColumn]) -> exp.Expr:
        """Return what a function of the engine's is called in the database."""
        name, arguments = str(node.this).lower(), list(node.expressions)
        subject = arguments[0]
        hosted = bases.get(id(subject))
        if name == "isnan":
            if self.name != "postgres":
                return exp.false()  # neither knows NaN
            nan = exp.Cast(this=exp.Literal.string("NaN"), to=exp.DataType.build("DOUBLE"))
            return exp.paren(exp.EQ(this=subject, expression=nan))
        if name == "regexp_matches" and self.name == "postgres":
            pattern = portable(arguments[1].this)
            if pattern is None:
                raise Untranslatable("the pattern may mean something else there")
            return exp.paren(exp.RegexpLike(this=subject, expression=exp.Literal.string(pattern)))
        if name in ("length", "strlen", "octet_length") and hosted is not None:
            subject.meta["measured"] = True
            return _length(self.name, name, subject)
        raise Untranslatable(f"`{name}` is not called in other dialects")


def _doubted(column: exp.Column, doubt: Doubt) -> exp.Expr:
    zero = exp.Literal.number(0)

    def part(name: str) -> exp.Expr:
        return _call(name, column.copy())

    def typed(*kinds: str) -> exp.Expr:
        return exp.not_(exp.In(this=part("typeof"), expressions=[exp.Literal.string(k) for k in (*kinds, "null")]))

    match doubt:
        case "nan":
            nan = exp.Cast(this=exp.Literal.string("NaN"), to=exp.DataType.build("DECIMAL"))
            return exp.EQ(this=column, expression=nan)
        case "no date":
            return exp.or_(*(exp.EQ(this=part(p), expression=zero.copy()) for p in ("MONTH", "DAYOFMONTH")))
        case "no time":
            late = exp.GTE(this=part("TIME_TO_SEC"), expression=exp.Literal.number(86_400))
            return exp.or_(late, exp.LT(this=part("TIME_TO_SEC"), expression=zero))
        case "no integer":
            return typed("integer")
        case "no real":
            most = exp.Literal.number(_WHOLE)
            whole = exp.EQ(this=part("typeof"), expression=exp.Literal.string("integer"))
            large = exp.GT(this=part("abs"), expression=most)
            return exp.or_(typed("integer", "real"), exp.and_(whole, large))
        case "no text":
            nul = exp.GT(this=_call("instr", column.copy(), _call("char", zero.copy())), expression=zero)
            return exp.or_(typed("text"), nul)
        case _:
            assert_never(doubt)


def _counted_if(node: exp.Filter) -> exp.Expr:
    case = exp.Case(ifs=[exp.If(this=node.expression.this, true=exp.Literal.number(1))])
    return exp.Count(this=case)


def _plain_number(node: exp.Cast) -> None:
    """Write whole numbers below zero as such: databases differ in what a cast to BIGINT is called."""
    if node.to.this is exp.DataType.Type.BIGINT and isinstance(node.this, exp.Literal) and node.this.is_string:
        number = int(node.this.this)
        node.replace(exp.paren(exp.Neg(this=exp.Literal.number(-number))))


def _as_text(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node, to=exp.DataType.build("TEXT"))


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of one of the database's own functions."""
    made = exp.Anonymous(this=name, expressions=list(arguments))
    made.meta[_OWN] = True
    return made


def _unicode(column: exp.Expr) -> exp.Expr:
    to = exp.DataType(this=exp.DataType.Type.CHARACTER_SET, kind=exp.var("utf8mb4"))
    return exp.Cast(this=column, to=to)


_BYTEWISE: Mapping[str, Callable[[exp.Expr], exp.Expr]] = {
    "postgres": lambda c: exp.paren(exp.Collate(this=c, expression=exp.to_identifier("C", quoted=True))),
    "mysql": lambda c: exp.Cast(this=_unicode(c), to=exp.DataType.build("BINARY", dialect="mysql")),
    "sqlite": lambda c: exp.paren(exp.Collate(this=c, expression=exp.var("BINARY"))),
}


def _length(dialect: str, name: str, subject: exp.Expr) -> exp.Expr:
    if dialect != "sqlite":
        return _call("char_length" if name == "length" else "octet_length", subject)
    if name == "length":
        return _call("length", subject)
    return _call("length", exp.Cast(this=subject, to=exp.DataType.build("BLOB", dialect="sqlite")))
