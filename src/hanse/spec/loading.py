"""Reading a whole mesh. Nothing heavy is imported for what the cache already knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hanse.base import Location, Problem, Problems, ProductName, Severity, SpecError
from hanse.base.codes import ILLEGAL_NAME
from hanse.base.names import MAX_OWNER_NAME, RESERVED_DOMAINS, name_fault, suggest_name
from hanse.spec import codes
from hanse.spec.allowed import source_problem
from hanse.spec.cache import ContentCache
from hanse.spec.connections import check_connections
from hanse.spec.folder import (
    ProductFolder,
    content_digest,
    full_digest,
    has_python,
    python_environment,
    read_bytes,
    read_folder,
)
from hanse.spec.globs import is_glob, matches
from hanse.spec.neighbours import check_neighbours
from hanse.spec.own import domain_of, mesh_of
from hanse.spec.retention import check_retention
from hanse.spec.sources import SourceSettings
from hanse.spec.summary import Summary, from_document, summarise, to_document
from hanse.spec.urls import is_remote
from hanse.spec.variables import Expansion
from hanse.spec.workspace import Entry, Workspace

if TYPE_CHECKING:
    from hanse.spec.assemble import Assembly
    from hanse.spec.assembled import AssembledProducts
    from hanse.spec.mesh import Domain, MeshConfig
    from hanse.spec.product import Product

MESH_FILE = "mesh.yaml"
_SECRET = ("password",)
# Parsed products are kept when a mesh is read anew, up to this many: more would only fill memory.
_KEEP = 200


def find_mesh(start: str | os.PathLike[str] = ".") -> str:
    """Return the absolute path of the nearest folder, from ``start`` upwards, that holds a ``mesh.yaml``.

    Raises:
        SpecError: HNS-S009: there is none.
    """
    first = os.path.abspath(start)
    folder = first
    while not os.path.isfile(os.path.join(folder, MESH_FILE)):
        above = os.path.dirname(folder)
        if above == folder:
            raise SpecError(
                codes.NO_MESH,
                f"no mesh.yaml in {first} or above it",
                fix="change into the folder of a mesh, or make one with `hanse init`",
            )
        folder = above
    return folder


def load(
    root: str | os.PathLike[str],
    *,
    cache: ContentCache | None = None,
    environ: Mapping[str, str] | None = None,
) -> Workspace:
    """Read everything that the folder of a mesh says.

    Problems of products are returned in :attr:`Workspace.problems`; products that have errors in their own files are
    missing in :attr:`Workspace.entries`, all others can be used.

    Args:
        root: the folder that holds ``mesh.yaml``.
        cache: what is known from earlier; it is brought up to date and saved.
        environ: values of ``${VAR}`` references; None: the process's environment.

    Raises:
        SpecError: HNS-S007: there is no ``mesh.yaml``.
        Problems: ``mesh.yaml`` has errors; everything found in all other files comes along.
    """
    return _Load(os.path.abspath(root), cache, os.environ if environ is None else environ).load()


def load_config(
    root: str | os.PathLike[str], *, cache: ContentCache | None = None, environ: Mapping[str, str] | None = None
) -> MeshConfig:
    """Read ``mesh.yaml`` alone.

    Args:
        root: the folder that holds it.
        cache: what is known from earlier; it is brought up to date, not saved.
        environ: values of ``${VAR}`` references; None: the process's environment.

    Raises:
        SpecError: HNS-S007: there is no ``mesh.yaml``.
        Problems: it has errors.
    """
    return _Load(os.path.abspath(root), cache, os.environ if environ is None else environ).config()


class _Load:
    def __init__(self, root: str, cache: ContentCache | None, environ: Mapping[str, str]) -> None:
        self._root = root
        self._cache = cache
        self._assembled: AssembledProducts | None = None  # what only reads summaries needs none of its classes
        self._environ = environ
        self._problems: list[Problem] = []
        self._sources: SourceSettings | None = None
        self._products: dict[ProductName, Product] = {}
        self._broken: dict[ProductName, frozenset[str]] = {}
        self._seen: dict[str, list[str]] = {"mesh": [], "domain": [], "product": []}

    def load(self) -> Workspace:
        mesh = self._mesh()
        self._sources = mesh.sources if mesh else None
        domains: dict[str, Domain] = {}
        entries: dict[ProductName, Entry] = {}
        for name, path in self._folders(f"{self._root}/domains", "domains"):
            domain = self._domain(name, path)
            if domain:
                domains[name] = domain
            for product, folder in self._folders(path, f"domains/{name}"):
                entry = self._product(ProductName(name, product), folder)
                if entry:
                    entries[entry.name] = entry
        self._problems += check_neighbours(entries, self._broken)
        self._problems += _too_long(mesh, domains, entries)
        self._problems += check_connections(mesh.connections, entries.values()) if mesh else []
        self._save()
        if mesh is None:
            raise Problems(_sorted(self._problems))
        parse = _parser(self._root, self._environ, self._cache)
        return Workspace(mesh, domains, entries, tuple(_sorted(self._problems)), parse, dict(self._products))

    def config(self) -> MeshConfig:
        mesh = self._mesh()
        if mesh is None:
            raise Problems(_sorted(self._problems))
        return mesh

    def _save(self) -> None:
        if self._cache is not None:
            for kind, keys in self._seen.items():
                self._cache.keep_only(kind, keys)
            self._cache.save()
        if self._assembled is not None:
            self._assembled.keep_only(self._seen["product"])

    def _report(self, problem: Problem) -> None:
        self._problems.append(problem)

    def _folders(self, path: str, relative: str) -> Iterator[tuple[str, str]]:
        """Yield the names and paths of the folders in a folder, in order, and report illegal names."""
        try:
            with os.scandir(path) as found:
                names = sorted(e.name for e in found if e.name[0] != "." and e.is_dir())
        except FileNotFoundError:
            return
        except OSError as error:
            self._report(_unreadable(relative, error))
            return
        for name in names:
            fault = name_fault(name, limit=MAX_OWNER_NAME)
            if fault is None and relative == "domains" and name in RESERVED_DOMAINS:
                fault = f"`{name}` is the domain of the mesh's own metadata"
            if fault:
                what = "domain" if relative == "domains" else "product"
                self._report(
                    Problem(
                        ILLEGAL_NAME,
                        f"the folder of {what} `{name}` has no legal name",
                        Location(f"{relative}/{name}"),
                        why=fault,
                        fix=f"rename it, for example to `{suggest_name(name)[:MAX_OWNER_NAME]}`",
                    )
                )
            yield name, f"{path}/{name}"

    # Our own single files

    def _mesh(self) -> MeshConfig | None:
        try:
            data = read_bytes(f"{self._root}/{MESH_FILE}")
        except FileNotFoundError:
            raise SpecError(
                codes.MISSING_FILE,
                f"{self._root} holds no mesh.yaml",
                where=Location(MESH_FILE),
                fix="make a mesh with `hanse init`",
            ) from None
        except OSError as error:
            raise Problems([_unreadable(MESH_FILE, error)]) from None
        found = self._own("mesh", MESH_FILE, data)
        return mesh_of(found[0], self._root) if found else None

    def _domain(self, name: str, path: str) -> Domain | None:
        file = f"domains/{name}/domain.yaml"
        try:
            data = read_bytes(f"{path}/domain.yaml")
        except FileNotFoundError:
            self._report(
                Problem(
                    codes.MISSING_FILE,
                    f"domain `{name}` has no `domain.yaml`",
                    Location(file),
                    fix="write one: `apiVersion: hanse/v1`, `kind: Domain`, `title:`, `team:`",
                    subject=name,
                )
            )
            return None
        except OSError as error:
            self._report(_unreadable(file, error))
            return None
        found = self._own("domain", file, data, name)
        return domain_of(found[0], name, file, found[1]) if found else None

    def _own(self, kind: str, file: str, data: bytes, name: str | None = None) -> tuple[dict[str, Any], str] | None:
        """Return the expanded document of a mesh or domain file and its digest; None when it has errors.

        What is cached is the document as written: values of variables may be secrets.
        """
        content = content_digest([(file, data)])
        self._seen[kind].append(file)
        known = self._cache.get(kind, file) if self._cache is not None else None
        if known and known["digest"] == full_digest(content, known["variables"], self._environ):
            return Expansion(self._environ, _SECRET).tree(known["document"]), known["digest"]
        from hanse.spec.own_files import read_own  # pydantic and YAML are loaded when needed only

        expansion = Expansion(self._environ, _SECRET)
        written, expanded, problems = read_own(kind, file, data, expansion, folder=name)
        self._problems += problems
        if expanded is None:
            return None
        digest = full_digest(content, expansion.names, self._environ)
        if self._cache is not None and not problems:
            document = {"digest": digest, "variables": sorted(expansion.names), "document": written}
            self._cache.put(kind, file, document)
        return expanded, digest

    # Products

    def _product(self, name: ProductName, path: str) -> Entry | None:
        relative = f"domains/{name.domain}/{name.product}"
        try:
            folder = read_folder(path, relative)
        except OSError as error:
            self._report(_unreadable(relative, error))
            self._broken[name] = frozenset()
            return None
        if not folder.files and not folder.unreadable:
            self._not_a_product(relative)
            return None
        key = str(name)
        self._seen["product"].append(key)
        content = content_digest(folder.files.items())
        summary = self._known(key, content, folder)
        if summary is None:
            assembly = self._assemble(name, folder)
            self._problems += assembly.problems
            if assembly.product is None:
                self._broken[name] = assembly.contract_ids
                return None
            settings = self._settings(content, assembly.variables, folder)
            summary = summarise(assembly, settings, self._environ, folder.others)
            if self._cache is not None:
                document = to_document(summary, content, folder.data if assembly.from_data else None)
                self._cache.put("product", key, document)
        else:
            self._problems += summary.entry.problems
        self._check_files(summary, path)
        return summary.entry

    def _known(self, key: str, content: str, folder: ProductFolder) -> Summary | None:
        known = self._cache.get("product", key) if self._cache is not None else None
        if known is None or known["content"] != content:
            return None
        if folder.others != known["others"] or folder.unreadable:
            return None
        if known["data"] is not None and known["data"] != folder.data:
            return None
        if known["settings"] != self._settings(content, known["variables"], folder):
            return None
        return from_document(known, self._environ)

    def _settings(self, content: str, variables: Iterable[str], folder: ProductFolder) -> str:
        if has_python(folder.files):
            content = f"{python_environment()}:{content}"
        return full_digest(content, variables, self._environ)

    def _assemble(self, name: ProductName, folder: ProductFolder) -> Assembly:
        from hanse.spec.assemble import assemble  # pydantic and YAML are loaded when needed only

        assembly = assemble(name, folder, self._environ)
        if assembly.product and len(self._products) < _KEEP:
            self._products[name] = assembly.product
            self._assembled = self._assembled or _assembled(self._cache)
            if self._assembled is not None:
                self._assembled.put(name, folder, assembly)
        return assembly

    def _not_a_product(self, relative: str) -> None:
        self._report(
            Problem(
                codes.IGNORED_FILE,
                f"the folder `{relative}` holds no `product.yaml`, so it is no product",
                Location(relative),
                fix="write its `product.yaml`, or move the folder elsewhere",
                severity=Severity.WARNING,
            )
        )

    def _check_files(self, summary: Summary, folder: str) -> None:
        """Check that file inputs may be read, and that local ones exist; the network is left alone."""
        subject = str(summary.entry.name)
        for file, written in zip(summary.entry.files, summary.paths, strict=True):
            refused = self._sources and source_problem(file, written, folder, self._sources, self._environ)
            if refused:
                self._report(replace(refused, subject=subject))
                continue
            if is_remote(file.path):
                continue
            if is_glob(file.path):
                if file.only_new or matches(file.path, folder):
                    continue  # an emptied inbox is no fault
            elif os.path.isfile(os.path.join(folder, file.path)):
                continue
            self._report(
                Problem(
                    codes.MISSING_FILE,
                    f"the file of input `{file.name}` is not there: `{file.shown}`",
                    file.where,
                    why="paths are relative to the product's folder",
                    fix="put the file there, or correct the path",
                    subject=subject,
                )
            )


def _too_long(
    mesh: MeshConfig | None, domains: Mapping[str, Domain], entries: Mapping[ProductName, Entry]
) -> list[Problem]:
    limit = mesh.retention_limit if mesh else None
    if mesh is None or limit is None:
        return []
    asked = {MESH_FILE: (None, mesh.retention), **{d.path: (None, d.retention) for d in domains.values()}}
    return check_retention(limit, asked | {e.path: (e.name, e.retention) for e in entries.values()})


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(
        codes.UNREADABLE_FILE,
        f"`{path}` cannot be read",
        Location(path),
        why=error.strerror,
        fix="check its permissions",
    )


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda p: (p.where or Location(""), p.code.id, p.what))


def _assembled(cache: ContentCache | None) -> AssembledProducts | None:
    """Return the parsed products that are kept beside a cache."""
    from hanse.spec.assembled import AssembledProducts

    return AssembledProducts(f"{cache.folder}/products") if cache is not None else None


def _parser(root: str, environ: Mapping[str, str], cache: ContentCache | None) -> Callable[[ProductName], Product]:
    def parse(name: ProductName) -> Product:
        relative = f"domains/{name.domain}/{name.product}"
        path = f"{root}/{relative}"
        if not os.path.isdir(path):
            raise SpecError(
                codes.UNKNOWN_PRODUCT,
                f"the mesh has no product {name}",
                where=Location(relative),
                fix="see `hanse list`",
                subject=str(name),
            )
        folder = read_folder(path, relative)
        assembled = _assembled(cache)
        known = assembled.get(name, folder) if assembled is not None else None
        if known is not None:
            return known
        from hanse.spec.assemble import assemble  # pydantic and YAML are loaded when needed only

        assembly = assemble(name, folder, environ)
        if assembly.product is None:
            raise Problems(_sorted([p for p in assembly.problems if p.severity is Severity.ERROR]))
        if assembled is not None:
            assembled.put(name, folder, assembly)
        return assembly.product

    return parse
