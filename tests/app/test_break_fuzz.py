"""Whatever is typed or written into files, people get a problem with a code, never a Python traceback."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.cli.main import run
from hanse.testing.meshes import Columns, MeshFolder

KEYED: Columns = {"id": {"logicalType": "integer", "primaryKey": True}, "v": "integer"}
COMMANDS = ("query", "run", "list", "runs", "events", "plan", "check", "show", "doctor", "apply")
WORDS = (
    "", "SELECT", '"', "'", "\0", "a.b.c", "s.o", "s.o.o", "s.o.o_v9", "S.O", "hanse://", "..", ".", "--json",
    "--force",
    "-x", "--limit", "-1", "9" * 30, "💥", "last", "0" * 300, "--yes", "-o", "/nonexistent/x", "--format", "csv",
    "--help", "--after", "--verify", "SELECT * FROM s.o.o", "SELECT 1; SELECT 2", "SELECT * FROM mesh.catalog.runs",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, 5, -1, 1.5, "x", "", [], {}, True, [None], {"x": None}, "${X", "${HOME}", "a" * 500, "../../x", "é\0", 10**30,
    float("inf"), [[]], {"a": {"a": {}}}, "2020-01-01", "null",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "s.o",
        {"o": KEYED, "t": {"n": "integer"}},
        transforms={"t": "SELECT count(*) AS n FROM o"},
        data={"o.csv": "id,v\n1,10\n"},
        pipeline={"o": {"file": "data/o.csv", "csv": {"delimiter": ",", "null_values": ["-"]}}},
        rules={"o": [{"name": "r", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 0}]},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
    return folder.root


def call(root: Path, *arguments: str) -> int:
    """Run a command in this process: what escapes it fails the test."""
    try:
        return run(["-C", str(root), *arguments])
    except SystemExit as leave:
        return int(leave.code or 0)


def changed(document: Any, chance: random.Random) -> Any:
    """Return a document with something wrong somewhere."""
    if isinstance(document, dict) and document and chance.random() < 0.85:
        key, how = chance.choice(list(document)), chance.random()
        rest = {k: v for k, v in document.items() if k != key}
        if how < 0.08:
            return rest
        return {**rest, f"{key}s" if how < 0.14 else key: changed(document[key], chance)}
    if isinstance(document, list) and document and chance.random() < 0.85:
        place = chance.randrange(len(document))
        if chance.random() < 0.15:
            return [*document, document[place]]
        return [*document[:place], changed(document[place], chance), *document[place + 1 :]]
    return chance.choice(JUNK)


def spoilt(path: Path, whole: bytes, chance: random.Random) -> bytes:
    if path.suffix == ".yaml" and chance.random() < 0.8:
        return json.dumps(changed(json.loads(whole), chance)).encode()
    data = bytearray(whole)
    at = chance.randrange(len(data))
    data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
    return bytes(data)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_anything_typed(root: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    chance = random.Random(seed)
    for _ in range(40):
        arguments = [chance.choice(COMMANDS), *(chance.choice(WORDS) for _ in range(chance.randrange(4)))]
        assert call(root, *arguments) in {0, 1, 2, 3, 4, 5}, arguments


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_anything_written(root: Path, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(seed)
    paths = sorted(p for p in root.rglob("*") if p.suffix in {".yaml", ".sql", ".csv"} and ".hanse" not in p.parts)
    for _ in range(30):
        path = chance.choice(paths)
        whole = path.read_bytes()
        path.write_bytes(spoilt(path, whole, chance))
        for command in (["check"], ["plan"], ["apply", "--yes"], ["run"]):
            capsys.readouterr()
            code = call(root, *command)
            said = capsys.readouterr()
            assert code == 0 or "HNS-" in said.out + said.err or "Usage" in said.err, (path, path.read_bytes())
        path.write_bytes(whole)
    assert call(root, "check") == 0
