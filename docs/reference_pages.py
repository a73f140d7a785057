"""Writes the reference pages, and the table of rooms in ``docs/architecture.md``, from the code.

Usage: ``python docs/reference_pages.py`` (``make docs``). A test checks that what it would write is what is there.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.base import Code

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).resolve().parents[1]
ROOMS_BEGIN = "<!-- rooms: written by docs/reference_pages.py -->"
ROOMS_END = "<!-- rooms: end -->"


def layers() -> tuple[tuple[str, ...], ...]:
    """Return the floors of the import linter's contract, from the top; each with its rooms (packages, not files)."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = (tuple(room.strip() for room in floor.split("|")) for floor in floors)
    packages = (tuple(room for room in floor if _source(room).exists()) for floor in named)
    return tuple(floor for floor in packages if floor)


def rooms() -> tuple[str, ...]:
    """Return all rooms, from the ground up."""
    return tuple(room for rooms_of_one in reversed(layers()) for room in rooms_of_one)


def codes(room: str) -> Mapping[str, Code]:
    """Return the error codes that a room defines, by the names of their constants; empty for a room without any."""
    found: dict[str, Code] = {}
    for source in sorted(_source(room).parent.rglob("codes.py")):
        module = vars(import_module(".".join(source.relative_to(ROOT / "src").with_suffix("").parts)))
        assigned = (node for node in ast.parse(source.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign))
        names = [target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)]
        found |= {name: module[name] for name in names if isinstance(module[name], Code)}
    return found


def _source(room: str) -> Path:
    return ROOT / "src" / "hanse" / room / "__init__.py"


def floor(room: str) -> tuple[int, str]:
    """Return a room's floor and what it holds, both from its docstring: ``Floor 5: what it holds.``.

    Raises:
        ValueError: the docstring does not begin that way.
    """
    docstring = ast.get_docstring(ast.parse(_source(room).read_text(encoding="utf-8"))) or ""
    found = re.match(r"Floor (\d+): (.+)", docstring)
    if found is None:
        raise ValueError(f"the docstring of the room `{room}` must begin with `Floor <number>: <what it holds>`")
    return int(found[1]), found[2].rstrip(".").replace("``", "`")


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _page(title: str, lead: str, body: str) -> str:
    return f"<!-- Written by docs/reference_pages.py; do not edit. -->\n\n# {title}\n\n{lead}\n\n{body.rstrip()}\n"


def errors() -> str:
    """Return the page of error codes."""
    sections = []
    for room in rooms():
        found = sorted(codes(room).values(), key=lambda code: code.id)
        if found:
            entries = "\n".join(f"### {code.id}: {code.title}\n\n{code.meaning}\n" for code in found)
            sections.append(f"## {room}: {floor(room)[1]}\n\n{entries}")
    lead = (
        "Every failure that Hanse reports carries one of these codes. A code keeps its meaning for ever. The letter "
        "tells the room that found it."
    )
    return _page("Error codes", lead, "\n".join(sections))


def architecture() -> str:
    """Return ``docs/architecture.md`` with the table of rooms made anew."""
    rows = ([str(floor(room)[0]), f"`{room}`", floor(room)[1]] for rooms_of_one in layers() for room in rooms_of_one)
    table = _table(("floor", "room", "what it holds"), rows)
    before, _, rest = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition(ROOMS_BEGIN)
    _, _, after = rest.partition(ROOMS_END)
    return f"{before}{ROOMS_BEGIN}\n\n{table}\n{ROOMS_END}{after}"


def configuration() -> str:
    """Return the page of our own files, from their JSON Schemas."""
    schemas: Mapping[str, Mapping[str, Any]] = import_module("hanse.spec").json_schemas()
    sections = []
    for name, schema in schemas.items():
        file = name if name.endswith(".yaml") else f"{name}.yaml"
        rows = list(_keys(schema, schema, ""))
        about = " ".join(str(schema.get("description", "")).split())
        table = _table(("key", "type", "required", "default", "meaning"), iter(rows))
        sections.append(f"## `{file}`\n\n{about}\n\n{table}" if about else f"## `{file}`\n\n{table}")
    lead = (
        "The files that are Hanse's own. Data products are described in Bitol ODPS and contracts in Bitol ODCS; those "
        "standards have references of their own. Editors check and complete these files with the JSON Schemas in "
        "[schemas](schemas/). `${VARIABLE}` and `${VARIABLE:-default}` are replaced in these files "
        "and in no other."
    )
    return _page("Configuration", lead, "\n".join(sections))


def _keys(root: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> Iterator[Sequence[str]]:
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        key, resolved = f"{prefix}{name}", _resolve(root, given)
        default = f"`{json.dumps(resolved['default'])}`" if resolved.get("default") is not None else ""
        meaning = str(resolved.get("description", ""))
        yield [f"`{key}`", _type(root, resolved), "yes" if name in required else "", default, meaning]
        yield from _inner_keys(root, resolved, key)


def _inner_keys(root: Mapping[str, Any], schema: Mapping[str, Any], key: str) -> Iterator[Sequence[str]]:
    for choice in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        resolved = _resolve(root, choice)
        yield from _keys(root, resolved, f"{key}.")
        if isinstance(resolved.get("items"), dict):
            yield from _keys(root, _resolve(root, resolved["items"]), f"{key}[].")
        values = resolved.get("additionalProperties")
        if isinstance(values, dict):
            value = _resolve(root, values)
            yield from _keys(root, value, f"{key}.<name>.")
            for alternative in (*value.get("anyOf", ()), *value.get("oneOf", ())):
                yield from _keys(root, _resolve(root, alternative), f"{key}.<name>.")


def _resolve(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _type(root: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if choices:
        kinds = [_type(root, _resolve(root, choice)) for choice in choices]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    if isinstance(schema.get("items"), dict):
        return f"list of {_type(root, _resolve(root, schema['items']))}"
    kind = schema.get("type", "anything")
    return " or ".join(k for k in kind if k != "null") if isinstance(kind, list) else str(kind)


def json_schema(kind: str) -> str:
    """Return the JSON Schema of one of our own files, for editors."""
    schemas: Mapping[str, Mapping[str, Any]] = import_module("hanse.spec").json_schemas()
    return json.dumps(schemas[kind], indent=2, ensure_ascii=False) + "\n"


def cli() -> str:
    """Return the page of commands, from the help texts themselves."""
    import click

    from hanse.cli.exits import Exit
    from hanse.cli.main import cli as root

    context = click.Context(root, info_name="hanse", max_content_width=100, terminal_width=100, **root.context_settings)
    sections = [f"```text\n{root.get_help(context)}\n```\n"]
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is not None and not command.hidden:
            sections.extend(_command(command, name, context))
    exits = _table(("exit code", "meaning"), ([str(int(code)), code.meaning] for code in Exit))
    lead = "The `hanse` command. Every command that prints a document prints it as JSON with `--json`."
    return _page("Commands", lead, "\n".join([*sections, f"## Exit codes\n\n{exits}"]))


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    import click

    context = click.Context(command, info_name=name, parent=parent, max_content_width=100, terminal_width=100)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            if inner is not None and not inner.hidden:
                yield from _command(inner, inner_name, context)


def metadata() -> str:
    """Return the page of the mesh's own tables."""
    from hanse.query.metadata import describe

    sections = []
    for table in describe():
        rows = ([f"`{c['name']}`", c["type"], c["description"]] for c in table["columns"])
        columns = _table(("column", "type", "meaning"), rows)
        sections.append(f"## `{table['name']}`\n\n{table['description']}\n\n{columns}")
    lead = (
        "The mesh is a data product too: what it knows about itself is readable by the same SQL as everything else, "
        "under the domain `mesh`."
    )
    return _page("Metadata tables", lead, "\n".join(sections))


def odcs() -> str:
    """Return the page of ODCS fields, from what the code says becomes of each."""
    from hanse.quality.coverage import SECTIONS, TREATMENTS, How
    from hanse.spec.odcs_fields import server_kinds

    totals = Counter(treatment.how for treatment in TREATMENTS.values())
    meanings = _table(("how", "fields", "meaning"), ([f"**{how}**", str(totals[how]), how.meaning] for how in How))
    parts = [meanings]
    for title, fields in SECTIONS.items():
        rows = []
        for field, treatment in fields.items():
            kinds = server_kinds(field) if field.startswith("Server.") else ()
            of = f" Of `{'`, `'.join(kinds)}`." if kinds else ""
            checks = ", ".join(f"`{kind}`" for kind in treatment.checks)
            rows.append([f"`{field}`", treatment.how.value, checks, treatment.words + of])
        parts.append(f"## {title}\n\n{_table(('field', 'how', 'checks', 'in a sentence'), iter(rows))}")
    lead = (
        "Every field of the Open Data Contract Standard (3.0, 3.1 and 3.2), and what becomes of it. A test walks the "
        "standard's JSON Schema, so no field can be missing here. What one contract states, and how it is verified, "
        "lists `hanse contract coverage`. Checks have verdicts: passed, failed, warned, error, not applicable, or for "
        "a person; problems found when a contract is read have [codes](errors.md)."
    )
    return _page("ODCS, field by field", lead, "\n".join(parts))


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/architecture.md": architecture,
    "docs/reference/cli.md": cli,
    "docs/reference/configuration.md": configuration,
    "docs/reference/errors.md": errors,
    "docs/reference/metadata.md": metadata,
    "docs/reference/odcs.md": odcs,
    "docs/reference/schemas/domain.schema.json": partial(json_schema, "domain"),
    "docs/reference/schemas/mesh.schema.json": partial(json_schema, "mesh"),
    "docs/reference/schemas/pipeline.schema.json": partial(json_schema, "pipeline"),
}
"""Page → what writes it."""


def main() -> None:
    """Write every page that has changed."""
    for path, make in PAGES.items():
        page, text = ROOT / path, make()
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
