"""From what a delivery looks like to the files of a product: a pure function.

A draft promises little: what holds by the nature of the thing (types, keys, no empty values) it states, what merely
happened to hold in one delivery it writes as a comment, and what only the owner knows it marks ``TODO``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.base import ProductName
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

# Of files in `data` that are inputs by themselves.
_PACKABLE = (".csv", ".ndjson", ".jsonl", ".json")
_PACKED = tuple(f"{ending}{packed}" for ending in _PACKABLE for packed in (".gz", ".zip"))
_ENDINGS = (*_PACKABLE, *_PACKED, ".parquet", ".xlsx", ".avro")


@dataclass(frozen=True, slots=True)
class Source:
    """A delivery and how a pipeline reads it.

    Attributes:
        profile: as :func:`hanse.quality.profile` returns it.
        path: path for ``pipeline.yaml``: relative to the product's folder, or absolute.
        csv: settings of the CSV dialect that the pipeline has to say.
    """

    profile: Profile
    path: str
    csv: Mapping[str, Any]


def draft(name: ProductName, sources: Sequence[Source], *, new_domain: bool) -> dict[str, bytes]:
    """Write a product's descriptors.

    Args:
        name: the product's address.
        sources: one per table.
        new_domain: the domain has no ``domain.yaml`` yet.

    Returns:
        Content by path relative to the mesh's folder; ``product.yaml`` last: without it there is no product.
    """
    folder = f"domains/{name.domain}/{name.product}"
    files = {f"{folder}/contracts/{name.product}.odcs.yaml": _contract(name, sources)}
    if any(not _is_found_by_itself(source) for source in sources):
        files[f"{folder}/pipeline.yaml"] = _pipeline(sources)
    if new_domain:
        files[f"domains/{name.domain}/domain.yaml"] = _domain(name.domain)
    files[f"{folder}/product.yaml"] = _product(name)
    return {path: "".join(f"{line}\n" for line in lines).encode() for path, lines in files.items()}


def columns_of(profile: Profile) -> dict[str, str]:
    """Return the SQL names of a delivery's columns, by their names in the file."""
    return sql_names([column["name"] for column in profile["columns"]])


def _is_found_by_itself(source: Source) -> bool:
    return source.path in {f"data/{source.profile['name']}{end}" for end in _ENDINGS} and not source.csv


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _domain(name: str) -> list[str]:
    return [
        "apiVersion: hanse/v1",
        "kind: Domain",
        f"name: {key(name)}",
        f"title: {text(_title(name))}",
        'description: "TODO: say what this domain is about."',
        'team: "TODO: name the owning team."',
    ]


def _product(name: ProductName) -> list[str]:
    return [
        "apiVersion: v1.0.0",
        "kind: DataProduct",
        f"id: {name.domain}-{name.product}",
        f"name: {text(_title(name.product))}",
        "version: 0.1.0",
        "status: draft",
        f"domain: {key(name.domain)}",
        "description:",
        '  purpose: "TODO: say what this product is for, and for whom."',
        "outputPorts:",
        f"  - name: {key(name.product)}",
        "    type: tables",
        "    version: 0.1.0",
        f"    contractId: {name.domain}-{name.product}",
    ]


def _pipeline(sources: Sequence[Source]) -> list[str]:
    lines = ["apiVersion: hanse/v1", "kind: Pipeline", "inputs:"]
    for source in sources:
        lines += [f"  {key(source.profile['name'])}:", f"    file: {text(source.path.replace('${', '$${'))}"]
        if source.csv:
            lines.append("    csv:")
            for setting, value in source.csv.items():
                lines.append(f"      {setting}: {_setting(value)}")
    return lines


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "[" + ", ".join(map(text, value)) + "]" if isinstance(value, list | tuple) else text(value)


def _contract(name: ProductName, sources: Sequence[Source]) -> list[str]:
    lines = [
        *comment(
            "Drafted from data by `hanse new product`. It promises what every row of the delivery kept and what the "
            "next honest delivery should keep as well; what merely happened to hold is a comment, yours to take or to "
            "delete. `hanse check` names what still says TODO."
        ),
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {name.domain}-{name.product}",
        f"name: {text(_title(name.product))}",
        "version: 0.1.0",
        "status: draft",
        f"domain: {key(name.domain)}",
        f"dataProduct: {name.domain}-{name.product}",
        "description:",
        '  purpose: "TODO: say what these tables are for."',
        "schema:",
    ]
    for source in sources:
        lines += _table(source.profile)
    return lines


def _table(profile: Profile) -> Iterator[str]:
    yield f"  - name: {key(profile['name'])}"
    yield "    physicalType: table"
    yield f'    description: "TODO: say what one row of {profile["name"]} stands for."'
    yield from comment(f"{profile['file']}: {_count(profile['rows'], 'row')}.", 4)
    if not profile["primary_key"]:
        yield from comment(
            "No key suggests itself. If there is one, mark its columns with `primaryKey` and `primaryKeyPosition`.", 4
        )
    yield "    properties:"
    names = columns_of(profile)
    for column in profile["columns"]:
        yield from (f"      {line}" for line in _column(column, names[column["name"]], profile))


def _column(column: Profile, name: str, profile: Profile) -> Iterator[str]:
    yield f"- name: {key(name)}"
    if name != column["name"]:
        yield f"  physicalName: {text(column['name'])}"
    yield from (f"  {line}" for line in _type(column["nested"] or {"kind": "scalar", "type": column["type"]}))
    if column["note"]:
        yield from comment(f"Text: {column['note']}.", 2)
    if profile["rows"] and not column["nulls"]:
        yield "  required: true"
    if column["name"] in profile["primary_key"]:
        yield "  primaryKey: true"
        yield f"  primaryKeyPosition: {profile['primary_key'].index(column['name']) + 1}"
    elif column["is_unique"] and profile["rows"] > 1:
        yield from comment("unique: true  (no value twice here; keep it if that is no chance)", 2)
    yield '  description: "TODO: say what it means."'
    about_people = _personal(name, column)
    if about_people:
        yield from comment(f"classification: confidential  (looks like {about_people})", 2)
    else:
        yield from _range(column)
    if column["nulls"] or not profile["rows"]:
        yield from comment(f"Empty in {column['nulls']:,} of {_count(profile['rows'], 'row')}.", 2)
        yield "  customProperties:"
        yield '    - { property: nullMeaning, value: "TODO: say why a value may be missing." }'
    if not about_people and _is_code_list(column, profile["rows"]):
        yield from _known_values(name, column)


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


def _range(column: Profile) -> Iterator[str]:
    low, high = column["minimum"], column["maximum"]
    if low is None or (column["type"] == "BIGINT" and column["is_unique"]):
        return
    yield from comment(f"From {low} to {high} here.", 2)
    if column["type"] in ("BIGINT", "DOUBLE") and not str(low).startswith("-"):
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
