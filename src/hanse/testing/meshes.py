"""Small meshes on disk, for tests of whatever stands above spec."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Columns = Mapping[str, str | Mapping[str, Any]]


class MeshFolder:
    """Writes a mesh's files. YAML is written as JSON, which is YAML.

    Columns are ``{"name": "integer"}`` or ``{"name": {"logicalType": "integer", "required": True}}``.
    """

    def __init__(self, root: Path, name: str = "test") -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": name})

    def write(self, path: str, content: str | bytes | Mapping[str, Any]) -> Path:
        """Write a file below the mesh's folder."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        return file

    def product(
        self,
        name: str,
        tables: Mapping[str, Columns],
        *,
        transforms: Mapping[str, str] | None = None,
        data: Mapping[str, str | bytes] | None = None,
        inputs: Mapping[str, str] | None = None,
        pipeline: Mapping[str, Any] | None = None,
        rules: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        version: str = "1.0.0",
        status: str = "active",
        description: str = "For tests.",
    ) -> None:
        """Write a product with one output port of its own name.

        Args:
            name: ``domain.product``.
            tables: columns per table of the contract.
            transforms: SQL per table.
            data: content of files in ``data/``.
            inputs: input port name → ``domain.product`` read.
            pipeline: ``inputs`` of ``pipeline.yaml``; none written if None.
            rules: quality rules per table.
            version: of the product, its port and its contract.
            status: lifecycle of the product and its contract.
            description: the product's purpose, and what is said of every table.
        """
        domain, product = name.split(".")
        folder = f"domains/{domain}/{product}"
        self.write(
            f"domains/{domain}/domain.yaml",
            {"apiVersion": "hanse/v1", "kind": "Domain", "name": domain, "team": f"{domain} team"},
        )
        self.write(
            f"{folder}/product.yaml",
            {
                "apiVersion": "v1.0.0",
                "kind": "DataProduct",
                "id": f"{domain}-{product}",
                "name": product,
                "version": version,
                "status": status,
                "description": {"purpose": description},
                "inputPorts": [
                    {"name": n, "version": "1.0.0", "contractId": source.replace(".", "-") + "-contract"}
                    for n, source in (inputs or {}).items()
                ],
                "outputPorts": [{"name": product, "version": version, "contractId": f"{domain}-{product}-contract"}],
            },
        )
        self.contract(name, tables, rules=rules, version=version, status=status, description=description)
        for table, sql in (transforms or {}).items():
            self.write(f"{folder}/transforms/{table}.sql", sql)
        for file, content in (data or {}).items():
            self.write(f"{folder}/data/{file}", content)
        if pipeline is not None:
            self.write(
                f"{folder}/pipeline.yaml", {"apiVersion": "hanse/v1", "kind": "Pipeline", "inputs": dict(pipeline)}
            )

    def settings(self, name: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Write how tables are materialised into ``pipeline.yaml``, beside its inputs."""
        domain, product = name.split(".")
        path = f"domains/{domain}/{product}/pipeline.yaml"
        written = json.loads((self.root / path).read_text()) if (self.root / path).exists() else {}
        self.write(path, {"apiVersion": "hanse/v1", "kind": "Pipeline", **written, "tables": dict(tables)})

    def contract(
        self,
        name: str,
        tables: Mapping[str, Columns],
        *,
        rules: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        version: str = "1.0.0",
        status: str = "active",
        description: str = "For tests.",
    ) -> None:
        """Write the contract of :meth:`product` anew."""
        domain, product = name.split(".")
        self.write(
            f"domains/{domain}/{product}/contracts/{product}.odcs.yaml",
            {
                "apiVersion": "v3.1.0",
                "kind": "DataContract",
                "id": f"{domain}-{product}-contract",
                "version": version,
                "status": status,
                "schema": [
                    {
                        "name": table,
                        "description": description,
                        "properties": [
                            {"name": column, **({"logicalType": what} if isinstance(what, str) else what)}
                            for column, what in columns.items()
                        ],
                        **({"quality": list(rules[table])} if rules and table in rules else {}),
                    }
                    for table, columns in tables.items()
                ],
            },
        )
