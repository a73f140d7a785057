"""Text to tokens, with everything refused that two parsers could read differently.

sqlglot knows a thousand functions and rewrites many of them on the way. Here a function is carried through by its
name, as DuckDB calls it: names on our list are veiled before parsing, so that the parser meets only plain calls, and
unveiled in the tree. What the parser still reads as a function of its own is special syntax (CAST, EXTRACT …), or is
refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from hanse.base import Denied, Location, QueryError
from hanse.sql import codes
from hanse.sql.functions import FUNCTIONS, TABLE_FUNCTIONS, words
from hanse.sql.parameters import MARK, marked, split, unmarked

MAX_CHARACTERS = 200_000
MAX_TOKENS = 50_000
MAX_NESTING = 100
MAX_JOINS = 200
MAX_CHAINING = 5_000
VEIL = "__f_"

_STARTS = frozenset({"select", "with", "from", "values", "pivot", "unpivot", "pivot_wider", "pivot_longer", "("})
_ODD = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\uffff\ud800-\udfff]"
)
# Read by the parser itself: keywords inside the parentheses, or also the name of a type.
_CALLED_WITHOUT_PARENTHESES = frozenset(
    {
        TokenType.CURRENT_DATE,
        TokenType.CURRENT_TIME,
        TokenType.CURRENT_TIMESTAMP,
        TokenType.LOCALTIME,
        TokenType.LOCALTIMESTAMP,
    }
)
_SPECIAL_SYNTAX = frozenset({"extract", "if", "json", "map", "position", "substring", "trim"})
_TAG = re.compile(r"\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$")
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_OPERAND_ENDS = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
)
_NOT_BEFORE_A_CALL = frozenset({TokenType.R_PAREN, TokenType.DCOLON, TokenType.ALIAS})
_BEFORE_A_STAR = frozenset({TokenType.SELECT, TokenType.COMMA, TokenType.DOT, TokenType.DISTINCT, TokenType.L_PAREN})
_DENIED_TOKENS = frozenset(
    {
        TokenType.BLOCK_END,
        TokenType.BLOCK_START,
        TokenType.CURRENT_CATALOG,
        TokenType.CURRENT_ROLE,
        TokenType.CURRENT_USER,
        TokenType.HINT,
        TokenType.PARAMETER,
        TokenType.PLACEHOLDER,
        TokenType.SESSION_USER,
    }
)
_UNITS = words(
    """
    year month day hour minute second millisecond microsecond week quarter decade century millennium years months days
    hours minutes seconds milliseconds microseconds weeks quarters decades centuries millennia
    """
)
_QUOTED = frozenset({TokenType.IDENTIFIER, TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING})


class Dialect(DuckDB):
    """DuckDB read closely: a ``$tag$`` is an identifier (so ``$1`` is a parameter), JSON paths stay as written."""

    class Tokenizer(DuckDB.Tokenizer):
        """See :class:`Dialect`."""

        HEREDOC_TAG_IS_IDENTIFIER = True
        HEREDOC_STRING_ALTERNATIVE = TokenType.PARAMETER

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """Keep a JSON path as it is written: ``->> 'a.b'`` names one key, not two."""
        return path


@dataclass(frozen=True)
class Text:
    """A statement as written, for saying where something stands."""

    sql: str
    path: str | None = None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\n", self.sql))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of a character."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def where(self, offset: int) -> Location:
        """Return the place of a character; text without a file is called ``query``."""
        return Location(self.path or "query", *self.position(offset))


def lex(text: Text, parameters: Collection[str] = ()) -> list[Token]:
    """Return the tokens of one statement, functions veiled.

    Args:
        text: the statement.
        parameters: names, in lower case, that may stand in it as ``$name``.

    Raises:
        QueryError: HNS-Q001, HNS-Q002.
        Denied: HNS-D001, HNS-D002, HNS-D005 to HNS-D008.
    """
    if len(text.sql) > MAX_CHARACTERS:
        raise Denied(codes.TOO_LARGE, f"the statement has {len(text.sql):,} characters; {MAX_CHARACTERS:,} are allowed")
    if "\x00" in text.sql:
        raise _odd_character(text, text.sql.index("\x00"))
    found = _tokenize(text, parameters)
    _check_characters(text, found)
    while found and found[-1].token_type == TokenType.SEMICOLON:
        found.pop()
    if not found:
        raise QueryError(codes.EMPTY, "there is no statement", where=Location(text.path) if text.path else None)
    _check_start(text, found[0])
    _check_tokens(text, found)
    return split(_veil(found))


def unveil(name: str) -> str:
    """Return the name that :func:`lex` veiled, or the name itself."""
    return name.removeprefix(VEIL)


def _check_characters(text: Text, found: Sequence[Token]) -> None:
    if not _ODD.search(text.sql):
        return
    quoted = [(token.start, token.end) for token in found if token.token_type in _QUOTED]
    starts = [start for start, _ in quoted]
    for odd in _ODD.finditer(text.sql):
        index = bisect_right(starts, odd.start()) - 1
        if index < 0 or quoted[index][1] < odd.start():
            raise _odd_character(text, odd.start())


def _odd_character(text: Text, offset: int) -> Denied:
    return Denied(
        codes.CHARACTER_DENIED,
        f"the character U+{ord(text.sql[offset]):04X} is not allowed outside quotes",
        where=text.where(offset),
        fix="type a plain space instead",
    )


def _tokenize(text: Text, parameters: Collection[str]) -> list[Token]:
    try:
        return unmarked(Dialect().tokenize(marked(text.sql, parameters)))
    except TokenError as error:
        raise QueryError(
            codes.SYNTAX,
            "the text ends inside a quoted text, name or comment, or holds a character that SQL does not know",
            where=Location(text.path) if text.path else None,
            fix="close every quote and every /* comment */",
        ) from error


def _check_start(text: Text, first: Token) -> None:
    if first.text.lower() in _STARTS or first.token_type == TokenType.L_PAREN:
        return
    raise Denied(
        codes.NOT_A_QUERY,
        f"a statement that starts with `{first.text[:40]}` is no query",
        where=text.where(first.start),
        fix="start with SELECT, WITH, FROM, VALUES, PIVOT or UNPIVOT",
    )


def _check_tokens(text: Text, found: Sequence[Token]) -> None:
    if len(found) > MAX_TOKENS:
        raise Denied(codes.TOO_LARGE, f"the statement has {len(found):,} words; {MAX_TOKENS:,} are allowed")
    _check_chains(text, found)
    depth = joins = 0
    for token in found:
        kind = token.token_type
        if kind in _OPENING or kind == TokenType.CASE:
            depth += 1
        elif kind in _CLOSING or kind == TokenType.END:
            depth -= 1
        elif kind == TokenType.JOIN:
            joins += 1
        elif kind == TokenType.SEMICOLON:
            raise Denied(codes.SEVERAL_STATEMENTS, "there is more than one statement", where=text.where(token.start))
        elif (kind in _DENIED_TOKENS and token.text != "@") or _has_false_tag(text, token):
            raise Denied(
                codes.SYNTAX_DENIED,
                f"`{token.text}` is not allowed: statements have no parameters, templates, hints or session values",
                where=text.where(token.start),
                fix="write the value itself",
            )
        elif token.text.startswith("__") and kind not in (TokenType.STRING, TokenType.NUMBER):
            raise Denied(
                codes.RESERVED_NAME, f"`{token.text[:40]}` starts with two underscores", where=text.where(token.start)
            )
        if depth > MAX_NESTING or joins > MAX_JOINS:
            what = (
                f"nested deeper than {MAX_NESTING}" if depth > MAX_NESTING else f"made of more than {MAX_JOINS} joins"
            )
            raise Denied(codes.TOO_LARGE, f"the statement is {what}", where=text.where(token.start))


def _has_false_tag(text: Text, token: Token) -> bool:
    """Whether what was read as $tag$ text $tag$ has a tag that the engine reads otherwise, as in ``IN ($1,$2)``."""
    if token.text.startswith(MARK):
        return False
    return text.sql.startswith("$", token.start) and _TAG.match(text.sql, token.start) is None


def _check_chains(text: Text, found: Sequence[Token]) -> None:
    """Limit what the parser's time grows with the square of: long chains of ``.name``, ``.call()`` and ``[index]``."""
    chains = [0]
    cost = 0
    before: TokenType | None = None
    for token in found:
        kind = token.token_type
        if kind == TokenType.DOT or (kind == TokenType.L_BRACKET and before in _OPERAND_ENDS):
            chains[-1] += 1
            cost += max(chains[-1] - 8, 0)
            if cost > MAX_CHAINING:
                raise Denied(codes.TOO_LARGE, "the statement chains too many accesses", where=text.where(token.start))
        elif kind not in _OPENING and kind not in _CLOSING and before != TokenType.DOT:
            chains[-1] = 0
        if kind in _OPENING:
            chains.append(0)
        elif kind in _CLOSING and len(chains) > 1:
            chains.pop()
        before = kind


def _veil(found: list[Token]) -> list[Token]:
    veiled: list[Token] = []
    for index, token in enumerate(found):
        after = found[index + 1] if index + 1 < len(found) else None
        if after is not None and after.token_type == TokenType.L_PAREN and _is_call(found, index):
            veiled.append(_like(token, TokenType.VAR, VEIL + token.text.lower()))
        elif token.token_type in _CALLED_WITHOUT_PARENTHESES:
            veiled.append(_like(token, TokenType.VAR, token.text))
        elif token.token_type == TokenType.STRING and _is_whole_interval(found, index):
            # The parser would split '1.5 hours' into a number and a unit, which means another span of time.
            interval = veiled.pop()
            veiled += (
                _like(interval, TokenType.VAR, "cast"),
                _like(token, TokenType.L_PAREN, "("),
                token,
                _like(token, TokenType.ALIAS, "as"),
                interval,
                _like(token, TokenType.R_PAREN, ")"),
            )
        else:
            veiled.append(token)
    return veiled


def _like(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end, token.comments)


def _is_whole_interval(found: Sequence[Token], index: int) -> bool:
    if index == 0 or found[index - 1].token_type != TokenType.INTERVAL:
        return False
    return index + 1 == len(found) or found[index + 1].text.lower() not in _UNITS


def _is_call(found: Sequence[Token], index: int) -> bool:
    """Whether a word before a parenthesis calls a listed function.

    It may also be a type, an alias, or a clause like FILTER (WHERE …) or * REPLACE (…).
    """
    token = found[index]
    name = token.text.lower()
    if token.token_type == TokenType.STRING or name in _SPECIAL_SYNTAX:
        return False
    if name not in FUNCTIONS and name not in TABLE_FUNCTIONS:
        return False
    if index == 0:
        return True
    before = found[index - 1].token_type
    if before in _NOT_BEFORE_A_CALL:
        return False
    if name != "replace" or before != TokenType.STAR:
        return True
    return index >= 2 and found[index - 2].token_type not in _BEFORE_A_STAR


def essence(text: Text, parameters: Collection[str] = ()) -> str:
    """Return a statement that was read before, without its comments and with less white space between its tokens.

    Statements of one essence mean the same: their tokens are the same, character by character, and new lines stand
    between the same ones (there they join quoted texts).
    """
    parts: list[str] = []
    end = 0
    for token in _tokenize(text, parameters):
        gap = text.sql[end : token.start]
        parts += ["\n" if "\n" in gap else " " if gap else "", text.sql[token.start : token.end + 1]]
        end = token.end + 1
    return "".join(parts).strip()
