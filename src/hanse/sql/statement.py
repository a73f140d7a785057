"""What is known of a statement after the first reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hanse.base import Location
from hanse.base.versions import Version
from hanse.sql.records import Bound, RelationRef, Value

if TYPE_CHECKING:
    from sqlglot import exp

    from hanse.sql.lex import Text


@dataclass(frozen=True)
class Statement:
    """One checked query. The tree belongs to this room; others use what is offered here.

    Attributes:
        text: the statement as written.
    """

    text: Text
    _tree: exp.Expr = field(repr=False, compare=False)

    @cached_property
    def relations(self) -> tuple[RelationRef, ...]:
        """Base relations in the order written, one entry per mention; names of CTEs are not among them."""
        from hanse.sql.scope import relations

        return relations(self._tree, self.text)

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The different names among :attr:`relations`, at any time, in lower case, in the order first written."""
        return tuple(dict.fromkeys(ref.key for ref in self.relations))

    @cached_property
    def is_volatile(self) -> bool:
        """Whether the same data may give another result at another time (``now()``, ``random()``, SAMPLE …)."""
        from hanse.sql.scope import is_volatile

        return is_volatile(self._tree)

    @cached_property
    def inflated(self) -> str | None:
        """The function in it that makes texts or lists of great or unknown length, if any: no limit holds for it."""
        from hanse.sql.growth import inflated

        return inflated(self._tree)

    @cached_property
    def parameters(self) -> Mapping[str, Location]:
        """The parameters in it, in lower case, each with the place where it first stands."""
        from hanse.sql.parameters import places

        return places(self._tree, self.text)

    @cached_property
    def essence(self) -> str:
        """The text without comments and needless white space: statements of one essence mean the same."""
        from hanse.sql.lex import essence

        return essence(self.text, self.parameters)

    def where(self, ref: RelationRef) -> Location:
        """Return the place of a relation, for messages."""
        return Location(self.text.path or "query", ref.line, ref.column)

    def find_name(self, name: str) -> Location | None:
        """Return where a name (of a column, for example) first stands in the statement, or None if it does not."""
        from hanse.sql.scope import offset_of

        offset = offset_of(self._tree, name)
        return None if offset is None else self.text.where(offset)

    def bind(
        self,
        names: Mapping[tuple[str, ...], str],
        versions: Mapping[tuple[tuple[str, ...], Version | None], str] | None = None,
        values: Mapping[str, Value] | None = None,
    ) -> Bound:
        """Rewrite every base relation into an internal one-part name.

        A relation keeps the alias that the author gave it, or its own name as alias, so that ``flights.carrier`` and
        ``domain.product.flights.carrier`` still mean the same. Every CTE gets a generated name, so a name that the
        author chose can never stand for a relation.

        Args:
            names: parts of a relation, in any case → internal name. Names starting ``__cte_`` are kept for CTEs.
            versions: the same for relations read as of another time: (parts in lower case, version) → internal name.
            values: what the parameters stand for.

        Raises:
            QueryError: HNS-Q003 when a relation is missing in ``names`` or ``versions``.
            ValueError: a parameter is missing in ``values``.
            Denied: HNS-D008 when the statement is too large to be written out.
        """
        from hanse.sql.bind import bind

        return bind(self, names, versions or {}, values or {})
