"""Files by fsspec: in memory, on this machine, and in a server that speaks S3."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from hanse.drivers.fsspec import FsspecFiles
from hanse.interfaces import FileSource
from hanse.spec.sources import SourceSettings
from hanse.testing.files import ListingSuite


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


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on loopback that speaks S3."""
    port = _free_port()
    log = tmp_path_factory.mktemp("s3") / "log"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            for _ in range(600):
                if server.poll() is not None:
                    raise AssertionError(log.read_text())
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


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
