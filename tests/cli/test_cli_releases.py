"""How releases are listed, and how one goes back to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hanse.cli.exits import Exit
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def here(folder: MeshFolder, run_hanse: Any) -> tuple[str, str]:
    """Two releases of `a.b`: three rows, then one."""
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n2\n3\n"})
    here = ("-C", str(folder.root))
    run_hanse(*here, "apply", "--yes")
    run_hanse(*here, "run")
    folder.write("domains/a/b/data/t.csv", "n\n4\n")
    run_hanse(*here, "run")
    return here


def test_releases_are_listed_with_what_is_visible(here: tuple[str, str], run_hanse: Any) -> None:
    lines = run_hanse(*here, "releases", "a.b").out.splitlines()
    assert lines[0].split() == ["#", "kind", "made", "rows", "size", "checks", "warnings", "state", "id"]
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert "  visible  " in lines[1]
    assert "  visible  " not in lines[2]
    assert run_hanse(*here, "releases").out.splitlines()[0].split()[1] == "product"
    document = run_hanse(*here, "releases", "--json", "--limit", "1").document
    assert [(r["sequence"], r["state"]) for r in document["releases"]] == [(2, "visible")]
    assert run_hanse(*here, "releases", "a.c").exit == Exit.FAILED


def test_nothing_released_yet_is_said(folder: MeshFolder, run_hanse: Any) -> None:
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n"})
    here = ("-C", str(folder.root))
    run_hanse(*here, "apply", "--yes")
    assert run_hanse(*here, "releases").out == "no releases yet: `hanse run` makes the first\n"
    assert run_hanse(*here, "releases", "a.b").out == "no releases of a.b yet\n"


def test_going_back_shows_asks_and_pauses(here: tuple[str, str], run_hanse: Any) -> None:
    ended = run_hanse(*here, "rollback", "a.b")
    assert ended.exit == Exit.USAGE  # nobody to ask
    assert "  ~ a.b.t  1 → 3 rows\n" in ended.out
    assert "fix  `hanse rollback a.b --yes`" in ended.err
    ended = run_hanse(*here, "rollback", "a.b", "--to", "1", "--yes")
    assert ended.exit == Exit.OK
    assert "✓ a.b  release 3 is release 1 again\n" in ended.out
    assert run_hanse(*here, "query", "SELECT count(*) AS n FROM a.b.t").out.split() == ["n", "3"]
    listed = run_hanse(*here, "releases", "a.b").out
    assert "hanse resume a.b" in listed
    ended = run_hanse(*here, "run")
    assert (ended.exit, ended.out) == (Exit.OK, "· a.b  paused; consumers keep the last release\n")
    assert "warning[HNS-L030]" in ended.err
    assert run_hanse(*here, "run", "a.b").exit != Exit.OK
    assert run_hanse(*here, "resume", "a.b").out.startswith("✓ a.b is no longer paused")
    assert run_hanse(*here, "resume", "a.b").out == "= a.b was not paused\n"
    assert "release 4" in run_hanse(*here, "run", "a.b").out


def test_documents_and_refusals(here: tuple[str, str], run_hanse: Any) -> None:
    ended = run_hanse(*here, "rollback", "a.b", "--json")
    assert (ended.exit, ended.document["rolled_back"]) == (Exit.USAGE, False)
    ended = run_hanse(*here, "rollback", "a.b", "--yes", "--json")
    assert (ended.exit, ended.document["release"]["kind"]) == (Exit.OK, "rollback")
    assert run_hanse(*here, "resume", "a.b", "--json").document == {"product": "a.b", "resumed": True}
    for arguments, code in ((("--to", "77"), "HNS-G019"), (("--to", "3"), "HNS-G021")):
        ended = run_hanse(*here, "rollback", "a.b", *arguments)
        assert ended.exit == Exit.FAILED
        assert code in ended.err


def test_a_query_is_read_as_of_a_release_or_a_time(here: tuple[str, str], run_hanse: Any, tmp_path: Path) -> None:
    sql = "SELECT count(*) AS n FROM a.b.t"
    assert run_hanse(*here, "query", "--at", "1", sql).out.split() == ["n", "3"]
    assert run_hanse(*here, "query", "--at", "2999-01-01T00:00Z", sql).out.split() == ["n", "1"]
    ended = run_hanse(*here, "query", "--at", "2020-01-01", sql)
    assert ended.exit == Exit.FAILED
    assert "HNS-Q109" in ended.err
