"""From an ODCS document to a :class:`~hanse.spec.contract.Contract`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hanse.base import Code, Location, Problem, Severity, SpecError
from hanse.base.suggest import did_you_mean
from hanse.spec import codes, odcs_schema
from hanse.spec.contract import Column, Contract, Server, ServiceLevel, Table
from hanse.spec.document import Document, Map, as_written, plain, read_document
from hanse.spec.odcs_context import read_context
from hanse.spec.odcs_limits import read_limits
from hanse.spec.odcs_quality import read_rules
from hanse.spec.odcs_relationships import read_relationships
from hanse.spec.odcs_types import PhysicalType, Refusal, scalar_type
from hanse.spec.renames import WAS, check_identities
from hanse.spec.salvage import Damage, salvage, widen
from hanse.spec.types import DataType, Field, List, Scalar, Struct
from hanse.spec.types import Map as MapType

_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z.+-]+)?")
_WHOLE_ELEMENTS = frozenset({"binary", "int8", "uint8"})


# Keys that the meaning of the other keys beside them hangs on.
_CARRIERS = frozenset(
    {"logicalType", "physicalType", "logicalTypeOptions", "enum", "properties", "items", "map", "key", "value"}
    | {"type", "metric", "rule", "arguments", "query", "from", "to", "property", "unit", "element"}
)
_OF_TWO = (codes.DUPLICATE_NAME, codes.DUPLICATE_ID)
_DEFAULTS = {"id": "unknown", "version": "0.0.0", "status": "unknown", "kind": "DataContract"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a contract's file.

    Attributes:
        contract: the contract; of a file with errors, what is left without the parts that break the standard; None
            when nothing is left.
        problems: everything found, warnings too.
        damage: what the file's errors took away.
    """

    contract: Contract | None
    problems: tuple[Problem, ...]
    damage: Damage = field(default_factory=Damage)

    @property
    def is_sound(self) -> bool:
        """Whether no error was found: then the contract is the whole contract."""
        return self.contract is not None and all(p.severity is not Severity.ERROR for p in self.problems)


def read_contract(data: bytes, path: str) -> tuple[Contract | None, list[Problem]]:
    """Read a contract; return it (None when the file has an error) and everything found, warnings too."""
    reading = read_in_part(data, path)
    return reading.contract if reading.is_sound else None, list(reading.problems)


def read_in_part(data: bytes, path: str) -> Reading:
    """Read as much of a contract as keeps to its standard, and find everything that is wrong with the file."""
    try:
        document = read_document(data, path)
    except SpecError as error:
        return Reading(None, tuple(error.problems))
    version = as_written(document.root.get("apiVersion"))
    if document.root.get("kind") == "DataProduct":
        what = "a contract's file holds a data product, not a data contract"
        fix = "move it to the product's folder as `product.yaml`, and write the ODCS contract here"
        problem = Problem(codes.BAD_VALUE, what, document.at(document.root, "kind"), fix=fix)
        return Reading(None, (*document.problems, problem))
    if version not in odcs_schema.VERSIONS:
        return Reading(None, (*document.problems, _unsupported(document, version)))
    shape = odcs_schema.shape(version)
    found, damage = salvage(document, shape, f"ODCS {version}", _CARRIERS, _DEFAULTS)
    if damage is None:
        return Reading(None, (*document.problems, *found))
    meant: list[Problem] = []
    contract = _Reader(document, version, meant).contract()
    meant = [p for p in meant if damage.spares(p.where)]
    # Two things of one name are each sound by themselves.
    widen(damage, document, (p for p in meant if p.severity is Severity.ERROR and p.code not in _OF_TWO), _CARRIERS)
    return Reading(contract, (*document.problems, *found, *meant), damage)


def _unsupported(document: Document, version: Any) -> Problem:
    root = document.root
    known = ", ".join(odcs_schema.VERSIONS)
    if version is None and "dataContractSpecification" in root:
        return Problem(
            codes.UNSUPPORTED_VERSION,
            "the contract is written in the Data Contract Specification, which is another standard than ODCS",
            document.at(root, "dataContractSpecification"),
            why=f"versions read: ODCS {known}",
            fix="convert it, for example with `datacontract export --format odcs`",
        )
    if version is None:
        return Problem(
            codes.MISSING_KEY,
            "the contract has no `apiVersion`",
            document.at(root),
            fix=f"add `apiVersion: {odcs_schema.VERSIONS[-1]}`",
        )
    fix = f"write one of {known}"
    if isinstance(version, str) and version.lstrip("v").startswith(("1", "2")):
        fix = "rewrite it in ODCS 3, whose keys are others"
    if isinstance(version, str) and f"v{version}" in odcs_schema.VERSIONS:
        fix = f"write `v{version}`"
    return Problem(
        codes.UNSUPPORTED_VERSION,
        f"the contract is written in ODCS `{version}`",
        document.at(root, "apiVersion"),
        why=f"versions read: {known}",
        fix=fix,
    )


class _Reader:
    """Reads one document that keeps to its standard; what it means wrongly is added to the problems."""

    def __init__(self, document: Document, version: str, problems: list[Problem]) -> None:
        self._document = document
        self._version = version
        self._v30 = version.startswith("v3.0")
        self._problems = problems

    def contract(self) -> Contract:
        root = self._document.root
        if not _VERSION.fullmatch(root["version"]):
            self._report(
                codes.BAD_VALUE,
                f"the contract's version `{root['version']}` is no version number",
                root,
                "version",
                why="consumers address a contract by the first number of its version",
                fix="write it as `1.0.0`",
            )
        tables = tuple(self._table(entry) for entry in root.get("schema") or () if isinstance(entry, Map))
        self._unique((t.name, t.where) for t in tables)
        description = root.get("description") or {}
        return Contract(
            id=root["id"],
            version=root["version"],
            api_version=self._version,
            status=root.get("status") or "active",
            tables=tables,
            path=self._document.path,
            text=self._document.text,
            name=root.get("name"),
            purpose=description.get("purpose"),
            usage=description.get("usage"),
            limitations=description.get("limitations"),
            tags=tuple(root.get("tags") or ()),
            service_levels=tuple(self._service_level(entry) for entry in root.get("slaProperties") or ()),
            default_element=root.get("slaDefaultElement"),
            context=read_context(self._document, root.get("context"), self._problems),
            custom=_custom(root),
            servers=tuple(self._server(entry) for entry in root.get("servers") or () if isinstance(entry, Map)),
        )

    def _server(self, entry: Map) -> Server:
        return Server(entry["server"], entry["type"], plain(entry), self._document.at(entry))

    def _report(self, code: Code, what: str, container: Map, key: str | None = None, **more: Any) -> None:
        where = self._document.at(container, key) if key in container else self._document.at(container)
        self._problems.append(Problem(code, what, where, **more))

    def _unique(self, named: Iterable[tuple[str, Location | None]], what: str = "table") -> None:
        seen: dict[str, tuple[str, Location | None]] = {}
        for name, where in named:
            first = seen.setdefault(name.casefold(), (name, where))
            if first[1] is not where:
                line = first[1].line if first[1] else 0
                self._problems.append(
                    Problem(
                        codes.DUPLICATE_NAME,
                        f"two {what}s are called `{name}`",
                        where,
                        why=f"the first one stands on line {line}; SQL does not tell letter case apart",
                        fix="rename one of them",
                    )
                )

    def _service_level(self, entry: Map) -> ServiceLevel:
        return ServiceLevel(
            property=entry["property"],
            value=plain(entry.get("value")),
            unit=entry.get("unit"),
            element=entry.get("element"),
            description=entry.get("description"),
            value_ext=plain(entry.get("valueExt")),
            driver=entry.get("driver"),
            severity=self._level_severity(entry),
            where=self._document.at(entry),
        )

    def _level_severity(self, entry: Map) -> Severity:
        stated = _custom(entry).get("severity", Severity.WARNING.value)
        if stated in set(Severity):
            return Severity(stated)
        what = f"the severity of the SLA property `{entry['property']}` cannot be `{stated}`"
        self._report(codes.BAD_VALUE, what, entry, "customProperties", fix="write error or warning")
        return Severity.WARNING

    def _table(self, entry: Map) -> Table:
        name = entry["name"]
        columns = self._columns(entry.get("properties"), f"`{name}`")
        if not columns:
            self._report(
                codes.MISSING_KEY,
                f"table `{name}` has no columns",
                entry,
                fix="list them under `properties:`",
            )
        return Table(
            name=name,
            columns=self._with_key_positions(columns),
            physical_name=entry.get("physicalName"),
            description=entry.get("description"),
            business_name=entry.get("businessName"),
            granularity=entry.get("dataGranularityDescription"),
            tags=tuple(entry.get("tags") or ()),
            rules=read_rules(self._document, entry.get("quality"), self._problems, of=f"table `{name}`"),
            relationships=read_relationships(self._document, entry),
            object_id=entry.get("id"),
            context=read_context(self._document, entry.get("context"), self._problems),
            custom=_custom(entry),
            where=self._document.at(entry),
        )

    def _columns(self, entries: Any, of: str) -> tuple[Column, ...]:
        columns = tuple(self._column(e, f"{of}.`{e['name']}`") for e in entries or () if isinstance(e, Map))
        self._unique(((c.name, c.where) for c in columns), "column")
        self._problems.extend(check_identities(columns, of))
        return columns

    def _with_key_positions(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """Give key columns without a position the order in which they are written, after those that have one."""
        primary = self._placed([c.primary_key_position for c in columns], columns, "primary key")
        partition = self._placed([c.partition_key_position for c in columns], columns, "partition")
        return tuple(
            replace(column, primary_key_position=key, partition_key_position=part)
            if (key, part) != (column.primary_key_position, column.partition_key_position)
            else column
            for column, key, part in zip(columns, primary, partition, strict=True)
        )

    def _placed(self, positions: list[int | None], columns: tuple[Column, ...], of: str) -> list[int | None]:
        taken = [p for p in positions if p]
        for position, column in zip(positions, columns, strict=True):
            if position and taken.count(position) > 1:
                self._problems.append(
                    Problem(
                        codes.DUPLICATE_NAME,
                        f"two columns have the position {position} in the {of}",
                        column.where,
                        fix="number them 1, 2, 3 …",
                    )
                )
                break
        following = max(taken, default=0)
        placed: list[int | None] = []
        for position in positions:
            following += position == 0
            placed.append(following if position == 0 else position)
        return placed

    def _column(self, entry: Map, label: str) -> Column:
        physical = PhysicalType.parse(entry.get("physicalType"))
        logical = entry.get("logicalType") or self._implied(entry, physical)
        options = entry.get("logicalTypeOptions") or Map()
        children, type_ = self._type(entry, logical, physical, options, label)
        required = bool(entry.get("required"))
        custom = _custom(entry)
        return Column(
            name=entry.get("name") or "",
            type=type_,
            logical_type=logical or "string",
            physical_type=entry.get("physicalType"),
            physical_name=entry.get("physicalName"),
            required=required,
            unique=bool(entry.get("unique")),
            primary_key_position=_position(entry, "primaryKey", "primaryKeyPosition"),
            partition_key_position=_position(entry, "partitioned", "partitionKeyPosition"),
            limits=read_limits(self._document, options, logical, type_, self._problems, of=label),
            enum=_enum(entry, options),
            description=entry.get("description"),
            business_name=entry.get("businessName"),
            classification=entry.get("classification"),
            critical=bool(entry.get("criticalDataElement")),
            deprecated=bool(entry.get("deprecated")),
            tags=tuple(entry.get("tags") or ()),
            examples=tuple(plain(entry.get("examples") or ())),
            rules=read_rules(self._document, entry.get("quality"), self._problems, of=f"column {label}"),
            children=children,
            relationships=read_relationships(self._document, entry),
            property_id=entry.get("id"),
            was=self._was(entry, custom, label),
            custom=custom,
            where=self._document.at(entry),
        )

    def _was(self, entry: Map, custom: Mapping[str, Any], label: str) -> str | None:
        was = custom.get(WAS)
        if was is None or (isinstance(was, str) and was):
            return was
        self._report(
            codes.NOT_CHECKED,
            f"`{WAS}` of {label} is recorded, and renames nothing",
            entry,
            "customProperties",
            why="it is no name",
            fix="write the name that the column had before",
            severity=Severity.WARNING,
        )
        return None

    @staticmethod
    def _implied(entry: Map, physical: PhysicalType | None) -> str | None:
        if entry.get("properties"):
            return "object"
        if entry.get("items"):
            return "array"
        if entry.get("map"):
            return "map"
        return physical.logical_type if physical else None

    def _type(
        self, entry: Map, logical: str | None, physical: PhysicalType | None, options: Map, label: str
    ) -> tuple[tuple[Column, ...], DataType]:
        match logical:
            case "object":
                return self._struct(entry, options, label)
            case "array":
                return self._list(entry, label)
            case "map":
                return self._map(entry, label)
            case "vector":
                return (), List(Scalar.BIGINT if options.get("elementType") in _WHOLE_ELEMENTS else Scalar.DOUBLE)
            case None:
                self._report(
                    codes.NO_TYPE,
                    f"column {label} has no type",
                    entry,
                    "physicalType",
                    why="its `physicalType` is none that is known" if physical else None,
                    fix="add `logicalType:`, for example string, integer, number, boolean, date or timestamp",
                )
                return (), Scalar.VARCHAR
        found = scalar_type(logical, physical, dict(options), v30=self._v30)
        if isinstance(found, Refusal):
            key = "physicalType" if "physicalType" in entry else "logicalType"
            shown = entry.get("physicalType") or logical
            self._report(
                found.code, f"column {label} cannot be stored as `{shown}`", entry, key, why=found.why, fix=found.fix
            )
            return (), Scalar.VARCHAR
        return (), found

    def _struct(self, entry: Map, options: Map, label: str) -> tuple[tuple[Column, ...], DataType]:
        children = self._columns(entry.get("properties"), label)
        if not children:
            self._report(codes.NO_TYPE, f"object {label} has no members", entry, fix="list them under `properties:`")
        required = options.get("required")
        needed = required if isinstance(required, list) else []
        for name in needed:
            if name not in {c.name for c in children}:
                self._report(
                    codes.BAD_VALUE,
                    f"object {label} requires `{name}`, which it does not have",
                    options,
                    "required",
                    fix=did_you_mean(str(name), [c.name for c in children]) or "name one of its `properties`",
                )
        children = tuple(replace(c, required=True) if c.name in needed else c for c in children)
        return children, Struct(tuple(Field(c.name, c.type, c.required) for c in children))

    def _list(self, entry: Map, label: str) -> tuple[tuple[Column, ...], DataType]:
        item = entry.get("items")
        if not isinstance(item, Map):
            self._report(
                codes.NO_TYPE,
                f"array {label} does not say what it holds",
                entry,
                fix="add `items:` with a `logicalType`",
            )
            return (), List(Scalar.VARCHAR)
        child = self._inner(item, f"{label}[]", "item")
        return (child,), List(child.type)

    def _map(self, entry: Map, label: str) -> tuple[tuple[Column, ...], DataType]:
        sides = entry.get("map")
        if (
            not isinstance(sides, Map)
            or not isinstance(sides.get("key"), Map)
            or not isinstance(sides.get("value"), Map)
        ):
            self._report(
                codes.NO_TYPE,
                f"map {label} does not say what it holds",
                entry,
                fix="add `map:` with `key:` and `value:`",
            )
            return (), MapType(Scalar.VARCHAR, Scalar.VARCHAR)
        key = self._inner(sides["key"], f"{label}.key", "key")
        value = self._inner(sides["value"], f"{label}.value", "value")
        return (key, value), MapType(key.type, value.type)

    def _inner(self, entry: Map, label: str, name: str) -> Column:
        column = self._column(entry, label)
        return column if column.name else replace(column, name=name)


def _position(entry: Map, flag: str, key: str) -> int | None:
    """Return the position in a key, 0 for a member without one, None for no member."""
    if not entry.get(flag):
        return None
    position = entry.get(key)
    return position if isinstance(position, int) and position > 0 else 0


def _enum(entry: Map, options: Map) -> tuple[Any, ...]:
    values = [plain(e["value"]) for e in entry.get("enum") or () if e.get("value") is not None]
    among_options = plain(options.get("enum"))
    if isinstance(among_options, list):
        values += [value for value in among_options if value not in values]
    return tuple(values)


def _custom(entry: Map) -> Mapping[str, Any]:
    return {e["property"]: plain(e.get("value")) for e in entry.get("customProperties") or () if e.get("property")}
