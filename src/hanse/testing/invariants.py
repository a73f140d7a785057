"""What holds of a mesh at every moment, whatever was killed, refused by the disk or told the wrong time.

`violations` looks at a mesh as it is and returns what is broken of this, as sentences; nothing is an empty tuple:

- the event log's chain is whole, and `hanse doctor` finds no problem;
- every release that is not expired can be read by the road that consumers take, and every file of it is there;
- its rows, those of all its tables together, are exactly what one completed run gave out;
- the tables of the visible release keep their contract when it is verified anew;
- a product's releases are numbered without a gap, one is visible, and a run that succeeded has one release.

`leftovers` returns what stands in the mesh's folders and belongs to nothing: after a fault, once runs have gone on and
maintenance has come by, there is none.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hanse import quality
from hanse.base import HanseError, ProductName, TableName, new_id
from hanse.base.canonical import digest
from hanse.registry import Registry, Release, RunStatus

if TYPE_CHECKING:
    from hanse.interfaces import Engine, TableStore
    from hanse.query import Result
    from hanse.spec import MeshConfig, Workspace

Content = Mapping[str, str]
"""Tables by their address, each with a digest of its rows."""
_DISTANT = datetime(9999, 1, 1, tzinfo=UTC)


class OpenMesh(Protocol):
    """What is asked of a mesh here; :class:`hanse.app.Mesh` is one."""

    config: MeshConfig

    @property
    def registry(self) -> Registry:
        """What the mesh knows."""
        ...

    @property
    def store(self) -> TableStore:
        """Where tables are."""
        ...

    @property
    def engine(self) -> Engine:
        """What runs SQL."""
        ...

    def load(self) -> Workspace:
        """Return what the files say."""
        ...

    def query(self, sql: str, *, at: Any = None) -> Result:
        """Run a SELECT."""
        ...

    def verify_events(self) -> dict[str, Any]:
        """Walk the event log."""
        ...

    def doctor(self) -> dict[str, Any]:
        """Look at everything."""
        ...


def content(mesh: OpenMesh, release: Release, *, vague: Collection[str] = ()) -> Content:
    """Read a release's tables by the road, and return what they hold.

    Args:
        mesh: the mesh.
        release: any that has not expired.
        vague: columns that hold the time of a run: only whether they are null counts.

    Raises:
        HanseError: it cannot be read.
    """
    found = {}
    for table in release.tables:
        name = f"{table.table.owner}.{table.table.local}"
        with mesh.query(f"SELECT * FROM {name}", at=release.id) as result:  # noqa: S608 - a name of the registry
            rows = result.to_arrow().to_pylist()
        found[name] = digest(sorted(repr(sorted(_plain(row, vague).items())) for row in rows))
    return found


def _plain(row: Mapping[str, Any], vague: Collection[str]) -> Mapping[str, Any]:
    return {name: value is None if name in vague else value for name, value in row.items()}


def contents(mesh: OpenMesh, *, vague: Collection[str] = ()) -> Mapping[str, Content]:
    """Return what every release that can be read holds, by the release's id."""
    releases = [r for r in mesh.registry.reader().releases() if r.expired_at is None]
    return {release.id: content(mesh, release, vague=vague) for release in releases}


def visible_content(mesh: OpenMesh, *, vague: Collection[str] = ()) -> Mapping[str, Content]:
    """Return what the visible releases hold, by product."""
    visible = mesh.registry.reader().visible()
    return {str(name): content(mesh, release, vague=vague) for name, release in visible.items()}


def violations(
    mesh: OpenMesh,
    outputs: Mapping[str, Collection[Content]] | None = None,
    *,
    known: Mapping[str, Content] | None = None,
    vague: Collection[str] = (),
    contracts: bool = True,
) -> tuple[str, ...]:
    """Return what does not hold of a mesh.

    Args:
        mesh: the mesh; nobody writes to it meanwhile.
        outputs: by product, what each of its completed runs gave out; None: nobody knows, and rows are only read.
        known: what earlier releases hold, by id; they hold it for ever.
        vague: see :func:`content`.
        contracts: verify the visible releases' contracts anew.
    """
    found: list[str] = []
    for look in (_events, _doctor, _numbers, _runs):
        found += _guarded(look.__name__.strip("_"), lambda look=look: look(mesh))
    for release in mesh.registry.reader().releases():
        if release.expired_at is None:
            shown = f"release {release.sequence} of {release.product}"
            found += _guarded(shown, lambda r=release: _files(mesh, r))
            found += _guarded(shown, lambda r=release: _rows(mesh, r, outputs, known or {}, vague))
    for release in mesh.registry.reader().visible().values() if contracts else ():
        shown = f"contract of release {release.sequence} of {release.product}"
        found += _guarded(shown, lambda r=release: _contract(mesh, r))
    return tuple(found)


def _guarded(what: str, look: Any) -> list[str]:
    try:
        return [f"{what}: {fault}" for fault in look()]
    except HanseError as error:
        return [f"{what}: cannot be looked at: {error.problem}"]


def _events(mesh: OpenMesh) -> Iterator[str]:
    verdict = mesh.verify_events()
    if not verdict["ok"]:
        yield str(verdict["broken"])


def _doctor(mesh: OpenMesh) -> Iterator[str]:
    for finding in mesh.doctor()["findings"]:
        if finding["status"] == "problem":
            yield f"{finding['name']}: {finding['detail']}"


def _numbers(mesh: OpenMesh) -> Iterator[str]:
    by_product: dict[ProductName, list[int]] = {}
    for release in mesh.registry.reader().releases():
        by_product.setdefault(release.product, []).append(release.sequence)
    visible = mesh.registry.reader().visible()
    for product, numbers in by_product.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"{product} has the releases {sorted(numbers)}"
        if product not in visible:
            yield f"no release of {product} is visible"
        elif visible[product].sequence != max(numbers):
            yield f"release {visible[product].sequence} of {product} is visible, the newest is {max(numbers)}"


def _runs(mesh: OpenMesh) -> Iterator[str]:
    reader = mesh.registry.reader()
    made = [r for r in reader.releases() if r.run_id is not None]
    by_run = {r.run_id: r for r in made}
    if len(by_run) < len(made):
        yield "a run has two releases"
    for run in reader.runs():
        release = by_run.get(run.id)
        if (run.status is RunStatus.SUCCEEDED) != (release is not None):
            yield f"run {run.id} is {run.status}, and its release is {release and release.sequence}"


def _files(mesh: OpenMesh, release: Release) -> Iterator[str]:
    for table in release.tables:
        for problem in mesh.store.verify(table.table, table.snapshot_id):
            yield f"{table.table}: {problem.what}"


def _rows(
    mesh: OpenMesh,
    release: Release,
    outputs: Mapping[str, Collection[Content]] | None,
    known: Mapping[str, Content],
    vague: Collection[str],
) -> Iterator[str]:
    found = content(mesh, release, vague=vague)
    if release.id in known and found != known[release.id]:
        yield "holds other rows than before"
    if outputs is not None and found not in outputs.get(str(release.product), ()):
        yield f"is no completed run's output: {found}"


def _contract(mesh: OpenMesh, release: Release) -> Iterator[str]:
    """Verify the contract anew, if the files still say what was promised of this release."""
    entry = mesh.load().entries.get(release.product)
    if entry is None:
        return
    promised = {t.table: t for t in release.tables}
    for port, table in mesh.load().product(release.product).tables:
        assert port.contract is not None
        name = TableName(release.product.domain, release.product.product, table.name, port.major)
        released = promised.get(name)
        if released is None or released.contract_version != port.contract.version:
            continue
        scan = mesh.store.scan(name, released.snapshot_id)
        folders = sorted({os.path.dirname(file) for file in scan.files})
        with mesh.engine.open(readable=folders) as session:
            session.bind("released", scan)
            verdict = quality.verify(
                session,
                table,
                port.contract,
                "released",
                scan.files,
                run_id=new_id(),
                table_name=name,
                relations={},
            )
        for result in verdict.results:
            if result.is_bad:
                yield f"{name}: `{result.clause}`: {result.status}: {result.error or result.message}"


def leftovers(mesh: OpenMesh) -> tuple[str, ...]:
    """Return the files of the mesh that nothing needs and nothing has removed, sorted."""
    found: list[str] = []
    for table in mesh.store.tables():
        found += mesh.store.garbage(table, older_than=_DISTANT)
    state = Path(mesh.config.state)
    found += map(str, (state / "runs").glob("*"))
    found += map(str, (state / "spill").glob("*"))
    found += map(str, state.rglob("*.part"))
    found += map(str, state.rglob("*.partial"))
    found += map(str, Path(mesh.config.root, mesh.config.warehouse, ".dropped").glob("*"))
    return tuple(sorted(set(found)))
