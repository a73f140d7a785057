"""Files by fsspec: in memory, on this machine, and in a server that speaks S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

import hanse
from hanse.drivers import fsspec as driver
from hanse.drivers.fsspec import FsspecFiles
from hanse.interfaces import FileSource
from hanse.interfaces.codes import FETCH_FAILED, PRIVATE_ADDRESS, REMOTE_REFUSED, REMOTE_TOO_LARGE
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import parse_url
from hanse.testing.files import ListingSuite
from hanse.testing.files.suite import refused
from hanse.testing.meshes import MeshFolder
from s3_server import s3_server


class TestMemory(ListingSuite):
    @pytest.fixture(autouse=True)
    def place(self) -> Iterator[None]:
        self.folder = f"hanse-{uuid4().hex}"
        yield
        system = fsspec.filesystem("memory")
        if system.exists(f"/{self.folder}"):
            system.rm(f"/{self.folder}", recursive=True)

    def source(self, *, max_bytes: int = 1 << 30) -> FileSource:
        return FsspecFiles(SourceSettings(max_bytes=max_bytes))

    def put(self, name: str, content: bytes) -> None:
        with fsspec.filesystem("memory").open(f"/{self.folder}/{name}", "wb") as file:
            file.write(content)

    def address(self, name: str) -> str:
        return f"memory://{self.folder}/{name}"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on loopback that speaks S3."""
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as address:
        yield address


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The library that speaks S3, with its environment set as a user would."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)


@pytest.mark.slow
class TestS3(ListingSuite):
    @pytest.fixture(autouse=True)
    def place(self, s3: Any) -> Iterator[None]:
        self.bucket, self.system = f"hanse-{uuid4().hex}", s3
        s3.mkdir(self.bucket)
        yield
        s3.rm(self.bucket, recursive=True)

    def source(self, *, max_bytes: int = 1 << 30) -> FileSource:
        return FsspecFiles(SourceSettings(max_bytes=max_bytes))

    def put(self, name: str, content: bytes) -> None:
        self.system.pipe_file(f"{self.bucket}/in/{name}", content)

    def address(self, name: str) -> str:
        return f"s3://{self.bucket}/in/{name}"

    def test_a_run_reads_what_is_new_in_a_bucket(self, tmp_path: Path) -> None:
        folder = MeshFolder(tmp_path / "mesh")
        source = {"file": self.address("in-*.csv"), "only_new": True}
        folder.product("a.b", {"t": {"id": "integer"}}, pipeline={"t": source})
        folder.settings("a.b", {"t": {"materialize": "append"}})
        written = json.loads((folder.root / "mesh.yaml").read_text())
        folder.write("mesh.yaml", {**written, "sources": {"allow": [f"s3://{self.bucket}/in/"]}})
        with hanse.open_mesh(folder.root) as mesh:
            mesh.apply()
            for number in (1, 2):
                self.put(f"in-{number}.csv", b"id\n%d\n" % number)
                assert mesh.run()["succeeded"] == 1
            assert mesh.run()["unchanged"] == 1
            with mesh.query("SELECT id FROM a.b.t ORDER BY id") as result:
                assert result.to_arrow().column("id").to_pylist() == [1, 2]

    def test_wrong_credentials_are_told_without_being_shown(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        with refused(REMOTE_REFUSED):
            self.source().fetch(self.url("in.csv"), str(tmp_path / "part"))


@pytest.mark.parametrize(
    "error", [OSError("https://u:hunter2@h/x?X-Amz-Signature=hunter2 failed"), ValueError("hunter2")]
)
def test_what_a_library_says_is_shown_without_secrets(error: Exception) -> None:
    def fail() -> None:
        raise error

    with refused(FETCH_FAILED) as raised, driver._mapped():
        fail()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
@pytest.mark.parametrize("scheme", ["sftp", "ftp", "webhdfs", "smb", "hdfs"])
def test_hosts_in_private_networks_are_closed(tmp_path: Path, scheme: str, host: str) -> None:
    url = parse_url(f"{scheme}://{host}/x.csv")
    with refused(PRIVATE_ADDRESS):
        FsspecFiles(SourceSettings(allow=(f"{scheme}://other/",))).fetch(url, str(tmp_path / "part"))


def test_a_pattern_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "MAX_FILES", 2)
    system, folder = fsspec.filesystem("memory"), f"hanse-{uuid4().hex}"
    source, url = FsspecFiles(SourceSettings()), parse_url(f"memory://{folder}/*")
    for name in ("1", "2"):
        system.pipe_file(f"/{folder}/{name}", b"1")
    assert len(source.find(url)) == 2
    system.pipe_file(f"/{folder}/3", b"1")
    with refused(REMOTE_TOO_LARGE):
        source.find(url)
    system.rm(f"/{folder}", recursive=True)
