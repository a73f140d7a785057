import pytest

from hanse.base import Problem
from hanse.spec.document import read_document
from hanse.spec.variables import Expansion, expand_document

ENVIRONMENT = {"NAME": "value", "EMPTY": "", "HARD": "${NAME} $$ \\1"}


def expand(text: str) -> tuple[str, list[Problem], set[str]]:
    expansion = Expansion(ENVIRONMENT)
    expanded, problems = expansion.text(text, "f.yaml")
    return expanded, problems, expansion.names


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        ("plain", "plain", set()),
        ("${NAME}", "value", {"NAME"}),
        ("a/${NAME}/b${NAME}", "a/value/bvalue", {"NAME"}),
        ("${EMPTY}", "", {"EMPTY"}),
        ("${EMPTY:-other}", "other", {"EMPTY"}),
        ("${NONE:-other}", "other", {"NONE"}),
        ("${NONE:-}", "", {"NONE"}),
        ("${NONE:-a:-b}", "a:-b", {"NONE"}),
        ("$${NAME}", "${NAME}", set()),
        ("$NAME $ $$", "$NAME $ $$", set()),
        ("${HARD}", "${NAME} $$ \\1", {"HARD"}),
    ],
)
def test_references(text: str, expected: str, names: set[str]) -> None:
    assert expand(text) == (expected, [], names)


@pytest.mark.parametrize(
    ("text", "code"),
    [("${NONE}", "HNS-S016"), ("${}", "HNS-S017"), ("${1A}", "HNS-S017"), ("${NAME", "HNS-S017")],
)
def test_faults(text: str, code: str) -> None:
    _, problems, _ = expand(text)
    assert [p.code.id for p in problems] == [code]
    assert problems[0].fix


def test_documents_are_expanded_once_and_with_places() -> None:
    document = read_document(b"a: $${NAME}\nb: [x, '${NAME}']\nc:\n  d: ${NONE}\n", "f.yaml")
    problems = expand_document(document, Expansion(ENVIRONMENT))
    assert document.root["a"] == "${NAME}"
    assert document.root["b"] == ["x", "value"]
    assert [(p.code.id, str(p.where)) for p in problems] == [("HNS-S016", "f.yaml:4:6")]


def test_anchored_values_are_expanded_once() -> None:
    document = read_document(b"a: &x\n  b: $${NAME}\nc: *x\nd:\n  <<: *x\n", "f.yaml")
    assert expand_document(document, Expansion(ENVIRONMENT)) == []
    assert document.root == {"a": {"b": "${NAME}"}, "c": {"b": "${NAME}"}, "d": {"b": "${NAME}"}}
