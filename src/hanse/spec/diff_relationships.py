"""What became of relationships: foreign keys that readers join by."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from hanse.base import Location
from hanse.spec.change import Change, ChangeKind
from hanse.spec.contract import Relationship


def diff_relationships(
    old: Sequence[Relationship], new: Sequence[Relationship], *, table: str, column: str | None, gone: Location | None
) -> Iterator[Change]:
    """Yield the foreign keys that are gone and those that are new.

    Args:
        old: relationships of one table or column, as they were.
        new: the same, as they shall be.
        table: the table.
        column: the column they are about, None for the table as a whole.
        gone: place that a removed one is reported at.
    """
    before, after = {relationship_key(r): r for r in old}, {relationship_key(r): r for r in new}
    for key, one in before.items():
        if key not in after:
            what, why = f"relationship to `{one.stated}` removed", "joins may lose rows: not every key has its row now"
            yield Change(ChangeKind.BREAKING, "relationship", what, why, table, column, gone)
    for key, one in after.items():
        if key not in before:
            what, why = f"relationship to `{one.stated}` added", "readers may rely on one thing more, and lose nothing"
            yield Change(ChangeKind.ADDITIVE, "relationship", what, why, table, column, one.where or gone)


def relationship_key(relationship: Relationship) -> Hashable:
    """Return a value that is equal for equal foreign keys, wherever they are written."""
    r = relationship
    return r.columns, r.table, r.to, r.contract, r.from_table, r.fault
