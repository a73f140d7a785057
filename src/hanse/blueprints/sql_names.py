"""Names of columns that can be written in SQL without quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LEGAL = re.compile(r"[^\W\d]\w*")
_LONGEST = 63
# Words that DuckDB and standard SQL keep for themselves: as a column's name they would need quotes everywhere.
RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "between", "both", "by", "case",
    "cast", "check", "collate", "column", "constraint", "create", "cross", "current_date", "current_time",
    "current_timestamp", "default", "deferrable", "delete", "desc", "describe", "distinct", "do", "drop", "else",
    "end", "except", "exists", "false", "fetch", "filter", "for", "foreign", "from", "full", "grant", "group",
    "having", "in", "initially", "inner", "insert", "intersect", "into", "is", "join", "lambda", "lateral", "leading",
    "left", "like", "limit", "natural", "not", "null", "offset", "on", "only", "or", "order", "outer", "over",
    "pivot", "pivot_longer", "pivot_wider", "placing", "primary", "qualify", "references", "returning", "revoke",
    "right", "row", "select", "set", "show", "some", "summarize", "symmetric", "table", "then", "to", "trailing",
    "true", "union", "unique", "unpivot", "update", "using", "values", "variadic", "when", "where", "window", "with",
})  # fmt: skip


def sql_names(names: Sequence[str]) -> dict[str, str]:
    """Return a legal SQL name for each column; legal names stay as they are, all are told apart without letter case.

    Args:
        names: names in a file, all different.
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda n: not _is_legal(n)):  # who has a legal name keeps it
        candidate, number = _legal(name), 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{_legal(name)[: _LONGEST - 6]}_{number}"
        taken.add(candidate.casefold())
        chosen[name] = candidate
    return {name: chosen[name] for name in names}


def _is_legal(name: str) -> bool:
    return bool(_LEGAL.fullmatch(name)) and name.lower() not in RESERVED and len(name) <= _LONGEST


def _legal(name: str) -> str:
    if _is_legal(name):
        return name
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name).lower()).strip("_")[:_LONGEST]
    if not plain or not _LEGAL.match(plain):
        plain = f"c_{plain}".rstrip("_")
    return f"{plain}_" if plain in RESERVED else plain
