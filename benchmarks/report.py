"""Results: rows against targets, kept as JSON and shown as one page."""

from __future__ import annotations

import json
import os
import platform
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

Of = Literal["value", "ratio", "excess"]
_VERSIONS = ("duckdb", "pyarrow", "sqlglot", "pydantic", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must not exceed.

    Attributes:
        limit: the number.
        of: which number: Hanse's own, its ratio to what stands beside, or how much it is above that.
    """

    limit: float
    of: Of = "value"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: what was measured.
        unit: unit of both figures.
        hanse: Hanse's figure.
        peer: who or what stands beside it, in a few words.
        beside: its figure, in the same unit.
        target: what must hold; None for information.
    """

    what: str
    unit: str
    hanse: float
    peer: str = ""
    beside: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Hanse's figure over the other."""
        return self.hanse / self.beside if self.beside else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None without one."""
        if self.target is None:
            return None
        if self.target.of == "value":
            return self.hanse <= self.target.limit
        assert self.beside is not None
        assert self.ratio is not None
        found = self.ratio if self.target.of == "ratio" else self.hanse - self.beside
        return found <= self.target.limit


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of its own shape, for information.

    Attributes:
        head: titles of its columns.
        rows: texts and figures; a figure stands to the right.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str | float]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found.

    Attributes:
        title: heading.
        how: what was done, for readers.
        rows: figures.
        checked: what was verified about the results themselves.
        listing: what else there is to see.
    """

    title: str
    how: str
    rows: Sequence[Row]
    checked: Sequence[str] = ()
    listing: Listing | None = None


def facts() -> dict[str, str]:
    """Return what the figures depend on: processor, memory, system, versions. Nothing that names this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _VERSIONS)
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "libraries": versions,
    }


def save(file: Path, name: str, result: Result) -> None:
    """Put a result into the JSON file, in place of an older one of the same benchmark."""
    document = load(file)
    document[name] = {
        **asdict(result),
        "rows": [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in result.rows],
        "at": datetime.now(UTC).date().isoformat(),
        "facts": facts(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")


def load(file: Path) -> dict[str, Any]:
    """Return what was measured so far."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = ["| what | Hanse | beside it | ratio | target | met |", "|---|---:|---|---:|---|---|"]
    lines += [
        f"| {r.what} | {_figure(r.hanse)} {r.unit} | {_beside(r)} | {'' if r.ratio is None else f'{r.ratio:.2f}'} "
        f"| {_target(r)} | {_met(r)} |"
        for r in rows
    ]
    return "\n".join(lines)


def listing(head: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """Return a listing as a Markdown table."""
    figures = [all(not isinstance(row[at], str) for row in rows) for at in range(len(head))]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---:' if is_figure else '---' for is_figure in figures)}|"]
    lines += [f"| {' | '.join(_cell(c) for c in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(content: str | float) -> str:
    if isinstance(content, str):
        return content
    return f"{content:,}" if isinstance(content, int) else _figure(content)


def page(document: Mapping[str, Any], order: Sequence[str]) -> str:
    """Return the page of all results; a benchmark that was not measured yet is named as missing."""
    parts = [_HEAD, _machine(document)]
    for name in order:
        entry = document.get(name)
        if entry is None:
            parts.append(f"## {name}\n\nNot measured yet: `python -m benchmarks {name}`.")
            continue
        rows = [_row(r) for r in entry["rows"]]
        parts.append(f"## {entry['title']}\n\n{_wrapped(entry['how'])}\n\n{table(rows)}")
        if entry.get("listing"):
            parts.append(listing(entry["listing"]["head"], entry["listing"]["rows"]))
        if entry["checked"]:
            parts.append(_wrapped("Verified in the same run: " + "; ".join(entry["checked"]) + "."))
    return "\n\n".join(parts) + "\n"


_HEAD = """# Benchmarks

<!-- Written by `python -m benchmarks`; do not edit. -->

`make bench` measures all of this anew and rewrites this page. Each figure is taken beside a named peer or limit in the
same run, in turn (A B A B), and is the median. CPU seconds and memory are of whole processes with all their children,
as the kernel counts them, from start to exit; modules are compiled beforehand, as in an installation. Absolute figures
say more about the machine than about Hanse: compare the ratios. A limit is the least that could do the work at all: a
bare script on the same engine. No test depends on time."""


def _machine(measured: Mapping[str, Any]) -> str:
    seen = {", ".join(f"{what}: {value}" for what, value in e["facts"].items()): e["at"] for e in measured.values()}
    return "\n\n".join(_wrapped(f"Measured on {at}. {found[0].upper()}{found[1:]}.") for found, at in seen.items())


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _row(entry: Mapping[str, Any]) -> Row:
    target = Target(**entry["target"]) if entry["target"] else None
    return Row(entry["what"], entry["unit"], entry["hanse"], entry["peer"], entry["beside"], target)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _beside(row: Row) -> str:
    return row.peer if row.beside is None else f"{row.peer}: {_figure(row.beside)} {row.unit}"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    limit = f"{row.target.limit:g}"
    words = {"value": f"≤ {limit} {row.unit}", "ratio": f"≤ {limit} times", "excess": f"≤ {limit} {row.unit} more"}
    return words[row.target.of]


def _met(row: Row) -> str:
    return "" if row.met is None else "yes" if row.met else "**no**"


def facts_line() -> str:
    """Return the facts as one line for the terminal."""
    return ", ".join(f"{what}: {value}" for what, value in facts().items())
