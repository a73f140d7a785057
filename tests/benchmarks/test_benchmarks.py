"""That every benchmark still measures what it says, in small; how long anything takes is never tested."""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path

import pytest
from benchmarks.__main__ import NAMES
from benchmarks.processes import ProcessFailed, Usage
from benchmarks.report import Result, Row, Target

from benchmarks import appends, chain, lookups, processes, products, readers, report


@pytest.fixture(autouse=True)
def _own_build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BUILD", tmp_path / "build")


def test_a_process_is_measured_with_its_children() -> None:
    busy = "sum(i * i for i in range(3_000_000))"
    alone = processes.run([sys.executable, "-c", "pass"])
    with_child = processes.run([sys.executable, "-c", f"import subprocess, sys; {_child(busy)}"])
    assert with_child.cpu > alone.cpu
    assert 1 < alone.peak < 1000


def test_the_peak_is_that_of_the_biggest_process() -> None:
    big = processes.run([sys.executable, "-c", f"import subprocess, sys; {_child('bytearray(400 << 20)')}"])
    # The kernel counts what a process had before it became another program, which is what this one has.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
    assert 400 < big.peak < 500 + own


def _child(code: str) -> str:
    return f"subprocess.run([sys.executable, '-c', {code!r}], check=True)"


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)ended with 3 instead of 0.*the reason"):
        processes.run([sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"])
    assert processes.run([sys.executable, "-c", "raise SystemExit(3)"], code=3).output == ""


def test_modules_are_compiled_where_they_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert processes.run([sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]).output == "False\n"


def test_sides_are_measured_in_turn() -> None:
    calls: list[str] = []

    def side(name: str) -> Usage:
        calls.append(name)
        return Usage(len(calls), 0, 0)

    found = processes.alternate({"a": lambda: side("a"), "b": lambda: side("b")}, 3)
    assert calls == ["a", "b"] * 3
    assert (processes.cpu(found["a"]), processes.cpu(found["b"])) == (3, 4)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (None, None),
        (Target(2.0), True),
        (Target(1.9), False),
        (Target(4.0, "ratio"), True),
        (Target(3.9, "ratio"), False),
        (Target(1.5, "excess"), True),
        (Target(1.4, "excess"), False),
    ],
)
def test_a_target_is_met_or_not(target: Target | None, met: bool | None) -> None:
    assert Row("it", "s", 2.0, "peer", 0.5, target).met is met


def test_the_page_shows_results_and_names_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "results.json"
    rows = (Row("it", "s", 2.0, "peer", 0.5, Target(3.9, "ratio")), Row("alone", "MiB", 1234.5))
    report.save(file, "one", Result("One", "How it was done.", rows, ("both agree",)))
    page = report.page(report.load(file), ("one", "two"))
    assert "| it | 2.00 s | peer: 0.50 s | 4.00 | ≤ 3.9 times | **no** |" in page
    assert "| alone | 1,234 MiB |  |  |  |  |" in page
    assert "Verified in the same run: both agree." in page
    assert "Not measured yet: `python -m benchmarks two`." in page


def test_every_benchmark_has_a_measure() -> None:
    assert all(callable(import_module(f"benchmarks.{name}").measure) for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("published", [False, True])
def test_the_chain_ends_as_the_bare_script_does(tmp_path: Path, published: bool) -> None:
    assert len(chain.run_hanse(tmp_path / "hanse", 4, published=published)) == len(chain.PHASES)
    chain.run_bare(tmp_path, 4, published=published)


@pytest.mark.slow
def test_a_chain_that_ends_elsewhere_is_no_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "statement", lambda _, source, **_changed: f"SELECT n, v, s FROM {source}")
    with pytest.raises(AssertionError, match="the chain ends with"):
        chain.run_hanse(tmp_path / "hanse", 3, published=False)


@pytest.mark.slow
def test_unchanged_products_are_unchanged(tmp_path: Path) -> None:
    products.make(tmp_path / "mesh", 3)
    assert len(products.look(tmp_path / "mesh", cold=True)) == 2
    (tmp_path / "mesh/domains/area_000/product_00001/transforms/entries.sql").write_text("SELECT * FROM raw")
    with pytest.raises(AssertionError):
        products.look(tmp_path / "mesh")


@pytest.mark.slow
def test_both_sides_give_the_same_answers(tmp_path: Path) -> None:
    lookups.make(tmp_path / "mesh")
    found = json.loads(processes.program("lookups", tmp_path / "mesh", "bench.small.entries", "3").output)
    assert all(sides["hanse"]["p50"] > 0 for sides in found.values())
    assert len(found) == 3


@pytest.mark.slow
def test_appended_deliveries_are_all_there(tmp_path: Path) -> None:
    mesh = tmp_path / "mesh"
    appends.make(mesh)
    found = json.loads(processes.program("appends_run", mesh, appends.EVENTS, "10", "10").output)
    assert {len(values) for values in found.values()} == {10}
    processes.hanse(mesh, "run", appends.FRESH)
    assert appends.scan(mesh, 1).keys() == {appends.EVENTS, appends.FRESH}
    processes.hanse(mesh, "maintain", appends.EVENTS)
    appends.scan(mesh, 1)
    appends.make(mesh)
    processes.program("appends_run", mesh, appends.EVENTS, "1", "10")
    processes.hanse(mesh, "run", appends.FRESH)
    processes.program("appends_run", mesh, appends.EVENTS, "1", "11")
    with pytest.raises(AssertionError, match="the tables differ"):
        appends.scan(mesh, 1)


@pytest.mark.slow
def test_readers_see_one_version_at_a_time(tmp_path: Path) -> None:
    readers.make(tmp_path / "mesh")
    arguments = (tmp_path / "mesh", readers.PRODUCT, str(readers.ROWS), "2", "600")
    written = json.loads(processes.program("readers_write", *arguments).output)
    assert written["releases"] > 0
    for found in readers.ask(tmp_path / "mesh", 1):
        assert (found["versions"], found["torn"], found["errors"]) == (1, [], [])
        assert found["latencies"]
    (torn, *_) = json.loads(processes.program("readers_ask", tmp_path / "mesh", readers.PRODUCT, "7", "1", "1").output)[
        "torn"
    ]
    assert "after" in torn  # seven rows were expected, so the checker does compare
