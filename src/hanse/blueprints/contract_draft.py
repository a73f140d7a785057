"""From what data looks like to a contract: a pure function, for `hanse new product` and `hanse contract infer`.

A draft promises what holds by the nature of the thing (types, keys, no empty values); what merely happened to hold in
one delivery is a comment, and what only the owner knows is marked ``TODO``. A *full* draft promises further what
follows from how values are written and what they mean: formats, patterns of codes, generous lengths, bounds that no
honest value leaves, references between tables. It never promises the extremes of what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.blueprints import promises
from hanse.blueprints.sql_names import sql_names
from hanse.blueprints.yaml_text import comment, key, text
from hanse.spec import personal

Profile = Mapping[str, Any]
MANY_ROWS = 100
"""Rows from which on a list of values is taken for a code list, if each value comes ten times on average."""

_LOGICAL = {
    "BOOLEAN": "logicalType: boolean",
    "BIGINT": "logicalType: integer",
    "DOUBLE": "logicalType: number",
    "VARCHAR": "logicalType: string",
    "DATE": "logicalType: date",
    "TIME": "logicalType: time",
    "TIMESTAMP WITH TIME ZONE": "logicalType: timestamp",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key, by the names in the data.

    Attributes:
        table, columns: who refers.
        to_table, to_columns: to what, in the same order.
    """

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a contract says before its tables.

    Attributes:
        id: the contract's.
        name: in words.
        command: that drafted it.
        next: the command that tells what is left to do.
        lines: further lines, such as the domain.
    """

    id: str
    name: str
    command: str
    next: str
    lines: tuple[str, ...] = ()


def draft_contract(
    head: Head, profiles: Sequence[Profile], *, references: Sequence[Reference] = (), full: bool = False
) -> list[str]:
    """Write a contract, line by line.

    Args:
        head: what it says before its tables.
        profiles: one per table, as :func:`hanse.quality.drafts.profile.profile` returns them; with shapes if full.
        references: between the tables; for a full draft.
        full: promise what values look like and refer to, too.
    """
    lines = [
        *comment(
            f"Drafted from data by `{head.command}`. It promises what every row of the delivery kept and what the "
            "next honest delivery should keep as well; what merely happened to hold is a comment, yours to take or to "
            f"delete. `{head.next}` names what still says TODO."
        ),
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {key(head.id)}" if full else f"id: {head.id}",
        f"name: {text(head.name)}",
        "version: 0.1.0",
        "status: draft",
        *head.lines,
        "description:",
        '  purpose: "TODO: say what these tables are for."',
        "schema:",
    ]
    names = {profile["name"]: columns_of(profile) for profile in profiles}
    for profile in profiles:
        own = [r for r in references if r.table == profile["name"]]
        lines += _Table(profile, names, own, full=full).lines()
    return lines


def columns_of(profile: Profile) -> dict[str, str]:
    """Return the SQL names of a delivery's columns, by their names in the file."""
    return sql_names([column["name"] for column in profile["columns"]])


class _Table:
    """Writes one table."""

    def __init__(
        self,
        profile: Profile,
        names: Mapping[str, Mapping[str, str]],
        references: Sequence[Reference],
        *,
        full: bool,
    ) -> None:
        self._profile = profile
        self._all_names = names
        self._names = names[profile["name"]]
        self._references = references
        self._full = full

    def lines(self) -> Iterator[str]:
        profile = self._profile
        yield f"  - name: {key(profile['name'])}"
        yield "    physicalType: table"
        yield f'    description: "TODO: say what one row of {profile["name"]} stands for."'
        yield from comment(f"{profile['file']}: {_count(profile['rows'], 'row')}.", 4)
        if not profile["primary_key"]:
            advice = "If there is one, mark its columns with `primaryKey` and `primaryKeyPosition`."
            yield from comment(f"No key suggests itself. {advice}", 4)
        yield from self._composite_references()
        if self._full and profile["rows"]:
            yield "    quality:"
            yield "      - { name: not_empty, type: library, metric: rowCount, mustBeGreaterThan: 0 }"
        yield "    properties:"
        for column in profile["columns"]:
            yield from (f"      {line}" for line in self._column(column))

    def _composite_references(self) -> Iterator[str]:
        several = [r for r in self._references if len(r.columns) > 1]
        if several:
            yield "    relationships:"
        for reference in several:
            own = ", ".join(text(f"{reference.table}.{self._names[c]}") for c in reference.columns)
            yield f"      - from: [{own}]"
            yield f"        to: [{', '.join(text(to) for to in self._targets(reference))}]"

    def _targets(self, reference: Reference) -> list[str]:
        names = self._all_names[reference.to_table]
        return [f"{reference.to_table}.{names[column]}" for column in reference.to_columns]

    def _column(self, column: Profile) -> Iterator[str]:
        profile, name = self._profile, self._names[column["name"]]
        yield f"- name: {key(name)}"
        if name != column["name"]:
            yield f"  physicalName: {text(column['name'])}"
        yield from (f"  {line}" for line in _type(self._tree(column)))
        if column["note"]:
            yield from comment(f"Text: {column['note']}.", 2)
        if profile["rows"] and not column["nulls"]:
            yield "  required: true"
        yield from self._key(column, name)
        yield '  description: "TODO: say what it means."'
        about_people = _personal(name, column)
        is_code_list = not about_people and _is_code_list(column, profile["rows"])
        if about_people:
            yield from self._classification(about_people)
        if self._full:
            yield from promises.options(name, column, profile["rows"], is_code_list=is_code_list)
            yield from self._single_references(column)
        if not about_people:
            yield from _range(column, suggest=not self._full)
            yield from promises.examples(column) if self._full else ()
        if column["nulls"] or not profile["rows"]:
            yield from comment(f"Empty in {column['nulls']:,} of {_count(profile['rows'], 'row')}.", 2)
            yield "  customProperties:"
            yield '    - { property: nullMeaning, value: "TODO: say why a value may be missing." }'
        if is_code_list:
            yield from _known_values(name, column)

    def _tree(self, column: Profile) -> Profile:
        # A product stores whole numbers of 64 bits without a sign as decimals; in others' files they are what they are.
        is_unsigned = self._full and column.get("declared") == "UBIGINT"
        return column["nested"] or {"kind": "scalar", "type": "BIGINT" if is_unsigned else column["type"]}

    def _key(self, column: Profile, name: str) -> Iterator[str]:
        profile = self._profile
        if column["name"] in profile["primary_key"]:
            yield "  primaryKey: true"
            yield f"  primaryKeyPosition: {profile['primary_key'].index(column['name']) + 1}"
        elif column["is_unique"] and profile["rows"] > 1:
            if self._full and promises.is_surely_unique(name, column, profile["rows"]):
                yield "  unique: true"
            else:
                yield from comment("unique: true  (no value twice here; keep it if that is no chance)", 2)

    def _classification(self, about_people: str) -> Iterator[str]:
        if not self._full:
            yield from comment(f"classification: confidential  (looks like {about_people})", 2)
            return
        yield from comment(f"Looks like {about_people}. TODO: confirm how it may be used.", 2)
        yield "  classification: confidential"
        yield "  tags: [pii]"

    def _single_references(self, column: Profile) -> Iterator[str]:
        for reference in self._references:
            if reference.columns == (column["name"],):
                yield "  relationships:"
                yield f"    - to: {text(self._targets(reference)[0])}"


def _type(nested: Profile) -> Iterator[str]:
    match nested["kind"]:
        case "object":
            yield "logicalType: object"
            yield "properties:"
            for member in nested["members"]:
                yield f"  - name: {text(member['name'])}"
                yield from (f"    {line}" for line in _type(member))
        case "array":
            yield "logicalType: array"
            yield "items:"
            yield from (f"  {line}" for line in _type(nested["item"]))
        case "map":
            yield "logicalType: map"
            yield "map:"
            for side in ("key", "value"):
                yield f"  {side}:"
                yield from (f"    {line}" for line in _type(nested[side]))
        case _:
            yield from _scalar(nested["type"])


def _scalar(type_: str) -> Iterator[str]:
    if type_.startswith("DECIMAL"):
        yield "logicalType: number"
        yield f"physicalType: {text(type_)}"
    elif type_ == "TIMESTAMP":
        yield "logicalType: timestamp"
        yield "logicalTypeOptions: { timezone: false }"
    elif type_ == "BLOB":
        yield "logicalType: string"
        yield "physicalType: BINARY"
    else:
        yield _LOGICAL[type_]


def _personal(name: str, column: Profile) -> str | None:
    """Return what about people a column may hold, told by its values first and by its name then."""
    if column["looks_like"]:
        return personal.by_kind(column["looks_like"])
    if column["type"] in ("BOOLEAN", "DOUBLE") or column["nested"]:
        return None
    found = personal.by_name(name)
    return found[1] if found else None


def _range(column: Profile, *, suggest: bool) -> Iterator[str]:
    low, high = column["minimum"], column["maximum"]
    if low is None or (column["type"] == "BIGINT" and column["is_unique"]):
        return
    yield from comment(f"From {low} to {high} here.", 2)
    if suggest and column["type"] in ("BIGINT", "DOUBLE") and not str(low).startswith("-"):
        yield from comment("logicalTypeOptions: { minimum: 0 }  (if it can never be negative)", 2)


def _is_code_list(column: Profile, rows: int) -> bool:
    values = column["values"]
    return rows >= MANY_ROWS and len(values) >= 2 and rows - column["nulls"] >= 10 * len(values)


def _known_values(name: str, column: Profile) -> Iterator[str]:
    yield "  quality:"
    yield from comment("A warning: a new value is published and reported. With `severity: error` it would block.", 4)
    yield f"    - name: {text('known_' + name)}"
    yield "      type: library"
    yield "      metric: invalidValues"
    yield "      arguments:"
    yield "        validValues: [" + ", ".join(text(value) for value in sorted(column["values"])) + "]"
    yield "      mustBe: 0"
    yield "      severity: warning"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
