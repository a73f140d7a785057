import subprocess
import sys
from pathlib import Path

import pytest

import hanse.spec as spec
from hanse.base import Problems, ProductName, Severity, SpecError
from hanse.spec import EngineSettings, find_mesh, load

from .conftest import MESH, Folder

ORDERS = ProductName("sales", "orders")


def test_the_nearest_mesh_above_is_found(folder: Folder) -> None:
    root = str(folder.root)
    assert find_mesh(folder.root / "domains" / "sales" / "orders") == root
    assert find_mesh(root) == root
    folder.write("inner/mesh.yaml", MESH)
    assert find_mesh(folder.root / "inner") == str(folder.root / "inner")


def test_no_mesh_anywhere(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        find_mesh(tmp_path)
    assert caught.value.code.id == "HNS-S009"
    with pytest.raises(SpecError) as caught:
        load(tmp_path)
    assert caught.value.code.id == "HNS-S007"


def test_the_default_mesh(folder: Folder) -> None:
    mesh = folder.load().mesh
    assert (mesh.name, mesh.root, mesh.state) == ("test", str(folder.root), str(folder.root / ".hanse"))
    assert (mesh.registry, mesh.warehouse) == ("sqlite:///.hanse/registry.db", ".hanse/warehouse")
    assert mesh.engine == EngineSettings()


def test_everything_that_a_mesh_says(folder: Folder) -> None:
    folder.write(
        "mesh.yaml",
        MESH
        + """\
description: For tests.
registry: {url: "${URL:-sqlite:///x.db}"}
storage: {warehouse: /data}
engine: {driver: duckdb, threads: "${THREADS}", memory_limit: 4 GB, python_seconds: 60}
""",
    )
    mesh = folder.load({"THREADS": "3"}).mesh
    assert (mesh.description, mesh.registry, mesh.warehouse) == ("For tests.", "sqlite:///x.db", "/data")
    assert mesh.engine == EngineSettings("duckdb", 3, 4_000_000_000, 60)


@pytest.mark.parametrize(
    ("line", "code", "place", "fix"),
    [
        ("enginee: {}", "HNS-S011", "4:1", "did you mean `engine`?"),
        ("engine: {driver: spark}", "HNS-S014", "4:18", "write `duckdb`"),
        ("engine: {threads: 0}", "HNS-S014", "4:19", None),
        ("engine: {threads: many}", "HNS-S013", "4:19", None),
        ("engine: {memory_limit: lots}", "HNS-S014", "4:24", None),
        ("registry: sqlite://", "HNS-S013", "4:11", None),
        ("registry: {url: ''}", "HNS-S014", "4:17", None),
        ("registry: {url: '${DATABASE_URL}'}", "HNS-S016", "4:17", "set it, or give a default: `${DATABASE_URL:-…}`"),
        ("name: again", "HNS-S005", "4:1", "keep one of them"),
    ],
)
def test_faults_of_the_mesh_file(line: str, code: str, place: str, fix: str | None, folder: Folder) -> None:
    folder.write("mesh.yaml", MESH + line + "\n")
    with pytest.raises(Problems) as caught:
        folder.load()
    problem = caught.value.problem
    assert (problem.code.id, str(problem.where)) == (code, f"mesh.yaml:{place}")
    assert fix is None or problem.fix == fix


def test_a_broken_mesh_file_brings_all_other_problems_along(folder: Folder) -> None:
    folder.write("mesh.yaml", "kind: Mesh\n")
    folder.orders("product.yaml", "[]")
    with pytest.raises(Problems) as caught:
        folder.load()
    assert [p.code.id for p in caught.value.problems] == ["HNS-S004", "HNS-S012", "HNS-S012"]


def test_everything_that_a_domain_says(folder: Folder) -> None:
    folder.write(
        "domains/sales/domain.yaml",
        """\
        apiVersion: hanse/v1
        kind: Domain
        name: sales
        title: 2.10
        description: d
        team: t
        contact: "${MAIL}"
        members:
          - {username: ada, role: owner, name: Ada}
          - {username: 007}
        """,
    )
    workspace = folder.load({"MAIL": "a@example.org"})
    assert workspace.problems == ()
    domain = workspace.domains["sales"]
    assert (domain.name, domain.title, domain.team, domain.contact) == ("sales", "2.10", "t", "a@example.org")
    assert [m.username for m in domain.members] == ["ada", "007"]
    assert domain.path == "domains/sales/domain.yaml"


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("name: marketing", "HNS-S030", "3:7"),
        ("teem: x", "HNS-S011", "3:1"),
        ("members: [{name: x}]", "HNS-S012", "3:11"),
        ("members: {username: x}", "HNS-S013", "3:10"),
    ],
)
def test_faults_of_a_domain_file(body: str, code: str, place: str, folder: Folder) -> None:
    folder.write("domains/sales/domain.yaml", f"apiVersion: hanse/v1\nkind: Domain\n{body}\n")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == (code, f"domains/sales/domain.yaml:{place}")
    assert "sales" not in folder.load().domains


def test_a_missing_domain_file(folder: Folder) -> None:
    (folder.root / "domains/sales/domain.yaml").unlink()
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S007", "domains/sales/domain.yaml")


@pytest.mark.parametrize("name", ["Sales", "sales__x", "s" * 29, "sales_v2", "mesh"])
def test_illegal_names_of_domains(name: str, folder: Folder) -> None:
    folder.write(f"domains/{name}/domain.yaml", "apiVersion: hanse/v1\nkind: Domain\n")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-N001", f"domains/{name}")


def test_illegal_names_of_products(folder: Folder) -> None:
    (folder.root / "domains/sales/orders").rename(folder.root / "domains/sales/Orders-2013")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-N001", "domains/sales/Orders-2013")
    assert problem.fix == "rename it, for example to `orders_2013`"


def test_an_empty_mesh(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text(MESH)
    workspace = load(tmp_path, environ={})
    assert (workspace.entries, workspace.domains, workspace.problems) == ({}, {}, ())


def test_a_folder_that_is_no_product(folder: Folder) -> None:
    folder.write("domains/sales/notes/todo.md", "x")
    problem = folder.only()
    assert (problem.code.id, problem.severity, str(problem.where)) == (
        "HNS-S028",
        Severity.WARNING,
        "domains/sales/notes",
    )


def test_a_file_that_cannot_be_read(folder: Folder) -> None:
    path = folder.root / "domains/sales/orders/transforms/orders.sql"
    path.unlink()
    path.symlink_to("nowhere.sql")
    found = folder.problems()
    assert [(p.code.id, str(p.where)) for p in found] == [
        ("HNS-S008", "domains/sales/orders/transforms/orders.sql"),
    ]


def test_the_processes_environment_is_the_default(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("mesh.yaml", MESH.replace("test", "${MESH_NAME_OF_THIS_TEST}"))
    monkeypatch.setenv("MESH_NAME_OF_THIS_TEST", "given")
    assert load(folder.root).mesh.name == "given"


HEAVY = "import sys; heavy = {'yaml', 'pydantic', 'open_data_contract_standard', 'difflib'} & set(sys.modules)"


def test_importing_spec_imports_nothing_heavy() -> None:
    code = f"import hanse.spec, hanse.spec.loading; {HEAVY}; assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unchanged_mesh_is_loaded_without_its_readers(folder: Folder, tmp_path: Path) -> None:
    code = (
        "from hanse.spec import ContentCache, load; "
        f"w = load({str(folder.root)!r}, cache=ContentCache({str(tmp_path / 'cache')!r}), environ={{}}); "
        f"assert len(w.entries) == 1; {HEAVY}; print(sorted(heavy))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(2)]
    assert "yaml" in runs[0].stdout
    assert runs[1].stdout == "[]\n"


def test_every_name_of_the_room_can_be_had() -> None:
    assert spec.__all__ == sorted(spec.__all__)
    assert all(getattr(spec, name) is not None for name in spec.__all__)
    with pytest.raises(AttributeError):
        _ = spec.nothing
