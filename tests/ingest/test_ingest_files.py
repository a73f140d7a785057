"""What a file holds is told by content, and remembered only as long as nothing could have changed it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hanse.base import IngestError, Location
from hanse.ingest import files, observe, unchanged
from hanse.spec import FileReference


class Hashes:
    """Remembers in memory, and counts what it is asked to remember."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Any] = {}

    def get(self, kind: str, key: str) -> Any:
        return self.kept.get((kind, key))

    def put(self, kind: str, key: str, document: Any) -> None:
        self.kept[kind, key] = document


@pytest.fixture
def reference(tmp_path: Path) -> FileReference:
    (tmp_path / "in.csv").write_bytes(b"a\n1\n")
    return FileReference("raw", "in.csv", Location("pipeline.yaml", 3))


def test_a_brand_new_file_is_not_remembered(tmp_path: Path, reference: FileReference) -> None:
    hashes = Hashes()
    state = observe(reference, str(tmp_path), hashes)
    assert not state.is_settled
    assert hashes.kept == {}


def test_an_old_file_is_read_once(tmp_path: Path, reference: FileReference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_RACY_SECONDS", -1.0)
    hashes = Hashes()
    first = observe(reference, str(tmp_path), hashes)
    monkeypatch.delattr(files, "_hash")  # reading it again would fail
    assert observe(reference, str(tmp_path), hashes) == first
    assert unchanged(first)


def test_times_that_were_set_back_hide_nothing(
    tmp_path: Path, reference: FileReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_RACY_SECONDS", -1.0)
    hashes, file = Hashes(), tmp_path / "in.csv"
    os.utime(file, (1e9, 1e9))
    first = observe(reference, str(tmp_path), hashes)
    file.write_bytes(b"a\n2\n")
    os.utime(file, (1e9, 1e9))
    assert not unchanged(first)
    second = observe(reference, str(tmp_path), hashes)
    assert second.sha256 != first.sha256
    assert second.bytes == first.bytes


def test_a_file_written_within_one_tick_of_the_clock_is_read_again(tmp_path: Path, reference: FileReference) -> None:
    state = observe(reference, str(tmp_path))
    (tmp_path / "in.csv").write_bytes(b"a\n2\n")
    same_stamp = files.FileState(
        state.path, state.sha256, state.bytes, files._stamp((tmp_path / "in.csv").stat()), state.is_settled
    )
    assert not unchanged(same_stamp)


@pytest.mark.parametrize("kept", [5, {}, {"stamp": 5}, {"stamp": []}, []])
def test_spoilt_memory_is_no_memory(tmp_path: Path, reference: FileReference, kept: Any) -> None:
    hashes = Hashes()
    state = observe(reference, str(tmp_path), hashes)
    hashes.get = lambda kind, key: kept  # type: ignore[method-assign]  # noqa: ARG005
    assert observe(reference, str(tmp_path), hashes) == state


def test_messages_name_the_path_as_written(tmp_path: Path) -> None:
    reference = FileReference("raw", "gone/value.csv", Location("pipeline.yaml", 3), "gone/${X}.csv")
    with pytest.raises(IngestError, match="HNS-I001") as raised:
        observe(reference, str(tmp_path))
    assert "gone/${X}.csv" in str(raised.value)
    assert "value" not in str(raised.value)
