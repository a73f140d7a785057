"""Parameters: names such as ``$window_start`` that stand for values until a statement is bound."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from hanse.base import Location
from hanse.sql.records import Value

if TYPE_CHECKING:
    from hanse.sql.lex import Text

MARK = "\ue000"
_NAMES = frozenset({"alias", "catalog", "db", "table"})


def marked(sql: str, names: Collection[str]) -> str:
    """Return a text of the same length in which the ``$`` of each parameter is :data:`MARK`.

    The tokenizer would read ``$a,$`` as the beginning of a quoted text; a mark is read as part of a word.

    Args:
        sql: a statement.
        names: the parameters that may stand in it, in lower case.
    """
    if not names or MARK in sql:
        return sql
    pattern = rf"\$(?=(?:{'|'.join(map(re.escape, names))})(?![\w$]))"
    return re.sub(pattern, MARK, sql, flags=re.IGNORECASE)


def unmarked(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of a marked text with ``$`` wherever a mark stands in something quoted."""
    return [
        token
        if token.token_type == TokenType.VAR or MARK not in token.text
        else _like(token, token.token_type, token.text.replace(MARK, "$"))
        for token in tokens
    ]


def split(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens with each marked parameter as the parser wants it: ``$`` and a name."""
    found: list[Token] = []
    for token in tokens:
        if token.text.startswith(MARK):
            found += (_like(token, TokenType.PARAMETER, "$"), _like(token, TokenType.VAR, token.text[1:].lower()))
        else:
            found.append(token)
    return found


def is_parameter(node: exp.Expr, names: Collection[str]) -> bool:
    """Whether a node is one of the parameters, and stands where a value may stand."""
    in_name = isinstance(node.parent, exp.Column | exp.Dot | exp.Table) or node.arg_key in _NAMES
    return type(node) is exp.Placeholder and node.name in names and not in_name


def places(tree: exp.Expr, text: Text) -> Mapping[str, Location]:
    """Return the parameters of a tree, each with the place where it first stands, in the order written."""
    found = {node.name: text.where(_offset(text, node.name)) for node in tree.find_all(exp.Placeholder)}
    return dict(sorted(found.items(), key=lambda entry: (entry[1].line, entry[1].column)))


def fill(tree: exp.Expr, values: Mapping[str, Value], dialect: type) -> None:
    """Put typed literals in the place of parameters.

    Raises:
        ValueError: a parameter has no value.
    """
    for node in list(tree.find_all(exp.Placeholder)):
        value = values.get(node.name)
        if value is None:
            raise ValueError(f"the parameter ${node.name} has no value")
        kind = exp.DataType.build(value.type, dialect=dialect)
        node.replace(exp.Cast(this=exp.Literal.string(value.text), to=kind))


def _offset(text: Text, name: str) -> int:
    match = re.search(rf"\${re.escape(name)}(?!\w)", text.sql, re.IGNORECASE)
    return match.start() if match else 0


def _like(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end, token.comments)
