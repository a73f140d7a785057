"""Plans of real files, with the real registry and table store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hanse import spec
from hanse.base import SetClock
from hanse.interfaces import TableStore
from hanse.plan import Plan, apply, build
from hanse.registry import Registry
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def mesh(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"orders": {"id": {"logicalType": "integer", "required": True, "primaryKey": True}, "total": "number"}},
        data={"orders.csv": "id,total\n1,2.5\n"},
    )
    folder.product(
        "sales.daily",
        {"daily": {"total": "number"}},
        transforms={"daily": "SELECT sum(total) AS total FROM orders"},
        inputs={"orders": "sales.orders"},
    )
    return folder


def do(mesh: MeshFolder, registry: Registry, store: TableStore, clock: SetClock) -> Plan:
    plan = build(spec.load(mesh.root), registry.reader())
    apply(plan, registry=registry, store=store, clock=clock)
    return plan


def test_twice(mesh: MeshFolder, registry: Registry, store: TableStore, clock: SetClock) -> None:
    assert len(do(mesh, registry, store, clock).steps) == 5
    assert do(mesh, registry, store, clock).empty


def test_a_contract_is_compared_with_the_text_that_was_applied(
    mesh: MeshFolder, registry: Registry, store: TableStore, clock: SetClock
) -> None:
    do(mesh, registry, store, clock)
    mesh.contract("sales.orders", {"orders": {"id": {"logicalType": "integer"}, "total": "number"}}, version="1.0.0")
    plan = build(spec.load(mesh.root), registry.reader())
    (change,) = [c for s in plan.steps for c in getattr(s, "port_changes", ()) if c.direction == "output"]
    assert [(c.subject, c.clause) for c in change.changes] == [
        ("orders.id", "required"),
        ("orders", "primary key"),
    ]
    assert [p.where.path for p in plan.warnings if p.where] == ["domains/sales/orders/contracts/orders.odcs.yaml"]


def test_an_unchanged_mesh_loads_nothing_heavy(
    mesh: MeshFolder, registry: Registry, store: TableStore, clock: SetClock, tmp_path: Path
) -> None:
    do(mesh, registry, store, clock)
    script = f"""
import sys
from pathlib import Path
from hanse import plan
from hanse.registry import Registry
from plan_unchanged import same
registry = Registry.open("sqlite:///{tmp_path}/registry.db")
assert plan.explain(plan.build(same(registry), registry.reader()))["verdict"] == "nothing to do"
print([m for m in ("duckdb", "open_data_contract_standard", "pyarrow", "pydantic", "pyiceberg", "sqlglot", "yaml")
       if m in sys.modules])
"""
    helper = '''
from hanse.spec import Domain, Entry, MeshConfig, PortSummary, Workspace


def same(registry):
    """Return a workspace that says what the registry holds; nothing may be parsed."""
    reader = registry.reader()
    entries = {
        name: Entry(
            name=name, path="", digest=digest, settings="", version="1", status="active",
            outputs=(PortSummary("p", 1, "1", None, ("t",), ""),), inputs=(),
        )
        for name, digest in reader.digests().items()
    }
    domains = {n: Domain(n, "", d.digest) for n, d in reader.domains().items()}
    return Workspace(MeshConfig("m", "/", "", "", ""), domains, entries, (), None)
'''
    (tmp_path / "plan_unchanged.py").write_text(helper, encoding="utf-8")
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
