"""Maintenance: what nobody needs goes, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hanse.interfaces import Snapshot, TableStore
from hanse.interfaces.codes import BAD_FILE, FOREIGN_FILE, UNKNOWN_SNAPSHOT, UNKNOWN_TABLE
from hanse.testing.parquet import commit_files, stage_rows
from hanse.testing.tables.keeping import append, ids_of
from hanse.testing.tables.suite import ITEMS, ORDERS, TablesSuite, publish, refused


def soon() -> datetime:
    """Return a time at which every file is old."""
    return datetime.now(UTC) + timedelta(hours=1)


class MaintenanceSuite(TablesSuite):
    """Expire, garbage, collect."""

    @pytest.mark.usefixtures("orders")
    def test_snapshots_are_listed_in_order(self, store: TableStore) -> None:
        """The list has what commits returned."""
        assert store.snapshots(ORDERS) == ()
        before = datetime.now(UTC) - timedelta(seconds=1)
        first = publish(store, ORDERS, "r1", [{"id": 1}], None)
        second = append(store, "r2", [{"id": 2}], first)
        assert store.snapshots(ORDERS) == (first, second)
        assert all(s.committed_at is not None and before <= s.committed_at <= soon() for s in (first, second))
        with refused(UNKNOWN_TABLE):
            store.snapshots(ITEMS)

    @pytest.mark.usefixtures("orders")
    def test_expired_snapshots_are_gone(self, store: TableStore) -> None:
        """Those kept and the newest stay readable; the run of an expired one is forgotten."""
        made: list[Snapshot] = []
        for number in range(6):
            made.append(append(store, f"r{number}", [{"id": number}], made[-1] if made else None))
        assert store.expire(ORDERS, [made[1].snapshot_id, made[3].snapshot_id, 12345]) == 3
        assert store.snapshots(ORDERS) == (made[1], made[3], made[5])
        assert store.expire(ORDERS, [made[1].snapshot_id, made[3].snapshot_id]) == 0
        for number in (1, 3, 5):
            assert ids_of(store, made[number]) == list(range(number + 1))
        with refused(UNKNOWN_SNAPSHOT):
            store.scan(ORDERS, made[2].snapshot_id)
        assert store.find(ORDERS, "r2") is None
        assert store.expire(ORDERS, []) == 2
        after = append(store, "r9", [{"id": 9}], made[5])
        assert ids_of(store, after) == [0, 1, 2, 3, 4, 5, 9]

    @pytest.mark.usefixtures("orders")
    def test_only_what_no_snapshot_needs_is_collected(self, store: TableStore) -> None:
        """Files of expired snapshots and what runs left behind go, kept files of old snapshots stay."""
        files = [stage_rows(store, ORDERS, "r1", [{"id": n}], part=f"p{n}") for n in range(3)]
        first = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
        keep = (files[1].path,)
        second = commit_files(store, ORDERS, [], parent_id=first.snapshot_id, run_id="r2", keep=keep)
        assert store.garbage(ORDERS, older_than=soon()) == ()
        left = [stage_rows(store, ORDERS, "dead", [{"id": 9}], part=part).path for part in (None, "x")]
        partial = Path(left[0]).with_name(".dead.parquet.1.partial")
        partial.write_bytes(b"half")
        gone = {*left, str(partial)}
        assert set(store.garbage(ORDERS, older_than=soon())) == gone
        assert store.garbage(ORDERS, older_than=soon(), protected=["dead"]) == ()
        assert set(store.garbage(ORDERS, older_than=soon(), protected=["dea", "x"])) == gone
        assert store.garbage(ORDERS, older_than=datetime.now(UTC) - timedelta(hours=1)) == ()
        os.utime(left[1], (0, 0))
        assert store.garbage(ORDERS, older_than=datetime(2000, 1, 1, tzinfo=UTC)) == (left[1],)
        store.expire(ORDERS, [second.snapshot_id])
        found = store.garbage(ORDERS, older_than=soon())
        assert {*gone, files[0].path, files[2].path} <= set(found)
        assert files[1].path not in found
        assert store.collect(ORDERS, found) == len(found)
        assert store.collect(ORDERS, found) == 0
        assert store.garbage(ORDERS, older_than=soon()) == ()
        assert ids_of(store, second) == [1]
        assert store.verify(ORDERS, second.snapshot_id) == ()

    @pytest.mark.usefixtures("orders")
    def test_what_became_needed_is_not_collected(self, store: TableStore) -> None:
        """What was garbage when it was looked for may be committed by now."""
        staged = stage_rows(store, ORDERS, "r1", [{"id": 1}])
        found = store.garbage(ORDERS, older_than=soon())
        assert found == (staged.path,)
        snapshot = commit_files(store, ORDERS, [staged], parent_id=None, run_id="r1")
        assert store.collect(ORDERS, found) == 0
        assert ids_of(store, snapshot) == [1]

    @pytest.mark.usefixtures("orders")
    def test_what_was_collected_cannot_be_committed(self, store: TableStore) -> None:
        """A run that comes too late fails."""
        staged = stage_rows(store, ORDERS, "r1", [{"id": 1}])
        assert store.collect(ORDERS, store.garbage(ORDERS, older_than=soon())) == 1
        with refused(BAD_FILE):
            commit_files(store, ORDERS, [staged], parent_id=None, run_id="r1")
        assert store.find(ORDERS, "r1") is None

    @pytest.mark.usefixtures("orders")
    def test_nothing_outside_the_table_is_collected(self, store: TableStore, tmp_path: Path) -> None:
        """Not by any spelling, and then nothing at all."""
        outside = tmp_path / "precious.parquet"
        outside.write_text("")
        own = Path(stage_rows(store, ORDERS, "dead", [{"id": 1}]).path)
        (own.parent / "link").symlink_to(tmp_path)
        climbing = f"{own.parent}/../../../../../{outside.name}"
        for path in (str(outside), climbing, f"{own.parent}/link/{outside.name}", outside.name):
            with refused(FOREIGN_FILE):
                store.collect(ORDERS, [str(own), path])
        assert outside.exists()
        assert own.exists()
        with refused(UNKNOWN_TABLE):
            store.collect(ITEMS, [])
        with refused(UNKNOWN_TABLE):
            store.garbage(ITEMS, older_than=soon())
