import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import Problems, ProductName
from hanse.spec import ContentCache, Workspace

from .conftest import CONTRACT, MESH, PRODUCT, Folder

ORDERS = ProductName("sales", "orders")


def test_what_is_put_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cache.json"
    cache = ContentCache(path)
    assert cache.get("a", "k") is None
    cache.put("a", "k", {"x": [1, "é", None, "\udc80"]})
    cache.put("b", "k", 2)
    cache.save()
    again = ContentCache(path)
    assert again.get("a", "k") == {"x": [1, "é", None, "\udc80"]}
    assert again.get("b", "k") == 2
    assert os.listdir(path.parent) == ["cache.json"]


def test_only_changes_are_written(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    cache = ContentCache(path)
    cache.save()
    assert not path.exists()
    cache.put("a", "k", 1)
    cache.save()
    path.unlink()
    cache.save()
    assert not path.exists()
    cache.keep_only("a", ["k"])
    cache.save()
    assert not path.exists()
    cache.keep_only("a", [])
    cache.save()
    assert ContentCache(path).get("a", "k") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"format": 0, "kinds": {"a": {"k": 1}}}',
        b'{"kinds": {"a": {"k": 1}}}',
        b'{"format": 2, "kinds": {"a": [1]}}',
        b'{"format": 2, "kinds": 3}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_or_older_file_is_an_empty_cache(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    path.write_bytes(content)
    cache = ContentCache(path)
    assert cache.get("a", "k") is None
    cache.put("a", "k", 1)
    cache.save()
    assert ContentCache(path).get("a", "k") == 1


def test_a_flipped_bit_anywhere_is_an_empty_cache(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    cache = ContentCache(path)
    cache.put("a", "k", {"x": "text", "y": [1, 22, True]})
    cache.save()
    whole = path.read_bytes()
    assert json.loads(whole)["kinds"]["a"]["k"]["x"] == "text"
    for place in range(len(whole) - 1):  # the last brace is looked at by nobody
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert ContentCache(path).get("a", "k") is None, place


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    cache = ContentCache(tmp_path / "file" / "cache.json")
    cache.put("a", "k", 1)
    cache.save()
    assert cache.get("a", "k") == 1


def test_writers_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"

    def write(number: int) -> None:
        for _ in range(20):
            cache = ContentCache(path)
            cache.put("a", "k", [number] * 2000)
            cache.save()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        if path.exists():
            found = json.loads(path.read_bytes())["kinds"]["a"]["k"]
            assert len(found) == 2000
            assert len(set(found)) == 1
    for thread in threads:
        thread.join()
    assert os.listdir(tmp_path) == ["cache.json"]


# What load makes of a cache


def _seen(workspace: Workspace) -> Any:
    products = {name: repr(workspace.product(name)) for name in workspace.entries}
    return workspace.mesh, workspace.domains, workspace.entries, workspace.problems, products


def _load(folder: Folder, cache: ContentCache | None, environ: dict[str, str]) -> Any:
    try:
        return _seen(folder.load(environ, cache))
    except Problems as error:
        return error.problems


HERE = "domains/sales/orders"
PIPELINE = "apiVersion: hanse/v1\nkind: Pipeline\ninputs: {raw: {file: '${PLACE:-data}/raw.csv'}}\n"
STATES: Mapping[str, Sequence[str | None]] = {
    "mesh.yaml": [MESH, MESH + "description: '${X:-none}'\n", "kind: Mesh\n"],
    "domains/sales/domain.yaml": [
        "apiVersion: hanse/v1\nkind: Domain\ntitle: '${X:-none}'\nmembers: [{username: a}]\n",
        None,
    ],
    f"{HERE}/product.yaml": [PRODUCT, PRODUCT + "status: x\n", PRODUCT.replace("active", "odd"), None],
    f"{HERE}/contracts/orders.odcs.yaml": [
        CONTRACT,
        CONTRACT.replace("integer", "number"),
        CONTRACT + "slaDefaultElement: x\n",
        CONTRACT.replace("contract-orders", "contract-things"),
        "",
    ],
    f"{HERE}/pipeline.yaml": [None, PIPELINE, PIPELINE.replace(":-data", "")],
    f"{HERE}/data/raw.csv": [None, "a\n1\n"],
    f"{HERE}/data/Odd Name.csv": [None, "a\n"],
    f"{HERE}/transforms/orders.sql": ["SELECT 1", "SELECT 2", None],
    f"{HERE}/transform/orders.sql": [None, "SELECT 1"],
    "domains/other/things/product.yaml": [
        PRODUCT.replace("orders", "things") + "inputPorts: [{name: orders, contractId: contract-orders}]\n",
        PRODUCT.replace("orders", "things"),
    ],
}
EDIT = st.tuples(st.sampled_from(sorted(STATES)), st.integers(0, 4))
ENVIRON = st.fixed_dictionaries({}, optional={"PLACE": st.sampled_from(["data", "gone"]), "X": st.just("value")})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.lists(EDIT, max_size=3), ENVIRON), min_size=1, max_size=6))
def test_a_warm_load_equals_a_cold_one(
    steps: list[tuple[list[tuple[str, int]], dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("warm")
    folder = Folder(base / "mesh")
    folder.write("mesh.yaml", MESH)
    folder.product("sales.orders")
    folder.product("other.things")
    for edits, environ in steps:
        for path, choice in edits:
            states = STATES[path]
            text = states[choice % len(states)]
            if text is None:
                (folder.root / path).unlink(missing_ok=True)
            else:
                folder.write(path, text)
        cold = _load(folder, None, environ)
        for _ in range(2):
            assert _load(folder, ContentCache(base / "cache.json"), environ) == cold


def test_products_with_errors_are_read_anew_and_products_gone_are_forgotten(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    folder.product("other.things")
    folder.orders("product.yaml", "broken")
    for _ in range(2):
        workspace = folder.load(cache=ContentCache(path))
        assert ORDERS not in workspace.entries
        assert [p.code.id for p in workspace.problems] == ["HNS-S004"]
    assert ContentCache(path).get("product", "sales.orders") is None
    folder.orders("product.yaml", PRODUCT)
    assert ORDERS in folder.load(cache=ContentCache(path)).entries
    assert ContentCache(path).get("product", "other.things") is not None
    shutil.rmtree(folder.root / "domains" / "other")
    folder.load(cache=ContentCache(path))
    assert ContentCache(path).get("product", "other.things") is None
    assert ContentCache(path).get("domain", "domains/other/domain.yaml") is None
    assert ContentCache(path).get("product", "sales.orders") is not None


def test_values_of_variables_are_not_kept(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    secret = "s3cret-value-of-a-variable"
    folder.write("mesh.yaml", MESH + "registry: {url: '${SECRET}'}\n")
    folder.write("domains/sales/domain.yaml", "apiVersion: hanse/v1\nkind: Domain\ncontact: '${SECRET}'\n")
    folder.orders("pipeline.yaml", PIPELINE.replace("PLACE:-data", "SECRET"))
    workspace = folder.load({"SECRET": secret}, ContentCache(path))
    assert workspace.product(ORDERS).pipeline.files[0].path == f"{secret}/raw.csv"
    assert workspace.mesh.registry == secret
    assert [p.code.id for p in workspace.problems] == ["HNS-S007"]
    assert not any(secret in file.read_text() for file in tmp_path.rglob("*.json"))
    assert secret not in "".join(map(str, workspace.problems))
    assert folder.load({"SECRET": secret}, ContentCache(path)).mesh.registry == secret
