"""What the parts of the suite share: an open session, and short ways of saying things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hanse.interfaces import (
    ArrowScan,
    Engine,
    Session,
    StoredColumn,
)
from hanse.spec.types import DataType, List, Map, Struct


def column(field_id: int, name: str, data_type: DataType) -> StoredColumn:
    """Return a stored column whose nested members have ids after ``field_id``, in order of depth first."""
    return _number(name, data_type, field_id)[0]


def _number(name: str, data_type: DataType, field_id: int) -> tuple[StoredColumn, int]:
    members: list[tuple[str, DataType]] = []
    if isinstance(data_type, Struct):
        members = [(f.name, f.type) for f in data_type.fields]
    elif isinstance(data_type, List):
        members = [("element", data_type.item)]
    elif isinstance(data_type, Map):
        members = [("key", data_type.key), ("value", data_type.value)]
    children, following = [], field_id + 1
    for member, member_type in members:
        child, following = _number(member, member_type, following)
        children.append(child)
    return StoredColumn(field_id, name, data_type, children=tuple(children)), following


def quoted(name: str) -> str:
    """Return a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def rows_of(session: Session, select: str) -> list[dict[str, Any]]:
    """Return a SELECT's rows."""
    rows: list[dict[str, Any]] = session.fetch(select).to_pylist()
    return rows


class EngineSuite:
    """Fixtures of the suite."""

    @pytest.fixture
    def engine(self) -> Engine:
        """Return the engine to be tested."""
        raise NotImplementedError("override the fixture `engine`")

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Return the folder that the session may read and write."""
        folder = tmp_path / "inside"
        folder.mkdir()
        return folder

    @pytest.fixture
    def session(self, engine: Engine, folder: Path) -> Iterator[Session]:
        """Return an open session in which ``numbers(n)`` holds 0 to 4,999."""
        with engine.open(readable=[str(folder)], writable=[str(folder)]) as session:
            session.bind("numbers", ArrowScan(pa.table({"n": range(5_000)})))
            yield session
