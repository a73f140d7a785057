"""Files: none that does not fit is published, none is lost unnoticed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path

import pytest

from hanse.base import Problem, StorageError
from hanse.interfaces import ColumnDraft, StagedFile, StoredColumn, TableSchema, TableStore
from hanse.interfaces.codes import (
    BAD_FILE,
    DAMAGED_FILE,
    LOST_FILE,
)
from hanse.spec.types import Scalar
from hanse.testing.parquet import Row, commit_files, stage_rows, write_rows
from hanse.testing.tables.keeping import append
from hanse.testing.tables.suite import ORDERS, TWO, TablesSuite, publish, refused


class FileSuite(TablesSuite):
    """Bad, foreign and lost files."""

    def bad_files(self, store: TableStore, schema: TableSchema, outside: Path) -> dict[str, list[StagedFile]]:
        """Return staged files that no store may publish."""
        good = write_rows(store.staging(ORDERS, "good"), schema.columns, [{"id": 1, "name": "a"}])
        folder = Path(good.path).parent
        content = Path(good.path).read_bytes()

        def rough(name: str, content: bytes) -> StagedFile:
            (folder / name).write_bytes(content)
            return StagedFile(str(folder / name), 1, len(content))

        def file(name: str, columns: Sequence[StoredColumn], row: Row) -> StagedFile:
            return write_rows(str(folder / name), columns, [row])

        first, second = schema.columns
        foreign = outside / "foreign.parquet"
        shutil.copyfile(good.path, foreign)
        (folder / "link.parquet").symlink_to(foreign)
        return {
            "missing": [changed(good, path=str(folder / "nothing.parquet"))],
            "truncated": [rough("truncated.parquet", content[:-20])],
            "empty": [rough("empty.parquet", b"")],
            "no parquet": [rough("csv.parquet", b"id,name\n1,a\n")],
            "damaged footer": [rough("footer.parquet", content[:-60] + bytes(52) + content[-8:])],
            "outside": [changed(good, path=str(foreign))],
            "climbing": [changed(good, path=str(folder / ".." / ".." / ".." / ".." / foreign.name))],
            "link to outside": [changed(good, path=str(folder / "link.parquet"))],
            "other size": [changed(good, bytes=good.bytes + 1)],
            "other rows": [changed(good, rows=2)],
            "twice": [good, good],
            "lacks a column": [file("few.parquet", [first], {"id": 1})],
            "has one more": [file("more.parquet", [*schema.columns, changed(first, field_id=99, name="x")], {"id": 1})],
            "other id": [file("id.parquet", [first, changed(second, field_id=99)], {"id": 1})],
            "other type": [file("type.parquet", [first, changed(second, type=Scalar.BIGINT)], {"id": 1})],
            "null where required": [file("null.parquet", schema.columns, {"id": None, "name": "a"})],
        }

    def test_bad_files_are_refused(self, store: TableStore, orders: TableSchema, tmp_path: Path) -> None:
        """No damaged or foreign file becomes visible; a good one does afterwards."""
        outside = tmp_path / "outside"
        outside.mkdir()
        released = publish(store, ORDERS, "r1", [{"id": 1}], None)
        for why, files in self.bad_files(store, orders, outside).items():
            with pytest.raises(StorageError) as caught:
                commit_files(store, ORDERS, files, parent_id=released.snapshot_id, run_id="r2")
            assert caught.value.code == BAD_FILE, f"{why}: {caught.value}"
            assert store.find(ORDERS, "r2") is None
        assert publish(store, ORDERS, "r2", [{"id": 2}], released).rows == 1

    @pytest.mark.usefixtures("orders")
    def test_a_file_without_ids_is_refused(self, store: TableStore) -> None:
        """Without field ids, readers would mistake columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = store.staging(ORDERS, "r1")
        pq.write_table(pa.table({"id": [1], "name": ["a"]}), path)
        with refused(BAD_FILE):
            commit_files(store, ORDERS, [StagedFile(path, 1, Path(path).stat().st_size)], parent_id=None, run_id="r1")

    @pytest.mark.usefixtures("orders")
    def test_a_file_staged_before_the_columns_changed_is_refused(self, store: TableStore) -> None:
        """A file must carry the newest ids."""
        staged = stage_rows(store, ORDERS, "r1", [{"id": 1, "name": "a"}])
        store.alter(ORDERS, (TWO[0], ColumnDraft("name", Scalar.BIGINT)))
        with refused(BAD_FILE):
            commit_files(store, ORDERS, [staged], parent_id=None, run_id="r1")

    def test_verify_names_what_is_lost(self, store: TableStore, orders: TableSchema) -> None:
        """Every lost or damaged file is named; a new snapshot heals the table."""
        folder = Path(store.staging(ORDERS, "r1")).parent
        files = [write_rows(str(folder / f"{n}.parquet"), orders.columns, [{"id": n}]) for n in range(3)]
        snapshot = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
        assert store.verify(ORDERS, snapshot.snapshot_id) == ()
        Path(files[0].path).unlink()
        Path(files[1].path).write_bytes(b"PAR1")
        problems = store.verify(ORDERS, snapshot.snapshot_id)
        assert [problem.code for problem in problems] == [LOST_FILE, LOST_FILE]
        assert files[0].path in problems[0].what
        assert files[1].path in problems[1].what
        healed = publish(store, ORDERS, "r2", [{"id": 1}], snapshot)
        assert store.verify(ORDERS, healed.snapshot_id) == ()

    @pytest.mark.usefixtures("orders")
    def test_a_deep_look_finds_any_change_of_a_file(self, store: TableStore) -> None:
        """A bit of a page is found by reading all of it; a file that snapshots share is looked at once."""
        kept = stage_rows(store, ORDERS, "r1", [{"id": n} for n in range(100)])
        first = commit_files(store, ORDERS, [kept], parent_id=None, run_id="r1")
        second = append(store, "r2", [{"id": 100}], first)
        seen: dict[str, Problem | None] = {}
        for snapshot in (first, second):
            assert store.verify(ORDERS, snapshot.snapshot_id, deep=True, seen=seen) == ()
        assert seen == dict.fromkeys(store.scan(ORDERS, second.snapshot_id).files)
        content = bytearray(Path(kept.path).read_bytes())
        content[20] ^= 1
        Path(kept.path).write_bytes(content)
        for snapshot in (first, second):
            assert store.verify(ORDERS, snapshot.snapshot_id, deep=True, seen=seen) == ()
            (problem,) = store.verify(ORDERS, snapshot.snapshot_id, deep=True)
            assert problem.code == DAMAGED_FILE
            assert kept.path in problem.what
