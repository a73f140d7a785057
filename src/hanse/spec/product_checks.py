"""What must hold within one product: legal and distinct names, and something that builds every table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hanse.base import Location, Problem, Severity
from hanse.base.codes import ILLEGAL_NAME
from hanse.base.names import name_fault, split_major, suggest_name
from hanse.base.suggest import closest, did_you_mean
from hanse.spec import codes
from hanse.spec.contract import Table
from hanse.spec.product import Product, Transform


def duplicate(what: str, name: str, where: Location | None) -> Problem:
    """Return the problem of two things of one name."""
    return Problem(codes.DUPLICATE_NAME, f"two {what}s are called `{name}`", where, fix="rename or remove one of them")


def check_names(product: Product) -> Iterator[Problem]:
    """Yield what is wrong with the names of output ports, tables and inputs."""
    ports = set[tuple[str, int]]()
    contracts = set[tuple[str, int]]()
    tables = dict[tuple[str, int], str]()
    for port in product.outputs:
        yield from _legal("output port", port.name, port.where)
        if (port.name, port.major) in ports:
            yield duplicate("output port", port.name, port.where)
        ports.add((port.name, port.major))
        if port.contract is None:
            continue
        key = (port.contract.id, port.contract.major)
        if key in contracts:
            what = f"two output ports name the contract `{key[0]}` (major {key[1]})"
            yield Problem(codes.DUPLICATE_CONTRACT, what, port.where, fix="give each port a contract of its own")
            continue
        contracts.add(key)
        for table in port.contract.tables:
            yield from _legal("table", table.name, table.where)
            other = tables.setdefault((table.name, port.major), port.name)
            if other != port.name:
                yield Problem(
                    codes.DUPLICATE_NAME,
                    f"the output ports `{other}` and `{port.name}` both have a table `{table.name}`",
                    table.where,
                    why="a table's name is unique within its product",
                    fix="rename one of the tables",
                )
    yield from _check_clashes(product)


def _legal(what: str, name: str, where: Location | None) -> Iterator[Problem]:
    fault = name_fault(name)
    if fault:
        fix = f"call it `{suggest_name(name)}`"
        yield Problem(ILLEGAL_NAME, f"the {what} `{name}` has no legal name", where, why=fault, fix=fix)


def _check_clashes(product: Product) -> Iterator[Problem]:
    """Transforms, file inputs and input ports share one space of names."""
    taken = {t.name: f"the transform {t.path}" for t in product.transforms}
    renaming = "" if product.pipeline.path else " by renaming the file"
    inputs = [(f.name, f"the file input `{f.name}`", f.where, renaming) for f in product.pipeline.files]
    inputs += [(d.name, f"the input `{d.name}`", d.where, "") for d in product.pipeline.databases]
    inputs += [(p.name, f"the input port `{p.name}`", p.where, "") for p in product.input_ports]
    for name, what, where, how in inputs:
        if name in taken:
            yield Problem(
                codes.NAME_CLASH,
                f"`{name}` is both {taken[name]} and {what}",
                where,
                why="SQL calls all of them by name",
                fix=f"rename the input, for example to `{name}_raw`{how}",
            )
        taken.setdefault(name, what)


def check_tables(product: Product, settings: Mapping[str, Location]) -> Iterator[Problem]:
    """Yield tables that nothing builds, transforms whose name builds nothing, and settings of no table.

    Args:
        product: the product; its names are legal.
        settings: names under ``tables`` of ``pipeline.yaml``, with their places.
    """
    transforms = {t.name for t in product.transforms}
    files = {s.name for s in product.pipeline.sources}
    promised = set[str]()
    for port, table in product.tables:
        local = table.name if port.major == 1 else f"{table.name}_v{port.major}"
        # A later major without a transform of its own is built by the first one's.
        if not {local, table.name} & (transforms | files):
            near = closest(local, transforms | files)
            hint = f" (is `{near}` meant?)" if near else ""
            yield Problem(
                codes.UNBUILT_TABLE,
                f"nothing builds the table `{table.name}` of output port `{port.name}`",
                table.where,
                fix=f"add `transforms/{local}.sql`, or a file input called `{local}`{hint}",
            )
        promised.update((local, table.name))
    for transform in product.transforms:
        if transform.name not in promised:
            yield from _check_private(transform)
    known = promised | transforms
    for name, where in settings.items():
        if name not in known:
            fix = did_you_mean(name, known) or "remove it"
            yield Problem(codes.UNKNOWN_TABLE, f"`{name}` is no table of this product", where, fix=fix)


def _check_private(transform: Transform) -> Iterator[Problem]:
    base, major = split_major(transform.name)
    fault = name_fault(base)
    where = Location(transform.path)
    if fault:
        suffix = ".py" if transform.language == "python" else ".sql"
        fix = f"rename the file to `{suggest_name(transform.name)}{suffix}`"
        yield Problem(ILLEGAL_NAME, f"the transform `{transform.name}` has no legal name", where, why=fault, fix=fix)
    elif major is not None:
        yield Problem(
            ILLEGAL_NAME,
            f"the transform `{transform.name}` builds no table",
            where,
            why=f"`_v{major}` selects a contract's major version, and no contract has `{base}` in major {major}",
            fix=f"rename it, or add the contract of `{base}` with version {major}.0.0",
        )


_SHOWN = 4


def check_described(product: Product) -> Iterator[Problem]:
    """Yield a warning for the product, and for each table, that still says TODO where a meaning belongs."""
    if _is_open(product.purpose):
        yield _not_described("the product does not say what it is for", Location(product.path), "`description.purpose`")
    for _, table in product.tables:
        missing = list(_open_ends(table))
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            what = f"table `{table.name}` does not explain {', '.join(missing[:_SHOWN])}{more}"
            yield _not_described(what, table.where, "each TODO")


def _open_ends(table: Table) -> Iterator[str]:
    if _is_open(table.description):
        yield "its rows"
    for column in table.columns:
        if _is_open(column.description):
            yield f"`{column.name}`"
        elif _is_open(column.custom.get("nullMeaning")):
            yield f"null in `{column.name}`"


def _is_open(text: object) -> bool:
    return isinstance(text, str) and text.startswith("TODO")


def _not_described(what: str, where: Location | None, fix: str) -> Problem:
    return Problem(codes.NOT_DESCRIBED, what, where, fix=f"replace {fix} by the meaning", severity=Severity.WARNING)
