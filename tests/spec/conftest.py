"""Small meshes for the tests of spec: written as text, because places in files are what is tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from hanse.base import Problem
from hanse.spec import ContentCache, Workspace, load

MESH = "apiVersion: hanse/v1\nkind: Mesh\nname: test\n"
DOMAIN = "apiVersion: hanse/v1\nkind: Domain\nteam: sales team\n"
PRODUCT = """\
apiVersion: v1.1.0
kind: DataProduct
id: product-orders
name: Orders
version: 1.0.0
status: active
outputPorts:
  - name: orders
    version: 1.0.0
    contractId: contract-orders
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: contract-orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - name: order_id
        logicalType: integer
        required: true
        primaryKey: true
      - name: customer
        logicalType: string
"""


@dataclass
class Folder:
    """A mesh with the product ``sales.orders``, complete until a test changes it."""

    root: Path

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return file

    def orders(self, path: str, text: str | bytes) -> Path:
        return self.write(f"domains/sales/orders/{path}", text)

    def product(self, name: str, *, inputs: str = "", contract: str | None = None) -> None:
        """Write a product with one output port and table called like itself.

        Args:
            name: ``domain.product``.
            inputs: YAML of ``inputPorts``.
            contract: id of its contract; None: ``contract-<product>``.
        """
        domain, product = name.split(".")
        contract = contract or f"contract-{product}"
        folder = f"domains/{domain}/{product}"
        self.write(f"domains/{domain}/domain.yaml", DOMAIN)
        self.write(f"{folder}/product.yaml", _renamed(PRODUCT, product, contract) + dedent(inputs))
        self.write(f"{folder}/contracts/{product}.odcs.yaml", _renamed(CONTRACT, product, contract))
        self.write(f"{folder}/transforms/{product}.sql", "SELECT 1 AS order_id, 'a' AS customer\n")

    def load(self, environ: Mapping[str, str] | None = None, cache: ContentCache | None = None) -> Workspace:
        return load(self.root, cache=cache, environ=environ or {})

    def problems(self, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
        found = self.load(environ).problems
        for problem in found:
            assert problem.where is not None, problem
            assert problem.fix, problem
        return found

    def only(self, environ: Mapping[str, str] | None = None) -> Problem:
        """Return the one problem that the mesh has."""
        found = self.problems(environ)
        assert len(found) == 1, "\n".join(map(str, found))
        return found[0]


def _renamed(text: str, product: str, contract: str) -> str:
    return text.replace("contract-orders", "CONTRACT").replace("orders", product).replace("CONTRACT", contract)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "mesh")
    made.write("mesh.yaml", MESH)
    made.product("sales.orders")
    return made


@pytest.fixture
def contract() -> Callable[..., str]:
    """Make a contract: ``columns`` stands below ``properties``, ``table`` below the table, ``top`` at the end."""

    def make(columns: str = "", *, table: str = "", top: str = "", version: str = "v3.2.0") -> str:
        head = f"apiVersion: {version}\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: active\n"
        columns = columns or "- {name: a, logicalType: integer}\n"
        body = "schema:\n  - name: t\n" + _indent(table, 4) + "    properties:\n" + _indent(columns, 6)
        return head + body + top

    return make


def _indent(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in dedent(text).strip("\n").splitlines())
