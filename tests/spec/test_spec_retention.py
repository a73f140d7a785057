"""How long releases are kept: what is written where, and what may be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.base import Problems, ProductName
from hanse.spec import ContentCache, Retention, Workspace, load
from hanse.testing.meshes import MeshFolder

PRODUCT = ProductName("a", "b")


@pytest.fixture
def folder(tmp_path: Any) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n"})
    folder.product("a.c", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n"})
    return folder


def say(folder: MeshFolder, kind: str, retention: Any) -> None:
    paths = {"Mesh": "mesh.yaml", "Domain": "domains/a/domain.yaml", "Pipeline": "domains/a/b/pipeline.yaml"}
    names = {"Mesh": {"name": "test"}, "Domain": {"name": "a"}, "Pipeline": {}}
    folder.write(paths[kind], {"apiVersion": "hanse/v1", "kind": kind, **names[kind], "retention": retention})


def loaded(folder: MeshFolder) -> Workspace:
    return load(folder.root)


def kept(folder: MeshFolder, name: ProductName = PRODUCT) -> tuple[int | None, int | None]:
    retention = loaded(folder).retention(name)
    return retention.releases, retention.days


def test_without_a_word_everything_is_kept(folder: MeshFolder) -> None:
    assert loaded(folder).retention(PRODUCT) == Retention()
    assert loaded(folder).retention(PRODUCT).keeps_all


def test_of_each_number_the_innermost_holds(folder: MeshFolder) -> None:
    say(folder, "Mesh", {"releases": 30, "days": 90})
    assert kept(folder) == (30, 90)
    say(folder, "Domain", {"days": 365})
    assert kept(folder) == (30, 365)
    say(folder, "Pipeline", {"releases": 5})
    assert kept(folder) == (5, 365)
    assert kept(folder, ProductName("a", "c")) == (30, 365)
    assert kept(folder, ProductName("a", "gone")) == (30, 365)
    assert kept(folder, ProductName("gone", "gone")) == (30, 90)
    assert not loaded(folder).problems


def test_the_limit_holds_where_nobody_asks_and_above_it_nobody_may(folder: MeshFolder) -> None:
    say(folder, "Mesh", {"releases": 30, "limit": {"releases": 100, "days": 365}})
    assert kept(folder) == (30, 365)
    say(folder, "Pipeline", {"releases": 100, "days": 366})
    problems = loaded(folder).problems
    assert [(p.code.id, str(p.where), p.subject) for p in problems] == [
        ("HNS-S040", "domains/a/b/pipeline.yaml:4:15", "a.b")
    ]
    assert problems[0].fix == "write `days: 365` or less"
    say(folder, "Domain", {"releases": 101})
    say(folder, "Pipeline", {"days": 1})
    assert [str(p.where) for p in loaded(folder).problems] == ["domains/a/domain.yaml"]
    say(folder, "Domain", {})
    say(folder, "Mesh", {"releases": 3, "limit": {"releases": 2}})
    assert [str(p.where) for p in loaded(folder).problems] == ["mesh.yaml"]


def test_a_changed_limit_is_seen_by_what_the_cache_knows(folder: MeshFolder, tmp_path: Any) -> None:
    say(folder, "Pipeline", {"releases": 50, "days": 7})
    say(folder, "Mesh", {"limit": {"releases": 100}})
    cache = tmp_path / "cache.json"
    assert not load(folder.root, cache=ContentCache(cache)).problems
    again = load(folder.root, cache=ContentCache(cache))
    assert (again.retention(PRODUCT).releases, again.retention(PRODUCT).days) == (50, 7)
    say(folder, "Mesh", {"limit": {"releases": 10}})
    assert [p.code.id for p in load(folder.root, cache=ContentCache(cache)).problems] == ["HNS-S040"]


@pytest.mark.parametrize("retention", [30, {"releases": 0}, {"days": -1}, {"days": "long"}, {"weeks": 3}, [1]])
@pytest.mark.parametrize("kind", ["Mesh", "Domain", "Pipeline"])
def test_what_is_no_retention_is_a_problem_with_a_place(folder: MeshFolder, kind: str, retention: Any) -> None:
    say(folder, kind, retention)
    try:
        problems = list(loaded(folder).problems)
    except Problems as error:
        problems = list(error.problems)
    assert problems
    assert all(p.where is not None and p.where.line for p in problems)


def test_a_domain_has_no_limit_of_its_own(folder: MeshFolder) -> None:
    say(folder, "Domain", {"limit": {"days": 3}})
    assert [p.code.id for p in loaded(folder).problems] == ["HNS-S011"]
