"""The first reading: text to a tree in which everything is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError

from hanse.base import Denied, Location, QueryError
from hanse.base.suggest import did_you_mean
from hanse.sql import codes
from hanse.sql.functions import FUNCTIONS, OUTSIDE, TABLE_FUNCTIONS
from hanse.sql.lex import VEIL, Dialect, Text, lex, unveil
from hanse.sql.nodes import ALLOWED, ALLOWED_PARTS, ROOTS, TYPES
from hanse.sql.parameters import is_parameter
from hanse.sql.statement import Statement
from hanse.sql.times import take_versions

MAX_NODES = 50_000
_ARROWS = (exp.JSONExtract, exp.JSONExtractScalar)
_OPERATORS = (exp.Binary, exp.Not, exp.In, exp.Between)
MAX_DEPTH = 1_000


def parse_select(
    text: str, *, path: str | None = None, times: bool = False, parameters: Collection[str] = ()
) -> Statement:
    """Read one query and refuse everything that is not known to be harmless.

    Args:
        text: SQL as DuckDB writes it: one statement, with or without a closing semicolon.
        path: file that it stands in, for the places in messages.
        times: relations may be read as of another time; their :attr:`~hanse.sql.RelationRef.at` says which.
        parameters: names, in lower case, that may stand for values, as ``$name``; :meth:`Statement.bind` wants them.

    Raises:
        QueryError: HNS-Q001 or HNS-Q002, it is not SQL. HNS-Q007, it names a time or version unclearly.
        Denied: HNS-D001 to HNS-D008 and HNS-D010, it may not run.
    """
    source = Text(text, path)
    tree = _parse(source, parameters)
    try:
        take_versions(tree, source, allowed=times)
        _restore(tree, source)
        _check(tree, source, parameters)
    except RecursionError as error:
        raise _too_deep() from error
    return Statement(source, tree)


def _parse(source: Text, parameters: Collection[str]) -> exp.Expr:
    tokens = lex(source, parameters)
    try:
        trees = [tree for tree in Dialect().parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, source.sql) if tree]
    except RecursionError as error:
        raise _too_deep() from error
    except ParseError as error:
        raise _syntax_error(error, source) from error
    except SqlglotError as error:
        raise QueryError(codes.SYNTAX, f"syntax error: {_words(str(error))}", where=source.where(0)) from error
    if len(trees) != 1:
        raise Denied(codes.SEVERAL_STATEMENTS, f"there are {len(trees)} statements, one is allowed")
    tree = trees[0]
    if not isinstance(tree, ROOTS) or (isinstance(tree, exp.Table) and not tree.args.get("pivots")):
        raise Denied(codes.NOT_A_QUERY, f"{type(tree).__name__.upper()} is no query", where=source.where(0))
    return tree


def _too_deep() -> Denied:
    return Denied(codes.TOO_LARGE, "the statement is nested too deeply", fix="split it with WITH clauses")


def _syntax_error(error: ParseError, source: Text) -> QueryError:
    details = error.errors[0] if error.errors else {}
    start = len(details.get("start_context") or "")
    highlight = details.get("highlight") or ""
    line, last = details.get("line") or 1, details.get("col") or 1
    # The place given is where the word ends; contexts are cut, so the offset is found from line and column.
    column = max(last - len(highlight) + 1, 1) if highlight else last
    if start < 90 and "\n" not in highlight:
        line, column = source.position(start)
    near = f" at `{highlight[:40]}`" if highlight.strip() else ""
    return QueryError(
        codes.SYNTAX,
        f"syntax error{near}: {_words(details.get('description') or str(error))}",
        where=Location(source.path or "query", line, column),
        fix="look at the word given and the one before it: a missing comma, quote or parenthesis is the usual cause",
    )


def _words(description: str) -> str:
    plain = re.sub(r"\s*but got <Token.*", "", description, flags=re.DOTALL)
    plain = re.sub(r"<Token.*?text: (.*?), line.*?>", r"`\1`", plain, flags=re.DOTALL).split("\n", 1)[0]
    plain = re.sub(r"\. Line \d+, Col: \d+.*", "", plain).replace(VEIL, "")
    plain = re.sub(r"<class '[^']*\.(\w+)'>", r"\1", plain).rstrip(".")
    return (plain[:1].lower() + plain[1:])[:200]


def _restore(tree: exp.Expr, source: Text) -> None:
    """Give veiled functions their names again, and spell out what the generator would lose."""
    for node in list(tree.walk()):
        if isinstance(node, exp.Identifier | exp.Anonymous | exp.Var):
            name = node.this
            if isinstance(name, str) and name.startswith(VEIL):
                node.set("this", unveil(name))
        if isinstance(node, exp.WithinGroup):
            _restore_within_group(node, source)
        elif isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
            _restore_nulls(node)
        elif isinstance(node, exp.ByteString | exp.RawString):
            node.replace(exp.Literal.string(node.name))  # E'…' and $$…$$, their escapes already read
        elif isinstance(node, exp.Concat) and all(isinstance(part, exp.Literal) for part in node.expressions):
            node.replace(exp.Literal.string("".join(part.name for part in node.expressions)))  # 'a' 'b'
        elif isinstance(node, exp.RegexpLike):
            # `~` matches the whole text; the generator would write the function that looks for a part of it.
            node.replace(exp.Anonymous(this="regexp_full_match", expressions=[node.this, node.expression]))


def _restore_within_group(node: exp.WithinGroup, source: Text) -> None:
    call = node.this
    name = unveil(call.name.lower()) if isinstance(call, exp.Anonymous) else ""
    ordered = {"mode": "mode", "percentile_cont": "quantile_cont", "percentile_disc": "quantile_disc"}
    if name not in ordered:
        raise QueryError(
            codes.SYNTAX,
            f"WITHIN GROUP goes with percentile_cont, percentile_disc and mode, not with `{name or 'this'}`",
            where=_where_word(source, "within"),
            fix="write ORDER BY inside the parentheses: `string_agg(x, ',' ORDER BY y)`",
        )
    call.set("this", ordered[name])


def _restore_nulls(node: exp.IgnoreNulls | exp.RespectNulls) -> None:
    """`lag(x) IGNORE NULLS` and `lag(x IGNORE NULLS)` become the second, which the generator keeps word by word."""
    words = exp.Var(this="IGNORE NULLS" if isinstance(node, exp.IgnoreNulls) else "RESPECT NULLS")
    call = node.this
    if isinstance(call, exp.Anonymous) and call.expressions and not isinstance(node.parent, exp.Anonymous):
        last = call.expressions[-1]
        last.replace(exp.Introducer(this=last.copy(), expression=words))
        node.replace(call)
    else:
        node.replace(exp.Introducer(this=call, expression=words))


def _check(tree: exp.Expr, source: Text, parameters: Collection[str]) -> None:
    for node, depth, count in _walk(tree):
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise Denied(
                codes.TOO_LARGE,
                f"the statement has more than {MAX_NODES:,} terms"
                if count > MAX_NODES
                else f"the statement has terms {MAX_DEPTH:,} deep",
                fix="write long chains of OR as `x IN (…)`, or as a join with VALUES",
            )
        kind = type(node)
        if kind is exp.Introducer:
            continue  # made by _restore_nulls; the parser's own are refused below by their Var
        if kind is exp.Anonymous:
            _check_call(node, source)
        elif is_parameter(node, parameters):
            continue
        elif kind not in ALLOWED:
            raise _denied_node(node, source)
        parts = ALLOWED_PARTS.get(kind)
        if parts is not None:
            _check_parts(node, parts, source)
        if kind is exp.Identifier and node.name.startswith("__"):
            raise Denied(codes.RESERVED_NAME, f"`{node.name[:40]}` starts with two underscores")
        if kind is exp.DataType and node.this not in TYPES:
            raise Denied(codes.SYNTAX_DENIED, f"the type {_type_name(node)} is not allowed")
        if isinstance(node, exp.Pivot):
            _check_pivot(node, source)
        if isinstance(node, _ARROWS) and _binds_otherwise(node):
            raise QueryError(
                codes.AMBIGUOUS_ARROW,
                "an arrow `->` or `->>` beside another operator needs parentheses",
                where=_where_arrow(node, source),
                fix="write `(column ->> 'key')` in parentheses",
            )


def _walk(tree: exp.Expr) -> Iterator[tuple[exp.Expr, int, int]]:
    """Yield (node, depth, how many so far) without recursion."""
    stack: list[tuple[exp.Expr, int]] = [(tree, 0)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += 1
        yield node, depth, count
        stack.extend((child, depth + 1) for child in node.iter_expressions())


def _check_call(node: exp.Expr, source: Text) -> None:
    name = node.name.lower()
    in_from = isinstance(node.parent, exp.Table | exp.Lateral) and node.arg_key == "this"
    if name in (TABLE_FUNCTIONS if in_from else FUNCTIONS):
        # A quoted function name would be printed as it is; its canonical spelling leaves nothing to read twice.
        node.set("this", name)
        return
    raise _denied_function(name, source, in_from=in_from)


def _denied_function(name: str, source: Text, *, in_from: bool) -> Denied:
    where = _where_word(source, name)
    if name in OUTSIDE:
        return Denied(
            codes.OUTSIDE_DENIED,
            f"the function `{name}` reaches outside the mesh",
            where=where,
            fix="describe the file as an input of a data product, and read the product's table",
        )
    known = TABLE_FUNCTIONS if in_from else FUNCTIONS
    return Denied(
        codes.FUNCTION_DENIED,
        f"the function `{name[:60]}` cannot be called{' in FROM' if in_from else ''}",
        where=where,
        fix=did_you_mean(name, known),
    )


def _denied_node(node: exp.Expr, source: Text) -> Denied:
    if isinstance(node, exp.Func):
        names = [name.lower() for name in type(node).sql_names()]
        written = next((name for name in names if re.search(rf"\b{name}\b", source.sql, re.IGNORECASE)), names[0])
        return _denied_function(written, source, in_from=isinstance(node.parent, exp.Table | exp.Lateral))
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()
    return Denied(
        codes.SYNTAX_DENIED, f"{words} is not allowed in a query", where=_where_word(source, words.split()[0])
    )


def _check_parts(node: exp.Expr, parts: frozenset[str], source: Text) -> None:
    for part, value in node.args.items():
        if value and part not in parts:
            raise Denied(
                codes.SYNTAX_DENIED,
                f"{part.strip('_').upper()} is not allowed in a query",
                where=_where_word(source, part),
            )
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        start = node.this.meta.get("start")
        if isinstance(start, int) and source.sql[start : start + 1] in ("'", "$"):
            raise Denied(
                codes.OUTSIDE_DENIED,
                "a text in quotes after FROM would be a file or URL",
                where=source.where(start),
                fix="name a table: `FROM domain.product.table`",
            )
    elif isinstance(node, exp.Table) and isinstance(node.this, exp.Dot):
        starts = [part.meta.get("start") or 0 for part in node.find_all(exp.Identifier)]
        raise QueryError(
            codes.UNBOUND,
            f"`{node.sql(Dialect)}` has more than three parts",
            where=source.where(min(starts, default=0)),
            fix="name a table: `domain.product.table`",
        )
    elif isinstance(node, exp.Table) and not isinstance(node.this, exp.Anonymous):
        raise (
            _denied_node(node.this, source)
            if isinstance(node.this, exp.Func)
            else Denied(codes.SYNTAX_DENIED, "FROM names tables, subqueries and a few table functions")
        )


def _check_pivot(node: exp.Pivot, source: Text) -> None:
    """Refuse a PIVOT whose columns the engine would first have to look for: that is two statements in one."""
    if node.args.get("unpivot") or node.args.get("fields") or not node.expressions:
        return
    if any(not isinstance(field, exp.In) for field in node.expressions):
        raise QueryError(
            codes.OPEN_PIVOT,
            "PIVOT does not say which values become columns",
            where=_where_word(source, "pivot"),
            fix="list them: `PIVOT t ON c IN ('a', 'b') USING sum(x)`",
        )


def _binds_otherwise(arrow: exp.Expr) -> bool:
    """Whether DuckDB's grammar groups an arrow otherwise than the tree: it binds less tightly than comparisons there.

    ``->>`` takes all that stands before it, back to AND; ``->``, which also means lambda, all that follows it, too.
    """
    child, parent = arrow, arrow.parent
    while isinstance(parent, _OPERATORS) and not isinstance(parent, _ARROWS):
        if isinstance(parent, exp.In) and child.arg_key != "this":
            return False  # within the parentheses of IN (…)
        if isinstance(parent, exp.Not) or child.arg_key != "this":
            return True
        if child is arrow and isinstance(arrow, exp.JSONExtract):
            return True
        child, parent = parent, parent.parent
    return False


def _where_arrow(arrow: exp.Expr, source: Text) -> Location:
    starts = [node.meta.get("start") for node in arrow.find_all(exp.Identifier)]
    return source.where(min((start for start in starts if isinstance(start, int)), default=0))


def _type_name(node: exp.Expr) -> str:
    kind = node.args.get("kind")
    return f"`{kind if isinstance(kind, str) else getattr(node.this, 'value', node.this)}`"


def _where_word(source: Text, word: str) -> Location:
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source.sql, re.IGNORECASE)
    return source.where(match.start()) if match else source.where(0)
