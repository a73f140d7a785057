"""The dialect of CSV files: told where there is no doubt, and then it is what the engine finds."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.app.contract.dialect import DELIMITERS, delimiter_of, with_dialect
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import CsvScan


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\r\n1;2", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ('a,b\n"1;,\n2",""\n', ","),
        ("a,b\n1,2 it's\n", ","),
        ("", None),
        ("a\n1\n", None),
        ("a,b;c\n1,2;3\n", None),
        ("a,b\n1,2,3\n", None),
        ("a,b\n'1',2\n", None),
        ('a,b\n"1,2\n', None),
        ('a,b\n1,"x\\"y"\n', None),
        ("# made by hand\na,b\n", None),
        ("a\0,b\n", None),
    ],
)
def test_only_what_leaves_no_doubt_is_told(text: str, found: str | None) -> None:
    assert delimiter_of(text.encode(), whole=True) == found


def test_a_line_that_is_cut_tells_nothing() -> None:
    assert delimiter_of(b"a,b\n1,2\n3", whole=False) == ","
    assert delimiter_of(b"a,b\n1,2\n3", whole=True) is None


@given(
    rows=st.lists(st.lists(st.text("ab1 ,;'\"é\n", max_size=4), min_size=2, max_size=2), min_size=1, max_size=6),
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(max_examples=60, deadline=None)
def test_files_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, quoting: int
) -> None:
    """Whenever a dialect is told, the engine reads with it just what was written."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([["x", "y"], *rows])
    path: Path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    scan = with_dialect(CsvScan(str(path), text=True, header=True))
    if scan.delimiter is None:
        return
    with DuckDBEngine().open(readable=[str(path)]) as session:
        session.bind("t", scan)
        found = session.rows("SELECT * FROM t")
    assert [[value or "" for value in row] for row in found] == rows
