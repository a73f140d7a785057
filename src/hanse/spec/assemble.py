"""From the files of one folder to a :class:`~hanse.spec.product.Product`, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_args

from hanse.base import Location, Problem, ProductName, Severity, SpecError
from hanse.base.names import name_fault, suggest_name
from hanse.base.suggest import closest, did_you_mean
from hanse.spec import codes
from hanse.spec.contract import Contract
from hanse.spec.document import Document, Map, decode, plain, read_document
from hanse.spec.folder import ProductFolder, content_digest, full_digest
from hanse.spec.materialize_checks import check_materializations
from hanse.spec.odcs import read_contract
from hanse.spec.odps import OutputPortFile, ProductFile, Team, read_product_file
from hanse.spec.pipeline_file import PipelineReading, read_pipeline
from hanse.spec.product import (
    InputPort,
    Lifecycle,
    OutputPort,
    Pipeline,
    Product,
    SavedQuery,
    TeamMember,
    Transform,
)
from hanse.spec.product_checks import check_described, check_names, check_tables, duplicate
from hanse.spec.variables import Expansion
from hanse.spec.workspace import WrittenPath

_EXPECTED = ("product.yaml", "pipeline.yaml", "contracts", "transforms", "queries", "data")
_STATUSES: tuple[str, ...] = get_args(Lifecycle)
_VERSION_HEAD = re.compile(r"v?([0-9]+)")


@dataclass
class Assembly:
    """A product as far as its files could be read.

    Attributes:
        product: None when its own files have errors.
        problems: everything found in them.
        paths: file inputs as written, for checking that the files exist.
        variables: names of the variables that its files refer to.
        from_data: its inputs were taken from the listing of ``data``.
        contract_ids: ids of the contracts that it offers, as far as known.
    """

    product: Product | None = None
    problems: list[Problem] = field(default_factory=list)
    paths: list[WrittenPath] = field(default_factory=list)
    variables: tuple[str, ...] = ()
    from_data: bool = False
    contract_ids: frozenset[str] = frozenset()


def assemble(name: ProductName, folder: ProductFolder, environ: Mapping[str, str]) -> Assembly:
    """Read and check a product by itself; how it fits with other products is checked elsewhere.

    Args:
        name: its address.
        folder: its files.
        environ: values of variables.
    """
    return _Assembler(name, folder, environ).assemble()


class _Assembler:
    def __init__(self, name: ProductName, folder: ProductFolder, environ: Mapping[str, str]) -> None:
        self._name = name
        self._folder = folder
        self._environ = environ
        self._problems: list[Problem] = []

    def assemble(self) -> Assembly:
        self._check_listing()
        described = self._product_file()
        contracts = self._contracts()
        pipeline = self._pipeline()
        transforms = self._transforms()
        queries = tuple(SavedQuery(name, path, sql) for name, path, sql in self._texts("queries", ".sql"))
        product = None
        if described and pipeline.pipeline:
            document, model = described
            product = self._product(document, model, contracts, pipeline, transforms, queries)
            self._problems += check_names(product)
            self._problems += check_described(product)
            if not self._broken:
                self._problems += check_tables(product, pipeline.tables)
                self._problems += check_materializations(product)
        problems = [replace(p, subject=str(self._name)) for p in self._problems]
        return Assembly(
            product=None if any(p.severity is Severity.ERROR for p in problems) else product,
            problems=problems,
            paths=pipeline.paths,
            variables=pipeline.variables,
            from_data=pipeline.from_data,
            contract_ids=frozenset(c.id for c in contracts),
        )

    @property
    def _broken(self) -> bool:
        return any(p.severity is Severity.ERROR for p in self._problems)

    def _path(self, name: str) -> str:
        return f"{self._folder.relative}/{name}"

    def _report(self, code: Any, what: str, where: Location | None, **more: Any) -> None:
        self._problems.append(Problem(code, what, where, **more))

    def _warn(self, code: Any, what: str, where: Location | None, **more: Any) -> None:
        self._report(code, what, where, severity=Severity.WARNING, **more)

    # Files

    def _check_listing(self) -> None:
        for name, reason in self._folder.unreadable:
            self._report(
                codes.UNREADABLE_FILE,
                f"`{name}` cannot be read",
                Location(self._path(name)),
                why=reason,
                fix="check its permissions",
            )
        for name in self._folder.others:
            near = None if "/" in name else closest(name, [e for e in _EXPECTED if e not in self._folder.files])
            if near or "/" in name:
                fix = f"did you mean `{near}`?" if near else "move its files up"
                self._warn(codes.IGNORED_FILE, f"`{name}` is not used", Location(self._path(name)), fix=fix)

    def _document(self, name: str) -> Document | None:
        try:
            document = read_document(self._folder.files[name], self._path(name))
        except SpecError as error:
            self._problems += error.problems
            return None
        return document

    def _product_file(self) -> tuple[Document, ProductFile] | None:
        if "product.yaml" not in self._folder.files:
            if not any(name == "product.yaml" for name, _ in self._folder.unreadable):
                self._report(
                    codes.MISSING_FILE,
                    f"{self._name} has no `product.yaml`",
                    Location(self._folder.relative),
                    fix="write one, or move the folder out of the domain",
                )
            return None
        document = self._document("product.yaml")
        if document is None:
            return None
        model, problems = read_product_file(document)
        self._problems += [*document.problems, *problems]
        return (document, model) if model else None

    def _contracts(self) -> list[Contract]:
        contracts: list[Contract] = []
        for name, data in self._of_folder("contracts", (".yaml", ".yml")):
            contract, problems = read_contract(data, self._path(name))
            self._problems += problems
            if contract is None:
                continue
            same = next((c for c in contracts if (c.id, c.major) == (contract.id, contract.major)), None)
            if same:
                self._report(
                    codes.DUPLICATE_CONTRACT,
                    f"two contracts have the id `{contract.id}` and the major version {contract.major}",
                    Location(contract.path, 1, 1),
                    why=f"the other one is {same.path}",
                    fix="change the id, or raise the major version of one",
                )
            contracts.append(contract)
        return contracts

    def _pipeline(self) -> PipelineReading:
        document = None
        if "pipeline.yaml" in self._folder.files:
            document = self._document("pipeline.yaml")
            if document is None:
                return PipelineReading()
        elif any(name == "pipeline.yaml" for name, _ in self._folder.unreadable):
            return PipelineReading()
        reading = read_pipeline(document, self._folder.data, self._folder.relative, Expansion(self._environ))
        self._problems += reading.problems
        return reading

    def _of_folder(self, folder: str, suffixes: tuple[str, ...]) -> Iterable[tuple[str, bytes]]:
        for name, data in self._folder.files.items():
            if not name.startswith(f"{folder}/"):
                continue
            if name.endswith(suffixes):
                yield name, data
            elif not name.endswith((".md", "~")):
                what = f"`{name}` is not used: files of `{folder}` end in {' or '.join(suffixes)}"
                self._warn(codes.IGNORED_FILE, what, Location(self._path(name)), fix="rename or remove it")

    def _transforms(self) -> tuple[Transform, ...]:
        found: dict[str, Transform] = {}
        for name, path, text in self._texts("transforms", ".sql", ".py"):
            other = found.setdefault(name, Transform(name, path, text, "python" if path.endswith(".py") else "sql"))
            if other.path != path:
                self._problems.append(duplicate("transform", name, Location(path, 1, 1)))
        return tuple(found.values())

    def _texts(self, folder: str, *suffixes: str) -> Iterable[tuple[str, str, str]]:
        """Yield name, path and text of a folder's files."""
        for file, data in self._of_folder(folder, suffixes):
            path = self._path(file)
            try:
                text = decode(data, path)
            except SpecError as error:
                self._problems += error.problems
                continue
            if not text.strip():
                fix = "write the function" if file.endswith(".py") else "write the SELECT"
                self._report(codes.EMPTY_FILE, f"{path} is empty", Location(path, 1, 1), fix=fix)
            yield file.removeprefix(f"{folder}/").rsplit(".", 1)[0], path, text

    # The product

    def _product(
        self,
        document: Document,
        model: ProductFile,
        contracts: list[Contract],
        pipeline: PipelineReading,
        transforms: tuple[Transform, ...],
        queries: tuple[SavedQuery, ...],
    ) -> Product:
        team, members = _team(model)
        description = model.description
        content = content_digest(self._folder.files.items())
        return Product(
            name=self._name,
            id=model.id,
            version=model.version or "1.0.0",
            status=self._status(document, model),
            folder=self._folder.path,
            path=document.path,
            text=document.text,
            digest=full_digest(content, (), {}),
            title=model.name,
            purpose=description.purpose if description else None,
            usage=description.usage if description else None,
            limitations=description.limitations if description else None,
            tags=tuple(model.tags or ()),
            team=team,
            members=members,
            support=tuple(plain(entry) for entry in document.root.get("support") or ()),
            outputs=self._outputs(document, model, contracts),
            inputs=self._inputs(document, model),
            pipeline=pipeline.pipeline or Pipeline(),
            transforms=transforms,
            queries=queries,
            custom={p.property: plain(p.value) for p in model.customProperties or ()},
        )

    def _status(self, document: Document, model: ProductFile) -> Lifecycle:
        if model.status is None:
            return "draft"
        status = model.status.lower()
        if status in _STATUSES:
            return cast("Lifecycle", status)
        self._warn(
            codes.UNKNOWN_STATUS,
            f"the status `{model.status}` is treated as `draft`",
            document.at(document.root, "status"),
            fix=did_you_mean(status, _STATUSES),
        )
        return "draft"

    def _inputs(self, document: Document, model: ProductFile) -> tuple[InputPort, ...]:
        entries = document.root.get("inputPorts") or []
        ports: list[InputPort] = []
        for entry, port in zip(entries, model.inputPorts or (), strict=True):
            where = document.at(entry)
            fault = name_fault(port.name)
            if fault:
                self._warn(
                    codes.UNUSABLE_PORT_NAME,
                    f"transforms cannot call the input port `{port.name}` by its name",
                    document.at(entry, "name"),
                    why=fault,
                    fix=f"call it `{suggest_name(port.name)}`, or write `domain.product.table` in SQL",
                )
            if any(p.name == port.name for p in ports):
                self._problems.append(duplicate("input port", port.name, where))
            ports.append(InputPort(port.name, contract_id=port.contractId, major=_major(port.version), where=where))
        return tuple(ports)

    def _outputs(self, document: Document, model: ProductFile, contracts: list[Contract]) -> tuple[OutputPort, ...]:
        entries = document.root.get("outputPorts") or []
        ports: list[OutputPort] = []
        for entry, port in zip(entries, model.outputPorts or (), strict=True):
            contract = self._contract_of(document, entry, port, contracts)
            version = port.version or (contract.version if contract else "1.0.0")
            ports.append(
                OutputPort(port.name, version, contract, description=port.description, where=document.at(entry))
            )
        used = {(p.contract.id, p.contract.major) for p in ports if p.contract}
        for contract in contracts:
            if (contract.id, contract.major) not in used:
                self._warn(
                    codes.UNUSED_CONTRACT,
                    f"no output port names the contract `{contract.id}` (major {contract.major})",
                    Location(contract.path, 1, 1),
                    fix=f"add `contractId: {contract.id}` to an output port of `product.yaml`, or delete the file",
                )
        return tuple(ports)

    def _contract_of(
        self, document: Document, entry: Map, port: OutputPortFile, contracts: list[Contract]
    ) -> Contract | None:
        if port.contractId is None:
            self._warn(
                codes.UNKNOWN_CONTRACT,
                f"output port `{port.name}` names no contract, so it serves nothing",
                document.at(entry),
                fix="add `contractId:` with the id of a contract",
            )
            return None
        of_id = [c for c in contracts if c.id == port.contractId]
        wanted = _major(port.version)
        matching = [c for c in of_id if wanted in (None, c.major)]
        if len(matching) == 1:
            return matching[0]
        broken = any(p.where and p.where.path.startswith(self._path("contracts/")) for p in self._problems)
        if matching:
            majors = ", ".join(str(c.major) for c in matching)
            self._report(
                codes.UNKNOWN_CONTRACT,
                f"output port `{port.name}` could mean several majors of `{port.contractId}`: {majors}",
                document.at(entry, "contractId"),
                fix="add `version:` to the port",
            )
        elif of_id:
            majors = ", ".join(f"{c.version} ({c.path.rsplit('/', 1)[1]})" for c in of_id)
            self._report(
                codes.UNKNOWN_CONTRACT,
                f"output port `{port.name}` has version {port.version}, its contract `{port.contractId}` has not",
                document.at(entry, "version"),
                why=f"the contract's versions are {majors}; the major versions must agree",
                fix="give port and contract the same major version",
            )
        elif not broken:
            self._report(
                codes.UNKNOWN_CONTRACT,
                f"output port `{port.name}` names the contract `{port.contractId}`, which is in no file of `contracts`",
                document.at(entry, "contractId"),
                fix=did_you_mean(port.contractId, [c.id for c in contracts]) or "add the contract",
            )
        return None


def _team(model: ProductFile) -> tuple[str | None, tuple[TeamMember, ...]]:
    if isinstance(model.team, Team):
        name, members = model.team.name, model.team.members or []
    else:
        name, members = None, model.team or []
    return name, tuple(TeamMember(m.username, m.role, m.name) for m in members)


def _major(version: str | None) -> int | None:
    match = _VERSION_HEAD.match(version or "")
    return max(int(match.group(1)), 1) if match else None
