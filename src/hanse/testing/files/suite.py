"""What every driver of files elsewhere must do."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from hanse.base import Code, IngestError
from hanse.interfaces import FileSource
from hanse.interfaces.codes import REMOTE_MISSING, REMOTE_TOO_LARGE
from hanse.spec.urls import Url, parse_url

LARGE = b"".join(b"%d,some text to fill the line\n" % n for n in range(600_000))
"""More than drivers read at once."""


def refused(code: Code) -> Any:
    """Expect an :class:`~hanse.base.IngestError` with this code."""
    return pytest.raises(IngestError, match=f"^error\\[{code.id}\\]")


class FilesSuite:
    """The suite. Every test has a place of its own.

    A subclass makes the place by a fixture, and tells here how to reach it.
    """

    def source(self, *, max_bytes: int = 1 << 30) -> FileSource:
        """Return the driver under test, which may read everything in the place."""
        raise NotImplementedError

    def put(self, name: str, content: bytes) -> None:
        """Put a file into the place, or write it anew."""
        raise NotImplementedError

    def address(self, name: str) -> str:
        """Return the address of a file in the place, or of a pattern."""
        raise NotImplementedError

    def url(self, name: str) -> Url:
        """Return the address as drivers get it."""
        return parse_url(self.address(name))

    @pytest.mark.parametrize(
        "content", [b"", b"a\n1\n", b"\x00\xff\r\n" * 3, LARGE], ids=["none", "text", "bytes", "large"]
    )
    def test_a_file_is_fetched_whole(self, tmp_path: Path, content: bytes) -> None:
        """Its content, size and digest are right."""
        self.put("in.csv", content)
        target = tmp_path / "part"
        fetched = self.source().fetch(self.url("in.csv"), str(target))
        assert fetched is not None
        assert target.read_bytes() == content
        assert (fetched.bytes, fetched.sha256) == (len(content), hashlib.sha256(content).hexdigest())

    def test_what_is_unchanged_is_not_fetched(self, tmp_path: Path) -> None:
        """The validator of a content stands for it, until there is another."""
        source = self.source()
        self.put("in.csv", b"a\n1\n")
        first = source.fetch(self.url("in.csv"), str(tmp_path / "1"))
        assert first is not None
        assert first.validator is not None
        assert first.validator.tells
        assert source.fetch(self.url("in.csv"), str(tmp_path / "2"), known=first.validator) is None
        self.put("in.csv", b"a\n2\n")  # of the same size, and within the same second
        third = source.fetch(self.url("in.csv"), str(tmp_path / "3"), known=first.validator)
        assert third is not None
        assert (tmp_path / "3").read_bytes() == b"a\n2\n"
        assert third.validator != first.validator

    def test_a_missing_file_is_named_as_such(self, tmp_path: Path) -> None:
        """Whether it is looked for first or not."""
        with refused(REMOTE_MISSING):
            self._look_and_fetch("missing.csv", tmp_path)

    def test_a_file_beyond_the_limit_is_not_fetched(self, tmp_path: Path) -> None:
        """Whatever its place says about it beforehand."""
        self.put("in.csv", LARGE)
        with refused(REMOTE_TOO_LARGE):
            self.source(max_bytes=len(LARGE) - 1).fetch(self.url("in.csv"), str(tmp_path / "part"))
        assert self.source(max_bytes=len(LARGE)).fetch(self.url("in.csv"), str(tmp_path / "whole")) is not None

    @pytest.mark.parametrize("name", ["a b.csv", "größe.csv", "a+b&c.csv", "folder/in.csv"])
    def test_names_are_taken_as_they_are(self, tmp_path: Path, name: str) -> None:
        """What an address says is what is fetched."""
        self.put(name, name.encode())
        (found,) = self.source().find(self.url(name))
        assert self.source().fetch(found.url, str(tmp_path / "part")) is not None
        assert (tmp_path / "part").read_bytes() == name.encode()

    def _look_and_fetch(self, name: str, folder: Path) -> None:
        for found in self.source().find(self.url(name)):
            self.source().fetch(found.url, str(folder / "part"))


class ListingSuite(FilesSuite):
    """The suite of places that can list."""

    def test_a_pattern_finds_its_files(self) -> None:
        """In order, with sizes, without those that only look like it."""
        for name in ("day-2.csv", "day-1.csv", "day-10.txt", "other.csv", "deep/day-3.csv", ".day-4.csv"):
            self.put(name, name.encode())
        found = self.source().find(self.url("day-*.csv"))
        assert [str(f.url) for f in found] == [str(self.url("day-1.csv")), str(self.url("day-2.csv"))]
        assert [f.bytes for f in found] == [9, 9]

    def test_two_stars_stand_for_folders(self) -> None:
        """Of any depth, none included."""
        for name in ("x/a.csv", "x/y/a.csv", "x/y/z/a.csv", "x/y/b.csv"):
            self.put(name, b"1")
        found = {str(f.url) for f in self.source().find(self.url("x/**/a.csv"))}
        assert found == {str(self.url(f"x/{name}")) for name in ("a.csv", "y/a.csv", "y/z/a.csv")}

    def test_a_pattern_without_files_is_empty(self) -> None:
        """An emptied inbox is no error."""
        self.put("other/in.csv", b"1")
        assert list(self.source().find(self.url("nothing-*.csv"))) == []

    def test_a_listing_tells_what_changed(self, tmp_path: Path) -> None:
        """Its validators are those of the files fetched."""
        self.put("in-1.csv", b"1")
        (found,) = self.source().find(self.url("in-*.csv"))
        fetched = self.source().fetch(found.url, str(tmp_path / "part"))
        assert fetched is not None
        assert found.validator == fetched.validator
        self.put("in-1.csv", b"2")
        (again,) = self.source().find(self.url("in-*.csv"))
        assert again.validator != found.validator
