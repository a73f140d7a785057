"""Copies are whole or not there, whoever else is at work."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.ingest.copies import Copies, Known
from hanse.interfaces import Fetched, Validator


def keep(copies: Copies, key: str, content: bytes, validator: Validator | None = None) -> Known:
    with copies.part() as part:
        Path(part).write_bytes(content)
        return copies.keep(key, part, Fetched(len(content), hashlib.sha256(content).hexdigest(), validator))


def content_of(copies: Copies, known: Known) -> bytes | None:
    path = copies.path(known)
    return Path(path).read_bytes() if path else None


def test_what_was_kept_is_known(tmp_path: Path) -> None:
    copies = Copies(str(tmp_path / "made"), 100)
    assert copies.known("k") is None
    known = keep(copies, "k", b"one", Validator("e", None))
    assert Copies(str(tmp_path / "made"), 100).known("k") == known
    assert content_of(copies, known) == b"one"
    newer = keep(copies, "k", b"two")
    assert copies.known("k") == newer
    assert content_of(copies, known) == b"one"  # another address, or a run, may still mean it


def test_a_part_that_failed_leaves_nothing(tmp_path: Path) -> None:
    copies = Copies(str(tmp_path), 100)
    with copies.part() as part:
        Path(part).write_bytes(b"half")  # and then it could not be fetched
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    "spoilt", [b"", b"{", b"[]", b"{}", b'{"sha256": 1, "bytes": "x", "validator": null}', b"\xff"]
)
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, spoilt: bytes) -> None:
    copies = Copies(str(tmp_path), 100)
    keep(copies, "k", b"one")
    (tmp_path / "known" / "k").write_bytes(spoilt)
    assert copies.known("k") is None


def test_a_copy_of_another_size_is_none(tmp_path: Path) -> None:
    copies = Copies(str(tmp_path), 100)
    known = keep(copies, "k", b"one")
    (tmp_path / "content" / known.sha256).write_bytes(b"on")
    assert copies.path(known) is None
    assert not copies.link(known, str(tmp_path / "run" / "copy"))


def test_a_run_keeps_its_copy(tmp_path: Path) -> None:
    copies = Copies(str(tmp_path), 0)
    known = keep(copies, "k", b"one")
    assert copies.link(known, str(tmp_path / "run" / "copy"))
    assert copies.link(known, str(tmp_path / "run" / "copy"))  # two inputs may hold the same
    assert copies.trim() == (1, 3)
    assert copies.path(known) is None
    assert (tmp_path / "run" / "copy").read_bytes() == b"one"


@settings(deadline=None)  # it writes files
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12), st.integers(0, 40))
def test_the_latest_stay_within_the_limit(uses: list[tuple[int, bool]], limit: int) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        copies, order, clock = Copies(folder, limit), list[int](), 0
        for number, new in uses:
            content = bytes([number]) * (number + 5)
            known = Known(hashlib.sha256(content).hexdigest(), len(content), None)
            if new:
                keep(copies, str(number), content)
            if copies.path(known):
                order = [n for n in order if n != number] + [number]
                clock += 1
                path = Path(folder, "content", known.sha256)
                os.utime(path, ns=(clock, path.stat().st_mtime_ns))  # as if time had passed
        copies.trim()
        stay, used = set[int](), 0
        for number in reversed(order):
            used += number + 5
            if used <= limit:
                stay.add(number)
        sizes = {p.stat().st_size for p in Path(folder).glob("content/*")}
        assert sizes == {number + 5 for number in stay}


def test_many_at_once_never_see_half(tmp_path: Path) -> None:
    contents = [bytes([n]) * 200_000 for n in range(4)]
    wrong: list[str] = []

    def work(turn: int) -> None:
        copies = Copies(str(tmp_path), 500_000)
        for number in range(40):
            content = contents[(turn + number) % 4]
            known = keep(copies, "k", content)
            target = str(tmp_path / "runs" / f"{turn}-{number}")
            if copies.link(known, target) and Path(target).read_bytes() != content:
                wrong.append(target)
            seen = copies.known("k")
            if seen is None:
                wrong.append("note")
            copies.trim()

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
