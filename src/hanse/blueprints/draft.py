"""From what a delivery looks like to the files of a product: a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.base import ProductName
from hanse.blueprints.contract_draft import Head, draft_contract
from hanse.blueprints.yaml_text import key, text

Profile = Mapping[str, Any]

# Of files in `data` that are inputs by themselves.
_PACKABLE = (".csv", ".ndjson", ".jsonl", ".json")
_PACKED = tuple(f"{ending}{packed}" for ending in _PACKABLE for packed in (".gz", ".zip"))
_ENDINGS = (*_PACKABLE, *_PACKED, ".parquet", ".xlsx", ".avro")


@dataclass(frozen=True, slots=True)
class Source:
    """A delivery and how a pipeline reads it.

    Attributes:
        profile: as :func:`hanse.quality.drafts.profile` returns it.
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
    id_ = f"{name.domain}-{name.product}"
    lines = (f"domain: {key(name.domain)}", f"dataProduct: {id_}")
    head = Head(id_, _title(name.product), "hanse new product", "hanse check", lines)
    return draft_contract(head, [source.profile for source in sources])
