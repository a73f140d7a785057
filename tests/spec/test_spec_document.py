import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import SpecError
from hanse.spec.document import (
    MAX_DEPTH,
    MAX_VALUES,
    WrittenFloat,
    as_written,
    plain,
    read_document,
    resolve,
)


def read(text: str | bytes) -> Any:
    return read_document(text if isinstance(text, bytes) else text.encode(), "f.yaml")


def fault(text: str | bytes) -> Any:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert caught.value.problem.fix
    return caught.value.problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("2013-01-01", "2013-01-01"),
        ("2013-01-01 10:00:00", "2013-01-01 10:00:00"),
        ("1_000", "1_000"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("+49", "+49"),
        ("1:30", "1:30"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("=", "="),
        ("-", "-"),
        ("12", 12),
        ("-0", 0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("1.5", 1.5),
        ("-.5e3", -500.0),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_plain_scalars_mean_what_json_can_say(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(plain(found)) is type(value)


def test_numbers_with_a_fraction_keep_their_spelling() -> None:
    found = read("version: 1.10").root["version"]
    assert isinstance(found, WrittenFloat)
    assert as_written(found) == "1.10"
    assert as_written(3) == "3"
    assert as_written(True) is True


def test_quotes_keep_text() -> None:
    root = read("a: '1'\nb: \"true\"\nc: |\n  12\n").root
    assert root == {"a": "1", "b": "true", "c": "12\n"}


def test_places_count_from_one() -> None:
    document = read("a: 1\nb:\n  - c: 2\n    d: {e: [x, yy]}\n")
    item = document.root["b"][0]
    assert str(document.at(document.root, "a")) == "f.yaml:1:4"
    assert str(document.at_key(document.root, "b")) == "f.yaml:2:1"
    assert str(document.at(item)) == "f.yaml:3:5"
    assert str(document.at(item["d"]["e"], 1)) == "f.yaml:4:16"
    assert str(document.at(item, "missing")) == "f.yaml:3:5"


def test_columns_count_characters_not_bytes() -> None:
    document = read("é: {ü: 1}")
    assert str(document.at(document.root["é"], "ü")) == "f.yaml:1:8"


def test_anchors_and_merge_keys() -> None:
    document = read("base: &b {x: 1, y: 2}\nlist: [*b]\nuse:\n  <<: *b\n  y: 3\nboth:\n  <<: [*b, {z: 4}]\n")
    assert document.root["list"] == [{"x": 1, "y": 2}]
    assert document.root["use"] == {"x": 1, "y": 3}
    assert document.root["both"] == {"x": 1, "y": 2, "z": 4}
    assert str(document.at(document.root["use"], "x")) == "f.yaml:1:14"


def test_duplicate_keys_are_reported_and_the_first_one_stands() -> None:
    document = read("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n")
    assert [(p.code.id, str(p.where)) for p in document.problems] == [
        ("HNS-S005", "f.yaml:3:1"),
        ("HNS-S005", "f.yaml:4:11"),
    ]
    assert document.problems[0].why == "it stands on line 1 already"
    assert document.root["a"] == 1


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a: [1, 2", "HNS-S001", "f.yaml:1:4"),
        ("a: 1\n b: 2\n", "HNS-S001", "f.yaml:2:3"),
        ("a: b: c\n", "HNS-S001", "f.yaml:1:5"),
        ("a: *nowhere\n", "HNS-S001", "f.yaml:1:4"),
        ("a: 1\n---\nb: 2\n", "HNS-S001", "f.yaml:2:1"),
        ("a: 'open\n", "HNS-S001", "f.yaml:1:4"),
        ("a: \x01\n", "HNS-S001", "f.yaml:1:4"),
        ("? {a: 1}\n: 2\n", "HNS-S001", "f.yaml:1:3"),
        ("a: !!binary abcd\n", "HNS-S001", "f.yaml:1:4"),
        ("a: !python/object:os.system {}\n", "HNS-S001", "f.yaml:1:4"),
        ("<<: 3\n", "HNS-S001", "f.yaml:1:5"),
        ("", "HNS-S003", "f.yaml:1:1"),
        ("# nothing\n\n", "HNS-S003", "f.yaml:1:1"),
        ("~", "HNS-S003", "f.yaml:1:1"),
        ("- a\n- b\n", "HNS-S004", "f.yaml:1:1"),
        ("just text", "HNS-S004", "f.yaml:1:1"),
        (b"a: 1\nb: caf\xe9\n", "HNS-S002", "f.yaml:2:7"),
        ("a: 1\n".encode("utf-16"), "HNS-S002", "f.yaml:1:1"),
    ],
)
def test_unreadable_files_say_where(text: str | bytes, code: str, where: str) -> None:
    problem = fault(text)
    assert (problem.code.id, str(problem.where)) == (code, where)


def test_a_tab_is_named() -> None:
    problem = fault("a:\n\tb: 1\n")
    assert (problem.code.id, str(problem.where)) == ("HNS-S001", "f.yaml:2:1")
    assert "tab" in problem.what
    assert problem.fix == "indent with spaces"


def test_a_byte_order_mark_is_no_text() -> None:
    assert read("\ufeffa: 1\n".encode()).root == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 200_000,
        "a:\n" + "- " * 200_000 + "x",
        "a: " + "{b: " * 100_000,
        "a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "a: &a [*a]",
        "a: &a\n  <<: *a\n",
    ],
    ids=["flow", "block", "maps", "just too deep", "circle", "merged circle"],
)
def test_deep_nesting_is_refused(text: str) -> None:
    problem = fault(text)
    assert problem.code.id == "HNS-S006"
    assert problem.where is not None


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    problem = fault("\n".join(lines))
    assert problem.code.id == "HNS-S006"
    assert f"{MAX_VALUES:,}" in problem.what


def test_a_huge_file_is_refused() -> None:
    assert fault(b"a: " + b"x" * (8 * 1024 * 1024)).code.id == "HNS-S006"


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\U0001f600\\ud8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=4), st.sampled_from([None, 1, "\t"]))
def test_pairs_of_escapes_do_not_move_what_stands_behind_them(entries: dict[str, str], indent: Any) -> None:
    text = json.dumps(entries, indent=indent)
    document = read(text)
    at = 0
    for key, value in entries.items():
        for written, place in ((key, document.at_key(document.root, key)), (value, document.at(document.root, key))):
            at = text.index(json.dumps(written), at)
            line = text.count("\n", 0, at)
            assert (place.line, place.column) == (line + 1, at - text.rfind("\n", 0, at))
            at += len(json.dumps(written))


@pytest.mark.parametrize("text", ['{"a": "\\ud83d"}', '{"a": "\\ude00\\ud83d"}', 'a: "\\ud83d\\ude00"'])
def test_half_a_character_is_named(text: str) -> None:
    problem = fault(text)
    assert problem.code.id == "HNS-S001"
    assert "names no character" in problem.what


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(TEXT, JSON, min_size=1, max_size=4))
def test_what_yaml_writes_is_read_back(document: dict[str, Any]) -> None:
    assert plain(read(json.dumps(document)).root) == document


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet="ab:-[]{}&*<!|>'\"#\n\t ,", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_code(data: bytes) -> None:
    with contextlib.suppress(SpecError):
        read(data)
