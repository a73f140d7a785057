"""What a contract says of where its data is, and how little it is believed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

import hanse
from contract_verdicts import bad, only_table
from hanse.testing.files.server import WebServer
from s3_server import s3_server

Write = Callable[..., Path]
ID = {"id": {"logicalType": "integer", "required": True}}
FAULTY = "id\n1\nx\n"


def local(path: str, format_: str = "csv", **more: Any) -> list[dict[str, Any]]:
    return [{"server": "here", "type": "local", "path": path, "format": format_, **more}]


def elsewhere(location: str, **more: Any) -> list[dict[str, Any]]:
    return [{"server": "there", "type": "s3", "location": location, "format": "csv", **more}]


@pytest.mark.parametrize("path", ["t.csv", "./data/{model}.csv", "data/{table}.csv", "data", "data/*.csv"])
def test_local_data_lies_beside_the_contract(
    here: Path, contract: Write, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = contract("products/t.odcs.yaml", servers=local(path), t=ID)
    (here / "products" / "data").mkdir()
    for place in ("t.csv", "data/t.csv"):
        (here / "products" / place).write_text(FAULTY)
    assert bad(hanse.test_contract(file)) == {"type(id)"}
    assert bad(hanse.test_contract(file, server="here")) == {"type(id)"}
    monkeypatch.chdir("/")
    assert bad(hanse.test_contract(file)) == {"type(id)"}


def test_format_and_encoding_are_the_servers(here: Path, contract: Write) -> None:
    (here / "t.dat").write_bytes("id,note\n1,é\n".encode("latin-1"))
    servers = local("t.dat", encoding="latin-1")
    file = contract(
        servers=servers, t={**ID, "note": {"logicalType": "string", "logicalTypeOptions": {"maxLength": 1}}}
    )
    assert hanse.test_contract(file)["status"] == "passed"


@pytest.mark.parametrize("path", ["../secret.csv", "/{model}.csv", "sub/../../secret.csv", "link.csv", "{model}.csv"])
def test_local_data_outside_needs_a_word(
    tmp_path: Path, contract: Write, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.csv").write_text(FAULTY)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "sub").mkdir()
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    file = contract("inside/t.odcs.yaml", servers=local(path), **{"../secret": ID})
    monkeypatch.chdir(inside)
    problem = only_table(hanse.test_contract(file, server="here"))["problem"]
    assert problem["code"] in ("HNS-A012", "HNS-A006")
    if path == "link.csv":
        assert problem["code"] == "HNS-A012"
    assert bad(hanse.test_contract(file, data=tmp_path / "secret.csv")) == {"type(id)"}


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def test_addresses_that_were_typed_are_read(here: Path, contract: Write, web: WebServer) -> None:
    web.put("/d/t.csv", FAULTY.encode())
    file = contract(t=ID)
    assert bad(hanse.test_contract(file, data=web.url("/d/t.csv?sig=s3cret"))) == {"type(id)"}
    problem = only_table(hanse.test_contract(file, data=web.url("/d/nope.csv?sig=s3cret")))["problem"]
    assert problem["code"] == "HNS-F001"
    assert "s3cret" not in str(problem)


def test_addresses_of_the_contract_are_not_contacted(here: Path, contract: Write, web: WebServer) -> None:
    web.put("/d/t.csv", FAULTY.encode())
    servers = [{"server": "there", "type": "custom", "location": web.url("/d/{model}.csv"), "format": "csv"}]
    file = contract(servers=servers, t=ID)
    problem = only_table(hanse.test_contract(file, server="there"))["problem"]
    assert problem["code"] == "HNS-A012"
    assert "--allow" in problem["fix"]
    assert web.requests == []
    # Not without being asked, either.
    assert only_table(hanse.test_contract(file))["problem"]["code"] == "HNS-A006"
    assert web.requests == []
    assert bad(hanse.test_contract(file, server="there", allow=[web.url("/d/")])) == {"type(id)"}
    other = only_table(hanse.test_contract(file, server="there", allow=[web.url("/other/")]))["problem"]
    assert other["code"] == "HNS-A012"


def test_variables_do_not_reach_the_contracts_host(
    here: Path, contract: Write, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contract that asks for a secret gets it nowhere: not in an address, not in a message."""
    monkeypatch.setenv("API_TOKEN", "s3cret")
    web.put("/s3cret/t.csv", FAULTY.encode())
    location = web.url("/") + "${API_TOKEN}/t.csv"
    file = contract(servers=[{"server": "there", "type": "custom", "location": location, "format": "csv"}], t=ID)
    for allow in ((), (web.url("/"),)):
        document = hanse.test_contract(file, server="there", allow=allow)
        problem = only_table(document)["problem"]
        assert (problem["code"], "API_TOKEN" in problem["what"]) == ("HNS-A012", True)
        assert "s3cret" not in str(document)
    assert web.requests == []
    unset = only_table(hanse.test_contract(file, server="there", variables=["API_TOKEN"]))["problem"]
    assert unset["code"] == "HNS-A012"
    assert web.requests == []
    allowed = hanse.test_contract(file, server="there", allow=[web.url("/")], variables=["API_TOKEN"])
    assert bad(allowed) == {"type(id)"}


def test_types_of_servers_that_cannot_be_read_are_told(here: Path, contract: Write) -> None:
    servers = [{"server": "there", "type": "kafka", "host": "kafka:9092", "format": "json"}]
    problem = only_table(hanse.test_contract(contract(servers=servers, t=ID), server="there"))["problem"]
    assert problem["code"] == "HNS-A011"
    assert "`kafka`" in problem["what"]


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket in an S3-compatible store; yields its endpoint."""
    for name, value in (
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with s3_server(tmp_path / "s3.log") as endpoint:
        system = fsspec.filesystem("s3", endpoint_url=endpoint, skip_instance_cache=True, use_listings_cache=False)
        system.mkdir("shop")
        for number, text in enumerate(("id\n1\n", FAULTY)):
            system.pipe(f"shop/t/{number}.csv", text.encode())
        yield endpoint


@pytest.mark.slow
def test_s3_compatible_stores(here: Path, contract: Write, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = contract(servers=elsewhere("s3://shop/{model}/*.csv", endpointUrl=bucket), t=ID)
    for allow in ((), ("s3://shop/",), (bucket + "/",)):
        problem = only_table(hanse.test_contract(file, server="there", allow=allow))["problem"]
        assert problem["code"] == "HNS-A012"
    document = hanse.test_contract(file, server="there", allow=["s3://shop/", bucket])
    assert bad(document) == {"type(id)"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket)
    assert bad(hanse.test_contract(file, data="s3://shop/t/*.csv")) == {"type(id)"}
    assert only_table(hanse.test_contract(file, data="s3://shop/u/*.csv"))["problem"]["code"] == "HNS-A006"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1,localhost", "allowed.example/,127.0.0.1", "/tmp", "a b", "é"])
def test_only_one_host_is_spoken_to(here: Path, contract: Write, host: str) -> None:
    """What PostgreSQL's library would take for a list of hosts is none: only the first was compared with `allow`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        entry = {"server": "there", "type": "postgres", "host": host, "database": "d", "schema": "s"}
        file = contract(servers=[{**entry, "port": listening.getsockname()[1]}], t=ID)
        found = hanse.test_contract(file, server="there", allow=["postgresql://allowed.example/"])
        with pytest.raises(BlockingIOError):
            listening.accept()
    problem = only_table(found)["problem"]
    assert problem["code"] == ("HNS-A012" if host == "127.0.0.1" else "HNS-A011")


def test_a_path_that_no_file_can_have_is_told(here: Path, contract: Write) -> None:
    file = contract(servers=local("t.csv"), t=ID)
    file.write_text(file.read_text().replace("path: t.csv", 'path: "t\\0.csv"'))
    assert "no file can have" in only_table(hanse.test_contract(file))["problem"]["what"]
