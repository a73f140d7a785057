"""One HTML file that stands alone: no script, no request, nothing that runs.

Its content security policy allows the one style sheet by its hash and nothing else. Filters are radio buttons and CSS;
checks are ``<details>``. Every text is escaped.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from hanse.base.visible import visible
from hanse.quality.reports.verdicts import (
    BLOCKING,
    ERROR,
    SIGNS,
    WARNED,
    WORDS,
    Document,
    Group,
    columns_of,
    extent,
    figures,
    further,
    groups,
    headline,
    place,
    tally,
    title,
    told_apart,
    value_text,
    word,
    worst_first,
)

_OPEN = (*BLOCKING, WARNED)
_MOST_OPEN = 20
_NUMBER = ' class="number"'
_QUOTED = re.compile(r"`([^`]+)`")
_FACTS = (("Column", "column"), ("Dimension", "dimension"), ("Severity", "severity"), ("Verified by", "method"))


def to_html(document: Document) -> str:
    """Return a report as one HTML page."""
    found = groups(document)
    counted = tally(found)
    return "\n".join((*_head(title(document)), *_body(document, found, counted), "</html>", ""))


@cache
def _style() -> tuple[str, str]:
    """Return the style sheet, and its hash as a content security policy names it."""
    sheet = files("hanse.quality.reports").joinpath("report.css").read_text(encoding="utf-8")
    return sheet, f"sha256-{b64encode(sha256(sheet.encode()).digest()).decode()}"


def _head(name: str) -> Iterator[str]:
    sheet, digest = _style()
    policy = f"default-src 'none'; style-src '{digest}'; base-uri 'none'; form-action 'none'"
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{_text(name)}: contract report</title>"
    yield f"<style>{sheet}</style>"
    yield "</head>"


def _body(document: Document, found: Sequence[Group], counted: Counter[str]) -> Iterator[str]:
    is_broken = any(counted[w] for w in BLOCKING)
    yield "<body>"
    yield "<header>"
    yield f"<p>Contract report{_about(document)}</p>"
    yield f"<h1>{_text(title(document))}</h1>"
    sign = SIGNS["failed" if is_broken else "passed"]
    yield f'<p class="verdict {"broken" if is_broken else "kept"}"><span>{sign}</span> {_text(headline(counted))}</p>'
    yield _bar(counted)
    yield "</header>"
    yield from _filters(counted)
    yield "<main>"
    unfolded = _MOST_OPEN
    for group in worst_first(found):
        yield from _section(group, unfolded)
        unfolded = max(unfolded - sum(group.words[w] for w in _OPEN), 0)
    yield "</main>"
    yield "</body>"


def _about(document: Document) -> str:
    path = place(document)
    return f" · <code>{_text(path)}</code>" if path else ""


def _bar(counted: Mapping[str, int]) -> str:
    """Return a bar whose parts are as wide as verdicts are frequent; attributes, because the policy bars styles."""
    total = sum(counted.values())
    parts, at = [], 0.0
    for verdict in WORDS:
        share = 100 * counted.get(verdict, 0) / total if total else 0.0
        if share:
            parts.append(f'<rect class="{_class(verdict)}" x="{at:.3f}" y="0" width="{share:.3f}" height="1"/>')
        at += share
    label = _text(", ".join(figures(counted)) or "nothing was checked")
    shapes = "".join(parts)
    return f'<svg role="img" aria-label="{label}" viewBox="0 0 100 1" preserveAspectRatio="none">{shapes}</svg>'


def _filters(counted: Mapping[str, int]) -> Iterator[str]:
    """Yield radio buttons before what they filter: the style sheet does the rest."""
    yield '<fieldset class="filters"><legend>Show</legend>'
    yield _filter("all", "all", sum(counted.values()), is_chosen=True)
    for verdict in WORDS:
        if counted.get(verdict):
            shown = "errors" if verdict == ERROR else verdict
            yield _filter(_class(verdict), shown, counted[verdict], is_chosen=False)
    yield "</fieldset>"


def _filter(class_: str, label: str, number: int, *, is_chosen: bool) -> str:
    chosen = " checked" if is_chosen else ""
    return (
        f'<label class="{class_}"><input type="radio" name="show" value="{class_}" id="show-{class_}"{chosen}>'
        f"{label} <b>{number:,}</b></label>"
    )


def _section(group: Group, unfolded: int) -> Iterator[str]:
    classes = " ".join(sorted({f"has-{_class(w)}" for w in group.words}))
    yield f'<section class="{classes}">'
    yield f"<h2>{_text(group.name)} <small>{_text(' · '.join(figures(group.words)))}</small></h2>"
    for check in group.checks:
        verdict = word(check)
        is_open = verdict in _OPEN and unfolded > 0
        unfolded -= is_open
        yield from _check(check, verdict, is_open=is_open)
    yield "</section>"


def _check(check: Document, verdict: str, *, is_open: bool) -> Iterator[str]:
    how_much = extent(check)
    yield f'<details class="check {_class(verdict)}"{" open" if is_open else ""}>'
    yield (
        f'<summary><span class="sign" aria-hidden="true">{SIGNS.get(verdict, "·")}</span>'
        f'<span class="clause">{_text(str(check["clause"]))}</span>'
        f'<span class="extent">{_text(how_much)}</span><span class="word">{_text(verdict)}</span></summary>'
    )
    yield '<div class="inside">'
    why = further(check)
    if why:
        yield f"<p>{_prose(why)}</p>"
    yield from _facts(check)
    yield from _rows(check.get("rows") or ())
    yield "</div>"
    yield "</details>"


def _facts(check: Document) -> Iterator[str]:
    facts = [(label, str(check[key])) for label, key in _FACTS if check.get(key)]
    if check.get("measured") is not None:
        facts.append(("Measured", value_text(check["measured"])))
    if check.get("where"):
        facts.append(("Contract", str(check["where"])))
    if facts:
        yield "<dl>"
        yield from (f"<div><dt>{label}</dt><dd>{_text(value)}</dd></div>" for label, value in facts)
        yield "</dl>"


def _rows(rows: Sequence[Document]) -> Iterator[str]:
    if not rows:
        return
    names = columns_of(rows)
    yield '<div class="rows" tabindex="0" role="region" aria-label="Rows that break the check"><table>'
    heads = "".join(f'<th scope="col"{_align(rows, name)}>{_text(name)}</th>' for name in names)
    yield f'<thead><tr><th scope="col">Why</th>{heads}</tr></thead>'
    yield "<tbody>"
    for sample, times in told_apart(rows):
        often = f" <small>({times} rows)</small>" if times > 1 else ""
        cells = "".join(_cell(sample["row"], name) for name in names)
        yield f'<tr><td class="why">{_prose(str(sample["reason"]))}{often}</td>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(row: Document, name: str) -> str:
    if name not in row:
        return "<td></td>"
    value = row[name]
    if value is None:
        return "<td><i>null</i></td>"
    class_ = _NUMBER if _is_number(value) else ""
    return f"<td{class_}>{_text(value_text(value)) if value != '' else '<i>empty</i>'}</td>"


def _align(rows: Sequence[Document], name: str) -> str:
    return _NUMBER if all(_is_number(row["row"].get(name)) for row in rows) else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-") if verdict in WORDS else "other"


def _prose(text: str) -> str:
    """Return a sentence in which what is quoted in backticks is code."""
    parts = _QUOTED.split(text)
    return "".join(f"<code>{_text(part)}</code>" if at % 2 else _text(part) for at, part in enumerate(parts))


def _text(text: str) -> str:
    return escape(visible(text), quote=True)
