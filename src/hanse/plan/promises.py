"""What becomes of output ports: changes of their contracts, what they break for whom, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hanse.base import HanseError, Location, Problem, ProductName, Severity
from hanse.plan.codes import BREAKING_CHANGE, PORT_REMOVED, UNREADABLE_APPLIED_CONTRACT, VERSION_NOT_RAISED
from hanse.plan.steps import Action, PortChange
from hanse.registry.records import AppliedContract, AppliedPort, AppliedProduct, Release
from hanse.spec.change import Change, ChangeKind, given_bump, next_version, required_bump, suffices
from hanse.spec.contract import Contract
from hanse.spec.diff import UNPROMISED, diff_contracts
from hanse.spec.product import OutputPort, Product

# Who reads a port: (port, major) → products.
Consumers = Callable[[str, int], tuple[ProductName, ...]]
# Reads the text of a contract that was applied.
Parse = Callable[[AppliedContract], Contract]


@dataclass(frozen=True, slots=True)
class Promises:
    """What becomes of a product's output ports."""

    ports: tuple[PortChange, ...]
    refusals: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a product's promises when they are compared.

    Attributes:
        applied: the product as last applied, or None.
        release: its visible release, or None before the first.
        consumers: who reads its ports.
        parse: reads an applied contract's text.
    """

    applied: AppliedProduct | None
    release: Release | None
    consumers: Consumers
    parse: Parse

    def released(self, port: str, major: int) -> bool:
        """Say whether readers can see data of a port's major."""
        tables = self.release.tables if self.release else ()
        return any(t.port == port and t.table.major == major for t in tables)

    def outputs(self) -> Mapping[tuple[str, int], AppliedPort]:
        """Return the applied output ports by name and major."""
        ports = self.applied.ports if self.applied else ()
        return {(p.name, p.major): p for p in ports if p.direction == "output"}


def compare_promises(product: Product, situation: Situation) -> Promises:
    """Compare the output ports that a product has with those that it shall have.

    A breaking change is refused when the contract was and stays a promise (status neither ``proposed`` nor ``draft``)
    and readers can see data released under it. Otherwise it is shown and done.
    """
    applied = situation.outputs()
    wanted = {(p.name, p.major): p for p in product.outputs}
    found: list[PortChange] = []
    refusals: list[Problem] = []
    warnings: list[Problem] = []
    for key, port in wanted.items():
        before = applied.get(key)
        if before is None:
            found.append(PortChange(port.name, "output", port.major, Action.CREATE, detail=_detail(port)))
            continue
        change, refused, warned = _compare(product, port, before, situation)
        found.append(change)
        refusals += refused
        warnings += warned
    for key, before in applied.items():
        if key not in wanted:
            change, refused = _removed(product, before, situation)
            found.append(change)
            refusals += refused
    return Promises(tuple(found), tuple(refusals), tuple(warnings))


def _compare(
    product: Product, port: OutputPort, before: AppliedPort, situation: Situation
) -> tuple[PortChange, list[Problem], list[Problem]]:
    old, new = before.contract, port.contract
    if old is None or new is None or old.text == new.text:
        if (old is None) != (new is None):
            return _contract_appeared_or_went(product, port, before, situation)
        same = before.description == port.description and before.kind == port.kind
        action = Action.UNCHANGED if same else Action.METADATA
        return PortChange(port.name, "output", port.major, action, detail=_detail(port)), [], []
    try:
        changes = diff_contracts(situation.parse(old), new)
    except HanseError as error:
        changes = (_unreadable(old, new, error),)
    consumers = situation.consumers(port.name, port.major) if any(c.breaking for c in changes) else ()
    promised = old.status not in UNPROMISED and new.status not in UNPROMISED
    stopped = [c for c in changes if _stops(c, old.status)] if promised else []
    if not situation.released(port.name, port.major):
        stopped = []
    refusals = [_refusal(product, port, change, consumers) for change in stopped]
    warnings = [] if refusals or not promised else _version_warning(product, port, old, new, changes)
    action = Action.BREAKING if any(c.breaking for c in changes) else Action.METADATA
    change = PortChange(
        port.name, "output", port.major, action, changes, bool(refusals), _moved(old.version, port), consumers
    )
    return change, refusals, warnings


def _stops(change: Change, old_status: str) -> bool:
    # A deprecated contract has told its readers to move on, so it may be retired.
    return change.breaking and not (change.clause == "status" and old_status == "deprecated")


def _contract_appeared_or_went(
    product: Product, port: OutputPort, before: AppliedPort, situation: Situation
) -> tuple[PortChange, list[Problem], list[Problem]]:
    if before.contract is None:
        return PortChange(port.name, "output", port.major, Action.ALTER, detail=_detail(port)), [], []
    change, refusals = _removed(product, before, situation)
    return change, refusals, []


def _removed(product: Product, before: AppliedPort, situation: Situation) -> tuple[PortChange, list[Problem]]:
    status = before.contract.status if before.contract else "draft"
    released = situation.released(before.name, before.major)
    consumers = situation.consumers(before.name, before.major)
    refused = released and status not in UNPROMISED and status != "retired"
    change = PortChange(
        before.name,
        "output",
        before.major,
        Action.KEEP,
        refused=refused,
        detail=before.contract.version if before.contract else "",
        consumers=consumers,
    )
    if not refused or before.contract is None:
        return change, []
    fix = (
        f"put `{before.contract.path}` back with version {before.contract.version}"
        + (
            f"; describe version {_newest(product, before.name)} in a file of its own beside it"
            if _newest(product, before.name)
            else ""
        )
        + ", or set its `status` to deprecated, then to retired, and remove it after that"
    )
    why = f"its contract is {status} and data has been released under it" + _read_by(consumers)
    what = f"{product.name}: output port `{before.name}` no longer offers major {before.major}"
    return change, [Problem(PORT_REMOVED, what, Location(product.path), why, fix, Severity.ERROR, str(product.name))]


def _newest(product: Product, port: str) -> str | None:
    versions = [p for p in product.outputs if p.name == port and p.contract]
    newest = max(versions, key=lambda p: p.major, default=None)
    return newest.contract.version if newest and newest.contract else None


def _refusal(product: Product, port: OutputPort, change: Change, consumers: Sequence[ProductName]) -> Problem:
    assert port.contract is not None
    subject = f"{product.name}.{change.table}" if change.table else str(product.name)
    following = max(p.major for p in product.outputs if p.name == port.name) + 1
    if change.clause == "status":
        fix = "set the contract's `status` to deprecated first, so that its readers can move on"
    else:
        fix = (
            f"leave this contract as it was and describe version {following}.0.0 in "
            f"`contracts/{port.name}.v{following}.odcs.yaml` beside it; {_second_port(port, change, following)}; "
            "or set its `status` to draft if nobody relies on it yet"
        )
        if change.clause == "name" and change.before and change.column:
            fix = f"add `{change.column}` beside `{change.before}` and mark the old one deprecated; or {fix}"
    what = f"{subject}: {change.what}"
    why = f"{change.why}{_read_by(consumers)}"
    place = change.where or Location(port.contract.path)
    code = UNREADABLE_APPLIED_CONTRACT if change.clause == "contract" else BREAKING_CHANGE
    return Problem(code, what, place, why, fix, Severity.ERROR, subject)


def _second_port(port: OutputPort, change: Change, major: int) -> str:
    """Return what a new major needs beside its contract."""
    table = change.table or "<table>"
    return (
        f"name the output port `{port.name}` once more in `product.yaml`, with version {major}.0.0, and build it in "
        f"`transforms/{table}_v{major}.sql`"
    )


def _version_warning(
    product: Product, port: OutputPort, old: AppliedContract, new: Contract, changes: Sequence[Change]
) -> list[Problem]:
    needed = required_bump(changes)
    if needed == "major":
        # It was allowed, so nobody has read data under this promise: readers start with the new one.
        needed = "minor"
    if needed is None or suffices(given_bump(old.version, new.version), needed):
        return []
    shown = "still" if new.version == old.version else f"{old.version} before and now"
    what = f"{product.name}: contract of port `{port.name}` changed and its version is {shown} {new.version}"
    why = f"its {_gravest(changes).value} changes call for a new {needed} version"
    fix = f"set `version: {next_version(old.version, needed)}`"
    return [
        Problem(VERSION_NOT_RAISED, what, Location(new.path), why, fix, Severity.WARNING, str(product.name)),
    ]


def _gravest(changes: Sequence[Change]) -> ChangeKind:
    order = list(ChangeKind)
    return min((c.kind for c in changes if c.clause != "version"), key=order.index)


def _unreadable(old: AppliedContract, new: Contract, error: HanseError) -> Change:
    what = f"the contract as applied (version {old.version}) cannot be read any more, so nobody can compare it"
    return Change(ChangeKind.BREAKING, "contract", what, error.problem.what, where=Location(new.path))


def _read_by(consumers: Sequence[ProductName]) -> str:
    if not consumers:
        return ""
    shown = ", ".join(str(c) for c in consumers[:5])
    rest = len(consumers) - 5
    return f"; read by {shown}" + (f" and {rest} more products" if rest > 0 else "")


def _detail(port: OutputPort) -> str:
    return port.contract.version if port.contract else "no contract: it serves nothing"


def _moved(before: str, port: OutputPort) -> str:
    after = _detail(port)
    return after if after == before else f"{before} → {after}"
