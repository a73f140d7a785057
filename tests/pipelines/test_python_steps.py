"""Transforms in Python: run apart from the mesh, built, checked and kept as those in SQL are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.testing.meshes import MeshFolder

HEAD = """
from __future__ import annotations
import os, sys, time
from typing import Annotated
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
"""
NUMBER = {"t": {"n": "integer"}}
DATA = {"raw.csv": "n\n1\n2\n"}


def rows(mesh: Mesh, sql: str) -> list[dict[str, Any]]:
    with mesh.query(sql) as result:
        return list(result.to_arrow().to_pylist())


def python(folder: MeshFolder, table: str, code: str, head: str = HEAD) -> None:
    folder.write(f"domains/a/b/transforms/{table}.py", head + dedent(code))


def run(folder: MeshFolder, **options: Any) -> tuple[Mesh, dict[str, Any]]:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh, mesh.run(**options)["runs"][0]


def failure(folder: MeshFolder, body: str, head: str = HEAD) -> dict[str, Any]:
    """Run a product whose one transform does this, and return the error."""
    folder.product("a.b", NUMBER, data=DATA)
    python(folder, "t", body, head)
    _, found = run(folder)
    assert found["status"] == "failed"
    error: dict[str, Any] = found["error"]
    return error


@pytest.mark.slow
def test_every_way_in_and_out(folder: MeshFolder) -> None:
    columns = {"n": "integer"}
    folder.product("sales.orders", {"orders": columns}, data={"orders.csv": "n\n5\n"})
    ways = ("arrow", "batches", "relation", "stream", "plain", "local")
    folder.product("a.b", dict.fromkeys(ways, columns), data=DATA, inputs={"orders": "sales.orders"})
    python(
        folder,
        "arrow",
        "def transform(raw: pa.Table) -> pa.Table:\n    return raw.append_column('m', raw['n']).select(['n'])",
    )
    python(
        folder,
        "batches",
        """
        def batches(arrow: "pa.Table", orders: pa.Table) -> pa.RecordBatchReader:
            both = [*arrow.to_batches(), *orders.cast(arrow.schema).to_batches()]
            return pa.RecordBatchReader.from_batches(arrow.schema, iter(both))
        """,
    )
    python(
        folder,
        "relation",
        """
        def transform(raw: duckdb.DuckDBPyRelation, o: Annotated[duckdb.DuckDBPyRelation, "sales.orders.orders"]):
            return raw.union(o).aggregate("sum(n) AS n")
        """,
    )
    python(
        folder,
        "stream",
        """
        class Rows:
            def __arrow_c_stream__(self, requested_schema=None):
                return pa.table({"n": [9]}).__arrow_c_stream__(requested_schema)
        def transform():
            return Rows()
        """,
    )
    python(folder, "plain", "def transform(o: Annotated[pa.Table, 'orders.orders']):\n    return o.to_batches()[0]")
    python(
        folder,
        "local",
        "def transform(raw: duckdb.DuckDBPyRelation):\n    return duckdb.sql('SELECT max(n) AS n FROM raw')",
    )
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    assert mesh.run()["succeeded"] == 2
    found = {way: [r["n"] for r in rows(mesh, f"SELECT n FROM a.b.{way} ORDER BY n")] for way in ways}
    assert found == {"arrow": [1, 2], "batches": [1, 2, 5], "relation": [8], "stream": [9], "plain": [5], "local": [2]}
    assert mesh.run()["unchanged"] == 2


def test_values_arrive_exactly(folder: MeshFolder) -> None:
    """Wide integers, decimals, moments with and without zone, nulls and nested values, in and out again."""
    one = (
        "SELECT 1.10::DECIMAL(10,2) AS price, TIMESTAMPTZ '2024-05-01 12:00:00.123456+02' AS at, "
        "TIMESTAMP '2024-05-01 12:00:00.123456' AS seen, DATE '1500-01-01' AS day, NULL::VARCHAR AS nothing, "
        "[1, NULL] AS many, 12345678901234567890123::HUGEINT AS wide"
    )
    columns: dict[str, Any] = {
        "price": {"logicalType": "number", "physicalType": "DECIMAL(10,2)"},
        "at": "timestamp",
        "seen": {"logicalType": "timestamp", "logicalTypeOptions": {"timezone": False}},
        "day": "date",
        "nothing": "string",
        "many": {"logicalType": "array", "items": {"logicalType": "integer"}},
        "wide": {"logicalType": "number", "physicalType": "DECIMAL(38,0)"},
    }
    folder.product("a.b", {"t": columns}, transforms={"one": one})
    python(
        folder,
        "t",
        """
        def transform(one: pa.Table) -> pa.Table:
            print(one.schema)
            assert one["wide"].to_pylist()[0] == 12345678901234567890123
            return one.drop_columns("nothing").append_column("nothing", pa.nulls(1))
        """,
    )
    mesh, found = run(folder)
    assert found["status"] == "succeeded", found
    (row,) = rows(mesh, "SELECT * REPLACE (at::VARCHAR AS at, wide::VARCHAR AS wide) FROM a.b.t")
    assert (str(row["price"]), str(row["seen"]), str(row["day"])) == (
        "1.10",
        "2024-05-01 12:00:00.123456",
        "1500-01-01",
    )
    assert row["at"].startswith("2024-05-01 10:00:00.123456")
    assert (row["nothing"], row["many"], row["wide"]) == (None, [1, None], "12345678901234567890123")


def test_the_contract_has_the_last_word(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER)
    python(folder, "t", "def transform():\n    return pa.table({'n': ['1', 'two']})")
    _, found = run(folder)
    assert found["status"] == "blocked"
    failed = [r for r in found["checks"]["results"] if r["status"] == "failed"]
    assert [(r["failed_rows"], r["total_rows"], r["message"]) for r in failed] == [
        (1, 2, "`two` in column `n` is no BIGINT")
    ]
    python(folder, "t", "def transform():\n    return pa.table({'n': [1.0], 'more': [1]})")
    _, found = run(folder)
    assert (found["status"], found["error"]["code"]) == ("failed", "HNS-L003")
    assert "the extra `more`" in found["error"]["what"]
    assert found["error"]["where"] == "domains/a/b/transforms/t.py"


def test_only_what_changed_is_computed(folder: MeshFolder, tmp_path: Path) -> None:
    folder.product(
        "a.b", {"t": {"n": "integer"}, "u": {"n": "integer"}}, data=DATA, transforms={"u": "SELECT n + 1 AS n FROM mid"}
    )
    count = tmp_path / "count"
    python(folder, "mid", f"def transform(raw: pa.Table):\n    open({str(count)!r}, 'a').write('m')\n    return raw")
    python(folder, "t", f"def transform(mid: pa.Table):\n    open({str(count)!r}, 'a').write('t')\n    return mid")
    mesh, found = run(folder)
    assert count.read_text() == "mt"
    python(
        folder, "t", f"def transform(mid: pa.Table):\n    open({str(count)!r}, 'a').write('T')\n    return mid.slice(1)"
    )
    mesh, found = run(folder)
    assert found["built"] == ["a.b.t"]
    assert count.read_text() == "mtT"  # the private result was kept
    assert rows(mesh, "FROM a.b.t") == [{"n": 2}]


def test_another_python_or_hanse_builds_anew(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.product("a.b", NUMBER, data=DATA)
    python(folder, "t", "def transform(raw: pa.Table):\n    return raw")
    folder.product("c.d", NUMBER, data={"t.csv": "n\n1\n"})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 2
    monkeypatch.setattr("hanse.spec.folder.VERSION", "9.9")
    with hanse.open_mesh(folder.root) as mesh:
        document = mesh.run()
    assert {r["product"]: (r["status"], r["built"]) for r in document["runs"]} == {
        "a.b": ("succeeded", ["a.b.t"]),
        "c.d": ("unchanged", []),
    }


def test_a_volatile_transform_runs_every_time(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER)
    python(folder, "t", "volatile = True\ndef transform():\n    return pa.table({'n': [time.time_ns()]})")
    mesh, _ = run(folder)
    (first,) = rows(mesh, "FROM a.b.t")
    assert mesh.run()["succeeded"] == 1
    assert rows(mesh, "FROM a.b.t") != [first]


def test_growing_tables_take_deliveries_from_python(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, data=DATA)
    folder.settings("a.b", {"t": {"materialize": "append"}})
    folder.write(
        "domains/a/b/pipeline.yaml",
        {
            "apiVersion": "hanse/v1",
            "kind": "Pipeline",
            "inputs": {"raw": {"file": "data/raw.csv"}},
            "tables": {"t": {"materialize": "append"}},
        },
    )
    python(folder, "t", "def transform(raw: pa.Table):\n    return raw")
    mesh, _ = run(folder)
    folder.write("domains/a/b/data/raw.csv", "n\n3\n")
    assert mesh.run()["succeeded"] == 1
    assert [r["n"] for r in rows(mesh, "SELECT n FROM a.b.t ORDER BY n")] == [1, 2, 3]
    assert mesh.run(force=True)["runs"][0]["status"] in {"succeeded", "unchanged"}
    assert [r["n"] for r in rows(mesh, "SELECT n FROM a.b.t ORDER BY n")] == [1, 2, 3]


def test_an_error_names_the_authors_line(folder: MeshFolder) -> None:
    error = failure(
        folder,
        """
        def inner(raw):
            print("looking", flush=True)
            return raw["amount"]
        def transform(raw: pa.Table) -> pa.Table:
            return pc.sum(inner(raw))
        """,
    )
    assert error["code"] == "HNS-L053"
    assert error["where"] == "domains/a/b/transforms/t.py:11"
    assert "KeyError" in error["what"]
    assert 'raw["amount"]' in error["why"]
    assert "looking" in error["why"]


@pytest.mark.parametrize(
    ("body", "told", "line"),
    [
        ("import no_such_library\ndef transform(): ...", "ModuleNotFoundError: No module named 'no_such_library'", 8),
        ("1 / 0\ndef transform(): ...", "ZeroDivisionError: division by zero", 8),
        ("def transform():\n    sys.exit('enough')", "SystemExit: enough", 9),
        ("def transform():\n    raise KeyboardInterrupt", "KeyboardInterrupt", 9),
        ("def transform(raw: duckdb.DuckDBPyRelation):\n    return raw.project('m')", "BinderException", 9),
        # An expression that fails only while its rows are computed: the function is named.
        ("def transform(raw: duckdb.DuckDBPyRelation):\n    return raw.project(\"error('late') AS n\")", "late", 8),
        ("def transform():\n    raise ValueError('\\x1b[31m' + 'x' * 10000)", "ValueError: [31mxxx", 9),
        ("class Odd(Exception):\n    def __str__(self): return 1\ndef transform():\n    raise Odd", "failed: Odd", 11),
    ],
)
def test_whatever_is_raised_is_reported(folder: MeshFolder, body: str, told: str, line: int) -> None:
    error = failure(folder, body)
    assert (error["code"], error["where"]) == ("HNS-L053", f"domains/a/b/transforms/t.py:{line}")
    assert told in error["what"]
    assert "\x1b" not in error["what"]
    assert len(error["what"]) < 700


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pass", "nothing"),
        ("return 7", "`int`"),
        ("return pa.Table", "`type`"),
        ("return [{'n': 1}]", "`list`"),
        ("return pa.table([[1], [2]], names=['n', 'n'])", "two columns called `n`"),
        ("return pa.table({})", "no columns"),
        ("return pa.table({'n': pa.array([(1, 2, 3)], pa.month_day_nano_interval())})", "cannot be kept"),
    ],
)
def test_a_result_that_is_no_table(folder: MeshFolder, body: str, told: str) -> None:
    error = failure(folder, f"def transform():\n    {body}")
    assert error["code"] == "HNS-L057"
    assert told in error["what"]


@pytest.mark.slow
def test_a_step_that_takes_too_long_is_ended_with_what_it_started(folder: MeshFolder, tmp_path: Path) -> None:
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "t", "engine": {"python_seconds": 2}})
    note = tmp_path / "pid"
    error = failure(
        folder,
        f"""
        import subprocess
        def transform():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            open({str(note)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
            while True: pass
        """,
    )
    assert error["code"] == "HNS-L054"
    assert "2 seconds" in error["what"]
    assert all(gone(int(pid)) for pid in note.read_text().split())


@pytest.mark.parametrize(
    "body",
    [
        "def transform():\n    return pa.table({'n': list(range(10**9))})",
        "def transform():\n    return pa.table({'n': pc.add(pa.repeat(1, 3 * 10**8), 1)})",
        "def transform():\n    raise MemoryError",
    ],
)
def test_a_step_that_takes_too_much_memory(folder: MeshFolder, body: str) -> None:
    engine = {"memory_limit": "300 MB"}
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "t", "engine": engine})
    error = failure(folder, body)
    assert error["code"] == "HNS-L055"
    assert "0.3 GB" in error["what"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os._exit(0)", "exit code 0"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.abort()", "SIGABRT"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_a_process_that_ends_without_a_word(folder: MeshFolder, body: str, told: str) -> None:
    error = failure(folder, f"def transform():\n    {body}")
    assert error["code"] == "HNS-L056"
    assert told in error["what"]


def test_secrets_of_the_environment_do_not_reach_a_step(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "HANSE_TOKEN", "PYTHONPATH", "PGPASSWORD"):
        monkeypatch.setenv(name, "hush-hush")
    folder.product("a.b", {"t": {"what": "string", "value": "string"}})
    python(
        folder,
        "t",
        """
        def transform() -> pa.Table:
            found = dict(os.environ)
            found |= {"cwd": os.getcwd(), "stdin": sys.stdin.read(), "argv": " ".join(sys.argv)}
            found |= {"descriptors": str([d for d in range(3, 256) if is_open(d)])}
            found |= {"modules": str([m for m in sys.modules if m.partition(".")[0] == "hanse"])}
            return pa.table({"what": list(found), "value": list(found.values())})
        def is_open(number):
            try:
                os.fstat(number)
            except OSError:
                return False
            return True
        """,
    )
    mesh, found = run(folder)
    assert found["status"] == "succeeded", found
    seen = {r["what"]: r["value"] for r in rows(mesh, "FROM a.b.t")}
    assert not [v for v in seen.values() if "hush" in v]
    assert set(seen) - {"cwd", "stdin", "argv", "descriptors", "modules"} <= {
        *("HOME", "TMPDIR", "PATH", "LANG", "LC_CTYPE", "TZ", "PYTHONUTF8", "PYTHONHASHSEED"),
        *("ARROW_DEFAULT_MEMORY_POOL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    }
    assert seen["HOME"] == seen["cwd"]
    assert (seen["stdin"], seen["modules"]) == ("", "[]")
    assert len(eval(seen["descriptors"])) == 1  # the pipe that tells whether the run is alive
    assert not Path(seen["HOME"]).exists()


def test_what_is_printed_is_bounded_and_shown_with_the_step(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER)
    python(
        folder,
        "t",
        """
        def transform():
            for i in range(100_000):
                print("line", i)
            print("the end", file=sys.stderr)
            raise RuntimeError("no")
        """,
    )
    mesh, found = run(folder)
    assert "the end" in found["error"]["why"]
    (step,) = [s for s in mesh.registry.reader().steps(found["id"]) if s.kind == "python"]
    assert step.output["printed"].startswith("…")
    assert step.output["printed"].endswith("the end\n")
    assert len(step.output["printed"]) <= 8193


def test_steps_run_side_by_side(folder: MeshFolder, tmp_path: Path) -> None:
    """Each waits for the other: one after the other, they would wait for ever."""
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "t", "engine": {"python_seconds": 60}})
    if (os.cpu_count() or 1) < 2:
        return
    folder.product("a.b", {"t": {"n": "integer"}, "u": {"n": "integer"}})
    for mine, other in (("t", "u"), ("u", "t")):
        python(
            folder,
            mine,
            f"""
            def transform():
                open({str(tmp_path / mine)!r}, "w").close()
                while not os.path.exists({str(tmp_path / other)!r}):
                    time.sleep(0.01)
                return pa.table({{"n": [1]}})
            """,
        )
    _, found = run(folder)
    assert found["status"] == "succeeded"


RUN = "import sys, hanse\nwith hanse.open_mesh(sys.argv[1]) as mesh:\n    mesh.run()"
# The second never lets go of the interpreter's lock, so no thread of the step can look at anything.
ENDLESS = ["while True: time.sleep(0.01)", "import re; re.match('(a|a)*b', 'a' * 60)"]


@pytest.mark.slow
@pytest.mark.parametrize(("body", "how"), [(b, signal.SIGKILL) for b in ENDLESS] + [(ENDLESS[0], signal.SIGINT)])
def test_no_step_outlives_its_run(folder: MeshFolder, tmp_path: Path, body: str, how: signal.Signals) -> None:
    if sys.platform != "linux" and body == ENDLESS[1]:
        return  # only the limit of time ends it there
    note = tmp_path / "pid"
    folder.product("a.b", NUMBER)
    python(folder, "t", f"def transform():\n    open({str(note)!r}, 'w').write(str(os.getpid()))\n    {body}")
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder.root)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: note.exists() and note.read_text() != "")
        time.sleep(0.1)
        process.send_signal(how)
        process.wait(20)
        pid = int(note.read_text())
        until(lambda: gone(pid))
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_run_after_a_kill_starts_the_step_anew(folder: MeshFolder, tmp_path: Path) -> None:
    note = tmp_path / "first"
    folder.product("a.b", NUMBER)
    python(
        folder,
        "t",
        f"""
        def transform():
            if not os.path.exists({str(note)!r}):
                open({str(note)!r}, "w").close()
                time.sleep(600)
            return pa.table({{"n": [1]}})
        """,
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder.root)])
    until(note.exists)
    process.kill()
    process.wait()
    with hanse.open_mesh(folder.root) as mesh:
        assert mesh.run()["succeeded"] == 1
        assert rows(mesh, "FROM a.b.t") == [{"n": 1}]


def test_closed_steps_start_nothing(folder: MeshFolder, tmp_path: Path) -> None:
    from hanse.base import ProductName, TransformError
    from hanse.drivers.duckdb import DuckDBEngine
    from hanse.pipelines.records import Measured
    from hanse.pipelines.staging.python_steps import PythonSteps
    from hanse.pipelines.transforms.graph import build_graph
    from hanse.spec import EngineSettings, load

    folder.product("a.b", NUMBER)
    python(folder, "t", "def transform():\n    time.sleep(600)")
    product = load(folder.root).product(ProductName("a", "b"))
    (node,) = build_graph(product, ()).nodes
    steps = PythonSteps(str(tmp_path), EngineSettings())
    with DuckDBEngine().open(readable=[str(tmp_path)], writable=[str(tmp_path)]) as session:
        closing = threading.Timer(0.5, steps.close)
        closing.start()
        began = time.monotonic()
        with pytest.raises(TransformError, match="HNS-L056"):
            steps.run(session, node, product, Measured())
        assert time.monotonic() - began < 60
        with pytest.raises(TransformError, match="ended with its run"):
            steps.run(session, node, product, Measured())


def until(found: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Say whether a process is no more, or is dead and only not yet collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip().startswith("Z") or not state.strip()


def test_ibis_expressions(folder: MeshFolder) -> None:
    folder.product("a.b", NUMBER, data=DATA)
    head = "import ibis\nimport duckdb\n"
    code = """
    def transform(raw: ibis.Table, same: duckdb.DuckDBPyRelation) -> ibis.Table:
        return raw.mutate(n=raw.n * 10).filter(ibis._.n > 10)
    """
    python(folder, "t", code, head)
    folder.write("domains/a/b/transforms/same.sql", "SELECT n FROM raw")
    mesh, found = run(folder)
    assert found["status"] == "succeeded", found
    assert rows(mesh, "FROM a.b.t") == [{"n": 20}]


def test_data_frames_that_give_arrow_batches(folder: MeshFolder) -> None:
    columns = {"n": "integer", "s": "string"}
    folder.product("a.b", {"t": columns, "u": columns})
    frame = "Frame({'n': [1, 2], 's': ['a', None]})"
    python(folder, "t", f"from polars import DataFrame as Frame\ndef transform():\n    return {frame}")
    python(folder, "u", f"from pandas import DataFrame as Frame\ndef transform():\n    return {frame}")
    mesh, found = run(folder)
    assert found["status"] == "succeeded", found
    for table in "tu":
        assert rows(mesh, f"FROM a.b.{table} ORDER BY n") == [{"n": 1, "s": "a"}, {"n": 2, "s": None}]


def test_many_small_batches_and_none_at_all(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": {"n": "integer"}, "u": {"n": "integer"}})
    code = """
    def transform() -> pa.RecordBatchReader:
        schema = pa.schema([("n", pa.int64())])
        return pa.RecordBatchReader.from_batches(schema, (pa.record_batch([[i]], schema) for i in range(COUNT)))
    """
    python(folder, "t", code.replace("COUNT", "1000"))
    python(folder, "u", code.replace("COUNT", "0"))
    mesh, found = run(folder)
    assert found["status"] == "succeeded", found
    assert rows(mesh, "SELECT count(*) AS n, sum(n)::BIGINT AS s FROM a.b.t") == [{"n": 1000, "s": 499500}]
    assert rows(mesh, "FROM a.b.u") == []


WATCHED = """
import sys, time
from pathlib import Path
from hanse.drivers import python_step
python_step._SYSTEM = "another"
python_step.limit(Path(sys.argv[1]), 50_000_000)
taken = b"x" * 900_000_000
time.sleep(60)
"""


def test_where_the_kernel_does_not_count_memory_is_watched(tmp_path: Path) -> None:
    # The most that ever was in use counts, and a process begins with what its parent had: let that be a small one.
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", WATCHED, str(tmp_path)]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == 125
    assert json.loads((tmp_path / "outcome.json").read_text()) == {"status": "memory"}
