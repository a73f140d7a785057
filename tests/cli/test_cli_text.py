import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base.visible import visible
from hanse.cli.render import say
from hanse.cli.text import pad, width, wrapped

quick = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode, 日本", "plain, ünïcode, 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\x7f", "\\x7f"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("\u2028", "\\u2028"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n::error::b", "a\n\\x3a:error::b"),
        ("  ::stop-commands::x", "  \\x3a:stop-commands::x"),
        ("a ##[add-mask]b", "a \\x23#[add-mask]b"),
        ("`a`::DATE, x: #1", "`a`::DATE, x: #1"),
    ],
)
def test_what_a_ci_runner_would_obey_is_written_out(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    assert capsys.readouterr().out == f"{shown}\n"


@quick
@given(st.text())
def test_visible_text_has_no_control_characters(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode()


def test_width_counts_columns() -> None:
    assert [width(t) for t in ("abc", "日本", "é", "e\u0301", "")] == [3, 4, 1, 1, 0]
    assert pad("日本", 6) == "日本  "
    assert pad("12", 4, right=True) == "  12"


@quick
@given(st.text(st.sampled_from("ab é日\n"), max_size=60), st.integers(2, 12))
def test_wrapped_text_fits_and_loses_no_letter(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert all(width(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_can() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("abcdefghij k", 4) == ["abcd", "efgh", "ij k"]
    assert wrapped("one\n\ntwo", 9) == ["one", "", "two"]
