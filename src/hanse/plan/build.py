"""Compare what the folder says with what was applied, and list the steps between them. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError, PlanError, Problem, ProductName, Severity, TableName
from hanse.base.suggest import did_you_mean
from hanse.plan.codes import NO_SUCH_PRODUCT
from hanse.plan.columns import column_documents, plain
from hanse.plan.consequences import consequences, warnings
from hanse.plan.diff import column_drafts, diff_columns
from hanse.plan.pins import Inputs, pin_inputs
from hanse.plan.promises import Consumers, Promises, Situation, compare_promises
from hanse.plan.renames import begin_anew, likely_renames, refuse_renames
from hanse.plan.steps import Action, AlterTable, CreateTable, Note, Plan, PlannedTable, PutDomain, PutProduct, Step
from hanse.registry.records import AppliedContract, AppliedDomain, AppliedPort, AppliedProduct, AppliedTable, Release
from hanse.spec.contract import Contract, Table
from hanse.spec.mesh import Domain
from hanse.spec.product import OutputPort, Product
from hanse.spec.workspace import Workspace

if TYPE_CHECKING:
    from hanse.registry import Reader

# So many products are named in notes; more are counted.
_FEW = 10

# Says, per table of a product, what it reads from outside the product.
Reads = Callable[[ProductName], Mapping[str, Sequence[str]]]
# Says, per table of a product, where its columns and rows come from; see :class:`hanse.plan.lineage.Graph`.
Lineages = Callable[[ProductName], Mapping[str, Any]]


def build(
    workspace: Workspace,
    reader: Reader,
    *,
    only: Collection[ProductName] | None = None,
    reads: Reads | None = None,
    lineage: Lineages | None = None,
) -> Plan:
    """Return the steps that lead from what was applied to what the folder says.

    Products whose digest is the one applied are neither parsed nor compared.

    Args:
        workspace: the folder.
        reader: the registry.
        only: products to look at, None for all. Their domains are looked at too.
        reads: says what the tables of a changed product read, to be kept for lineage; None keeps what is known.
        lineage: says where their columns come from, likewise.

    Raises:
        PlanError: HNS-P006: ``only`` names a product that the folder does not describe.
    """
    applied = reader.digests()
    chosen = _chosen(workspace, applied, only)
    changed = [n for n in chosen if n in workspace.entries and workspace.entries[n].digest != applied.get(n)]
    unchanged = tuple(n for n in chosen if n in workspace.entries and workspace.entries[n].digest == applied.get(n))
    draft = _Draft(workspace, reader, changed, reads, lineage)
    draft.domains({n.domain for n in chosen} if only is not None else None)
    draft.problems(None if only is None else {str(n) for n in chosen})
    for name in changed:
        draft.product(name, applied.get(name))
    draft.not_run(unchanged)
    draft.gone([n for n in applied if n not in workspace.entries and (only is None or n in only)])
    return draft.plan(unchanged)


def _chosen(
    workspace: Workspace, applied: Mapping[ProductName, str], only: Collection[ProductName] | None
) -> list[ProductName]:
    if only is None:
        return sorted(workspace.entries)
    broken = {p.subject for p in workspace.problems}
    for name in only:
        if name not in workspace.entries and name not in applied and str(name) not in broken:
            raise PlanError(
                NO_SUCH_PRODUCT,
                f"there is no product {name}",
                fix=did_you_mean(str(name), map(str, workspace.entries)),
                subject=str(name),
            )
    return sorted(set(only))


@dataclass
class _Draft:
    """A plan while it is being written."""

    workspace: Workspace
    reader: Reader
    changed: Sequence[ProductName]
    reads: Reads | None
    lineage: Lineages | None
    steps: list[Step] = field(default_factory=list)
    refusals: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        # A fixed number of queries, however many products changed.
        known = self.reader.products(self.changed) if self.changed else ()
        self.applied: Mapping[ProductName, AppliedProduct] = {p.name: p for p in known}
        self.visible: Mapping[ProductName, Release] = self.reader.visible(self.changed) if self.changed else {}
        self._readers: dict[ProductName, Mapping[tuple[str, int], set[ProductName]]] = {}

    def domains(self, names: Collection[str] | None) -> None:
        """Add steps for new and changed domains; those that are gone stay."""
        before = self.reader.domains()
        for name, domain in sorted(self.workspace.domains.items()):
            if names is not None and name not in names:
                continue
            known = before.get(name)
            if known is None or known.digest != domain.digest:
                action = Action.CREATE if known is None else Action.METADATA
                self.steps.append(PutDomain(_domain(domain), action, known.digest if known else None))
        if names is None:
            for name in sorted(before.keys() - self.workspace.domains.keys()):
                text = "is no longer in the folder; everything known of it is kept"
                self.notes.append(Note("gone", name, text))

    def problems(self, subjects: Collection[str] | None) -> None:
        """Take over what is wrong with the descriptors: an error anywhere stops the plan that contains it."""
        for problem in self.workspace.problems:
            mine = subjects is None or problem.subject is None or _owner(problem.subject) in subjects
            if mine:
                (self.refusals if problem.severity is Severity.ERROR else self.warnings).append(problem)

    def product(self, name: ProductName, expected: str | None) -> None:
        """Add the steps of one changed product: its tables, then its record."""
        try:
            product = self.workspace.product(name)
        except HanseError as error:
            self._refuse(error)
            return
        before = self.applied.get(name)
        inputs = pin_inputs(product, self.workspace, before)
        situation = Situation(before, self.visible.get(name), self._readers_of(name), _parse)
        promises = compare_promises(product, situation)
        # The folder's own look may have found the same dangling reference.
        known = {p.where for p in self.workspace.problems if p.severity is Severity.ERROR}
        self.refusals += [p for p in inputs.refusals if p.where is None or p.where not in known]
        self.refusals += promises.refusals
        self.warnings += promises.warnings
        self.notes += inputs.notes
        stored = {t.name: t for t in before.tables} if before else {}
        planned = []
        steps = []
        for port, table in product.tables:
            step, record = _table(product, port, table, stored)
            known_as = stored.get(record.name)
            if known_as is not None and port.contract is not None:
                path = port.contract.path
                self.refusals += refuse_renames(record.name, table, known_as.columns, record.columns, path)
            planned.append(record)
            if step:
                steps.append(step)
        self.steps += steps
        names = {t.name for t in planned}
        kept = tuple(t for t in stored.values() if t.name not in names)
        for gone in kept:
            text = "is no longer described; its table and its released data stay until the product is retired"
            self.notes.append(Note("kept", str(gone.name), text))
        self.steps.append(self._record(product, before, expected, inputs, promises, tuple(planned), kept))
        self.notes += begin_anew(product, planned, stored)
        self.notes += likely_renames(product, steps)
        if planned and name not in self.visible:
            self.notes.append(_not_run(name))

    def not_run(self, names: Collection[ProductName]) -> None:
        """Note products that were applied earlier and have never been released."""
        waiting = [n for n in names if any(p.tables for p in self.workspace.entries[n].outputs)]
        waiting = sorted(set(waiting) - self.reader.released()) if waiting else []
        if len(waiting) <= _FEW:
            self.notes += [_not_run(n) for n in waiting]
        else:
            text = f"{len(waiting)} products applied earlier have no released data yet: `hanse run` makes it"
            self.notes.append(Note("not run", "mesh", text))

    def gone(self, names: Collection[ProductName]) -> None:
        """Note products that are no longer in the folder; those that only cannot be read are problems already."""
        broken = {_owner(p.subject) for p in self.workspace.problems if p.subject}
        places = [p.where.path for p in self.workspace.problems if p.where]
        for name in sorted(names):
            folder = f"domains/{name.domain}/{name.product}/"
            if str(name) in broken or any(folder in place for place in places):
                continue
            text = (
                "is no longer in the folder; its data, releases and history are kept and stay readable. To end it, put "
                "it back and set its status to deprecated, then to retired"
            )
            self.notes.append(Note("gone", str(name), text))

    def plan(self, unchanged: tuple[ProductName, ...]) -> Plan:
        """Return the finished plan."""
        impacts = consequences(self.steps, self.reader)
        self.warnings += warnings(impacts, self.steps)
        return Plan(
            self.workspace.mesh.name,
            tuple(self.steps),
            unchanged,
            tuple(dict.fromkeys(self.refusals)),
            tuple(dict.fromkeys(self.warnings)),
            tuple(self.notes),
            impacts,
        )

    def _record(
        self,
        product: Product,
        before: AppliedProduct | None,
        expected: str | None,
        inputs: Inputs,
        promises: Promises,
        tables: tuple[PlannedTable, ...],
        kept: tuple[AppliedTable, ...],
    ) -> PutProduct:
        document = _document(product, inputs, self._reads(product.name, before))
        document["lineage"] = self._lineage(product.name, before)
        return PutProduct(
            name=product.name,
            digest=product.digest,
            version=product.version,
            status=product.status,
            text=product.text,
            document=document,
            ports=(*(_port(p) for p in product.outputs), *inputs.ports),
            tables=tables,
            expected=expected,
            port_changes=(*promises.ports, *inputs.changes),
            kept=kept,
            details=tuple(_details(product, before, document)),
        )

    def _reads(self, name: ProductName, before: AppliedProduct | None) -> Mapping[str, Sequence[str]]:
        if self.reads is None:
            return before.document.get("reads", {}) if before else {}
        try:
            return self.reads(name)
        except HanseError as error:
            self._refuse(error)
            return {}

    def _lineage(self, name: ProductName, before: AppliedProduct | None) -> Mapping[str, Any]:
        if self.lineage is None:
            return before.document.get("lineage", {}) if before else {}
        try:
            return self.lineage(name)
        except HanseError as error:
            self._refuse(error)
            return {}

    def _readers_of(self, name: ProductName) -> Consumers:
        def consumers(port: str, major: int) -> tuple[ProductName, ...]:
            return tuple(sorted(self._reading(name).get((port, major), ())))

        return consumers

    def _reading(self, name: ProductName) -> Mapping[tuple[str, int], set[ProductName]]:
        """Return who reads which port and major of a product: as applied where it was, else as described."""
        if name not in self._readers:
            described = [
                (reading, used)
                for reading, entry in self.workspace.entries.items()
                for used in (self.workspace.resolve_inputs(reading) if entry.inputs else ())
                if used.product == name
            ]
            applied = {p.name: p for p in self.reader.products({reading for reading, _ in described})}
            found: dict[tuple[str, int], set[ProductName]] = {}
            for reading, used in described:
                ports = applied[reading].ports if reading in applied else ()
                pinned = [p.major for p in ports if p.direction == "input" and p.source == f"{name}.{used.port}"]
                for major in pinned or [used.major]:
                    found.setdefault((used.port, major), set()).add(reading)
            self._readers[name] = found
        return self._readers[name]

    def _refuse(self, error: HanseError) -> None:
        self.refusals += [p for p in error.problems if p not in self.refusals]


def _table(
    product: Product, port: OutputPort, table: Table, stored: Mapping[TableName, AppliedTable]
) -> tuple[CreateTable | AlterTable | None, PlannedTable]:
    name = TableName(product.name.domain, product.name.product, table.name, port.major)
    documents = column_documents(table)
    before = stored.get(name)
    step: CreateTable | AlterTable | None = None
    if before is None:
        step = CreateTable(name, port.name, column_drafts(table), documents)
    else:
        changes = diff_columns(before.columns, documents)
        if changes:
            drafts = column_drafts(table, before.columns)
            step = AlterTable(name, port.name, drafts, changes, before.schema_id)
    schema_id = before.schema_id if before and step is None else None
    return step, PlannedTable(name, port.name, table.description, documents, table.granularity, schema_id)


def _parse(applied: AppliedContract) -> Contract:
    # Imported here: reading YAML is slow to load, and an unchanged mesh reads none.
    from hanse.spec import parse_contract

    return parse_contract(applied.text, applied.path)


def _domain(domain: Domain) -> AppliedDomain:
    return AppliedDomain(domain.name, domain.digest, domain.title, domain.description, domain.team, domain.contact)


def _port(port: OutputPort) -> AppliedPort:
    contract = port.contract
    applied = (
        AppliedContract(
            contract.id,
            contract.version,
            contract.major,
            contract.api_version,
            contract.status,
            contract.text,
            contract.path,
        )
        if contract
        else None
    )
    return AppliedPort(port.name, "output", port.kind, port.major, port.description, applied)


def _document(product: Product, inputs: Inputs, reads: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what is known of a product beside its ports and tables, as JSON."""
    return {
        "id": product.id,
        "title": product.title,
        "purpose": product.purpose,
        "usage": product.usage,
        "limitations": product.limitations,
        "team": product.team,
        "members": [{"username": m.username, "role": m.role, "name": m.name} for m in product.members],
        "support": plain(product.support),
        "tags": list(product.tags),
        "custom": plain(product.custom),
        "path": product.path,
        "queries": [{"name": q.name, "path": q.path, "sql": q.sql} for q in product.queries],
        "transforms": [{"name": t.name, "path": t.path} for t in product.transforms],
        "files": [{"name": f.name, "format": f.format} for f in product.pipeline.files],
        "sources": [{"name": d.name, "table": d.shown} for d in product.pipeline.databases],
        "inputs": [
            {"name": r.name, "product": str(r.product), "port": r.port, "major": r.major, "tables": list(r.tables)}
            for r in inputs.resolved
        ],
        "reads": {table: list(names) for table, names in reads.items()},
    }


def _details(product: Product, before: AppliedProduct | None, document: Mapping[str, Any]) -> Iterator[str]:
    if before is None:
        return
    if before.status != product.status:
        yield f"status {before.status} → {product.status}"
    if before.version != product.version:
        yield f"version {before.version} → {product.version}"
    words = {"title", "purpose", "usage", "limitations", "team", "members", "support", "tags", "custom", "queries"}
    changed = sorted(k for k in words if before.document.get(k) != document.get(k))
    if changed:
        yield f"{', '.join(changed)} changed"
    contracts = {p.contract.text for p in product.outputs if p.contract}
    told = (
        changed
        or before.text != product.text
        or {p.contract.text for p in before.ports if p.contract} != contracts
        or before.document.get("inputs") != document["inputs"]
    )
    if not told:
        yield "transforms, pipeline or data files changed"


def _not_run(name: ProductName) -> Note:
    return Note("not run", str(name), f"has no released data yet: `hanse run {name}` makes it")


def _owner(subject: str) -> str:
    """Return ``domain.product`` of a product's or table's address."""
    return ".".join(subject.split(".")[:2])
