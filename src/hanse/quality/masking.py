"""What samples of failing rows show: the key and what is wrong, and nothing that is classified.

A column is classified if it, or anything inside it, has a ``classification`` other than ``public``, ``open`` or
``unclassified`` in any letter case: words that nobody has heard of hide rather than show. Of classified columns only
those of the key, and those that break the check, are kept at all, as ``•••`` and the length of texts; nulls stay nulls,
since what is missing is often what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hanse.spec.contract import Column, Table

PUBLIC = frozenset({"public", "open", "unclassified"})
MASK = "•••"


def hidden_columns(table: Table) -> frozenset[str]:
    """Return the names of the columns whose values must not be shown."""
    return frozenset(column.name for column in table.columns if is_classified(column))


def is_classified(column: Column) -> bool:
    """Tell whether a column, or anything inside it, has a classification that is not public."""
    stated = (column.classification or "public").strip().casefold()
    return stated not in PUBLIC or any(map(is_classified, column.children))


def masked(value: Any) -> Any:
    """Return what is shown in the place of a value: of a text also its length, of a null that it is one."""
    if value is None:
        return None
    return f"{MASK} ({len(value):,} characters)" if isinstance(value, str) else MASK


def curtained_line(line: str, table: Table) -> dict[str, Any]:
    """Return a line of a file that is no row as it is kept: nobody knows which of its values are classified."""
    return {"line": masked(line) if hidden_columns(table) else line}


def curtained(row: Mapping[str, Any], table: Table, wrong: Sequence[str], hidden: Collection[str]) -> dict[str, Any]:
    """Return a row as it is kept: its key, what is wrong with it, then whatever is not classified.

    Args:
        row: column → value, in the table's order.
        table: the contract's table.
        wrong: columns that break the check.
        hidden: classified columns.
    """
    first = [name for name in dict.fromkeys((*table.primary_key, *wrong)) if name in row]
    found = {name: masked(row[name]) if name in hidden else row[name] for name in first}
    return found | {name: value for name, value in row.items() if name not in found and name not in hidden}
