"""What is known of a Python transform before it runs, and what is wrong with it."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

import hanse
from hanse.base import ProductName, TransformError
from hanse.pipelines.preview.check import check_product, reads_of
from hanse.pipelines.transforms.graph import FileRead, NodeRead, PortRead, build_graph
from hanse.pipelines.transforms.program import read_program
from hanse.spec import Transform, load
from hanse.testing.meshes import MeshFolder

NUMBER = {"t": {"n": "integer"}}
PATH = "domains/a/b/transforms/t.py"


def program(text: str) -> list[tuple[str, str, str, int, int]]:
    found = read_program(Transform("t", PATH, dedent(text), "python"))
    return [(p.name, str(p.relation), p.kind, p.relation.line, p.relation.column) for p in found.parameters]


def test_parameters_are_inputs_under_any_spelling_of_their_types() -> None:
    text = '''\
        """A module."""
        from __future__ import annotations
        import typing as t
        from typing import TYPE_CHECKING, Annotated
        if TYPE_CHECKING:
            import pyarrow as pa
            from pyarrow import Table as Rows
        import duckdb, pyarrow.compute
        from duckdb import DuckDBPyRelation
        try:
            import ibis.expr.types as ir
        except ImportError:
            pass
        import ibis

        def helper(x): return x

        def transform(
            a: pa.Table, b: "pa.Table", c: Rows, d: duckdb.DuckDBPyRelation, e: DuckDBPyRelation,
            f: ir.Table, g: ibis.Table, h: pyarrow.Table,
            i: Annotated[pa.Table, "port.table"], *,
            ü: t.Annotated["duckdb.DuckDBPyRelation", "domain.product.table"], j: "Annotated[Rows, 'one']",
        ) -> pa.Table:
            return a
        '''
    assert program(text) == [
        ("a", "a", "arrow", 19, 5),
        ("b", "b", "arrow", 19, 18),
        ("c", "c", "arrow", 19, 33),
        ("d", "d", "duckdb", 19, 42),
        ("e", "e", "duckdb", 19, 70),
        ("f", "f", "ibis", 20, 5),
        ("g", "g", "ibis", 20, 18),
        ("h", "h", "arrow", 20, 33),
        ("i", "port.table", "arrow", 21, 5),
        ("ü", "domain.product.table", "duckdb", 22, 5),
        ("j", "one", "arrow", 22, 72),
    ]


def test_the_function_may_be_called_like_the_table() -> None:
    head = "import pyarrow as pa\n"
    assert program(head + "def t(x: pa.Table): ...") == [("x", "x", "arrow", 2, 7)]
    assert program(head + "def t(x: pa.Table): ...\ndef transform(y: pa.Table): ...") == [("y", "y", "arrow", 3, 15)]


@pytest.mark.parametrize(
    ("text", "code", "place", "told"),
    [
        ("def transform(:\n", "HNS-L050", ":1:15", "invalid syntax"),
        ("x = 1\nreturn x\n", "HNS-L050", ":2:1", "outside function"),
        ("def transform():\n\tx = 1\n        y = 2\n", "HNS-L050", ":3:", "inden"),
        ("x = '\0'", "HNS-L050", "", "null byte"),
        ("-" * 200_000 + "1", "HNS-L050", "", "is not Python"),
        ("", "HNS-L051", ":1:1", "no function `transform`"),
        ("class transform: ...", "HNS-L051", ":1:1", "no function `transform`"),
        ("def transfrom(): ...", "HNS-L051", ":1:1", "did you mean `transfrom`?"),
        ("async def transform(): ...", "HNS-L051", ":1:1", "asynchronous"),
        ("def transform(raw): ...", "HNS-L052", ":1:15", "has no annotation"),
        ("def transform(raw: dict): ...", "HNS-L052", ":1:20", "`dict`, which is no table"),
        ("def transform(raw: pa.Table): ...", "HNS-L052", ":1:20", "`pa.Table`, which is no table"),
        ("import polars\ndef transform(raw: polars.DataFrame): ...", "HNS-L052", ":2:20", "no table"),
        ("import pyarrow as pa\ndef transform(raw: pa.Table = None): ...", "HNS-L052", ":2:31", "default"),
        ("import pyarrow as pa\ndef transform(*, raw: pa.Table = None): ...", "HNS-L052", ":2:34", "default"),
        ("import pyarrow as pa\ndef transform(raw: pa.Table, /): ...", "HNS-L052", ":2:15", "position"),
        ("def transform(*raw): ...", "HNS-L052", ":1:16", "`*raw`"),
        ("def transform(**raw): ...", "HNS-L052", ":1:17", "`*raw`"),
        ("from typing import Annotated\ndef transform(x: Annotated[int, 'a']): ...", "HNS-L052", ":2:18", "`int`"),
        *(
            (
                f"import pyarrow as pa, typing\ndef transform(x: typing.Annotated[pa.Table, {name}]): ...",
                "HNS-L052",
                ":2:18",
                "does not name an input",
            )
            for name in ("1", "''", "'a.b.c.d'", "'a..b'", "' a'", "NAME", "'a', 'b'")
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(text: str, code: str, place: str, told: str) -> None:
    with pytest.raises(TransformError) as caught:
        program(text)
    problem = caught.value.problem
    assert problem.code.id == code
    assert str(problem.where).startswith(PATH + place)
    assert told in f"{problem.what} {problem.fix}"


def test_an_odd_escape_is_no_error() -> None:
    assert program("def transform():\n    '\\d'") == []


@pytest.mark.parametrize(
    ("line", "volatile"),
    [
        ("volatile = True", True),
        ("volatile: bool = True", True),
        ("volatile = False", False),
        ("volatile = 1", False),
        ("# volatile = True", False),
        ("def f():\n    volatile = True", False),
    ],
)
def test_a_module_may_say_that_it_is_volatile(line: str, volatile: bool) -> None:
    assert read_program(Transform("t", PATH, f"{line}\ndef transform(): ...", "python")).is_volatile is volatile


def test_names_mean_what_they_mean_in_sql(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": {"n": "integer"}}, data={"orders.csv": "n\n1\n"})
    folder.product(
        "a.b",
        NUMBER,
        transforms={"mid": "SELECT n FROM seed"},
        inputs={"orders": "sales.orders"},
        data={"seed.csv": "n\n1\n", "raw.csv": "n\n1\n"},
    )
    folder.write(
        PATH,
        dedent(
            """
            from typing import Annotated
            import pyarrow as pa
            raise SystemExit("nobody runs this in order to look at it")
            def transform(
                mid: pa.Table, raw: pa.Table, orders: pa.Table, two: Annotated[pa.Table, "orders.orders"],
                three: Annotated[pa.Table, "sales.orders.orders"],
            ): ...
            """
        ),
    )
    workspace = load(folder.root)
    name = ProductName("a", "b")
    graph = build_graph(workspace.product(name), workspace.resolve_inputs(name))
    assert not graph.problems
    assert [n.name for n in graph.nodes] == ["mid", "t"]
    reads = graph.by_name["t"].reads
    assert (reads[("mid",)], reads[("raw",)]) == (NodeRead("mid"), FileRead("raw"))
    ports = {reads[("orders",)], reads[("orders", "orders")], reads[("sales", "orders", "orders")]}
    assert len(ports) == 1
    assert isinstance(ports.pop(), PortRead)
    assert check_product(workspace, name) == ()
    assert reads_of(graph) == {"t": ("file:seed", "file:raw", "sales.orders.orders")}


def test_unknown_names_and_circles(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, transforms={"u": "SELECT n FROM t"}, data={"raw.csv": "n\n1\n"})
    folder.write(PATH, "import pyarrow as pa\ndef transform(rwa: pa.Table): ...\n")
    name = ProductName("a", "b")
    (problem,) = [p for p in build_graph(load(folder.root).product(name), ()).problems if p.code.id == "HNS-L001"]
    assert (str(problem.where), problem.fix) == (f"{PATH}:2:15", "did you mean `raw`?")
    folder.write(PATH, "import pyarrow as pa\ndef transform(u: pa.Table): ...\n")
    (problem,) = [p for p in build_graph(load(folder.root).product(name), ()).problems if p.code.id == "HNS-L002"]
    assert "t reads u" in problem.what or "u reads t" in problem.what


def test_one_transform_in_two_languages(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, transforms={"t": "SELECT 1 AS n"})
    folder.write(PATH, "def transform(): ...\n")
    with hanse.open_mesh(folder.root) as mesh:
        found = mesh.check()["problems"]
    (problem,) = [p for p in found if p["severity"] == "error"]
    assert (problem["code"], problem["where"]) == ("HNS-S020", f"{PATH.replace('.py', '.sql')}:1:1")
    assert "two transforms are called `t`" in problem["what"]


def test_looking_never_imports(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER)
    folder.write(PATH, "import sys\nsys.modules['was_here'] = sys\ndef transform(): ...\n")
    with hanse.open_mesh(folder.root) as mesh:
        mesh.check()
        mesh.plan()
        mesh.apply()
    assert "was_here" not in sys.modules
