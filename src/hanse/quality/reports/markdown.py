"""Markdown for the comment of a pull request, as GitHub and GitLab show it.

Values come from data and from a contract that anybody may have written, so nothing of them is Markdown, HTML, a link, a
mention or a reference to an issue: they stand in code spans, where the hosts look for none of it, and words beside
them have their punctuation written as character references.

Source: https://github.github.com/gfm/ (code spans, tables, entity references).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hanse.quality.reports.escape import code, html_code, words
from hanse.quality.reports.verdicts import (
    BLOCKING,
    FOR_A_PERSON,
    NOT_APPLICABLE,
    PASSED,
    SIGNS,
    WARNED,
    Document,
    Group,
    columns_of,
    extent,
    figures,
    further,
    groups,
    headline,
    numbered,
    reason,
    tally,
    title,
    told,
    told_apart,
    value_text,
)

LIMIT = 65_536
"""Characters of a comment on GitHub; GitLab allows a million."""
_ROWS, _COLUMNS, _FIRST = 5, 8, 20
_RESERVED = 300  # for the sentence that tells of the cut


def to_markdown(document: Document, *, limit: int = LIMIT) -> str:
    """Return a report as Markdown of a bounded length.

    Args:
        document: as :func:`hanse.quality.report` returns it.
        limit: greatest length in characters; what does not fit is left out, and the last line says how much.
    """
    found = groups(document)
    counted = tally(found)
    entries = list(numbered(found))
    looked_at = [e for e in entries if e[2] in (*BLOCKING, WARNED)]
    sign = "✗" if any(counted[w] for w in BLOCKING) else "✓"
    blocks = [f"### {sign} {words(title(document))}: {headline(counted)}", " · ".join(figures(counted))]
    blocks += _first(looked_at)
    details = ["\n".join(_detail(*entry)) for entry in looked_at]
    rest = ["\n".join(_folded(w, entries)) for w in (FOR_A_PERSON, NOT_APPLICABLE, PASSED) if counted[w]]
    return _within([b for b in (*blocks, *details, *rest) if b], limit)


def _first(entries: Sequence[tuple[Group, Document, str]]) -> list[str]:
    """Return a table of what failed, errors and warnings after it; bounded, because the details follow."""
    if not entries:
        return []
    lines = ["| | table | check | what happened |", "|---|---|---|---|"]
    for group, check, verdict in entries[:_FIRST]:
        cells = (SIGNS[verdict], code(group.name), code(str(check["clause"])), _what(check, verdict))
        lines.append(f"| {' | '.join(cells)} |")
    more = [f"… and {len(entries) - _FIRST:,} more below."] if len(entries) > _FIRST else []
    return ["\n".join(lines), *more]


def _what(check: Document, verdict: str) -> str:
    found = "; ".join(told(check))
    return words(f"{verdict}: {found}" if found else verdict)


def _detail(group: Group, check: Document, verdict: str) -> Iterator[str]:
    how_much = extent(check)
    said = f": {how_much}" if how_much else ""
    clause = html_code(str(check["clause"]))
    yield f"<details><summary>{SIGNS[verdict]} {html_code(group.name)} {clause} {verdict}{words(said)}</summary>"
    yield ""
    why = further(check)
    if why:
        yield from (words(why), "")
    facts = [f"{name} {code(str(check[key]))}" for name, key in _FACTS if check.get(key)]
    if facts:
        yield from (" · ".join(facts), "")
    yield from _rows(check.get("rows") or ())
    yield "</details>"


_FACTS = (("contract", "where"), ("dimension", "dimension"), ("verified by", "method"))


def _rows(rows: Sequence[Document]) -> Iterator[str]:
    if not rows:
        return
    names = columns_of(rows)
    shown = names[:_COLUMNS]
    yield f"| why | {' | '.join(code(name) for name in shown)} |" if shown else "| why |"
    yield "|---" * (len(shown) + 1) + "|"
    apart = told_apart(rows)
    for sample, times in apart[:_ROWS]:
        often = f" ({times} rows)" if times > 1 else ""
        cells = [words(str(sample["reason"])) + often, *(_cell(sample["row"], name) for name in shown)]
        yield f"| {' | '.join(cells)} |"
    yield ""
    cut = [f"{len(apart) - _ROWS:,} more sampled rows"] if len(apart) > _ROWS else []
    cut += [f"{len(names) - _COLUMNS:,} more columns"] if len(names) > _COLUMNS else []
    if cut:
        yield from (f"Not shown: {' and '.join(cut)}.", "")


def _cell(row: Document, name: str) -> str:
    if name not in row:
        return ""
    value: Any = row[name]
    return "*null*" if value is None else code(value_text(value))


def _folded(verdict: str, entries: Sequence[tuple[Group, Document, str]]) -> Iterator[str]:
    mine = [(group, check) for group, check, word in entries if word == verdict]
    yield f"<details><summary>{SIGNS[verdict]} {len(mine):,} {verdict}</summary>"
    yield ""
    for group, check in mine:
        why = reason(check) if verdict != PASSED else ""
        yield f"- {code(group.name)} {code(str(check['clause']))}" + (f": {words(why)}" if why else "")
    yield ""
    yield "</details>"


def _within(blocks: Sequence[str], limit: int) -> str:
    """Join blocks as long as they fit; say how many did not."""
    kept: list[str] = []
    length = 0
    for at, block in enumerate(blocks):
        needed = len(block) + 2
        reserve = 0 if at == len(blocks) - 1 else _RESERVED
        if length + needed + reserve > limit:
            left = len(blocks) - at
            parts = "1 more part does" if left == 1 else f"{left:,} more parts do"
            kept.append(f"**Cut here:** {parts} not fit into {limit:,} characters. The JSON or HTML report has all.")
            break
        kept.append(block)
        length += needed
    return "\n\n".join(kept)[: max(limit - 1, 0)] + "\n"
