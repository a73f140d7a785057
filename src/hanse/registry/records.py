"""What the registry holds, as frozen values. Times are aware datetimes in UTC; documents are JSON-ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hanse.base import ProductName, Severity, TableName


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"  # a release was written
    UNCHANGED = "unchanged"  # nothing to do: inputs and code are those of the visible release
    BLOCKED = "blocked"  # the data broke the contract: nothing was published
    FAILED = "failed"  # something did not work
    ABANDONED = "abandoned"  # its process died, and a later run could not go on from its records


class StepStatus(StrEnum):
    """Where a step of a run stands."""

    DONE = "done"
    FAILED = "failed"
    REUSED = "reused"  # its result of an earlier run still stands


class CheckStatus(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # it could not run
    MANUAL = "manual"  # a `text` rule: words for a person
    NOT_APPLICABLE = "not_applicable"  # nothing here that it could be measured of; the message says why


class CheckVerdict(StrEnum):
    """What became of one check, in the one word that documents and reports have for it."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"  # failed or could not run, and of severity warning
    ERROR = "error"
    MANUAL = "manual"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class AppliedDomain:
    """A domain as last applied."""

    name: str
    digest: str
    title: str | None = None
    description: str | None = None
    team: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedContract:
    """A contract as last applied.

    Attributes:
        text: the ODCS file as it stood.
        path: where it was read from, relative to the mesh.
    """

    contract_id: str
    version: str
    major: int
    api_version: str
    status: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class AppliedPort:
    """A port as last applied.

    Attributes:
        direction: ``input`` or ``output``.
        kind: ``tables`` now.
        major: of an output port: the major served; of an input port: the major it is pinned to.
        contract: of an output port, what it promises.
        source: of an input port: ``domain.product.port`` that it reads.
    """

    name: str
    direction: str
    kind: str
    major: int
    description: str | None = None
    contract: AppliedContract | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedTable:
    """A table of an output port as last applied.

    Attributes:
        columns: one document per column, top level in order: ``name``, ``type`` (SQL), ``required``, ``unique``,
            ``primary_key`` (position or None), ``description``, ``business_name``, ``classification``, ``enum``,
            ``null_meaning``, ``examples``, ``deprecated``.
        schema_id: schema in the table store.
    """

    name: TableName
    port: str
    description: str | None
    columns: tuple[Mapping[str, Any], ...]
    schema_id: int
    granularity: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedProduct:
    """A product as last applied, whole.

    Attributes:
        digest: :attr:`hanse.spec.Product.digest` of what was applied.
        text: ``product.yaml`` as it stood.
        document: title, purpose, usage, limitations, team, members, support, tags, queries … as JSON.
    """

    name: ProductName
    digest: str
    version: str
    status: str
    text: str
    document: Mapping[str, Any]
    applied_at: datetime
    ports: tuple[AppliedPort, ...] = ()
    tables: tuple[AppliedTable, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a product's pipeline.

    Attributes:
        key: digest of everything that decides the result (inputs, code, contracts, engine).
        inputs: per input: ``kind`` (``file`` or ``port``), ``name``, and its content hash or the release read.
        fence: grows with every take-over; writes of an older fence are refused.
        owner: process that executes it: ``host:pid:start``.
        error: the problem's document if it failed or was blocked.
    """

    id: str
    product: ProductName
    status: RunStatus
    key: str
    trigger: str
    started_at: datetime
    inputs: tuple[Mapping[str, Any], ...] = ()
    finished_at: datetime | None = None
    fence: int = 1
    owner: str | None = None
    error: Mapping[str, Any] | None = None
    release_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded unit of a run.

    Attributes:
        name: unique within the run, for example ``stage:orders``.
        kind: ``ingest``, ``stage``, ``check`` or ``commit``.
        seconds: wall clock.
        output: what later steps need to go on from here, JSON.
    """

    run_id: str
    name: str
    kind: str
    status: StepStatus
    started_at: datetime
    seconds: float
    rows: int | None = None
    bytes: int | None = None
    output: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of one check in one run.

    Attributes:
        check_id: stable within the table: the same clause has the same id in every run.
        clause: the contract's clause in words, for example ``unique(order_id)``.
        column: column concerned, None for the table.
        failed_rows: rows that break it; None where the check does not count rows. Of rules and uniqueness inside lists
            and maps: values instead of rows.
        total_rows: rows, or such values, looked at.
        measured: what was measured, for library metrics and SQL rules.
        method: how it was verified: ``statistics``, ``scan``, ``group``, ``sql`` …
        error: why it could not run.
    """

    run_id: str
    table: TableName
    check_id: str
    clause: str
    status: CheckStatus
    severity: Severity
    column: str | None = None
    failed_rows: int | None = None
    total_rows: int | None = None
    measured: Any = None
    method: str | None = None
    dimension: str | None = None
    message: str | None = None
    error: str | None = None
    path: str | None = None
    line: int | None = None

    @property
    def is_bad(self) -> bool:
        """Whether it failed or could not run."""
        return self.status in (CheckStatus.FAILED, CheckStatus.ERROR)

    @property
    def blocks(self) -> bool:
        """Whether it keeps a table from being published: it is bad, and of severity error."""
        return self.is_bad and self.severity is Severity.ERROR

    @property
    def warns(self) -> bool:
        """Whether it is bad, and of severity warning."""
        return self.is_bad and self.severity is Severity.WARNING

    @property
    def verdict(self) -> CheckVerdict:
        """The one word for it in documents and reports."""
        return CheckVerdict.WARNED if self.warns else CheckVerdict(self.status.value)


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that broke a check: a bounded sample, private to the owner, erasable.

    Attributes:
        row: column → value, as JSON.
        reason: in words.
    """

    run_id: str
    table: TableName
    check_id: str
    reason: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReleasedTable:
    """One table of a release.

    Attributes:
        port: output port that serves it.
        snapshot_id: snapshot in the table store.
        schema_id: schema of that snapshot.
        contract_id, contract_version: the promise that it was checked against.
        key: digest of everything that decides this table's content.
        rows_key: the same without what the contract checks, for tables that grow: the state that deliveries follow.
        delivery: digest of the delivery that this snapshot took in, for tables that grow.
        parent_id: snapshot that the delivery was added to.
        coverage: which ranges the snapshot holds, for tables that are built range by range, JSON; ``column`` and
            ``built`` (pairs of boundaries as text, without overlap) are for people.
    """

    table: TableName
    port: str
    snapshot_id: int
    schema_id: int
    contract_id: str
    contract_version: str
    rows: int
    bytes: int
    key: str
    rows_key: str | None = None
    delivery: str | None = None
    parent_id: int | None = None
    coverage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The atom of visibility: the snapshots of all tables of a product, together.

    Attributes:
        sequence: 1, 2, 3 … within the product.
        key: the run's key.
        kind: ``run``, ``metadata`` (same snapshots, new descriptors) or ``rollback``.
        warnings: failed checks of severity warning.
        expired_at: when it was marked as expired: it can be named no more, and its snapshots may be gone.
    """

    id: str
    product: ProductName
    sequence: int
    run_id: str | None
    kind: str
    key: str
    version: str
    created_at: datetime
    tables: tuple[ReleasedTable, ...]
    checks_passed: int = 0
    warnings: int = 0
    expired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A product whose triggers are paused: nothing runs it until a person resumes it.

    Attributes:
        release_id: the rollback that paused it.
    """

    product: ProductName
    since: datetime
    release_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the event log: CloudEvents 1.0 attributes, chained by SHA-256.

    Attributes:
        sequence: position in the log, from 1 without gaps.
        type: for example ``hanse.release.created``.
        source: ``hanse://<mesh>``.
        subject: address of what it is about.
        previous: hash of the entry before; 64 zeros for the first.
        hash: SHA-256 over the canonical JSON of all other attributes.
    """

    sequence: int
    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: Mapping[str, Any]
    previous: str
    hash: str
