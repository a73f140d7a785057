r"""Regular expressions of a contract, from ECMA-262 (which ODCS names) to RE2 (which runs in linear time).

The subset that means the same in both passes through; what differs in spelling is respelt (``\uXXXX``, named groups,
``[^]``); look-around and back-references are refused by name. Two differences remain: ``.`` also matches a carriage
return, U+2028 and U+2029, and ``\s`` knows ASCII white space only. A pattern is searched for, not matched in full, as
in JSON Schema.

Sources: ECMA-262 §22.2.1; https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re

_LIMIT = 1000  # RE2 refuses counted repetition beyond it, nested counts multiplied
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_GROUP_NAME = re.compile(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_FLAGS = re.compile(r"\(\?[ims]*(?:-[ims]+)?(:|\))")
_HEX = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]{1,6})\})")
_CLASS_NAME = re.compile(r"\\[pP](?:\{\^?[A-Za-z_]+\}|[A-Z])")
_SAFE_ESCAPES = frozenset("dDwWsSbBtnrfv")


class PatternError(ValueError):
    """A pattern is malformed or uses what RE2 does not have; the message says which and where.

    Attributes:
        malformed: it means nothing in any engine.
    """

    def __init__(self, why: str, *, malformed: bool = True) -> None:
        self.malformed = malformed
        super().__init__(why)


def translate(pattern: str) -> str:
    """Return the pattern in RE2's syntax.

    Args:
        pattern: an ECMA-262 regular expression without delimiters.

    Raises:
        PatternError: it is malformed, or cannot be run in linear time.
    """
    if "\0" in pattern:
        raise PatternError("it holds a NUL character")
    return _Reader(pattern).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.open = 0
        self.counted: list[int] = [1]  # per open group: greatest repetition within
        self.last = 0  # repetition within the atom just read; 0: there is none to repeat

    def read(self) -> str:
        while self.at < len(self.text):
            self._atom(self.text[self.at])
        if self.open:
            raise PatternError("a group `(` is never closed")
        return "".join(self.out)

    def _fail(self, why: str, *, malformed: bool = True) -> PatternError:
        return PatternError(f"{why}, at character {self.at + 1}", malformed=malformed)

    def _take(self, text: str, length: int, *, repeats: int = 1) -> None:
        self.out.append(text)
        self.at += length
        self.last = repeats

    def _atom(self, char: str) -> None:
        if char == "\\":
            self._take(*self._escape())
            if self.out[-1] in ("\\b", "\\B"):
                self.last = 0
        elif char == "[":
            self._class()
        elif char == "(":
            self._group()
        elif char == ")":
            self._close()
        elif char in "*+?":
            self._repeat(char, 1, 1)
        elif char == "{" and (count := _COUNT.match(self.text, self.at)):
            self._count(count)
        elif char in "^$|":
            self._take(char, 1, repeats=0)
        elif char in "{}]":
            self._take("\\" + char, 1)
        else:
            self._take(char, 1)

    def _group(self) -> None:
        rest = self.text[self.at : self.at + 4]
        if rest.startswith(("(?=", "(?!", "(?<=", "(?<!")):
            raise self._fail("look-around is not available", malformed=False)
        opening = 1
        text = "("
        if rest.startswith("(?"):
            name = _GROUP_NAME.match(self.text, self.at)
            flags = _FLAGS.match(self.text, self.at)
            if name:
                text, opening = f"(?P<{name.group(1)}>", len(name.group())
            elif flags and len(flags.group()) > 3:
                text, opening = flags.group(), len(flags.group())
                if flags.group(1) == ")":  # not ECMA-262, but it means one thing wherever it is known
                    self._take(text, opening, repeats=0)
                    return
            elif rest.startswith("(?:"):
                text, opening = "(?:", 3
            else:
                raise self._fail("an unknown kind of group", malformed=False)
        self._take(text, opening, repeats=0)
        self.open += 1
        self.counted.append(1)

    def _close(self) -> None:
        if not self.open:
            raise self._fail("`)` closes nothing")
        self.open -= 1
        inner = self.counted.pop()
        self._take(")", 1, repeats=inner)
        self._widen(inner)

    def _widen(self, repeats: int) -> None:
        self.counted[-1] = max(self.counted[-1], repeats)

    def _count(self, found: re.Match[str]) -> None:
        low = int(found.group(1))
        high = int(found.group(3)) if found.group(3) else low
        if found.group(2) and found.group(3) and high < low:
            raise self._fail(f"`{found.group()}` counts backwards")
        self._repeat(found.group(), len(found.group()), max(low, high, 1))

    def _repeat(self, text: str, length: int, times: int) -> None:
        if not self.last:
            raise self._fail(f"`{text}` has nothing to repeat")
        repeats = self.last * times
        if repeats > _LIMIT:
            raise self._fail(f"`{text}` repeats more than {_LIMIT} times", malformed=False)
        if self.text[self.at + length : self.at + length + 1] == "?":
            text, length = text + "?", length + 1
        self._take(text, length, repeats=0)
        self._widen(repeats)

    def _escape(self) -> tuple[str, int]:
        following = self.text[self.at + 1 : self.at + 2]
        if not following:
            raise self._fail("a backslash ends the pattern")
        if following in "123456789" or following == "k":
            raise self._fail("back-references are not available", malformed=False)
        found = _HEX.match(self.text, self.at)
        if found:
            digits = next(d for d in found.groups() if d)
            if not 0 < int(digits, 16) <= 0x10FFFF or 0xD800 <= int(digits, 16) <= 0xDFFF:
                raise self._fail(f"`{found.group()}` is no character")
            return f"\\x{{{digits}}}", len(found.group())
        named = _CLASS_NAME.match(self.text, self.at)
        if named:
            return named.group(), len(named.group())
        if following in _SAFE_ESCAPES or (following.isascii() and not following.isalnum() and following != "_"):
            return "\\" + following, 2
        if following == "_" or not following.isascii():
            return following, 2
        raise self._fail(f"`\\{following}` is an unknown escape")

    def _class(self) -> None:
        start = self.at
        if self.text.startswith("[^]", start):
            self._take("(?s:.)", 3)
            return
        if self.text.startswith("[]", start):
            raise self._fail("`[]` matches nothing")
        self.at += 1
        parts = ["["]
        if self.text.startswith("^", self.at):
            parts.append("^")
            self.at += 1
        members: list[tuple[str, int | None]] = []  # spelling, code point (None: a class such as \d)
        while not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                self.at = start
                raise self._fail("a character class `[` is never closed")
            members.append(self._member())
        parts += self._ranges(members)
        self.out.append("".join(parts) + "]")
        self.at += 1
        self.last = 1

    def _member(self) -> tuple[str, int | None]:
        char = self.text[self.at]
        if char != "\\":
            self.at += 1
            return ("\\" + char if char in "[&~^" else char), ord(char)
        text, length = self._escape()
        if text == "\\B":
            raise self._fail("`\\B` has no meaning in a class")
        self.at += length
        if text == "\\b":
            return "\\x08", 8
        if text[:2] in ("\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\p", "\\P"):
            return text, None
        if text.startswith("\\x{"):
            return text, int(text[3:-1], 16)
        plain = {"\\t": 9, "\\n": 10, "\\v": 11, "\\f": 12, "\\r": 13}
        return text, plain.get(text, ord(text[-1]))

    def _ranges(self, members: list[tuple[str, int | None]]) -> list[str]:
        parts: list[str] = []
        at = 0
        while at < len(members):
            text, low = members[at]
            if at + 2 < len(members) and members[at + 1][0] == "-":
                end, high = members[at + 2]
                if low is not None and high is not None:
                    if high < low:
                        raise self._fail(f"the range `{text}-{end}` runs backwards")
                    parts.append(f"{_dashed(text)}-{_dashed(end)}")
                    at += 3
                    continue
            parts.append(_dashed(text))
            at += 1
        return parts


def _dashed(member: str) -> str:
    """Write a dash that stands for itself so that RE2 never reads it as a range."""
    return "\\-" if member == "-" else member
