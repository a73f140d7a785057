from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hanse.base.visible import visible
from hanse.quality.reports import FORMATS, to_html, to_junit, to_markdown

Document = dict[str, Any]
NASTY = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "<script>alert(1)</script>", '"><img src=x onerror=a>', "a|b", "`", "``a`", "@octocat", "#12", "!3", "\\|",
        "https://example.com/a", "www.example.com", "\x00\x1b[31m", "\ud800", "\ufffe", "\u202e", "]]>", "&amp;", "- a",
        "1. a", "# a", "***", "]](x)", "a\nb\n\n<b>", "</code>", "</details>", ":smile:", " ", "",
        "    a", "| a | b |\n|---|---|",
    ]),
)  # fmt: skip
VALUES = st.one_of(
    NASTY, st.none(), st.integers(), st.booleans(), st.floats(allow_nan=False), st.lists(NASTY, max_size=2)
)
FEWER = settings(max_examples=40, deadline=None)


def check(name: str, status: str = "passed", severity: str = "error", **more: Any) -> Document:
    facts = dict.fromkeys(
        ("column", "dimension", "failed_rows", "total_rows", "measured", "message", "error", "method")
    )
    return {
        "id": name,
        "clause": name,
        "status": status,
        "verdict": "warned" if status in ("failed", "error") and severity == "warning" else status,
        "severity": severity,
        **facts,
        "where": "contracts/orders.odcs.yaml:31",
        "rows": [],
        **more,
    }


def report(*checks: Document, whole: Sequence[Document] = (), table: str = "orders") -> Document:
    contract = {"name": "Orders", "version": "1.4.0", "checks": list(whole)}
    return {"counts": {}, "contract": contract, "tables": [{"table": table, "counts": {}, "checks": list(checks)}]}


EACH = report(
    check("minimum(amount): 0", "failed", failed_rows=3, total_rows=10),
    check("known", "failed", "warning", measured=2),
    check("sql", "error", error="no column `a`"),
    check("sql2", "error", "warning", error="no column `b`"),
    check("text", "manual"),
    check("latency", "not_applicable", message="nothing measures it"),
    check("required(id)"),
    whole=[check("freshness", "failed", "warning", message="too old")],
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    def rows() -> st.SearchStrategy[list[Document]]:
        row = st.dictionaries(NASTY, VALUES, max_size=3)
        return st.lists(st.fixed_dictionaries({"reason": NASTY, "row": row}), max_size=3)

    checks = st.builds(
        check,
        NASTY,
        st.sampled_from(["passed", "failed", "error", "manual", "not_applicable"]),
        st.sampled_from(["error", "warning"]),
        message=st.none() | NASTY,
        error=st.none() | NASTY,
        measured=VALUES,
        dimension=st.none() | NASTY,
        failed_rows=st.none() | st.integers(0, 9),
        total_rows=st.none() | st.integers(9, 20),
        where=st.none() | NASTY | NASTY.map(lambda t: f"{t}:31"),
        rows=rows(),
    )
    return report(*draw(st.lists(checks, max_size=4)), whole=draw(st.lists(checks, max_size=2)), table=draw(NASTY)) | {
        "title": draw(NASTY)
    }


# JUnit


def test_junit_counts_what_blocks_and_shows_warnings_as_skipped() -> None:
    root = ElementTree.fromstring(to_junit(EACH))
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8", "failures": "1", "errors": "1", "skipped": "5",
    }  # fmt: skip
    whole, orders = root.findall("testsuite")
    assert (whole.get("name"), orders.get("name")) == ("the whole contract", "orders")
    failure = orders.find("testcase[@name='minimum(amount): 0']")
    assert failure is not None
    assert (failure.get("file"), failure.get("line")) == ("contracts/orders.odcs.yaml", "31")
    skipped = [s.get("message") for s in root.iter("skipped")]
    assert skipped == [
        "warned: too old", "warned: measured 2", "warned: no column `b`", "for a person: text",
        "not applicable: nothing measures it",
    ]  # fmt: skip


@FEWER
@given(documents())
def test_junit_is_valid_whatever_it_holds(document: Document) -> None:
    root = ElementTree.fromstring(to_junit(document).encode())
    cases = list(root.iter("testcase"))
    found = [c for t in document["tables"] for c in t["checks"]]
    assert len(cases) == len(found) + len(document["contract"]["checks"])
    blocking = [c for c in (*found, *document["contract"]["checks"]) if c["severity"] == "error"]
    assert len(list(root.iter("failure"))) == sum(c["status"] == "failed" for c in blocking)
    assert len(list(root.iter("error"))) == sum(c["status"] == "error" for c in blocking)


# HTML


class _Page(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that the page does not write itself."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


_TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "p", "code", "h1", "span", "svg", "rect", "fieldset",
    "legend", "label", "input", "b", "main", "section", "h2", "small", "details", "summary", "div", "dl", "dt", "dd",
    "table", "thead", "tbody", "tr", "th", "td", "i",
}  # fmt: skip


@FEWER
@given(documents())
def test_a_page_holds_nothing_but_its_own_elements(document: Document) -> None:
    page = _Page()
    page.feed(to_html(document))
    assert set(page.tags) <= _TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
    assert not page.addresses
    found = [c for t in document["tables"] for c in t["checks"]]
    assert page.tags["details"] == len(found) + len(document["contract"]["checks"])
    for entry in found:
        assert visible(entry["clause"]) in "".join(page.text)


def test_a_page_asks_for_nothing_and_filters_by_style_alone() -> None:
    page = to_html(EACH)
    assert "default-src 'none'; style-src 'sha256-" in page
    assert not re.search(r"https?:|url\(|@import|<script|<link", page)
    for verdict, number in (("failed", 1), ("error", 1), ("warned", 3), ("for-a-person", 1), ("not-applicable", 1)):
        assert f'id="show-{verdict}"' in page
        assert page.count(f'class="check {verdict}"') == number
        assert f"#show-{verdict}:checked" in page


def test_tables_that_need_a_look_come_first() -> None:
    document = {**_tables(check("fine", measured="VARCHAR"))}
    document["tables"] += [{"table": "broken", "counts": {}, "checks": [check("bad", "failed")]}]
    page = to_html(document)
    assert page.index("<h2>broken") < page.index("<h2>orders")
    assert '<span class="extent"></span><span class="word">passed' in page


def test_what_needs_a_look_is_open_up_to_a_number() -> None:
    page = to_html(report(*(check(f"c{n}", "failed") for n in range(30)), check("fine")))
    assert page.count(" open>") == 20


# Markdown


def rendered(markdown: str) -> str:
    html: str = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return html


_MARKDOWN_TAGS = {
    "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary", "ul", "li", "em", "strong",
}  # fmt: skip


@FEWER
@given(documents())
def test_markdown_holds_no_markup_but_its_own(document: Document) -> None:
    html = rendered(to_markdown(document))
    page = _Page()
    page.feed(html)
    assert set(page.tags) <= _MARKDOWN_TAGS, html
    assert page.tags["h3"] == 1
    outside = unescape(re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL))
    assert not re.search(r"[@#]\w|://|www\.", outside), outside
    looked_at = sum(
        c["status"] in ("failed", "error")
        for c in (*document["contract"]["checks"], *(c for t in document["tables"] for c in t["checks"]))
    )
    assert page.tags["details"] >= looked_at


@FEWER
@given(NASTY, NASTY)
def test_a_value_reaches_the_reader_as_it_is(name: str, value: str) -> None:
    bad = check("c", "failed", rows=[{"reason": "r", "row": {name: value}}])
    page = _Page()
    page.feed(rendered(to_markdown(report(bad))))
    text = "".join(page.text)
    assert visible(value) in text
    assert visible(name) in text


def test_markdown_says_first_what_failed() -> None:
    lines = to_markdown(EACH).splitlines()
    assert lines[0] == "### ✗ Orders 1.4.0: 1 failed and 1 could not run, of 8 checks"
    assert lines[2] == "1 failed · 1 error · 3 warned · 1 for a person · 1 not applicable · 1 passed"
    table = [line for line in lines if line.startswith(("| ✗", "| !"))]
    assert table[0] == "| ✗ | `orders` | `minimum(amount): 0` | failed: 3 of 10 rows |"
    assert [line.split("|")[3].strip() for line in table[1:]] == ["`sql`", "`freshness`", "`known`", "`sql2`"]


@FEWER
@given(st.integers(0, 60), st.integers(400, 30_000))
def test_markdown_keeps_to_its_limit_and_says_what_it_left_out(number: int, limit: int) -> None:
    document = report(*(check(f"check {n} " + "x" * 150, "failed") for n in range(number)))
    text = to_markdown(document, limit=limit)
    assert len(text) <= limit
    whole = to_markdown(document, limit=10**9)
    assert (text == whole) == (len(whole) <= limit) or "Cut here" in text
    assert ("Cut here" in text) == (text != whole)


def test_rows_of_one_look_are_shown_once() -> None:
    rows = [{"reason": "id 1 occurs 2 times", "row": {"id": 1}}] * 2
    document = report(check("unique(id)", "failed", rows=rows))
    for write in FORMATS.values():
        text = write(document)
        assert text.count("occurs 2 times") == 1
        assert "(2 rows)" in text


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_report_is_a_report(name: str) -> None:
    text = FORMATS[name]({"counts": {}, "tables": []})
    assert text.endswith("\n")
    assert "nothing was checked" in text or name == "junit"


def test_several_contracts_are_one_report_with_the_problems_of_each() -> None:
    problem = {"code": "HNS-S002", "title": "a key is missing", "severity": "error", "what": "no `id`", "why": None}
    problem |= {"where": "b.odcs.yaml:1", "fix": "add `id:`", "subject": None}
    first = {"contract": "a", "version": "1.0.0", "path": "a.odcs.yaml", "problems": [], **_tables(check("c"))}
    second = {"contract": None, "version": None, "path": "b.odcs.yaml", "problems": [problem], **_tables()}
    document = {"status": "error", "counts": {}, "contracts": [first, second]}
    root = ElementTree.fromstring(to_junit(document))
    assert [suite.get("name") for suite in root] == ["a: orders", "b.odcs.yaml: the whole contract"]
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == "no `id`; add `id:`"
    assert to_markdown(document).startswith("### ✗ 2 contracts: 1 of 2 checks could not run")
    assert "HNS-S002: a key is missing" in to_html(document)
    assert to_markdown({**document, "contracts": [first]}).startswith("### ✓ a 1.0.0: 1 check passed")


def _tables(*checks: Document) -> Document:
    return {"counts": {}, "tables": [{"table": "orders", "counts": {}, "checks": list(checks)}] if checks else []}
