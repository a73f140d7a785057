"""Every exception of DuckDB has a code, and values of the data stay out of what consumers may see."""

from __future__ import annotations

import inspect

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.errors import classify, translate, useful_text

_CLASSES = sorted(
    name
    for name, value in vars(duckdb).items()
    if inspect.isclass(value) and issubclass(value, duckdb.Error) and name.endswith("Exception")
)
_EXPECTED = {
    "BinderException": codes.UNKNOWN_NAME,
    "CatalogException": codes.UNKNOWN_NAME,
    "ConnectionException": codes.SESSION_CLOSED,
    "ConstraintException": codes.CONSTRAINT,
    "ConversionException": codes.CONVERSION,
    "DependencyException": codes.ENGINE_FAULT,
    "FatalException": codes.ENGINE_FAULT,
    "HTTPException": codes.OUTSIDE,
    "IOException": codes.FILE_DAMAGED,
    "InternalException": codes.ENGINE_FAULT,
    "InterruptException": codes.INTERRUPTED,
    "InvalidInputException": codes.BAD_ARGUMENT,
    "InvalidTypeException": codes.CONVERSION,
    "NotImplementedException": codes.NOT_SUPPORTED,
    "OutOfMemoryException": codes.OUT_OF_MEMORY,
    "OutOfRangeException": codes.OUT_OF_RANGE,
    "ParserException": codes.SYNTAX,
    "PermissionException": codes.OUTSIDE,
    "SequenceException": codes.ENGINE_FAULT,
    "SerializationException": codes.ENGINE_FAULT,
    "SyntaxException": codes.SYNTAX,
    "TransactionException": codes.ENGINE_FAULT,
    "TypeMismatchException": codes.CONVERSION,
}


def test_all_classes_are_known() -> None:
    assert sorted(_EXPECTED) == _CLASSES


@pytest.mark.parametrize("name", _CLASSES)
def test_class_has_its_code(name: str) -> None:
    assert classify(getattr(duckdb, name)("Some Error: words")) is _EXPECTED[name]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), codes.DISK_FULL),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block"), codes.DISK_FULL),
        (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"), codes.OUT_OF_MEMORY),
        (duckdb.IOException('IO Error: No files found that match the pattern "x"'), codes.FILE_MISSING),
        (duckdb.IOException('IO Error: Cannot open file "x": Permission denied'), codes.FILE_MISSING),
        (duckdb.InvalidInputException("Invalid Input Error: No magic bytes found"), codes.FILE_DAMAGED),
        (duckdb.Error("don't know what type: "), codes.FILE_DAMAGED),
        (duckdb.InvalidInputException("Invalid Input Error: Invalid unicode (byte)"), codes.ENCODING),
        (duckdb.BinderException("Binder Error: column \"No files found\" not found"), codes.UNKNOWN_NAME),
        (pa.ArrowInvalid("Conversion Error: Could not convert string 'x'\n\nLINE 1:"), codes.CONVERSION),
        (OSError("INTERRUPT Error: Interrupted!"), codes.INTERRUPTED),
        (OSError("Out of Range Error: Overflow"), codes.OUT_OF_RANGE),
        (OSError("something new"), codes.ENGINE_FAULT),
    ],
)  # fmt: skip
def test_words_are_more_precise_than_classes(error: BaseException, code: object) -> None:
    assert classify(error) is code


def test_text_drops_generated_sql_and_keeps_the_rest() -> None:
    error = duckdb.BinderException(
        'Binder Error: Referenced column "a" not found in FROM clause!\nCandidate bindings: "b"\n\nLINE 1: a\n ^'
    )
    assert useful_text(error) == 'Referenced column "a" not found in FROM clause!\nCandidate bindings: "b"'
    problem = translate(error).problem
    assert problem.what == 'Referenced column "a" not found in FROM clause'
    assert problem.why == 'Candidate bindings: "b"'


@given(value=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4FFF), min_size=3, max_size=20))
@settings(max_examples=30, deadline=None)
def test_values_stand_in_why_only(value: str) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute("SELECT CAST(x AS BIGINT) FROM (SELECT ? AS x)", [value]).fetchall()
    problem = translate(caught.value).problem
    assert value in (problem.why or "")
    assert value not in problem.what


def test_codes_are_unique_and_explained() -> None:
    known = [getattr(codes, name) for name in codes.__all__]
    assert len({c.id for c in known}) == len(known)
    assert all(c.id.startswith("HNS-E") and c.meaning.endswith(".") for c in known)
