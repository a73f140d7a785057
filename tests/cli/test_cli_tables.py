"""Tables off a terminal, and on terminals of several widths."""

import os
from decimal import Decimal
from typing import Any

import pytest

from hanse.cli import render, tables
from hanse.cli.tables import Column, print_data, print_sample, print_table
from hanse.cli.text import width


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make standard output look like a terminal without colours, of a width to be chosen."""

    def choose(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        for room in (render, tables):
            monkeypatch.setattr(room, "is_terminal", lambda _stream=None: True)

    return choose


def test_off_a_terminal_everything_is_aligned_and_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        ("name", Column("about", prose=True), Column("n", rank=1)), [("a", "word " * 40, 7), ("bcdef", None, 12)]
    )
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "about", "n"]
    assert first.endswith(" 7")
    assert "word " * 39 in first
    assert second.startswith("bcdef  ")
    assert len(head) == len(first) == len(second)


def test_numbers_stand_right_and_the_rest_left(capsys: pytest.CaptureFixture[str]) -> None:
    print_data(
        ["n", "d", "text", "flag", "price"],
        [[1, Decimal("1.50"), "1", True, "9.90"], [1000, None, "22", False, "10.00"]],
        right=["price"],
    )
    assert capsys.readouterr().out == (
        "   n     d  text  flag   price\n"
        "   1  1.50  1     true    9.90\n"
        "1000  NULL  22    false  10.00\n"
    )  # fmt: skip


def test_wide_characters_count_twice(capsys: pytest.CaptureFixture[str]) -> None:
    print_data(["a", "b"], [["日本", "x"], ["ab", "y"]])
    assert capsys.readouterr().out == "a     b\n日本  x\nab    y\n"


def test_control_characters_of_data_and_names_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_data(["na\x1bme"], [["\x1b]0;owned\x07"], ["two\nlines"], [["in\x1blist"]]])
    out = capsys.readouterr().out
    assert out.splitlines() == ["na\\x1bme", "\\x1b]0;owned\\x07", "two\\nlines", '["in\\u001blist"]']


def test_no_rows_are_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    print_data(["a", "b"], [])
    assert capsys.readouterr().out == "a  b\n"


def test_prose_is_wrapped_on_a_terminal(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(40)
    print_table(("name", Column("about", prose=True)), [("first", "one two three four five six seven eight")])
    assert capsys.readouterr().out.splitlines() == [
        "name   about",
        "─────  " + "─" * 33,
        "first  one two three four five six seven",
        "       eight",
    ]


def test_lesser_columns_are_left_out_with_a_word(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(24)
    print_table(("name", Column("lesser", rank=1), Column("least", rank=2)), [("a" * 20, "b" * 9, "c" * 9)])
    out = capsys.readouterr().out
    assert "bbb" not in out
    assert "ccc" not in out
    assert "no room for lesser, least: widen the terminal, or use --json" in out


def test_rows_too_wide_come_one_after_another(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(30)
    names = [f"column_{n}" for n in range(9)]
    print_data(names, [[n * 1111 for n in range(9)], [None] * 9])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("─ row 1 ─")
    assert lines[10].startswith("─ row 2 ─")
    assert lines[3] == "  column_2  2222"
    assert lines[11] == "  column_0  NULL"
    assert all(width(line) <= 30 for line in lines)


def test_a_wide_sample_is_turned(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(34)
    names = [f"column_{n}" for n in range(6)]
    print_sample(names, [[f"{row}{n}" * 3 for n in range(6)] for row in range(5)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["column", "row", "1"]
    assert len(lines) == 8
    assert all(width(line) <= 34 for line in lines)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_nothing_is_wider_than_the_terminal(columns: int, terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(columns)
    for show in (print_data, print_sample):
        show(["id", "text", "日本"], [[1, "some words and a_very_long_word_without_any_space", "漢字" * 20]] * 3)
    assert all(width(line) <= columns for line in capsys.readouterr().out.splitlines())


def test_colours_are_for_terminals_that_know_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    stream: Any = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert render.is_coloured(stream)
    monkeypatch.setenv("TERM", "dumb")
    assert not render.is_coloured(stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not render.is_coloured(stream)
    with open(os.devnull, encoding="utf-8") as file:
        assert not render.is_coloured(file)
