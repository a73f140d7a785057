"""What planning needs to know of a table: its columns, what the footers of its files say, samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hanse.quality.plan import BIG, FEW, Evidence, undecided
from hanse.quality.records import (
    Check,
)

if TYPE_CHECKING:
    from hanse.interfaces import Session, StoredColumn


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of data that Hanse did not write: it has types of its own, which may satisfy the contract's.

    Attributes:
        rows: rows of the table, None: not known. More than the relation's if some rows are left aside.
        names: name of a column in the files → its name in the relation, where they differ.
        typed: the types are those of the files; otherwise texts were read as the contract's.
        columns: name → engine type of the relation's columns, in order; None: they have to be asked for.
    """

    rows: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    typed: bool = True
    columns: Mapping[str, str] | None = None


def look(
    session: Session,
    relation: str,
    files: Sequence[str],
    checks: Sequence[Check],
    columns: Sequence[StoredColumn] | None = None,
    shape: Shape | None = None,
) -> Evidence:
    """Find out what planning needs: the relation's columns, what footers say, and samples where they help.

    Raises:
        EngineError: the relation cannot be read.
    """
    from hanse.quality import compile as statements

    shape = shape or Shape()
    described = dict(shape.columns or session.describe(statements.shape(relation)))
    statistics = session.statistics(files, columns) if files else {}
    statistics = {shape.names.get(name, name): facts for name, facts in statistics.items()}
    rows = next((facts.rows for facts in statistics.values()), shape.rows)
    evidence = Evidence(described, statistics, rows)
    if rows is None or rows < BIG:
        return evidence
    return _sampled(session, relation, checks, evidence)


def _sampled(session: Session, relation: str, checks: Sequence[Check], evidence: Evidence) -> Evidence:
    from hanse.quality.compile import cardinality, rising

    columns, keys = undecided(checks, evidence)
    few: set[str] = set()
    sorted_keys = set()
    if columns:
        counts = numbers(session, cardinality(columns, relation))
        few = {name for name, count in zip(columns, counts, strict=True) if count <= FEW}
    for key in keys:
        total, risen = numbers(session, rising(key, relation, sample=True))
        if risen >= total - 1:
            sorted_keys.add(key)
    return replace(evidence, few=frozenset(few), rising=frozenset(sorted_keys))


def numbers(session: Session, sql: str) -> list[int]:
    """Return the numbers of a statement of one row."""
    return [int(number) for number in session.rows(sql)[0]]
