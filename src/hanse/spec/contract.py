"""Contracts: what an output port promises, read from Bitol ODCS v3 (https://bitol.io).

Frozen and normalised: the same promise has the same value, whichever minor version of the standard it was written in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hanse.base import Location, Severity
from hanse.spec.types import DataType

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One ``mustBe…`` clause of a quality rule.

    Attributes:
        operator: the ODCS key: ``mustBe``, ``mustNotBe``, ``mustBeGreaterThan``, ``mustBeGreaterOrEqualTo``,
            ``mustBeLessThan``, ``mustBeLessOrEqualTo``, ``mustBeBetween``, ``mustNotBeBetween`` (bounds included).
        values: one value, or the two bounds.
    """

    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a ``quality`` list, on a table or on a column.

    Attributes:
        kind: ``library`` (a metric), ``sql``, ``text`` (for a person) or ``custom`` (another tool's).
        name: the author's name for it, or None.
        metric: library metric (``nullValues``, ``missingValues``, ``invalidValues``, ``duplicateValues``,
            ``rowCount``); names of ODCS 3.0 are translated.
        query: SQL of a ``sql`` rule, placeholders unexpanded; or the words of a ``text`` rule.
        arguments: arguments of a library metric, as written.
        conditions: what must hold of the metric or of the query's single value.
        unit: ``rows`` or ``percent``.
        severity: a failed rule without a severity is an error.
        engine: for ``custom``: the tool it is written for.
        implementation: for ``custom``: the tool's own rule; text that is YAML is already read.
        schedule, scheduler: when it shall be checked, and by what, as written.
    """

    kind: Literal["library", "sql", "text", "custom"]
    name: str | None = None
    metric: str | None = None
    query: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    unit: Literal["rows", "percent"] = "rows"
    severity: Severity = Severity.ERROR
    dimension: str | None = None
    description: str | None = None
    business_impact: str | None = None
    engine: str | None = None
    implementation: Any = None
    schedule: str | None = None
    scheduler: str | None = None
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a column's values, from ``logicalTypeOptions``. None: unbounded, or not stated.

    Dates and times are ISO 8601 text. Lengths count characters (strings) or items (arrays, vectors).

    Attributes:
        timezone: whether a time has a zone, as stated.
        default_timezone: the zone of what is written without one.
        min_properties, max_properties: members of an object.
        dimensions: of a vector; both lengths are the same number.
        element_type: of a vector, as ODCS names it.
        normalized: a vector's length is 1.
    """

    minimum: Scalar | None = None
    maximum: Scalar | None = None
    exclusive_minimum: Scalar | None = None
    exclusive_maximum: Scalar | None = None
    multiple_of: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    unique_items: bool = False
    timezone: bool | None = None
    default_timezone: str | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    dimensions: int | None = None
    element_type: str | None = None
    normalized: bool = False


@dataclass(frozen=True, slots=True)
class Relationship:
    """One entry of a ``relationships`` list: a foreign key.

    Names stand for names or, where they were written as ``schema/…/properties/…``, for the standard's ``id`` s.

    Attributes:
        columns: the key: per column the names that lead to it, from a column of the table downwards; empty on a
            property, which is the key itself.
        table: the table that it leads to.
        to: the columns there, as many as the key has.
        contract: file of the other table's contract, relative to the mesh, or an address; None: this contract.
        from_table: table that the key is said to be of; None on a property.
        stated: what it leads to, as written.
        fault: what is wrong with it as it is written, in words.
    """

    columns: tuple[tuple[str, ...], ...]
    table: str
    to: tuple[tuple[str, ...], ...]
    contract: str | None = None
    from_table: str | None = None
    stated: str = ""
    fault: str | None = None
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a table (or a member of a nested one: see ``children``).

    Attributes:
        name: name in SQL.
        type: what is stored.
        logical_type: the contract's ``logicalType``.
        required: no nulls.
        unique: no value twice (nulls do not count).
        primary_key_position: 1-based position in the primary key, or None.
        partition_key_position: 1-based position among the partition keys, or None.
        enum: allowed values, empty for any.
        relationships: what its values refer to.
        property_id: the contract's stable ``id`` of the property, if it gives one.
        was: the name that the column had before it was renamed, from the custom property ``was``.
        children: members of an object, the item of an array, or key and value of a map.
    """

    name: str
    type: DataType
    logical_type: str
    physical_type: str | None = None
    physical_name: str | None = None
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    partition_key_position: int | None = None
    limits: Limits = field(default_factory=Limits)
    enum: tuple[Any, ...] = ()
    description: str | None = None
    business_name: str | None = None
    classification: str | None = None
    critical: bool = False
    deprecated: bool = False
    tags: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()
    rules: tuple[Rule, ...] = ()
    children: tuple[Column, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    property_id: str | None = None
    was: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A question with its answer, from ``context``.

    Attributes:
        rule: an ``sql`` rule that is true when the answer is, from its custom properties ``query`` and ``mustBe…``.
    """

    question: str
    answer: str | None = None
    rule: Rule | None = None
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """What nobody shall do with the data, from ``context``."""

    words: str
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What to know before asking anything of the data (ODCS 3.2), of a contract or of one table."""

    instructions: str | None = None
    statements: tuple[VerifiedStatement, ...] = ()
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One ``schema`` object of a contract: a table of the output port.

    Attributes:
        relationships: those that are stated on the table; more stand on its columns.
        object_id: the contract's stable ``id`` of the table, if it gives one.
    """

    name: str
    columns: tuple[Column, ...]
    physical_name: str | None = None
    description: str | None = None
    business_name: str | None = None
    granularity: str | None = None
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    object_id: str | None = None
    context: Context = field(default_factory=Context)
    custom: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the primary key's columns, in key order; empty without a key."""
        keyed = [c for c in self.columns if c.primary_key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0))

    def column(self, name: str) -> Column | None:
        """Return the column of this name, or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One SLA property, as written.

    Attributes:
        driver: why it matters: ``regulatory``, ``analytics``, ``operational`` …
        severity: of a level that is not kept; from the custom property ``severity``, else a warning.
    """

    property: str
    value: Any = None
    unit: str | None = None
    element: str | None = None
    description: str | None = None
    value_ext: Any = None
    driver: str | None = None
    severity: Severity = Severity.WARNING
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """One entry of ``servers``: a place that holds the data, by the contract's own account.

    Attributes:
        name: ``server`` in the file.
        type: ``local``, ``s3``, ``postgres`` …
        settings: everything that the entry says, references unexpanded.
    """

    name: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """An ODCS contract.

    Attributes:
        id: the contract's ``id``, which ODPS ports name as ``contractId``.
        version: semantic version; its first number is the major that consumers address.
        path: file it was read from, relative to the mesh.
        text: the file as it stands: it stays untouched and is kept with every apply.
        default_element: column that service levels without one are about (``slaDefaultElement``).
    """

    id: str
    version: str
    api_version: str
    status: str
    tables: tuple[Table, ...]
    path: str
    text: str
    name: str | None = None
    purpose: str | None = None
    usage: str | None = None
    limitations: str | None = None
    tags: tuple[str, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    default_element: str | None = None
    context: Context = field(default_factory=Context)
    custom: Mapping[str, Any] = field(default_factory=dict)
    servers: tuple[Server, ...] = ()

    @property
    def major(self) -> int:
        """Major version, at least 1 (a ``0.x`` contract is addressed as major 1)."""
        head = self.version.lstrip("v").split(".", 1)[0]
        return max(int(head), 1) if head.isdigit() else 1

    def table(self, name: str) -> Table | None:
        """Return the table of this name, or None."""
        return next((t for t in self.tables if t.name == name), None)
