"""File inputs from elsewhere: everything that local ones can do, and what only they must do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

import hanse
from hanse.app import Mesh
from hanse.base import HanseError, Problems
from hanse.testing.engine.documents import write_workbook
from hanse.testing.files import Reply, WebServer
from hanse.testing.meshes import Columns, MeshFolder

T: Columns = {"id": {"logicalType": "integer", "required": True}, "v": "string"}
SECRET = "s3cr3t-token"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def allow(folder: MeshFolder, *prefixes: str, **more: Any) -> None:
    written = json.loads((folder.root / "mesh.yaml").read_text())
    folder.write("mesh.yaml", {**written, "sources": {"allow": list(prefixes), **more}})


def rows(mesh: Mesh) -> list[tuple[Any, ...]]:
    with mesh.query("SELECT * FROM a.b.t ORDER BY ALL") as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


def run_of(mesh: Mesh) -> dict[str, Any]:
    run: dict[str, Any] = mesh.run()["runs"][0]
    return run


def opened(folder: MeshFolder) -> Mesh:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh


def product(folder: MeshFolder, source: dict[str, Any], settings: dict[str, Any] | None = None, **more: Any) -> Mesh:
    folder.product("a.b", {"t": T}, pipeline={"raw" if "transforms" in more else "t": source}, **more)
    if settings:
        folder.settings("a.b", {"t": settings})
    return opened(folder)


READ = {"transforms": {"t": "SELECT id, CAST(v AS VARCHAR) AS v FROM raw"}}


def kept(mesh: Mesh) -> list[str]:
    return sorted(p.name for p in Path(mesh.config.state, "fetched", "content").iterdir())


def everything_written(mesh: Mesh) -> bytes:
    """Return all that the mesh keeps on disk, but for what was fetched."""
    found = (p for p in Path(mesh.config.state).rglob("*") if p.is_file() and "content" not in p.parts)
    return b"".join(p.read_bytes() for p in found) + json.dumps(mesh.events()).encode()


# HTTP


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_a_file_of_a_web_server(folder: MeshFolder, web: WebServer, more: dict[str, Any]) -> None:
    web.put("/in/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/in/"))
    mesh = product(folder, {"file": web.url("/in/t.csv")}, **more)
    assert web.requests == []  # neither check nor plan nor apply asks anybody
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a")]
    assert run_of(mesh)["status"] == "unchanged"
    assert [r.headers.get("if-none-match") is not None for r in web.requests] == [False, True]
    web.put("/in/t.csv", b"id,v\n1,a\n2,b\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]
    assert not list(Path(mesh.config.state, "fetched", "parts").iterdir())


def test_without_validators_the_content_decides(folder: MeshFolder, web: WebServer) -> None:
    web.has_validators = False
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    assert [run_of(mesh)["status"] for _ in range(2)] == ["succeeded", "unchanged"]
    assert len(web.requests) == 2


def test_every_format_comes_from_elsewhere(folder: MeshFolder, web: WebServer, tmp_path: Path) -> None:
    import gzip

    write_workbook(tmp_path / "t.xlsx", {"prices": [["id", "v"], [1, "a"]]})
    files = {
        "t.csv.gz": gzip.compress(b"id,v\n1,a\n"),
        "t.ndjson": b'{"id": 1, "v": "a"}\n',
        "t.json": b'[{"id": 1, "v": "a"}]',
        "t.xlsx": (tmp_path / "t.xlsx").read_bytes(),
    }
    allow(folder, web.url("/"))
    for name, content in files.items():
        web.put(f"/{name}", content)
        mesh = product(folder, {"file": web.url(f"/{name}?version=1")})
        assert run_of(mesh)["status"] == "succeeded", name
        assert rows(mesh) == [(1, "a")]
        mesh.close()


def test_a_download_that_is_cut_leaves_the_old_release(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    run_of(mesh)
    before = kept(mesh)
    web.has_ranges = False
    web.answer("/t.csv", lambda _: Reply(200, (b"id,v\n1,a\n2,b\n",), length=5000, cut=True))
    refused = run_of(mesh)
    assert (refused["status"], refused["error"]["code"]) == ("refused", "HNS-F006")
    assert rows(mesh) == [(1, "a")]
    assert kept(mesh) == before


def test_errors_name_the_input_and_its_place(folder: MeshFolder, web: WebServer) -> None:
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    error = run_of(mesh)["error"]
    assert error["code"] == "HNS-F001"
    assert error["what"] == f"input `t`: {web.url('/t.csv')}: its server answered 404"
    assert error["where"].startswith("domains/a/b/pipeline.yaml:6:12")


def test_a_broken_file_is_named_by_its_address(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.ndjson", b'{"id": }\n')
    allow(folder, web.url("/"))
    error = run_of(product(folder, {"file": web.url("/t.ndjson")}))["error"]
    assert error["code"] == "HNS-I004"
    assert web.url("/t.ndjson") in error["what"]
    assert "fetched" not in json.dumps(error)


def test_an_empty_file_is_an_error(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"")
    allow(folder, web.url("/"))
    assert run_of(product(folder, {"file": web.url("/t.csv")}))["error"]["code"] == "HNS-I002"


def test_a_copy_that_is_gone_is_fetched_again(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    run_of(mesh)
    (copy,) = Path(mesh.config.state, "fetched", "content").iterdir()
    copy.unlink()
    assert run_of(mesh)["status"] == "unchanged"  # nobody needs it
    assert mesh.run(force=True)["succeeded"] == 1
    assert kept(mesh) == [copy.name]


def test_a_damaged_copy_is_not_used(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    run_of(mesh)
    (copy,) = Path(mesh.config.state, "fetched", "content").iterdir()
    copy.write_bytes(b"id,v\n9,z\n")
    assert mesh.run(force=True)["succeeded"] == 1
    assert rows(mesh) == [(1, "a")]


def test_a_file_that_changed_since_the_look_is_not_used(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")})
    run_of(mesh)
    (copy,) = Path(mesh.config.state, "fetched", "content").iterdir()
    copy.unlink()
    web.once("/t.csv", Reply(304, length=-1))  # unchanged when looked at
    web.put("/t.csv", b"id,v\n2,b\n")
    [run] = mesh.run(force=True)["runs"]
    assert (run["status"], run["error"]["code"]) == ("failed", "HNS-F008")
    assert rows(mesh) == [(1, "a")]


def test_copies_are_bounded(folder: MeshFolder, web: WebServer) -> None:
    allow(folder, web.url("/"), cache_size="100")
    mesh = product(folder, {"file": web.url("/t.csv")})
    for number in range(5):
        web.put("/t.csv", b"id,v\n%d,%s\n" % (number, b"x" * 60))
        assert run_of(mesh)["status"] == "succeeded"
    assert len(kept(mesh)) == 1
    stray = Path(mesh.config.state, "fetched", "parts", "left-behind")
    stray.write_bytes(b"x")
    os.utime(stray, (1e9, 1e9))
    assert mesh.maintain(dry_run=True)["fetched"] == {"removed": 1, "bytes": 1}
    assert stray.exists()
    assert mesh.maintain()["fetched"] == {"removed": 1, "bytes": 1}
    assert not stray.exists()


def test_plan_knows_the_columns_of_the_last_copy(folder: MeshFolder, web: WebServer) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url("/t.csv")}, **READ)
    run_of(mesh)
    asked = len(web.requests)
    folder.write("domains/a/b/transforms/t.sql", "SELECT id, w AS v FROM raw")
    [warning] = mesh.plan()["warnings"]
    assert "`w`" in warning["what"]
    assert len(web.requests) == asked


# Secrets


def test_headers_reach_the_server_and_nothing_else(
    folder: MeshFolder, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("SIGNATURE", f"{SECRET}-2")
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    source = {
        "file": web.url("/t.csv") + "?sig=${SIGNATURE}",
        "headers": {"Authorization": "Bearer ${TOKEN}", "Accept": "text/csv"},
    }
    mesh = product(folder, source)
    run = run_of(mesh)
    assert run["status"] == "succeeded"
    assert web.requests[-1].headers["authorization"] == f"Bearer {SECRET}"
    assert web.requests[-1].path == f"/t.csv?sig={SECRET}-2"
    web.answer("/t.csv", lambda _: Reply(403))
    refused = run_of(mesh)
    assert refused["error"]["code"] == "HNS-F002"
    shown = json.dumps([run, refused, mesh.run_details(run["id"]), mesh.show("a.b"), mesh.plan(), mesh.check()])
    assert SECRET not in shown
    assert SECRET.encode() not in everything_written(mesh)
    with mesh.query("SELECT * FROM mesh.catalog.runs") as result:
        assert SECRET not in str(result.to_arrow().to_pylist())


def test_another_token_is_no_change(folder: MeshFolder, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.put("/t.csv", b"id,v\n1,a\n")
    allow(folder, web.url("/"))
    monkeypatch.setenv("TOKEN", "one")
    mesh = product(folder, {"file": web.url("/t.csv"), "headers": {"Authorization": "${TOKEN}"}})
    run_of(mesh)
    monkeypatch.setenv("TOKEN", "two")
    assert run_of(mesh)["status"] == "unchanged"
    assert web.requests[-1].headers["authorization"] == "two"
    monkeypatch.delenv("TOKEN")
    with pytest.raises(Problems, match=r"HNS-S016.*TOKEN"):
        mesh.run()


def test_a_literal_signature_is_shown_nowhere(folder: MeshFolder, web: WebServer) -> None:
    allow(folder, web.url("/"))
    mesh = product(folder, {"file": web.url(f"/t.csv?part=7&X-Amz-Signature={SECRET}")})
    refused = run_of(mesh)
    assert SECRET not in json.dumps(refused)
    assert "part=7&X-Amz-Signature=***" in refused["error"]["what"]


# What may be read


def only_problem(folder: MeshFolder) -> dict[str, Any]:
    mesh = hanse.open_mesh(folder.root)
    errors = [p for p in mesh.check()["problems"] if p["severity"] == "error"]
    with pytest.raises(Problems):
        mesh.apply()
    problem: dict[str, Any]
    [problem] = errors
    return problem


def test_nothing_elsewhere_is_read_unless_it_is_allowed(folder: MeshFolder, web: WebServer) -> None:
    folder.product("a.b", {"t": T}, pipeline={"t": {"file": web.url("/in/t.csv")}})
    problem = only_problem(folder)
    assert problem["code"] == "HNS-S048"
    assert problem["where"].startswith("domains/a/b/pipeline.yaml:6:12")
    assert f'allow: ["{web.url("/in/")}"]' in problem["fix"]
    assert web.requests == []


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://user:{secret}@data.example.org/t.csv", "HNS-S047"),
        ("https://{secret}@data.example.org/t.csv", "HNS-S047"),
        ("sftp://user:{secret}@data.example.org/t.csv", "HNS-S047"),
        ("simplecache://data.example.org/t.csv", "HNS-S049"),
        ("local:///etc/t.csv", "HNS-S049"),
        ("s3://bucket::file:///etc/t.csv", "HNS-S049"),
        ("s3://bucket/../other/t.csv", "HNS-S049"),
        ("https://data.example.org/*.csv", "HNS-S049"),
        ("https://data.example.org/in/%2e%2e%2fsecret/t.csv", "HNS-S049"),
        ("https://data.example.org/in/../secret/t.csv", "HNS-S048"),
        ("https://data.example.org.evil.example/in/t.csv", "HNS-S048"),
        ("https://data.example.org:444/in/t.csv", "HNS-S048"),
        ("http://data.example.org/in/t.csv", "HNS-S048"),
        ("https://data.example.org/inside/t.csv", "HNS-S048"),
        ("s3://bucket/inside/*.csv", "HNS-S048"),
    ],
)
def test_addresses_that_may_not_be_read(folder: MeshFolder, address: str, code: str) -> None:
    allow(folder, "https://data.example.org/in/", "s3://bucket/in", "simplecache-is-no-prefix")
    folder.product("a.b", {"t": T}, pipeline={"t": {"file": address.replace("{secret}", SECRET)}})
    problem = only_problem(folder)
    assert problem["code"] == code
    assert SECRET not in json.dumps(problem)


def test_a_header_written_out_is_refused(folder: MeshFolder, web: WebServer) -> None:
    allow(folder, web.url("/"))
    source = {"file": web.url("/t.csv"), "headers": {"Authorization": SECRET}}
    folder.product("a.b", {"t": T}, pipeline={"t": source})
    problem = only_problem(folder)
    assert problem["code"] == "HNS-S047"
    assert SECRET not in json.dumps(problem)


@pytest.mark.parametrize("header", ["Host", "Range", "content-length", "a b", "If-None-Match"])
def test_headers_that_are_ours_are_refused(folder: MeshFolder, web: WebServer, header: str) -> None:
    allow(folder, web.url("/"))
    source = {"file": web.url("/t.csv"), "headers": {header: "${HOME}"}}
    folder.product("a.b", {"t": T}, pipeline={"t": source})
    assert only_problem(folder)["code"] == "HNS-S014"


def test_local_paths_are_held_to_the_list_too(folder: MeshFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "t.csv").write_text("id,v\n1,a\n")
    folder.product("a.b", {"t": T}, pipeline={"t": {"file": str(outside / "t.csv")}})
    assert run_of(opened(folder))["status"] == "succeeded"  # without a list, as ever
    allow(folder, "https://data.example.org/")
    assert only_problem(folder)["code"] == "HNS-S048"
    allow(folder, str(outside))
    assert run_of(opened(folder))["status"] == "unchanged"
    folder.product("a.b", {"t": T}, pipeline={"t": {"file": "data/*.csv"}}, data={"t.csv": "id,v\n2,b\n"})
    allow(folder, "https://data.example.org/")
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"  # the product's own folder needs no mention
    (folder.root / "domains/a/b/data/link.csv").symlink_to(outside / "t.csv")
    refused = run_of(mesh)
    assert (refused["status"], refused["error"]["code"]) == ("refused", "HNS-S048")


def test_an_address_of_a_local_file_is_a_local_file(folder: MeshFolder, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,v\n1,a\n")
    mesh = product(folder, {"file": f"file://{tmp_path}/t.csv"})
    assert run_of(mesh)["status"] == "succeeded"
    folder.product(
        "a.c", {"t": T}, pipeline={"t": {"file": f"file://{folder.root}/domains/a/b/product.yaml", "format": "csv"}}
    )
    mesh.apply()
    assert [r["error"]["code"] for r in mesh.run()["runs"] if r["status"] == "refused"] == ["HNS-I006"]


# fsspec


@pytest.fixture
def bucket() -> Iterator[str]:
    name = f"hanse-{uuid4().hex}"
    system = fsspec.filesystem("memory")
    system.mkdir(f"/{name}")
    yield name
    system.rm(f"/{name}", recursive=True)


def put(bucket: str, name: str, text: str) -> None:
    fsspec.filesystem("memory").pipe_file(f"/{bucket}/{name}", text.encode())


def take(bucket: str, name: str) -> None:
    fsspec.filesystem("memory").rm(f"/{bucket}/{name}")


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_all_files_of_a_pattern_elsewhere(folder: MeshFolder, bucket: str, more: dict[str, Any]) -> None:
    put(bucket, "in-1.csv", "id,v\n1,01069\n")
    put(bucket, "in-2.csv", "v,id\nx,2\n")
    put(bucket, "other.csv", "id,v\n9,z\n")
    allow(folder, f"memory://{bucket}/")
    mesh = product(folder, {"file": f"memory://{bucket}/in-*.csv"}, **more)
    run = run_of(mesh)
    assert run["status"] == "succeeded"
    assert rows(mesh) == [(1, "01069"), (2, "x")]
    assert [f["path"] for f in mesh.run_details(run["id"])["inputs"][0]["files"]] == ["in-1.csv", "in-2.csv"]
    assert run_of(mesh)["status"] == "unchanged"
    put(bucket, "in-2.csv", "v,id\ny,2\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "01069"), (2, "y")]


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_only_new_files_elsewhere_are_read(folder: MeshFolder, bucket: str, more: dict[str, Any]) -> None:
    put(bucket, "in-1.csv", "id,v\n1,a\n")
    allow(folder, f"memory://{bucket}")
    source = {"file": f"memory://{bucket}/in-*.csv", "only_new": True}
    mesh = product(folder, source, {"materialize": "append"}, **more)
    assert run_of(mesh)["status"] == "succeeded"
    assert run_of(mesh)["status"] == "unchanged"
    for copy in Path(mesh.config.state, "fetched", "content").iterdir():
        copy.unlink()
    put(bucket, "in-2.csv", "id,v\n2,b\n")
    put(bucket, "in-3.csv", "id,v\n1,a\n")  # what was taken in, under another name
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]
    for name in ("in-1.csv", "in-2.csv", "in-3.csv"):
        take(bucket, name)
    assert run_of(mesh)["status"] == "unchanged"


def test_columns_that_come_and_go_elsewhere(folder: MeshFolder, bucket: str) -> None:
    put(bucket, "in-1.csv", "id,v,extra\n1,a,x\n")
    allow(folder, f"memory://{bucket}")
    mesh = product(folder, {"file": f"memory://{bucket}/in-*.csv", "drift": "evolve"})
    assert run_of(mesh)["status"] == "succeeded"
    with mesh.query("SELECT message FROM mesh.catalog.checks WHERE check_id = 'drift'") as result:
        [message] = result.to_arrow().column("message").to_pylist()
    assert f"memory://{bucket}/in-*.csv: left out: `extra`" in message


def test_nothing_that_matches_elsewhere(folder: MeshFolder, bucket: str) -> None:
    allow(folder, f"memory://{bucket}")
    assert run_of(product(folder, {"file": f"memory://{bucket}/in-*.csv"}))["error"]["code"] == "HNS-I007"


@pytest.mark.parametrize(
    ("address", "words"),
    [("gs://bucket/t.csv", "pip install gcsfs"), ("nonsense://bucket/t.csv", "misspelt")],
)
def test_a_protocol_that_nobody_speaks_says_what_to_install(folder: MeshFolder, address: str, words: str) -> None:
    allow(folder, address)
    error = run_of(product(folder, {"file": address}))["error"]
    assert error["code"] == "HNS-F010"
    assert words in error["fix"]


# Drafts


def test_a_product_drafted_from_an_address_runs(folder: MeshFolder, web: WebServer) -> None:
    folder.product("x.y", {"t": T}, data={"t.csv": "id,v\n1,a\n"})
    web.put("/in/t.csv", b"id,v\n1,a\n2,b\n")
    allow(folder, web.url("/in/"))
    mesh = hanse.open_mesh(folder.root)
    drafted = mesh.new_product("a.b", [web.url("/in/t.csv?part=1"), f"other={web.url('/in/t.csv')}"])
    assert drafted["written"] == [
        "domains/a/b/contracts/b.odcs.yaml",
        "domains/a/b/pipeline.yaml",
        "domains/a/b/product.yaml",
        "domains/a/domain.yaml",
    ]
    assert [t["rows"] for t in drafted["tables"]] == [2, 2]
    mesh.apply()
    assert mesh.run(["a.b"])["succeeded"] == 1
    assert rows(mesh) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"https://h/t.csv?sig={SECRET}", "holds a secret"),
        (f"https://u:{SECRET}@h/t.csv", "holds a secret"),
        ("s3://bucket/*.csv", "it is a pattern"),
        ("https://h/in/../../t.csv", "is not among what this mesh may read"),
    ],
)
def test_addresses_that_no_product_is_drafted_from(folder: MeshFolder, address: str, words: str) -> None:
    folder.product("x.y", {"t": T}, data={"t.csv": "id,v\n1,a\n"})
    mesh = hanse.open_mesh(folder.root)
    with pytest.raises(HanseError, match=words) as raised:
        mesh.new_product("a.b", [address])
    assert SECRET not in str(raised.value)
    assert not (folder.root / "domains/a").exists()


def test_databases_in_files_are_held_to_the_list_too(folder: MeshFolder, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "outside.db") as database:
        database.execute("CREATE TABLE t (id INTEGER, v TEXT)")
    database.close()
    allow(folder, "https://data.example.org/")
    mesh = product(folder, {"sqlite": str(tmp_path / "outside.db"), "table": "t"})
    error = run_of(mesh)["error"]
    assert error["code"] == "HNS-S048"
