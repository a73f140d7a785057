"""A mesh, opened: every operation that the doors offer, as documents."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanse import spec
from hanse.app import drivers, findings
from hanse.app.addresses import read_version
from hanse.base import Clock, ProductName, QueryError, SystemClock
from hanse.base.versions import Version

if TYPE_CHECKING:
    from hanse.ingest import RemoteFiles
    from hanse.interfaces import Engine, TableStore
    from hanse.pipelines import Surroundings
    from hanse.query import Result, Road
    from hanse.registry import Registry

Part = TypeVar("Part")
Document = dict[str, Any]
Confirm = Callable[[Document], bool]
"""Shown a plan's document; says whether to go on."""
Bound = str | int | date | datetime
"""Where a range of rows begins or ends: a key or a time; text is read, and a time without zone is in UTC."""
Listener = Callable[[str, str, int, int], None]
"""Called with (phase, name, done, total) while something long is under way."""


def open_mesh(path: str | Path = ".", *, clock: Clock | None = None) -> Mesh:
    """Open the mesh that a folder belongs to.

    Args:
        path: a folder with a ``mesh.yaml``, or any folder below it.
        clock: tells the time; the machine's by default.

    Returns:
        The mesh; close it, or use it in a ``with`` statement.

    Raises:
        SpecError: there is no ``mesh.yaml`` here or above, or it cannot be read.
    """
    root = spec.find_mesh(Path(path))
    cache = spec.ContentCache(Path(root, ".hanse", "cache.json"))
    return Mesh(spec.load_config(root, cache=cache), clock or SystemClock(), cache)


class Mesh:
    """One control plane in this process. Several meshes may be open at once; a mesh may be used by several threads.

    Every method returns a JSON-ready document unless it says otherwise, and raises
    :class:`~hanse.base.HanseError` with a code from the reference.

    Attributes:
        config: what ``mesh.yaml`` says.
        clock: tells the time.
        cache: what was found out about files by their content.
    """

    def __init__(self, config: spec.MeshConfig, clock: Clock, cache: spec.ContentCache) -> None:
        self.config = config
        self.clock = clock
        self.cache = cache
        self._parts: dict[str, Any] = {}
        self._making = threading.Lock()

    # Parts, made when first needed

    @property
    def registry(self) -> Registry:
        """What the mesh knows."""
        return self._part("registry", lambda: drivers.registry(self.config, self.clock))

    @property
    def engine(self) -> Engine:
        """What runs SQL."""
        return self._part("engine", lambda: drivers.engine(self.config))

    @property
    def store(self) -> TableStore:
        """Where tables are."""
        return self._part("store", lambda: drivers.tables(self.config))

    @property
    def remote(self) -> RemoteFiles:
        """What is known and kept of files elsewhere."""
        return self._part("remote", lambda: drivers.remote(self.config))

    @property
    def _road(self) -> Road:
        from hanse.query import Road

        registry, engine, store = self.registry, self.engine, self.store
        warehouse = str(Path(self.config.root, self.config.warehouse))
        return self._part("road", lambda: Road(registry, engine, store, warehouse=warehouse))

    def _part(self, name: str, make: Callable[[], Part]) -> Part:
        """Return a part, made once, whichever thread asks first."""
        with self._making:
            if name not in self._parts:
                self._parts[name] = make()
            part: Part = self._parts[name]
            return part

    # Describe and plan

    def check(self) -> Document:
        """Look at every file of the mesh and report all problems in one go.

        Returns:
            ``products`` and ``domains`` (counts), ``problems`` (documents sorted by place), ``errors``, ``warnings``.
        """
        workspace = self.load()
        problems, _ = findings.problems_of(workspace, self.cache)
        self.cache.save()
        return {
            "mesh": self.config.name,
            "domains": len(workspace.domains),
            "products": len(workspace.entries),
            "problems": problems,
            "errors": sum(p["severity"] == "error" for p in problems),
            "warnings": sum(p["severity"] == "warning" for p in problems),
        }

    def plan(self, products: Iterable[str] | None = None) -> Document:
        """Compare what the files say with what was last applied.

        Args:
            products: addresses to plan for; all if None.

        Returns:
            The plan as a tree; see :func:`hanse.plan.explain`.

        Raises:
            Problems: the files have errors.
        """
        from hanse import plan
        from hanse.app import planning

        return plan.explain(planning.build(self, products))

    def apply(
        self,
        products: Iterable[str] | None = None,
        *,
        confirm: Confirm | None = None,
        listener: Listener | None = None,
    ) -> Document:
        """Carry out the plan: record descriptors and create or alter tables. Readers see no change until the next run.

        Args:
            products: addresses to apply; all if None.
            confirm: asked once with the plan's document if there is something to do; None goes on without asking.
            listener: hears of each step.

        Returns:
            What was applied; ``applied`` is False if ``confirm`` said no.
        """
        from hanse.app import planning

        return planning.apply(self, products, confirm=confirm, listener=listener)

    def new_product(
        self,
        address: str,
        files: Sequence[str],
        *,
        link: bool = False,
        null_values: Sequence[str] = (),
        header: bool = True,
        new_domain: bool = False,
    ) -> Document:
        """Draft a product from files: descriptor, contract, and a domain if it is new. Nothing is overwritten.

        Args:
            address: ``domain.product``; a domain that does not exist is made.
            files: paths or addresses of CSV, JSON, Parquet, Excel and Avro files, each written ``path`` or
                ``table=path``; each becomes a table. Those elsewhere are read where they are.
            link: read the files where they are, instead of copying them into the product.
            null_values: texts in CSV files that mean null.
            header: the first line of CSV files holds the names of their columns.
            new_domain: make a new domain even if one has nearly the same name.

        Returns:
            ``product``, ``folder``, the files ``written``, ``tables`` (what was seen; see
            :func:`hanse.quality.drafts.profile.profile`) and the commands to run ``next``.

        Raises:
            BlueprintError: HNS-B003, B007 to B009: it exists already, or the names or files will not do.
            IngestError: a file is missing, empty or cannot be read.
        """
        from hanse.app.new_product import new_product

        return new_product(
            self, address, files, link=link, null_values=null_values, header=header, new_domain=new_domain
        )

    # Run

    def run(
        self,
        products: Iterable[str] | None = None,
        *,
        force: bool = False,
        start: Bound | None = None,
        end: Bound | None = None,
        trigger: str = "manual",
        listener: Listener | None = None,
    ) -> Document:
        """Build, check and publish products, each after those it reads.

        Args:
            products: addresses to run; all applied products of the folder if None.
            force: build even if nothing changed.
            start: of tables with a window, build only the ranges from here on: a date, a time in UTC or a key.
            end: up to here, excluded.
            trigger: what asked for the run.
            listener: hears of progress.

        Raises:
            QueryError: HNS-A004: ``start`` and ``end`` are no range, no product is named, or ``force`` is given too.
            Problems: HNS-L082: a product has no window for the range; none was run.

        Returns:
            ``runs``: one document per product, in the order run: the run with ``release``, ``built`` and ``checks``;
            ``succeeded``, ``unchanged``, ``blocked``, ``failed``, ``refused``, ``paused`` (counts). A product that a
            rollback has paused is left alone, with status ``paused``; named here by a person, it is refused.
            A product is skipped if one that it reads was blocked or failed in the same call and nothing of it was
            ever released.
        """
        from hanse.app import running

        asked = running.asked_range(products, start, end, force=force)
        return running.run(self, products, force=force, asked=asked, trigger=trigger, listener=listener)

    # Read

    def query(self, sql: str, *, at: Version | None = None) -> Result:
        """Run one SELECT over released tables and the mesh's own metadata.

        Args:
            sql: a SELECT; tables are ``domain.product.table`` and ``mesh.catalog.<name>``. A table may be followed by
                ``FOR SYSTEM_TIME AS OF TIMESTAMP '…'``, ``AT (TIMESTAMP => '…')`` or ``AT (VERSION => …)``.
            at: what all other tables are read as of: a time (or its text; UTC if it has no zone), a release's number
                if one product is read, or a release's id.

        Returns:
            A result that streams; see :class:`hanse.query.Result`.

        Raises:
            Denied: the statement is not one that may be run.
            QueryError: it names something unknown, or is no SQL.
        """
        try:
            return self._road.run(sql, at=read_version(at))
        except QueryError as error:
            described = findings.never_applied(error, self.load, self.registry.reader())
            if described is None:
                raise
            raise described from error

    def list_products(self) -> Document:
        """Return all applied products, and those of the folder that were not applied yet."""
        from hanse import catalog

        products = catalog.list_products(self.registry.reader())
        known = {p["product"] for p in products}
        waiting = sorted(str(n) for n in self.load().entries if str(n) not in known)
        return {"mesh": self.config.name, "products": products, "not_applied": waiting}

    def lineage(self, address: str) -> Document:
        """Tell where a product, a table or a column comes from and what is made of it, as last applied.

        Args:
            address: ``domain.product``, ``domain.product.table`` or ``domain.product.table.column``.

        Returns:
            Trees; see :func:`hanse.catalog.lineage`.
        """
        from hanse import catalog
        from hanse.app import addresses

        product, table, column = addresses.parse_column(address, self.config.name)
        reader = self.registry.reader()
        return catalog.lineage(reader, catalog.known_product(reader, str(product)), table, column)

    def show(self, address: str, *, sample: bool = True) -> Document:
        """Explain a product, or one table of it.

        Args:
            address: ``domain.product`` or ``domain.product.table``, or either as ``hanse://mesh/domain/product/…``.
            sample: read sample rows.

        Returns:
            The product's document; with a table's address, only that table in ``tables``.
        """
        from hanse import catalog
        from hanse.app import addresses

        name, table = addresses.parse(address, self.config.name)
        document = catalog.show_product(self.registry.reader(), self._road, self.config.name, name, sample=sample)
        return addresses.only_table(document, name, table) if table else document

    def product_names(self) -> tuple[str, ...]:
        """Return the addresses of all products in the folder, sorted."""
        return tuple(sorted(map(str, self.load().entries)))

    def runs(self, product: str | None = None, *, limit: int | None = 20) -> Document:
        """Return runs, newest first."""
        from hanse import catalog

        name = ProductName.parse(product) if product else None
        runs = self.registry.reader().runs(name, limit=limit)
        return {"runs": [catalog.run_document(r) for r in runs]}

    def run_details(self, run_id: str) -> Document:
        """Return one run with inputs, steps, checks and sampled failing rows.

        Args:
            run_id: an id, the beginning of exactly one, or ``last``.
        """
        from hanse import catalog
        from hanse.catalog.codes import NO_SUCH_RUN

        reader = self.registry.reader()
        run = reader.runs(limit=1)[0] if run_id == "last" and reader.runs(limit=1) else reader.run(run_id)
        if run is None:
            begins = [r for r in reader.runs() if r.id.startswith(run_id) or r.id.endswith(run_id)]
            if len(begins) != 1:
                what = f"{len(begins)} runs have an id that begins or ends with" if begins else "there is no run"
                raise QueryError(NO_SUCH_RUN, f"{what} `{run_id}`", fix="`hanse runs` lists all of them")
            run = begins[0]
        return catalog.run_details(reader, run)

    def releases(self, product: str | None = None, *, limit: int | None = 20) -> Document:
        """Return releases, newest first, each with its ``state``: visible, kept or expired; and what is ``paused``."""
        from hanse import catalog

        reader = self.registry.reader()
        name = catalog.known_product(reader, product) if product else None
        return catalog.list_releases(reader, name, limit=limit)

    def rollback(self, product: str, to: Version | None = None, *, confirm: Confirm | None = None) -> Document:
        """Make an old release's tables visible again, as a new release, and pause the product's runs.

        Args:
            product: its address.
            to: the release to go back to: its number, its id, or a time at which it was visible; None: the one before
                the visible one.
            confirm: asked once with what would change; None goes on without asking.

        Returns:
            ``product``, ``from`` and ``to`` (releases), ``tables`` (what changes, in each), ``rolled_back``, and
            ``release``: the new one, None if ``confirm`` said no.

        Raises:
            RegistryError: HNS-G019 to HNS-G021: there is no such release, it has expired, or it is visible already.
            Conflict: HNS-G010, HNS-G022: the product is being run, or was released while ``confirm`` thought.
        """
        from hanse import catalog, pipelines

        reader = self.registry.reader()
        name = catalog.known_product(reader, product)
        wanted, document = catalog.rollback_preview(reader, self.store, name, read_version(to))
        if confirm and not confirm(document):
            return document | {"rolled_back": False, "release": None}
        release = pipelines.roll_back(self.registry, name, wanted.id, following=document["from"]["id"])
        return document | {"rolled_back": True, "release": catalog.release_document(release)}

    def resume(self, product: str) -> Document:
        """Let a product run again that a rollback has paused; ``resumed`` is False if it was not paused."""
        from hanse import catalog

        name = catalog.known_product(self.registry.reader(), product)
        with self.registry.write() as writer:
            resumed = writer.resume(name)
        return {"product": str(name), "resumed": resumed}

    def maintain(
        self,
        products: Iterable[str] | None = None,
        *,
        dry_run: bool = False,
        grace: timedelta | None = None,
        listener: Listener | None = None,
    ) -> Document:
        """Expire releases by their retention, join small files, and remove files that nobody needs any more.

        Safe beside readers and beside runs of other products. A product with a run under way is left for next time.

        Args:
            products: addresses; all that have tables if None, also those whose files are gone from the folder.
            dry_run: only tell what would be done.
            grace: how long the files of expired releases stay for those who are reading them; an hour if None.
            listener: hears of progress.

        Returns:
            ``products``: one document each: ``expired``, ``compacted``, ``snapshots``, ``removed``, ``bytes``, or the
            ``error`` that left it undone; ``fetched``: what was ``removed`` of the copies of files elsewhere, and
            its ``bytes``; ``dry_run``.
        """
        from hanse.app import upkeep

        return upkeep.maintain(self, products, dry_run=dry_run, grace=grace, listener=listener)

    def events(
        self, *, after: int = 0, subject: str | None = None, type_prefix: str | None = None, limit: int | None = None
    ) -> Document:
        """Return events of the log, oldest first."""
        events = self.registry.reader().events(after=after, subject=subject, type_prefix=type_prefix, limit=limit)
        return {
            "events": [
                {
                    "specversion": "1.0",
                    "sequence": e.sequence,
                    "id": e.id,
                    "type": e.type,
                    "source": e.source,
                    "subject": e.subject,
                    "time": e.time.isoformat(),
                    "data": dict(e.data),
                    "previous": e.previous,
                    "hash": e.hash,
                }
                for e in events
            ]
        }

    def verify_events(self, *, expected_head: str | None = None) -> Document:
        """Walk the event log's chain of hashes and say whether anything was changed."""
        from hanse import registry

        return registry.verify_events(self.registry.reader(), expected_head=expected_head).as_document()

    def doctor(self, *, deep: bool = False) -> Document:
        """Look at everything that the mesh needs to work, and say what is wrong and how to mend it.

        Args:
            deep: read every byte of the data of every release, not only the ends of files.

        Returns:
            ``findings``: ``name`` (what was looked at), ``status`` (``ok``, ``warning``, ``problem``), ``detail``,
            ``means`` (for readers or runs), ``fix``, ``code``, ``subject``; and ``healthy``, False if any is a problem.
            A look that fails is itself a problem: nothing is left out in silence.
        """
        from hanse.app import doctor

        return doctor.examine(self, deep=deep)

    def repair(
        self, *, deep: bool = False, confirm: Confirm | None = None, listener: Listener | None = None
    ) -> Document:
        """Mend what is damaged, from copies that are there and by runs that make tables anew.

        What is damaged is never overwritten, and no release is rolled back: that is for a person to decide.

        Args:
            deep: look for damage as ``doctor(deep=True)`` does.
            confirm: asked once with what would be done if there is anything; None goes on without asking.
            listener: hears of progress.

        Returns:
            ``steps``: ``subject``, ``what`` is wrong, what mending it ``does``, ``done``, ``error``; ``cannot``:
            findings that nothing here mends; ``repaired``, False if ``confirm`` said no.

        Raises:
            Conflict: HNS-A004: a run is under way.
        """
        from hanse.app import repair

        return repair.repair(self, deep=deep, confirm=confirm, listener=listener)

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        with self._making:
            parts, self._parts = self._parts, {}
        for name in ("road", "store", "registry"):
            if name in parts:
                parts[name].close()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    # Inside

    def load(self) -> spec.Workspace:
        """Return what the mesh's files say now, parsed as far as it is asked for."""
        return spec.load(Path(self.config.root), cache=self.cache)

    def surroundings(self, workspace: spec.Workspace) -> Surroundings:
        """Return what a run needs of this mesh."""
        from hanse.pipelines import Surroundings

        return Surroundings(
            workspace,
            self.registry,
            self.engine,
            self.store,
            self.clock,
            self.config.state,
            self.cache,
            self.remote,
            drivers.databases(self.config),
            os.environ,
        )
