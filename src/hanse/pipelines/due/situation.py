"""What a run finds around it and at its start."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hanse.base import Clock, IngestError, Problems, ProductName, RunError, digest, new_id
from hanse.base.suggest import did_you_mean
from hanse.ingest import HashStore, InputState, RemoteFiles, observe_input
from hanse.ingest.codes import FILE_NOT_OPEN
from hanse.interfaces import Databases, Engine, SourceColumn, TableStore
from hanse.pipelines.codes import NO_SUCH_PRODUCT, NO_UPSTREAM_RELEASE, NO_WINDOW, NOT_APPLIED
from hanse.pipelines.due.keys import run_key
from hanse.pipelines.transforms.windows import Asked
from hanse.plan import pinned_inputs
from hanse.registry import Reader, Registry, Release
from hanse.spec import FileReference, Product, ResolvedInput, Window, Workspace
from hanse.spec.allowed import local_problem

Listener = Callable[[str, str, int, int], None]
"""Called with (phase, name of what is under way, how many are done, how many there are)."""


@dataclass(frozen=True)
class Surroundings:
    """What a run needs of the mesh around it.

    Attributes:
        state: folder for scratch files, absolute.
        hashes: remembers the hashes of unchanged files.
        engine: opened only when there is something to build.
        remote: looks at files elsewhere, and brings copies of them.
        databases: reads tables of databases.
        environ: holds the passwords of connections.
    """

    workspace: Workspace
    registry: Registry
    engine: Engine
    store: TableStore
    clock: Clock
    state: str
    hashes: HashStore
    remote: RemoteFiles
    databases: Databases
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Situation:
    """What a run found at its start, and holds on to until its end.

    Attributes:
        files: what file inputs hold; once databases were read, their tables too.
        now: when it begins: windows over time end at the last boundary before it.
        base: key of everything but the time. With tables of databases, one that is never met again until they were
            read.
        windows: of the product's tables that are built range by range.
        asked: the range that shall be built by itself.
        columns: of the tables of databases that were read, by input.
    """

    name: ProductName
    inputs: tuple[ResolvedInput, ...]
    files: Mapping[str, InputState]
    upstream: Mapping[ProductName, Release]
    visible: Release | None
    now: datetime
    base: str
    windows: tuple[Window, ...] = ()
    asked: Asked | None = None
    columns: Mapping[str, tuple[SourceColumn, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Key of an ordinary run: two with equal keys come to the same."""
        if not any(w.is_timed for w in self.windows):
            return self.base
        return digest([self.base, [w.complete(self.now) for w in self.windows if w.is_timed]])

    @property
    def run_key(self) -> str:
        """Key of this run: that of a range does not depend on the time."""
        return self.key if self.asked is None else digest([self.base, self.asked.as_document()])

    def at(self, now: datetime) -> Situation:
        """Return the same situation at another time."""
        return replace(self, now=now)


def observe_situation(around: Surroundings, reader: Reader, name: ProductName, asked: Asked | None = None) -> Situation:
    """Look at everything that decides a run's result, without changing anything.

    Raises:
        RunError: no such product, not applied, no release upstream, or a file missing. HNS-L082: there is no window
            for the range asked for.
    """
    entry = around.workspace.entries.get(name)
    if entry is None:
        raise RunError(
            NO_SUCH_PRODUCT,
            f"there is no product {name}",
            fix=did_you_mean(str(name), map(str, around.workspace.entries)),
        )
    applied = reader.digests().get(name)
    if applied != entry.digest:
        raise RunError(
            NOT_APPLIED,
            f"the files of {name} are not what was last applied" if applied else f"{name} was never applied",
            fix="look at `hanse plan`, then run `hanse apply`",
            subject=str(name),
        )
    if asked is not None and (refusal := _no_window(name, entry.windows, asked)):
        raise refusal
    folder = os.path.join(around.workspace.mesh.root, os.path.dirname(entry.path))
    # Only an edit moves an input port to another major, so what was applied decides which one is read.
    inputs = pinned_inputs(name, around.workspace, reader.product(name)) if entry.inputs else ()
    needed = {i.product for i in inputs}
    visible = reader.visible([name, *needed])
    for upstream in sorted(needed):
        if upstream not in visible:
            raise RunError(
                NO_UPSTREAM_RELEASE,
                f"{name} reads {upstream}, which has no release yet",
                fix=f"run it first: `hanse run {upstream}`",
                subject=str(name),
            )
    taken = _taken(reader, visible.get(name)) if any(f.only_new for f in entry.files) else {}
    files = {
        f.name: observe_input(
            f,
            folder,
            around.hashes,
            taken.get(f.name, ()),
            Openness(around.workspace, name, f).require,
            around.remote,
        )
        for f in entry.files
    }
    releases = {p: visible[p] for p in needed}
    engine = f"{around.engine.name} {around.engine.version}"
    key = run_key(entry.settings, files, releases, engine)
    now = around.clock.now()
    # What is in a database is known when it was read; and a run that died read what may be gone by now.
    key = f"{key}:{new_id()}" if entry.databases else key
    return Situation(name, inputs, files, releases, visible.get(name), now, key, entry.windows, asked)


def require_windows(workspace: Workspace, names: Iterable[ProductName], asked: Asked) -> None:
    """Refuse a range for several products before any of them runs.

    Raises:
        Problems: HNS-L082: products of which no table has a window for the range asked for.
    """
    refusals = [r for name in names if (r := _no_window(name, workspace.entries[name].windows, asked))]
    if refusals:
        raise Problems([r.problem for r in refusals])


def _no_window(name: ProductName, windows: Sequence[Window], asked: Asked) -> RunError | None:
    if any(w.is_timed is asked.is_timed for w in windows):
        return None
    kind = "times" if asked.is_timed else "keys"
    return RunError(
        NO_WINDOW,
        f"{name} has no table with a window over {kind}, so no range of it can be built by itself",
        fix="run it without a range, or give a table a `window` in `pipeline.yaml`",
        subject=str(name),
    )


def product_seen(around: Surroundings, situation: Situation) -> Product:
    """Return the product as it was when its digest was compared with the one applied.

    Raises:
        RunError: HNS-L010: its files were written meanwhile; what they say now was not applied.
    """
    product = around.workspace.product(situation.name)
    if product.digest != around.workspace.entries[situation.name].digest:
        raise RunError(
            NOT_APPLIED,
            f"the files of {situation.name} were written while the run was beginning",
            fix="look at `hanse plan`, then run `hanse apply`",
            subject=str(situation.name),
        )
    return product


def _taken(reader: Reader, visible: Release | None) -> Mapping[str, frozenset[str]]:
    """Return the hashes of the files behind what is visible, by input name."""
    found: dict[str, frozenset[str]] = {}
    for table in visible.tables if visible else ():
        if table.delivery is not None:
            for name, hashes in reader.taken_files(table.table, table.snapshot_id).items():
                found[name] = found.get(name, frozenset()) | hashes
    return found


class Openness:
    """Refuses files of the mesh's own storage, of another product, or not allowed; links are followed first.

    What is the same for all files of an input is found out once: a pattern may match thousands.
    """

    def __init__(self, workspace: Workspace, name: ProductName, source: FileReference) -> None:
        self._workspace, self._name, self._source = workspace, name, source
        self._root = os.path.realpath(workspace.mesh.root)
        stores = (workspace.mesh.state, os.path.join(self._root, workspace.mesh.warehouse))
        self._stores = tuple(os.path.realpath(store) for store in stores)
        self._folder = os.path.realpath(os.path.join(self._root, os.path.dirname(workspace.entries[name].path)))
        self._folders: dict[str, str] = {}

    def require(self, path: str) -> None:
        """Require that a file may be read.

        Raises:
            IngestError: HNS-I006, HNS-S048.
        """
        real = self._real(path)
        if any(_is_below(real, store) for store in self._stores) or self._is_anothers(real):
            raise IngestError(
                FILE_NOT_OPEN,
                f"input `{self._source.name}` of {self._name}: {self._source.shown} is not this product's to read",
                where=self._source.where,
                fix="read another product through an input port; keep deliveries in this product's folder or outside",
                subject=str(self._name),
            )
        if _is_below(real, self._folder):
            return
        refused = local_problem(self._source, real, self._folder, self._workspace.mesh.sources)
        if refused:
            raise IngestError(refused.code, refused.what, where=refused.where, why=refused.why, fix=refused.fix)

    def _real(self, path: str) -> str:
        if os.path.islink(path):
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        if name in ("", os.curdir, os.pardir):
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)

    def _is_anothers(self, real: str) -> bool:
        if not _is_below(real, self._root):
            return False
        parts = real[len(self._root.rstrip(os.sep)) + 1 :].split(os.sep)
        if parts[0] != "domains" or len(parts) <= 3:
            return False
        owner = ProductName(parts[1], parts[2])
        return owner != self._name and owner in self._workspace.entries


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def order(workspace: Workspace, names: Collection[ProductName]) -> tuple[ProductName, ...]:
    """Return products so that each comes after those it reads (circles between products are spec's problems)."""
    done: dict[ProductName, None] = {}
    stack = [(name, False) for name in sorted(names, reverse=True)]
    while stack:
        name, expanded = stack.pop()
        if expanded:
            done.setdefault(name)
        elif name not in done:
            stack.append((name, True))
            upstream = {i.product for i in workspace.resolve_inputs(name)}
            stack.extend((u, False) for u in sorted(upstream & set(names), reverse=True) if u not in done)
    return tuple(done)
