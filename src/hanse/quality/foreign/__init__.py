"""Rules written for other tools, as far as our own measures mean exactly the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hanse.base.suggest import did_you_mean
from hanse.quality.codes import FOREIGN_RULE
from hanse.quality.foreign.meant import Meant, NoEquivalent, Place
from hanse.quality.records import Broken, Target
from hanse.spec.contract import Column, Rule, Table

TOOLS = ("soda", "greatExpectations")


def meant(rule: Rule, table: Table, column: Column | None, target: Target | None) -> Sequence[Meant]:
    """Return what a ``custom`` rule means; every check in it that has no equivalent is :class:`Broken`.

    Args:
        rule: the rule, its implementation already read from YAML.
        table: where it stands.
        column: the property that it stands on, if it does.
        target: the same as a target.
    """
    read = _reader(rule.engine or "")
    if read is None:
        what = f"a rule written for {rule.engine or 'an unnamed tool'}, which Hanse does not know"
        fix = did_you_mean(rule.engine or "", TOOLS) or "state it as a library metric or as `type: sql`"
        return (Meant("", Broken(FOREIGN_RULE, what, fix)),)
    try:
        return read(rule.implementation, Place(table, column, target))
    except NoEquivalent as problem:
        return (problem.meant(),)


def _reader(engine: str) -> Callable[[object, Place], Sequence[Meant]] | None:
    name = "".join(letter for letter in engine.casefold() if letter.isalnum())
    if name in ("soda", "sodacore", "sodacl"):
        from hanse.quality.foreign.soda import read_soda

        return read_soda
    if name in ("greatexpectations", "gx", "gxcore"):
        from hanse.quality.foreign.great_expectations import read_expectations

        return read_expectations
    return None


__all__ = ["TOOLS", "Meant", "meant"]
