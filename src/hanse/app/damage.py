"""Looking at every file that a release needs, and what to do about those that are lost or damaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError, Problem, ProductName, TableName
from hanse.interfaces import Mending
from hanse.interfaces.codes import DAMAGED_FILE, LOST_FILE
from hanse.registry import Release

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh

Document = dict[str, Any]


@dataclass
class Damage:
    """What is wrong with the tables of a mesh.

    Attributes:
        mendings: what the table store says of its catalog and metadata.
        releases: visible and retained releases per product, the visible one first.
        broken: problems per release's id and table; those of tables whose metadata is damaged are not looked for.
        tables: how many tables of visible releases were looked at.
    """

    mendings: Sequence[Mending] = ()
    releases: Mapping[ProductName, Sequence[Release]] = field(default_factory=dict)
    broken: dict[str, dict[TableName, Sequence[Problem]]] = field(default_factory=dict)
    tables: int = 0

    def of_visible(self, product: ProductName) -> Mapping[TableName, Sequence[Problem]]:
        """Return what is wrong with the data of what readers see of a product."""
        return self.broken.get(self.releases[product][0].id, {})

    def is_whole(self, release: Release) -> bool:
        """Say whether all of a release can be read."""
        return not self.broken.get(release.id)

    def whole_before(self, product: ProductName) -> Release | None:
        """Return the newest release that can be rolled back to, other than the visible one."""
        unreadable = {m.table for m in self.mendings}
        visible, *others = self.releases[product]
        for release in sorted(others, key=lambda r: -r.sequence):
            named = {t.table for t in release.tables}
            if release.id != visible.id and self.is_whole(release) and named.isdisjoint(unreadable):
                return release
        return None

    def growing(self, product: ProductName) -> frozenset[TableName]:
        """Return the tables that hold earlier deliveries, which no run can make anew."""
        return frozenset(t.table for t in self.releases[product][0].tables if t.delivery is not None)


def look_for_damage(mesh: Mesh, *, deep: bool) -> Damage:
    """Look at everything that visible and retained releases need of the table store.

    Args:
        mesh: the mesh.
        deep: read every byte of the data.

    Raises:
        HanseError: the registry or the store cannot be looked at.
    """
    from hanse.pipelines import needed_snapshots

    reader = mesh.registry.reader()
    visible = {r.id for r in reader.visible().values()}
    releases: dict[ProductName, list[Release]] = {}
    for release in sorted(reader.releases(), key=lambda r: (r.id not in visible, -r.sequence)):
        if release.expired_at is None:
            releases.setdefault(release.product, []).append(release)
    damage = Damage(mesh.store.mend(needed_snapshots(reader), dry_run=True), releases)
    unreadable = {m.table for m in damage.mendings}
    if None in unreadable:
        return damage  # without a catalog no table can be looked at
    seen: dict[str, Problem | None] = {}
    known: dict[tuple[TableName, int], Sequence[Problem]] = {}
    for release in (r for found in releases.values() for r in found):
        for table in release.tables:
            damage.tables += release.id in visible
            key = (table.table, table.snapshot_id)
            if table.table not in unreadable and key not in known:
                known[key] = _verify(mesh, *key, deep, seen)
            if known.get(key):
                damage.broken.setdefault(release.id, {})[table.table] = known[key]
    return damage


def _verify(
    mesh: Mesh, table: TableName, snapshot_id: int, deep: bool, seen: dict[str, Problem | None]
) -> Sequence[Problem]:
    try:
        return mesh.store.verify(table, snapshot_id, deep=deep, seen=seen)
    except HanseError as error:
        return error.problems


def findings(damage: Damage) -> Iterator[Document]:
    """Yield one finding for each table that is damaged, and what that means for whom."""
    for mending in damage.mendings:
        yield _of_metadata(damage, mending)
    for product, releases in damage.releases.items():
        visible = damage.of_visible(product)
        for table, problems in visible.items():
            yield from _of_visible(damage, product, table, problems)
        told = {p.what for problems in visible.values() for p in problems}
        older = [r for r in releases[1:] if any(p.what not in told for p in _problems(damage, r))]
        if older:
            yield _of_older(product, older, [p for p in _problems(damage, older[0]) if p.what not in told])


def _problems(damage: Damage, release: Release) -> list[Problem]:
    return [p for problems in damage.broken.get(release.id, {}).values() for p in problems]


def _of_metadata(damage: Damage, mending: Mending) -> Document:
    problem, table = mending.problem, mending.table
    detail = f"{problem.what}: {problem.why}" if problem.why else problem.what
    fix = "`hanse doctor --repair`"
    if mending.does is None and table is not None:
        fix = _way_out(damage, table.owner, [table])
        fix = f"{problem.fix}; or {fix}" if problem.fix and not problem.fix.startswith("restore") else fix
    return {
        "status": "problem",
        "detail": detail,
        "means": f"queries of {table or 'every table'} fail",
        "fix": fix,
        "code": problem.code.id,
        "subject": str(table) if table else None,
    }


def _of_visible(
    damage: Damage, product: ProductName, table: TableName, problems: Sequence[Problem]
) -> Iterator[Document]:
    for problem in problems:
        detail = f"{table}: {problem.what}"
        yield {
            "status": "problem",
            "detail": f"{detail}: {problem.why}" if problem.why else detail,
            "means": f"queries of {table} fail{' or give wrong rows' if problem.code == DAMAGED_FILE else ''}",
            "fix": _way_out(damage, product, [table]),
            "code": problem.code.id,
            "subject": str(table),
        }


def _of_older(product: ProductName, older: Sequence[Release], problems: Sequence[Problem]) -> Document:
    numbers = ", ".join(str(r.sequence) for r in sorted(older, key=lambda r: r.sequence))
    which = f"release{'s' * (len(older) > 1)} {numbers} of {product}"
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return {
        # No problem of those who read what is visible; and nothing but a backup helps, so it would stay one for ever.
        "status": "warning",
        "detail": f"{which}: {problems[0].what}{more}",
        "means": f"readers who name {which}, or its time, fail; what is visible now is whole",
        "fix": "restore the files from a backup: no run makes an old release anew",
        "code": problems[0].code.id,
        "subject": str(product),
    }


def _way_out(damage: Damage, product: ProductName, tables: Sequence[TableName]) -> str:
    """Say what helps: a run if it can make all rows anew, or a backup, or an older release."""
    good = damage.whole_before(product)
    back = f"`hanse rollback {product} --to {good.sequence}`" if good else None
    if damage.growing(product).isdisjoint(tables):
        again = f"`hanse run {product} --force` builds it anew (so does `hanse doctor --repair`)"
        return f"{again}; until then {back} shows release {good.sequence}" if back and good else again
    restore = "restore it from a backup: it grows, and no run makes its earlier deliveries anew"
    return f"{restore}; or {back} goes back to a whole release" if back else restore


def can_be_built(damage: Damage) -> Iterator[tuple[ProductName, Sequence[TableName]]]:
    """Yield products whose damaged tables a forced run makes anew, with these tables."""
    lost = {m.table for m in damage.mendings if m.does is None}
    for product in damage.releases:
        problems = damage.of_visible(product)
        mine = {t for t in lost if t is not None and t.owner == product}
        tables = sorted(mine | problems.keys())
        if tables and damage.growing(product).isdisjoint(tables) and _is_data(problems):
            yield product, tables


def _is_data(problems: Mapping[TableName, Sequence[Problem]]) -> bool:
    """Say whether it is files of the tables that are damaged, not rights or the disk."""
    kinds = {LOST_FILE.id, DAMAGED_FILE.id, "HNS-T007", "HNS-T008"}
    return all(p.code.id in kinds for found in problems.values() for p in found)
