"""Snapshots: committed once, readable for ever."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest

from hanse.interfaces import Replacement, Snapshot, TableSchema, TableStore
from hanse.interfaces.codes import (
    BAD_FILE,
    ILLEGAL_NOTE,
    UNKNOWN_SNAPSHOT,
    UNKNOWN_TABLE,
)
from hanse.testing.parquet import Row, commit_files, read_rows, stage_rows, write_rows
from hanse.testing.tables.suite import ITEMS, ORDERS, TWO, TablesSuite, publish, refused


class SnapshotSuite(TablesSuite):
    """Replace, find, scan."""

    def test_replace_holds_exactly_the_files(self, store: TableStore, orders: TableSchema) -> None:
        """A snapshot says what it holds, and a scan gives exactly that."""
        rows: list[Row] = [{"id": 1, "name": "a"}, {"id": 2, "name": None}]
        snapshot = publish(store, ORDERS, "r1", rows, None)
        assert (snapshot.table, snapshot.run_id, snapshot.rows, snapshot.parent_id) == (ORDERS, "r1", 2, None)
        assert snapshot.schema_id == orders.schema_id
        scan = store.scan(ORDERS, snapshot.snapshot_id)
        assert snapshot.bytes == sum(Path(path).stat().st_size for path in scan.files)
        assert scan.columns == orders.columns
        assert not scan.deletes
        assert read_rows(scan) == rows

    def test_several_files_make_one_snapshot(self, store: TableStore, orders: TableSchema) -> None:
        """A snapshot may have many files."""
        folder = Path(store.staging(ORDERS, "r1")).parent
        files = [write_rows(str(folder / f"r1-{n}.parquet"), orders.columns, [{"id": n}]) for n in range(5)]
        snapshot = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
        assert snapshot.rows == 5
        scan = store.scan(ORDERS, snapshot.snapshot_id)
        assert sorted(row["id"] for row in read_rows(scan)) == [0, 1, 2, 3, 4]

    @pytest.mark.usefixtures("orders")
    def test_old_snapshots_stay_readable(self, store: TableStore) -> None:
        """A commit takes nothing away from earlier snapshots."""
        snapshots: list[Snapshot] = []
        for number in range(12):
            parent = snapshots[-1] if snapshots else None
            snapshots.append(publish(store, ORDERS, f"r{number}", [{"id": number}], parent))
        for number, snapshot in enumerate(snapshots):
            assert [row["id"] for row in read_rows(store.scan(ORDERS, snapshot.snapshot_id))] == [number]
            assert store.find(ORDERS, f"r{number}") == snapshot
        assert [s.parent_id for s in snapshots] == [None, *(s.snapshot_id for s in snapshots[:-1])]

    @pytest.mark.usefixtures("orders")
    def test_the_same_run_commits_once(self, store: TableStore) -> None:
        """A run that commits again gets its first snapshot, wherever the head is."""
        first = publish(store, ORDERS, "r1", [{"id": 1}], None)
        second = publish(store, ORDERS, "r2", [{"id": 2}], first)
        files = [stage_rows(store, ORDERS, "r3", [{"id": 3}])]
        assert commit_files(store, ORDERS, files, parent_id=second.snapshot_id, run_id="r2") == second
        assert commit_files(store, ORDERS, files, parent_id=None, run_id="r1") == first
        assert [row["id"] for row in read_rows(store.scan(ORDERS, second.snapshot_id))] == [2]

    @pytest.mark.usefixtures("orders")
    def test_an_orphan_is_set_back(self, store: TableStore) -> None:
        """A snapshot that was never released is no parent of the next one."""
        released = publish(store, ORDERS, "r1", [{"id": 1}], None)
        orphan = publish(store, ORDERS, "r2", [{"id": 2}], released)
        after = publish(store, ORDERS, "r3", [{"id": 3}], released)
        assert after.parent_id == released.snapshot_id
        assert after.rows == 1
        assert [row["id"] for row in read_rows(store.scan(ORDERS, after.snapshot_id))] == [3]
        assert [row["id"] for row in read_rows(store.scan(ORDERS, orphan.snapshot_id))] == [2]

    @pytest.mark.usefixtures("orders")
    def test_an_orphan_before_the_first_release_is_set_back(self, store: TableStore) -> None:
        """The same where nothing was ever released."""
        publish(store, ORDERS, "r1", [{"id": 1}], None)
        after = publish(store, ORDERS, "r2", [{"id": 2}], None)
        assert after.parent_id is None
        assert [row["id"] for row in read_rows(store.scan(ORDERS, after.snapshot_id))] == [2]

    @pytest.mark.parametrize("files", [0, 1], ids=["no file", "a file without rows"])
    def test_an_empty_table(self, store: TableStore, orders: TableSchema, files: int) -> None:
        """No rows are a state like any other."""
        full = publish(store, ORDERS, "r1", [{"id": 1}], None)
        staged = [stage_rows(store, ORDERS, "r2", [])] * files
        empty = commit_files(store, ORDERS, staged, parent_id=full.snapshot_id, run_id="r2")
        assert empty.rows == 0
        scan = store.scan(ORDERS, empty.snapshot_id)
        assert read_rows(scan) == []
        assert scan.columns == orders.columns
        assert publish(store, ORDERS, "r3", [{"id": 3}], empty).rows == 1

    @pytest.mark.usefixtures("orders")
    def test_empty_from_the_beginning(self, store: TableStore) -> None:
        """The first snapshot may be empty."""
        empty = commit_files(store, ORDERS, [], parent_id=None, run_id="r1")
        assert store.scan(ORDERS, empty.snapshot_id).files == ()
        assert store.verify(ORDERS, empty.snapshot_id) == ()

    @pytest.mark.usefixtures("orders")
    def test_unknown_things_have_their_codes(self, store: TableStore) -> None:
        """Asking for what is not there is a coded error."""
        with refused(UNKNOWN_TABLE):
            store.scan(ITEMS, 1)
        with refused(UNKNOWN_TABLE):
            store.alter(ITEMS, TWO)
        with refused(UNKNOWN_TABLE):
            commit_files(store, ITEMS, [], parent_id=None, run_id="r1")
        with refused(UNKNOWN_TABLE):
            store.verify(ITEMS, 1)
        with refused(UNKNOWN_SNAPSHOT):
            store.scan(ORDERS, 1)
        with refused(UNKNOWN_SNAPSHOT):
            store.verify(ORDERS, 1)
        with refused(UNKNOWN_SNAPSHOT):
            commit_files(store, ORDERS, [], parent_id=1, run_id="r1")

    @pytest.mark.parametrize("run_id", ["", "../up", "a/b", "a b", ".hidden", "x" * 200, "new\nline"])
    @pytest.mark.usefixtures("orders")
    def test_illegal_run_ids_are_refused(self, store: TableStore, run_id: str) -> None:
        """A run id becomes part of a path; it cannot climb out of it."""
        with refused(ILLEGAL_NOTE):
            store.staging(ORDERS, run_id)
        with refused(ILLEGAL_NOTE):
            commit_files(store, ORDERS, [], parent_id=None, run_id=run_id)

    @pytest.mark.usefixtures("orders")
    def test_notes_are_kept_and_cannot_forge_the_run(self, store: TableStore) -> None:
        """Notes cannot take the place of the store's own."""
        with refused(ILLEGAL_NOTE):
            commit_files(store, ORDERS, [], parent_id=None, run_id="r1", properties={"total-records": "5"})
        with refused(ILLEGAL_NOTE):
            commit_files(store, ORDERS, [], parent_id=None, run_id="r1", properties={"hanse.run-id": "r0"})
        made = commit_files(store, ORDERS, [], parent_id=None, run_id="r1", properties={"release": "7", "ünï": "x\ny"})
        assert store.find(ORDERS, "r1") == made
        assert store.find(ORDERS, "r0") is None

    @pytest.mark.usefixtures("orders")
    def test_staging_can_be_written_to(self, store: TableStore) -> None:
        """The staging path is absolute, stable, and its folder is there."""
        path = store.staging(ORDERS, "r1")
        assert path == store.staging(ORDERS, "r1") != store.staging(ORDERS, "r2")
        assert Path(path).is_absolute()
        assert Path(path).parent.is_dir()

    @pytest.mark.usefixtures("orders")
    def test_several_tables_at_once(self, store: TableStore) -> None:
        """One call commits several tables, and does so once."""
        store.create(ITEMS, TWO[:1])
        before = publish(store, ORDERS, "r1", [{"id": 1}], None)
        wanted = [
            Replacement(ITEMS, (stage_rows(store, ITEMS, "r2", [{"id": 5}, {"id": 6}]),), None),
            Replacement(ORDERS, (stage_rows(store, ORDERS, "r2", [{"id": 7}]),), before.snapshot_id, {"note": "x"}),
        ]
        items, orders_ = store.commit(wanted, run_id="r2")
        assert (items.table, items.rows, items.parent_id) == (ITEMS, 2, None)
        assert (orders_.table, orders_.rows, orders_.parent_id) == (ORDERS, 1, before.snapshot_id)
        assert store.find(ITEMS, "r2") == items
        assert store.find(ORDERS, "r2") == orders_
        assert store.commit(wanted, run_id="r2") == (items, orders_)
        assert [row["id"] for row in read_rows(store.scan(ITEMS, items.snapshot_id))] == [5, 6]

    def test_no_tables_at_once(self, store: TableStore) -> None:
        """Nothing to commit is no error."""
        assert store.commit([], run_id="r1") == ()

    @pytest.mark.usefixtures("orders")
    def test_what_was_committed_before_a_crash_is_kept(self, store: TableStore) -> None:
        """A batch that was cut off goes on where it was."""
        store.create(ITEMS, TWO)
        done = publish(store, ORDERS, "r1", [{"id": 1}], None)
        wanted = [Replacement(t, (stage_rows(store, t, "r1", [{"id": 2}]),), None) for t in (ORDERS, ITEMS)]
        assert store.commit(wanted, run_id="r1")[0] == done

    @pytest.mark.usefixtures("orders")
    def test_one_bad_file_keeps_all_back(self, store: TableStore) -> None:
        """A batch is committed whole or not at all."""
        store.create(ITEMS, TWO)
        good = stage_rows(store, ITEMS, "r1", [{"id": 1}])
        bad = changed(stage_rows(store, ORDERS, "r1", [{"id": 1}]), rows=9)
        with refused(BAD_FILE):
            store.commit([Replacement(ITEMS, (good,), None), Replacement(ORDERS, (bad,), None)], run_id="r1")
        assert store.find(ITEMS, "r1") is None
        assert store.find(ORDERS, "r1") is None

    @pytest.mark.usefixtures("orders")
    def test_a_table_twice_is_a_mistake_of_the_caller(self, store: TableStore) -> None:
        """One commit has one state per table."""
        with pytest.raises(ValueError, match="twice"):
            store.commit([Replacement(ORDERS, (), None)] * 2, run_id="r1")
