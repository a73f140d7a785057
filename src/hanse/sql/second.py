"""The second reading: what the engine's own parser finds in the generated text."""

from __future__ import annotations

from hanse.base import Denied
from hanse.interfaces import References
from hanse.sql import codes
from hanse.sql.functions import FUNCTIONS, OPERATORS, TABLE_FUNCTIONS
from hanse.sql.records import Bound

_SCALAR = FUNCTIONS | OPERATORS


def second_reading(bound: Bound, references: References) -> None:
    """Refuse a statement in which another parser finds anything that the first reading did not put there.

    Args:
        bound: what was generated.
        references: what :meth:`hanse.interfaces.Session.references` says of ``bound.sql``.

    Raises:
        Denied: HNS-D009.
    """
    if references.statement.lower() != "select":
        raise _denied(f"it is a {references.statement} statement")
    relations = {name.lower() for name in bound.relations}
    ctes = {name.lower() for name in bound.ctes}
    for parts in references.relations:
        if len(parts) != 1 or parts[0].lower() not in relations | ctes:
            raise _denied(f"it reads `{'.'.join(parts)}`")
    for name in references.ctes:
        if name.lower() not in ctes:
            raise _denied(f"it defines `{name}`")
    for name in references.table_functions:
        if name.lower() not in TABLE_FUNCTIONS:
            raise _denied(f"it reads from the function `{name}`")
    for name in references.functions:
        if name.lower() not in _SCALAR:
            raise _denied(f"it calls `{name}`")


def _denied(what: str) -> Denied:
    return Denied(
        codes.SECOND_READING,
        f"the engine reads the statement otherwise than it was checked: {what}",
        fix="write the statement in a plainer way, and report this one",
    )
