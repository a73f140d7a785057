"""Who reads what, found from the SQL."""

from __future__ import annotations

from hanse.base import ProductName, Severity
from hanse.pipelines.transforms.graph import FileRead, NodeRead, PortRead, build_graph
from hanse.spec import load
from hanse.testing.meshes import MeshFolder

NUMBER = {"t": {"n": "integer"}}


def test_names_mean_transforms_files_and_ports(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": {"n": "integer"}}, data={"orders.csv": "n\n1\n"})
    folder.product(
        "reports.daily",
        {"daily": {"n": "integer"}},
        transforms={
            "daily": "SELECT n FROM mid UNION ALL SELECT n FROM orders UNION ALL SELECT n FROM orders.orders "
            "UNION ALL SELECT n FROM sales.orders.orders",
            "mid": "WITH x AS (SELECT n FROM seed) SELECT n FROM x",
        },
        inputs={"orders": "sales.orders"},
        data={"seed.csv": "n\n1\n"},
    )
    workspace = load(folder.root)
    name = ProductName("reports", "daily")
    graph = build_graph(workspace.product(name), workspace.resolve_inputs(name))
    assert not graph.problems
    assert [n.name for n in graph.nodes] == ["mid", "daily"]
    reads = graph.by_name["daily"].reads
    assert reads[("mid",)] == NodeRead("mid")
    ports = {reads[("orders",)], reads[("orders", "orders")], reads[("sales", "orders", "orders")]}
    assert len(ports) == 1
    assert isinstance(ports.pop(), PortRead)
    assert graph.by_name["mid"].reads == {("seed",): FileRead("seed")}


def test_a_circle_is_reported_with_its_path(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        NUMBER,
        transforms={"t": "SELECT n FROM u", "u": "SELECT n FROM v", "v": "SELECT n FROM t"},
    )
    workspace = load(folder.root)
    graph = build_graph(workspace.product(ProductName("a", "b")), ())
    (problem,) = [p for p in graph.problems if p.code.id == "HNS-L002"]
    assert "reads" in problem.what
    assert {"t", "u", "v"} <= set(problem.what.replace(",", " ").split())


def test_unknown_relations_suggest_the_nearest(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, transforms={"t": "SELECT n\nFROM ordrs"}, data={"orders.csv": "n\n1\n"})
    workspace = load(folder.root)
    graph = build_graph(workspace.product(ProductName("a", "b")), ())
    (problem,) = [p for p in graph.problems if p.code.id == "HNS-L001"]
    assert problem.fix is not None
    assert "orders" in problem.fix
    assert problem.where is not None
    assert (problem.where.line, problem.where.column) == (2, 6)


def test_an_unused_transform_is_a_warning(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, transforms={"t": "SELECT 1 AS n", "lost": "SELECT 2 AS n"})
    workspace = load(folder.root)
    graph = build_graph(workspace.product(ProductName("a", "b")), ())
    (problem,) = graph.problems
    assert problem.severity is Severity.WARNING
    assert [n.name for n in graph.needed] == ["t"]


def test_a_chain_of_a_thousand_transforms(folder: MeshFolder) -> None:
    chain = {f"s{i}": f"SELECT n FROM s{i - 1}" for i in range(1, 1000)}
    folder.product("a.b", NUMBER, transforms={"s0": "SELECT 1 AS n", **chain, "t": "SELECT n FROM s999"})
    workspace = load(folder.root)
    graph = build_graph(workspace.product(ProductName("a", "b")), ())
    assert not graph.problems
    assert [n.name for n in graph.needed] == [*(f"s{i}" for i in range(1000)), "t"]
