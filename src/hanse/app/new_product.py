"""`hanse new product`: from files to a product that can be applied and run at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.app.profiling import look_at, table_name
from hanse.app.remote_draft import bring, file_name
from hanse.base import BlueprintError, HanseError, ProductName
from hanse.base.codes import ILLEGAL_NAME
from hanse.base.names import RESERVED_DOMAINS, name_fault, suggest_name
from hanse.base.suggest import closest
from hanse.blueprints.codes import DOMAIN_MISSPELT, NOT_A_SOURCE, PRODUCT_EXISTS, WOULD_OVERWRITE
from hanse.blueprints.draft import Source, draft
from hanse.blueprints.folder import bring as copy_in
from hanse.blueprints.folder import compare, same_content, write
from hanse.spec.urls import is_remote

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh
    from hanse.spec import FileInput

Document = dict[str, Any]


def new_product(
    mesh: Mesh,
    address: str,
    files: Sequence[str],
    *,
    link: bool = False,
    null_values: Sequence[str] = (),
    header: bool = True,
    new_domain: bool = False,
) -> Document:
    """Draft a product from files; see :meth:`hanse.app.Mesh.new_product`."""
    name = _name(address)
    root = Path(mesh.config.root)
    is_new = _is_new_domain(root, name, wanted=new_domain)
    folder = root / "domains" / name.domain / name.product
    if os.path.lexists(folder / "product.yaml"):
        raise BlueprintError(
            PRODUCT_EXISTS,
            f"{name} has a `product.yaml` already",
            why="nothing was written",
            fix="name another product, or edit that one",
            subject=str(name),
        )
    words, named = tuple(null_values), None if header else False
    inputs = [replace(s, null_values=words, header=named) if s.format == "csv" else s for s in _inputs(files)]
    places = {source.name: _place(root, folder, source, link=link) for source in inputs}
    sources = []
    for source, profile in zip(inputs, _profiles(mesh, inputs), strict=True):
        csv = {"header": source.header, "encoding": profile.pop("encoding"), "null_values": list(source.null_values)}
        sources.append(Source(profile, places[source.name], {k: v for k, v in csv.items() if v not in (None, [])}))
    copies = {
        f"domains/{name.domain}/{name.product}/{places[s.name]}": Path(s.path)
        for s in inputs
        if not link and not is_remote(s.path) and not _is_same_file(folder / places[s.name], s.path)
    }
    written = _write(root, draft(name, sources, new_domain=is_new), copies)
    return {
        "product": str(name),
        "folder": str(folder),
        "written": written,
        "tables": [source.profile for source in sources],
        "next": ["hanse check", "hanse apply", f"hanse run {name}", f"hanse show {name}"],
    }


def _name(address: str) -> ProductName:
    name = ProductName.parse(address)
    if name.domain in RESERVED_DOMAINS:
        raise HanseError(
            ILLEGAL_NAME, f"`{name.domain}` is the domain of the mesh's own metadata", fix="name another domain"
        )
    return name


def _is_new_domain(root: Path, name: ProductName, *, wanted: bool) -> bool:
    """Say whether the domain has to be made; one that is nearly an existing one is taken for a slip of the keys."""
    known = [p.parent.name for p in root.glob("domains/*/domain.yaml")]
    near = closest(name.domain, known)
    if name.domain not in known and near and not wanted:
        raise BlueprintError(
            DOMAIN_MISSPELT,
            f"there is no domain `{name.domain}` yet, but one called `{near}`",
            why="nothing was written",
            fix=f"did you mean `{near}.{name.product}`? Add `--new-domain` if you did not",
        )
    return name.domain not in known


# The files


def _inputs(files: Sequence[str]) -> list[FileInput]:
    found: dict[str, FileInput] = {}
    for file in files:
        source = _input(file)
        if source.name in found:
            raise BlueprintError(
                NOT_A_SOURCE,
                f"`{found[source.name].written}` and `{file}` would both become the table `{source.name}`",
                fix=f"give one of them another name: `--from other_name={file}`",
            )
        found[source.name] = source
    return list(found.values())


def _input(file: str) -> FileInput:
    from hanse.spec import FileInput
    from hanse.spec.file_formats import guess_format

    given, separator, rest = file.partition("=")
    path = rest if separator and not os.path.exists(file) and not is_remote(file) else file
    last = file_name(path) if is_remote(path) else os.path.basename(path)
    format_, compression = guess_format(path)
    if format_ is None or (format_ in ("parquet", "xlsx", "avro") and compression != "none"):
        raise BlueprintError(
            NOT_A_SOURCE,
            f"`{path}` is no file that a product can be drafted from",
            why="its name does not say what it holds" if format_ is None else "it compresses inside: unpack it",
            fix="name .csv, .tsv, .txt, .ndjson, .json (and .gz, .zip, .bz2, .zst of them), .parquet, .xlsx or .avro",
        )
    name = given if path is rest and separator else table_name(last.partition(".")[0])
    fault = name_fault(name)
    if fault:
        raise BlueprintError(
            NOT_A_SOURCE,
            f"`{name}` cannot be the name of a table: {fault}",
            fix=f"name the table: `--from {suggest_name(name)[:20]}={path}`",
        )
    absolute = path if is_remote(path) else os.path.abspath(path)
    return FileInput(name, absolute, format_, compression, written=path)


def _place(root: Path, folder: Path, source: FileInput, *, link: bool) -> str:
    """Return where a file will be read, relative to the product's folder if it lies below it, else absolute."""
    if is_remote(source.path):
        return source.path
    path = Path(source.path)
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    if not link:
        return f"data/{source.name}{_ending(path.name)}"
    if path.resolve().is_relative_to(root.resolve()):
        raise BlueprintError(
            NOT_A_SOURCE,
            f"`{source.written}` lies inside the mesh, so it cannot be read in place",
            why="what other products hold is read through an input port",
            fix="copy it: leave out `--link`",
        )
    return str(path)


def _ending(name: str) -> str:
    lower = name.lower()
    packed = next((end for end in (".gz", ".zip", ".bz2", ".zst") if lower.endswith(end)), "")
    return os.path.splitext(lower.removesuffix(packed))[1] + packed


def _is_same_file(path: Path, source: str) -> bool:
    return path.exists() and os.path.samefile(path, source)


# Looking at them


def _profiles(mesh: Mesh, inputs: Sequence[FileInput]) -> Iterator[Document]:
    from hanse.ingest import observe
    from hanse.interfaces import SessionLimits

    here = [s for s in inputs if not is_remote(s.path)]
    paths = [observe(source, mesh.config.root).path for source in here]
    settings = mesh.config.engine
    with _scratch(mesh.config.state) as scratch:
        inputs = [replace(s, path=bring(mesh, s, scratch)) if is_remote(s.path) else s for s in inputs]
        session = mesh.engine.open(
            readable=[*paths, scratch],
            writable=[scratch],
            limits=SessionLimits(threads=settings.threads, memory=settings.memory_limit),
            formats={source.format for source in inputs},
        )
        with session:
            for source in inputs:
                yield look_at(session, source, scratch)


@contextmanager
def _scratch(state: str) -> Iterator[str]:
    Path(state).mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="draft-", dir=state)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# Writing


def _write(root: Path, files: Mapping[str, bytes], copies: Mapping[str, Path]) -> list[str]:
    found = compare(root, files)
    in_the_way = list(found.different)
    in_the_way += [
        f for f, source in copies.items() if os.path.lexists(root / f) and not same_content(root / f, source)
    ]
    if in_the_way:
        raise BlueprintError(
            WOULD_OVERWRITE,
            "a new product would overwrite " + ", ".join(f"`{f}`" for f in sorted(in_the_way)),
            why="nothing was written",
            fix="move it away, or name another product",
        )
    copy_in(root, copies)
    # In the order of the draft: `product.yaml` last, so that what was cut short is no product yet.
    write(root, {f: content for f, content in files.items() if f in found.missing})
    return sorted([*copies, *found.missing])
