from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.quality.notation.patterns import PatternError, translate


def matches(laboratory: Any, pattern: str, text: str) -> bool:
    """Ask the engine, with the pattern and the text as it would get them from a contract."""
    from sqlglot import exp

    from hanse.quality.predicates import call

    asked = call("regexp_matches", exp.Literal.string(text), exp.Literal.string(translate(pattern)))
    found: bool = laboratory.session.fetch(exp.select(asked).sql("duckdb")).column(0)[0].as_py()
    return found


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("b", "abc", True),  # searched for, not matched in full
        ("^b$", "abc", False),
        ("^a$", "a\n", False),  # `$` is the very end
        (r"^\u00e9$", "é", True),
        (r"^\u{1F600}$", "\U0001f600", True),
        (r"^\x41$", "A", True),
        (r"^(?<year>\d{4})-\d\d$", "2013-01", True),
        (r"^\/\-\.\_\@$", "/-._@", True),
        ("^[^]$", "\n", True),
        (r"^[a\-z]+$", "a-z", True),
        (r"^[a\-z]+$", "b", False),
        ("^[a-z]+$", "b", True),
        ("^[-a]+$", "-a", True),
        ("^[a-]+$", "a-", True),
        (r"^[\w-]+$", "a-b", True),
        ("^[+--]$", ",", True),
        ("^[[]$", "[", True),
        (r"^[\]]$", "]", True),
        (r"^[\b]$", "\b", True),
        ("^a{2,3}$", "aa", True),
        ("^a{,3}$", "a{,3}", True),
        ("^a{$", "a{", True),
        ("^}]$", "}]", True),
        ("a{2}?b", "aab", True),
        ("^.$", "\n", False),
        ("^(?:a|b)*$", "abba", True),
        ("(?i)ABC", "xabc", True),
        ("^(?i:A)b$", "ab", True),
        (r"\bfoo\b", "a foo b", True),
        (r"^\p{Lu}$", "Ä", True),
        ("'", "it's", True),
        (r"\\", "\\", True),
        ("", "anything", True),
    ],
)
def test_patterns_mean_what_ecma_says(laboratory: Any, pattern: str, text: str, expected: bool) -> None:
    assert matches(laboratory, pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)", "look-around"),
        ("a(?!b)", "look-around"),
        ("(?<=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-references"),
        (r"(?<x>a)\k<x>", "back-references"),
        ("(a", "never closed"),
        ("a)", "closes nothing"),
        ("[a", "never closed"),
        ("[]", "matches nothing"),
        ("*a", "nothing to repeat"),
        ("a**", "nothing to repeat"),
        ("a|+", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a{3,2}", "counts backwards"),
        ("a{1001}", "more than 1000"),
        ("(a{100}){11}", "more than 1000"),
        ("[z-a]", "runs backwards"),
        ("a\\", "backslash ends"),
        (r"\q", "unknown escape"),
        (r"\ud800", "no character"),
        ("(?>a)", "unknown kind of group"),
        ("a\0", "NUL"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        translate(pattern)


@settings(max_examples=150, deadline=None)
@given(pattern=st.text(alphabet="ab01^$.|()[]{}*+?\\-,:=!<>dwsbku'\"é\n", max_size=14))
def test_whatever_is_accepted_the_engine_accepts(pattern: str, laboratory: Any) -> None:
    try:
        translate(pattern)
    except PatternError:
        return
    assert matches(laboratory, pattern, "ab01") in (True, False)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=6), start=st.integers(0, 3))
def test_an_escaped_text_finds_itself(text: str, start: int, laboratory: Any) -> None:
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        return
    pattern = "".join(f"\\u{{{ord(c):x}}}" for c in text[start:])
    assert matches(laboratory, f"{pattern}$", text)
    assert matches(laboratory, re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", text), text)
