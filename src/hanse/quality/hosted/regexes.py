r"""Patterns of RE2 in PostgreSQL's syntax, where both are known to match the same texts.

Known are literals, sets and their escapes, ``.``, groups, alternatives, anchors and repetition: written out plainly, so
that nothing is left to what PostgreSQL calls a digit or a word. Whatever else a pattern has, the engine looks at.
"""

from __future__ import annotations

_MOST = 255  # times that PostgreSQL repeats
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": r"\t\n\f\r "}
_CONTROLS = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f"}
_QUANTIFIERS = "*+?"


class _NotPortable(Exception):
    """The pattern has a part that is not known to mean the same."""


def portable(pattern: str) -> str | None:
    """Return a pattern that PostgreSQL matches with exactly the texts that RE2 does, None if that is not known."""
    try:
        return _Reader(pattern).read()
    except (_NotPortable, IndexError):
        return None


class _Reader:
    """Reads a pattern from its start, part by part."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0

    def read(self) -> str:
        parts = []
        repeatable = False
        while self._at < len(self._pattern):
            quantifier = self._quantifier()
            if quantifier is not None:
                if not repeatable:
                    raise _NotPortable
                parts.append(quantifier)
                repeatable = False
                continue
            part, repeatable = self._part()
            parts.append(part)
        if self._depth:
            raise _NotPortable
        return "".join(parts)

    def _next(self) -> str:
        character = self._pattern[self._at]
        self._at += 1
        return character

    def _quantifier(self) -> str | None:
        rest = self._pattern[self._at :]
        if rest[0] in _QUANTIFIERS:
            found, self._at = rest[0], self._at + 1
        elif rest[0] == "{":
            inside, closing, _ = rest[1:].partition("}")
            low, comma, high = inside.partition(",")
            numbers = [n for n in (low, high) if n]
            if not closing or not low or not all(n.isdigit() and n.isascii() and int(n) <= _MOST for n in numbers):
                raise _NotPortable
            found = f"{{{low}{comma}{high}}}"
            self._at += len(inside) + 2
        else:
            return None
        if self._pattern[self._at : self._at + 1] == "?":  # lazy: which text is found first is not asked
            self._at += 1
        return found

    def _part(self) -> tuple[str, bool]:
        """Return the next part, and whether it can be repeated."""
        character = self._next()
        match character:
            case "^" | "$" | "|":
                return character, False
            case "(":
                if self._pattern[self._at] == "?":
                    if self._pattern[self._at : self._at + 2] != "?:":
                        raise _NotPortable
                    self._at += 2
                self._depth += 1
                return "(?:", False
            case ")":
                self._depth -= 1
                if self._depth < 0:
                    raise _NotPortable
                return ")", True
            case ".":
                return r"[^\n]", True
            case "[":
                return self._set(), True
            case "\\":
                return self._escape(), True
            case "]" | "}":
                return f"\\{character}", True
        return _literal(character), True

    def _escape(self) -> str:
        name = self._next()
        if name.lower() in _CLASSES:
            return f"[{'^' if name.isupper() else ''}{_CLASSES[name.lower()]}]"
        if name in _CONTROLS:
            return _CONTROLS[name]
        if name.isalnum() or not name.isascii():
            raise _NotPortable
        return _literal(name)

    def _set(self) -> str:
        negated = self._pattern[self._at] == "^"
        self._at += negated
        members: list[str] = []
        while (character := self._next()) != "]" or not members:
            if character == "[" and self._pattern[self._at] in ":.=":
                raise _NotPortable
            low = self._member(character)
            if self._pattern[self._at] == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                high = self._member(self._next())
                ends = {low, high} & {*_CLASSES.values(), *_CONTROLS.values()}
                if ends or not (low + high).isascii() or low[-1] > high[-1]:
                    raise _NotPortable
                low = f"{low}-{high}"
            members.append(low)
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self, character: str) -> str:
        if character != "\\":
            return _literal(character)
        name = self._next()
        if name in _CLASSES:
            return _CLASSES[name]
        if name in _CONTROLS:
            return _CONTROLS[name]
        if name.isalnum() or not name.isascii():
            raise _NotPortable
        return _literal(name)


def _literal(character: str) -> str:
    if character == "\0":
        raise _NotPortable
    return character if character.isalnum() or character in " _" or not character.isascii() else f"\\{character}"
