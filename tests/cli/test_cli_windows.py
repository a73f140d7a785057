"""``hanse run --from … --to …``, and where people see windows and what is covered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hanse.cli.exits import Exit
from hanse.testing.meshes import Columns, MeshFolder

KEYS: Columns = {"id": {"logicalType": "integer", "primaryKey": True, "required": True}, "v": "string"}


@pytest.fixture
def here(folder: MeshFolder, run_hanse: Any) -> tuple[str, ...]:
    folder.product(
        "a.b",
        {"t": KEYS},
        transforms={"t": "SELECT id, v FROM raw WHERE id >= $window_start AND id < $window_end"},
        data={"raw.csv": "id,v\n1,a\n12,a\n25,a\n"},
    )
    folder.settings("a.b", {"t": {"window": {"column": "id", "start": 0, "size": 10, "until": "raw.id"}}})
    at = ("-C", str(folder.root))
    applied = run_hanse(*at, "apply", "--yes")
    assert "a.b.t: is built in ranges of 10 keys of `id` from 0" in " ".join(applied.out.split())
    assert run_hanse(*at, "run").exit == Exit.OK
    return at


def test_a_range_is_built_again(run_hanse: Any, here: tuple[str, ...]) -> None:
    data = Path(here[1], "domains/a/b/data/raw.csv")
    data.write_text(data.read_text().replace(",a", ",b"))
    ended = run_hanse(*here, "run", "a.b", "--from", "0", "--to", "20")
    assert (ended.exit, "release 2: built 1 table, 3 rows" in ended.out) == (Exit.OK, True)
    details = run_hanse(*here, "runs", "last").out
    assert "input     range: 0 to 20, by itself" in details
    assert [f"range:t:{start}" in details for start in (0, 10, 20)] == [True, True, False]
    rows = run_hanse(*here, "query", "--format", "csv", "SELECT * FROM a.b.t ORDER BY id").out
    assert rows.split() == ["id,v", "1,b", "12,b", "25,a"]


def test_what_is_covered_is_shown(run_hanse: Any, here: tuple[str, ...]) -> None:
    assert "covers      id from 0 to 30\n" in run_hanse(*here, "show", "a.b.t").out
    table = run_hanse(*here, "show", "a.b.t", "--json").document["tables"][0]
    assert table["coverage"] == {"column": "id", "built": [["0", "30"]]}
    released = run_hanse(*here, "releases", "a.b", "--json").document["releases"][0]["tables"][0]
    assert released["coverage"] == table["coverage"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "0"),
        ("a.b", "--from", "soon"),
        ("a.b", "--from", "0", "--to", "2024-01-01"),
        ("a.b", "--from", "0", "--force"),
    ],
    ids=["no product", "no bound", "two kinds", "force"],
)
def test_what_is_no_range_is_said_before_anything_runs(
    arguments: tuple[str, ...], run_hanse: Any, here: tuple[str, ...]
) -> None:
    ended = run_hanse(*here, "run", *arguments)
    assert (ended.exit, "HNS-A004" in ended.err) == (Exit.FAILED, True)
    assert len(run_hanse(*here, "runs", "--json").document["runs"]) == 1


def test_a_range_is_refused_for_all_products_before_one_of_them_runs(
    run_hanse: Any, here: tuple[str, ...], folder: MeshFolder
) -> None:
    folder.product("c.d", {"t": KEYS}, transforms={"t": "SELECT id, v FROM raw"}, data={"raw.csv": "id,v\n1,a\n"})
    assert run_hanse(*here, "apply", "--yes").exit == Exit.OK
    ended = run_hanse(*here, "run", "a.b", "c.d", "--from", "0")
    assert (ended.exit, "HNS-L082" in ended.err, "c.d has no table with a window" in ended.err) == (
        Exit.FAILED,
        True,
        True,
    )
    assert len(run_hanse(*here, "runs", "--json").document["runs"]) == 1


@pytest.mark.parametrize(
    ("ends", "why", "fix"),
    [
        (("--from", "30"), "what there is ends at 30", "give a `--from` before 30"),
        (("--from", "70"), "what there is ends at 30", "give a `--from` before 30"),
        (("--to", "0"), "the window begins at 0", "give a `--to` after 0"),
        (("--from", "20", "--to", "10"), "it is empty", "give a `--to` after `--from`"),
    ],
)
def test_an_empty_range_is_told_by_the_ends_that_were_given(
    run_hanse: Any, here: tuple[str, ...], ends: tuple[str, ...], why: str, fix: str
) -> None:
    ended = run_hanse(*here, "run", "a.b", *ends)
    said = [line.split(maxsplit=1)[1] for line in ended.err.splitlines() if line.split()[:1] in (["why"], ["fix"])]
    assert (ended.exit, said) == (Exit.FAILED, [why, fix])


def test_help_says_that_a_range_needs_a_product(run_hanse: Any) -> None:
    assert "only of products that are named" in " ".join(run_hanse("run", "--help").out.split())


def test_a_range_that_is_not_there_fails(run_hanse: Any, here: tuple[str, ...]) -> None:
    ended = run_hanse(*here, "run", "a.b", "--from", "0", "--to", "50")
    assert (ended.exit, "HNS-L083" in ended.err) == (Exit.FAILED, True)
    ended = run_hanse(*here, "run", "a.b", "--from", "2024-01-01")
    assert (ended.exit, "HNS-L082" in ended.err) == (Exit.FAILED, True)
