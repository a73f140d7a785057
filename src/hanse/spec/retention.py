"""How long releases are kept: written in ``mesh.yaml``, ``domain.yaml`` and ``pipeline.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hanse.base import Location, Problem, ProductName
from hanse.spec import codes

NUMBERS = ("releases", "days")


@dataclass(frozen=True, slots=True)
class Retention:
    """Which releases of a product are kept; what neither number keeps may expire.

    The visible release is always kept.

    Attributes:
        releases: so many of the newest; None: none is kept for its rank.
        days: those that were visible within so many days; None: none is kept for its age.
        where: where it is written.
    """

    releases: int | None = None
    days: int | None = None
    where: Location | None = None

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is said, so that nothing ever expires."""
        return self.releases is None and self.days is None


def retention_of(document: Mapping[str, Any] | None, where: Location | None = None) -> Retention | None:
    """Return the retention that a mapping ``{releases, days}`` says; None for no mapping."""
    if document is None:
        return None
    numbers = {n: None if document.get(n) is None else int(document[n]) for n in NUMBERS}
    return Retention(numbers["releases"], numbers["days"], where)


def combined(*scopes: Retention | None, limit: Retention | None) -> Retention:
    """Return what holds for a product.

    Args:
        scopes: what the mesh, the domain and the product say; of each number the innermost holds.
        limit: the most that any may ask for: it also holds where nobody asks.
    """

    def number(name: str) -> int | None:
        said = [getattr(s, name) for s in (limit, *scopes) if s is not None and getattr(s, name) is not None]
        return said[-1] if said else None

    return Retention(number("releases"), number("days"))


def check_retention(
    limit: Retention | None, scopes: Mapping[str, tuple[ProductName | None, Retention | None]]
) -> list[Problem]:
    """Return a problem for every number above the mesh's limit.

    Args:
        limit: the most that any may ask for.
        scopes: file → the product that it belongs to, and what it asks for.
    """
    problems = []
    for file, (product, asked) in scopes.items():
        for number in NUMBERS:
            most, wanted = (getattr(r, number) if r else None for r in (limit, asked))
            if most is not None and wanted is not None and wanted > most:
                problems.append(
                    Problem(
                        codes.RETENTION_TOO_LONG,
                        f"`retention` asks for {wanted:,} {number}, the mesh allows {most:,}",
                        (asked.where if asked else None) or Location(file),
                        why="`retention.limit` in `mesh.yaml` holds for every domain and product",
                        fix=f"write `{number}: {most}` or less",
                        subject=str(product) if product else None,
                    )
                )
    return problems
