"""The steps of a plan: frozen, in order, and the only list there is. ``explain`` tells them, ``apply`` does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from hanse.base import Problem, ProductName, TableName
from hanse.interfaces import ColumnDraft
from hanse.plan.diff import ColumnChange
from hanse.plan.impact import Impact
from hanse.registry.records import AppliedDomain, AppliedPort, AppliedProduct, AppliedTable
from hanse.spec.change import Change


class Action(StrEnum):
    """What becomes of a thing."""

    CREATE = "create"
    ALTER = "alter"  # the table store changes
    BREAKING = "breaking"  # readers may be hurt; refused or allowed, see the node
    METADATA = "metadata"  # only what is known about it changes
    KEEP = "keep"  # no longer described; what is there stays
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PortChange:
    """What becomes of one port, and what that means to its readers.

    Attributes:
        direction: ``input`` or ``output``.
        major: major served, or read.
        action: ``create``, ``keep`` (gone from the descriptors), ``unchanged``, or what the changes amount to.
        changes: differences between the contract applied and the one described.
        refused: the changes break a promise and stop the plan.
        detail: version or source, in a few words.
        consumers: products that read it.
    """

    name: str
    direction: str
    major: int
    action: Action
    changes: tuple[Change, ...] = ()
    refused: bool = False
    detail: str = ""
    consumers: tuple[ProductName, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table as it will be recorded, whose schema id is known only once the table store has answered.

    Attributes:
        schema_id: id recorded earlier when the stored columns stay as they are, else None.
    """

    name: TableName
    port: str
    description: str | None
    columns: tuple[Mapping[str, Any], ...]
    granularity: str | None
    schema_id: int | None

    def applied(self, schema_id: int) -> AppliedTable:
        """Return the record to be kept."""
        return AppliedTable(self.name, self.port, self.description, self.columns, schema_id, self.granularity)


@dataclass(frozen=True, slots=True)
class PutDomain:
    """Record a domain.

    Attributes:
        action: ``create`` or ``metadata``.
        expected: digest that was applied when the plan was made, None when the domain is new.
    """

    domain: AppliedDomain
    action: Action
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTable:
    """Create a table in the table store.

    Attributes:
        port: output port that will serve it.
        columns: what the store is asked for.
        documents: the same columns, as they are described.
    """

    table: TableName
    port: str
    columns: tuple[ColumnDraft, ...]
    documents: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class AlterTable:
    """Give a table other columns. Snapshots already released keep theirs.

    Attributes:
        changes: what differs from the columns it has.
        since: schema id that it was last applied with: what names mean in ``columns``.
    """

    table: TableName
    port: str
    columns: tuple[ColumnDraft, ...]
    changes: tuple[ColumnChange, ...]
    since: int


@dataclass(frozen=True, slots=True)
class PutProduct:
    """Record a product whole, after its tables are there: from then on it is applied.

    Attributes:
        expected: digest that was applied when the plan was made, None when the product is new.
        port_changes: what becomes of each port.
        kept: tables that are no longer described; they stay in the store.
        details: what else differs, in short sentences.
    """

    name: ProductName
    digest: str
    version: str
    status: str
    text: str
    document: Mapping[str, Any]
    ports: tuple[AppliedPort, ...]
    tables: tuple[PlannedTable, ...]
    expected: str | None = None
    port_changes: tuple[PortChange, ...] = ()
    kept: tuple[AppliedTable, ...] = ()
    details: tuple[str, ...] = ()

    def applied(self, at: datetime, schema_ids: Mapping[TableName, int]) -> AppliedProduct:
        """Return the record to be kept.

        Args:
            at: time of applying.
            schema_ids: schema of every table that was created or altered.
        """
        tables = []
        for table in self.tables:
            schema_id = schema_ids.get(table.name, table.schema_id)
            assert schema_id is not None, f"{table.name} is neither recorded nor created"
            tables.append(table.applied(schema_id))
        return AppliedProduct(
            self.name,
            self.digest,
            self.version,
            self.status,
            self.text,
            self.document,
            at,
            self.ports,
            tuple(tables),
        )


Step = PutDomain | CreateTable | AlterTable | PutProduct


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a plan does nothing about, and that a person should know.

    Attributes:
        kind: ``gone`` (no longer in the folder, kept), ``not run``, ``pinned``, ``kept`` or ``window``.
        subject: domain, product or table.
        text: one or two sentences: what is so, and what to do about it.
    """

    kind: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``apply`` will do, and what it must not do.

    Attributes:
        mesh: name of the mesh.
        steps: in the order they are done.
        unchanged: products whose files are those that were applied.
        refusals: reasons not to do any of it.
        warnings: problems that stop nothing.
        notes: what is left as it is.
        impacts: what the changes do to tables that come from what is changed.
    """

    mesh: str
    steps: tuple[Step, ...] = ()
    unchanged: tuple[ProductName, ...] = ()
    refusals: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = field(default=())
    impacts: tuple[Impact, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do, and nothing stands against it."""
        return not self.steps and not self.refusals


def label(step: Step) -> str:
    """Return a step as one line: what ``apply`` does."""
    match step:
        case PutDomain(domain=domain, action=action):
            return f"{'record' if action is Action.CREATE else 'update'} domain {domain.name}"
        case CreateTable(table=table, columns=columns):
            return f"create table {table} ({_columns(len(columns))})"
        case AlterTable(table=table, changes=changes):
            return f"alter table {table}: " + ", ".join(str(c) for c in changes)
        case PutProduct(name=name, version=version, expected=expected):
            return f"{'record' if expected is None else 'update'} product {name} {version}"
        case _:
            assert_never(step)


def _columns(count: int) -> str:
    return f"{count} column" if count == 1 else f"{count} columns"
