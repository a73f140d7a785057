"""Kept files: append, merge, compaction."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest

from hanse.interfaces import ColumnDraft, Snapshot, TableSchema, TableStore
from hanse.interfaces.codes import BAD_FILE, ILLEGAL_COLUMNS, ILLEGAL_NOTE, KEPT_FILE
from hanse.spec.types import Field, List, Map, Scalar, Struct
from hanse.testing.parquet import commit_files, read_rows, stage_rows
from hanse.testing.tables.suite import ORDERS, TWO, TablesSuite, publish, refused


def ids_of(store: TableStore, snapshot: Snapshot) -> list[int]:
    """Return the ids in a snapshot, sorted."""
    return sorted(row["id"] for row in read_rows(store.scan(snapshot.table, snapshot.snapshot_id)))


def append(store: TableStore, run_id: str, rows: list[dict[str, Any]], parent: Snapshot | None) -> Snapshot:
    """Add rows to what the parent holds."""
    staged = stage_rows(store, ORDERS, run_id, rows)
    parent_id = parent.snapshot_id if parent else None
    return commit_files(store, ORDERS, [staged], parent_id=parent_id, run_id=run_id, keep="all")


class KeepSuite(TablesSuite):
    """Commits that leave files where they are."""

    @pytest.mark.usefixtures("orders")
    def test_appends_add_up(self, store: TableStore) -> None:
        """Every snapshot holds all that was appended so far, in the order of its coming."""
        snapshots: list[Snapshot] = []
        for number in range(40):
            snapshots.append(append(store, f"r{number}", [{"id": number}], snapshots[-1] if snapshots else None))
        for number, snapshot in enumerate(snapshots):
            rows = read_rows(store.scan(ORDERS, snapshot.snapshot_id))
            assert [row["id"] for row in rows] == list(range(number + 1))
            assert snapshot.rows == number + 1
            assert snapshot.bytes == sum(file.bytes for file in store.files(ORDERS, snapshot.snapshot_id))
            assert store.verify(ORDERS, snapshot.snapshot_id) == ()

    @pytest.mark.usefixtures("orders")
    def test_some_files_are_kept(self, store: TableStore) -> None:
        """A merge replaces the affected files; the others stay the same files."""
        files = [stage_rows(store, ORDERS, "r1", [{"id": n}], part=f"p{n}") for n in range(20)]
        first = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
        second = append(store, "r2", [{"id": 20}], first)
        keep = tuple(f.path for f in store.files(ORDERS, second.snapshot_id) if f.lower[1] % 3)
        merged = stage_rows(store, ORDERS, "r3", [{"id": 100}, {"id": 101}])
        third = commit_files(store, ORDERS, [merged], parent_id=second.snapshot_id, run_id="r3", keep=keep)
        left = [n for n in range(21) if n % 3]
        assert ids_of(store, third) == [*left, 100, 101]
        assert third.rows == len(left) + 2
        assert set(store.scan(ORDERS, third.snapshot_id).files) == {*keep, merged.path}
        assert ids_of(store, second) == list(range(21))
        fourth = commit_files(store, ORDERS, [], parent_id=third.snapshot_id, run_id="r4", keep=(merged.path,))
        assert ids_of(store, fourth) == [100, 101]
        fifth = append(store, "r5", [{"id": 7}], fourth)
        assert ids_of(store, fifth) == [7, 100, 101]
        assert (fifth.rows, len(store.files(ORDERS, fifth.snapshot_id))) == (3, 2)

    @pytest.mark.usefixtures("orders")
    def test_what_cannot_be_kept_is_refused(self, store: TableStore) -> None:
        """Only files of the snapshot before can be kept, and nothing is committed otherwise."""
        first = publish(store, ORDERS, "r1", [{"id": 1}], None)
        (old,) = store.scan(ORDERS, first.snapshot_id).files
        second = publish(store, ORDERS, "r2", [{"id": 2}], first)
        for parent_id, path in ((second.snapshot_id, old), (None, old), (second.snapshot_id, "/nowhere.parquet")):
            with refused(KEPT_FILE):
                commit_files(store, ORDERS, [], parent_id=parent_id, run_id="r3", keep=(path,))
        (new,) = store.scan(ORDERS, second.snapshot_id).files
        again = stage_rows(store, ORDERS, "r2", [{"id": 2}])
        assert again.path == new
        with refused(BAD_FILE):
            commit_files(store, ORDERS, [again], parent_id=second.snapshot_id, run_id="r3", keep=(new,))
        assert store.find(ORDERS, "r3") is None

    @pytest.mark.usefixtures("orders")
    def test_compaction_keeps_the_rows(self, store: TableStore) -> None:
        """Small files become one; the number of rows must stay."""
        files = [stage_rows(store, ORDERS, "r1", [{"id": n}], part=f"p{n}") for n in range(5)]
        first = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
        keep = (files[0].path,)
        small = stage_rows(store, ORDERS, "r2", [{"id": n} for n in range(1, 4)])
        with refused(KEPT_FILE):
            commit_files(store, ORDERS, [small], parent_id=first.snapshot_id, run_id="r2", keep=keep, same_rows=True)
        whole = stage_rows(store, ORDERS, "r2", [{"id": n} for n in range(1, 5)])
        second = commit_files(
            store, ORDERS, [whole], parent_id=first.snapshot_id, run_id="r2", keep=keep, same_rows=True
        )
        assert ids_of(store, second) == list(range(5))
        assert len(store.scan(ORDERS, second.snapshot_id).files) == 2

    def test_files_say_what_is_in_them(self, store: TableStore, orders: TableSchema) -> None:
        """Bounds are known of keys, and never lie inside the values."""
        id_, name = (column.field_id for column in orders.columns)
        long = "ü" * 40
        first = publish(store, ORDERS, "r1", [{"id": 3, "name": long}, {"id": -5, "name": None}], None)
        second = append(store, "r2", [{"id": 9, "name": None}], first)
        one, other = store.files(ORDERS, second.snapshot_id)
        assert (one.path, one.rows) == (store.scan(ORDERS, first.snapshot_id).files[0], 2)
        assert (one.lower[id_], one.upper[id_]) == (-5, 3)
        assert one.lower[name] <= long <= one.upper[name]
        assert (one.nulls[id_], one.nulls[name]) == (0, 1)
        assert (other.lower[id_], other.nulls[name], name in other.lower) == (9, 1, False)

    @pytest.mark.usefixtures("orders")
    def test_a_required_column_is_not_added_to_kept_files(self, store: TableStore) -> None:
        """Old files have no value for it; a table written anew has."""
        first = publish(store, ORDERS, "r1", [{"id": 1, "name": None}], None)
        store.alter(ORDERS, [*TWO, ColumnDraft("more", Scalar.BIGINT, required=True)])
        with refused(KEPT_FILE):
            append(store, "r2", [{"id": 2, "more": 5}], first)
        assert publish(store, ORDERS, "r2", [{"id": 2, "more": 5}], first).rows == 1

    @pytest.mark.parametrize(("name", "fits"), [("a", True), (None, False)])
    @pytest.mark.usefixtures("orders")
    def test_a_column_becomes_required_if_kept_files_have_no_nulls(
        self, store: TableStore, name: str | None, fits: bool
    ) -> None:
        """What files say of nulls decides."""
        first = publish(store, ORDERS, "r1", [{"id": 1, "name": name}], None)
        store.alter(ORDERS, [TWO[0], changed(TWO[1], required=True)])
        if fits:
            assert append(store, "r2", [{"id": 2, "name": "b"}], first).rows == 2
        else:
            with refused(KEPT_FILE):
                append(store, "r2", [{"id": 2, "name": "b"}], first)

    @pytest.mark.usefixtures("orders")
    def test_a_renamed_column_keeps_its_values(self, store: TableStore) -> None:
        """Also when another takes the old name, also inside, and also when it is said twice of the same schema."""
        nested = Struct((Field("x", Scalar.BIGINT), Field("y", List(Struct((Field("z", Scalar.BIGINT),))))))
        before = store.alter(ORDERS, [*TWO, ColumnDraft("n", nested)])
        row = {"id": 1, "name": "a", "n": {"x": 5, "y": [{"z": 6}]}}
        first = publish(store, ORDERS, "r1", [row], None)
        renamed = Struct((Field("y2", List(Struct((Field("z2", Scalar.BIGINT),)))), Field("x", Scalar.BIGINT)))
        item = ColumnDraft("element", Struct((Field("z2", Scalar.BIGINT),)), children=(
            ColumnDraft("z2", Scalar.BIGINT, was="z"),
        ))  # fmt: skip
        inside = ColumnDraft("y2", renamed.fields[0].type, was="y", children=(item,))
        drafts = [
            changed(TWO[1], name="title", was="name"),
            ColumnDraft("name", Scalar.VARCHAR),
            TWO[0],
            ColumnDraft("m", renamed, was="n", children=(inside,)),
        ]
        schema = store.alter(ORDERS, drafts)
        assert store.alter(ORDERS, drafts, since=before.schema_id) == schema
        second = commit_files(store, ORDERS, [], parent_id=first.snapshot_id, run_id="r2", keep="all")
        assert read_rows(store.scan(ORDERS, second.snapshot_id)) == [
            {"title": "a", "name": None, "id": 1, "m": {"y2": [{"z2": 6}], "x": 5}}
        ]
        for bad in (
            [TWO[0], changed(TWO[1], name="p", was="title"), changed(TWO[1], name="q", was="title")],
            [*TWO, ColumnDraft("m", renamed, children=(ColumnDraft("nothing", Scalar.BIGINT),))],
            [TWO[0], changed(TWO[1], name="p", was="nothing")],
        ):
            with refused(ILLEGAL_COLUMNS):
                store.alter(ORDERS, bad)
        assert store.schema(ORDERS) == schema

    def test_what_was_altered_and_not_finished_is_undone(self, store: TableStore, orders: TableSchema) -> None:
        """Two columns exchange their names, twice from the same schema; then somebody wants the old names after all."""
        first = publish(store, ORDERS, "r1", [{"id": 1, "name": "a"}], None)
        swapped = [changed(TWO[0], name="name", was="id"), changed(TWO[1], name="id", was="name")]
        schema = store.alter(ORDERS, swapped, since=orders.schema_id)
        assert [(c.name, c.field_id) for c in schema.columns] == [
            ("name", orders.columns[0].field_id),
            ("id", orders.columns[1].field_id),
        ]
        assert store.alter(ORDERS, swapped, since=orders.schema_id) == schema
        more = [*TWO, ColumnDraft("more", Scalar.DATE)]
        altered = store.alter(ORDERS, more, since=orders.schema_id)
        assert altered.columns[:2] == orders.columns
        assert store.alter(ORDERS, more, since=orders.schema_id) == altered
        back = [changed(TWO[0], was="name"), changed(TWO[1], was="id")]
        assert store.alter(ORDERS, back, since=schema.schema_id) == orders
        renewed = [TWO[0], changed(TWO[1], new=True)]
        again = store.alter(ORDERS, renewed, since=orders.schema_id)
        assert again.columns[1].field_id > altered.columns[2].field_id
        assert store.alter(ORDERS, renewed, since=orders.schema_id) == again
        assert store.alter(ORDERS, TWO, since=orders.schema_id) == orders
        assert store.alter(ORDERS, TWO, since=99) == orders, "what the table never had is taken for the newest"
        assert read_rows(store.scan(ORDERS, first.snapshot_id)) == [{"id": 1, "name": "a"}]

    def test_keys_of_a_map_never_change(self, store: TableStore) -> None:
        """A map with other keys is another column; one with more in its values is the same."""
        store.create(ORDERS, [ColumnDraft("m", Map(Scalar.VARCHAR, Struct((Field("a", Scalar.BIGINT),))))])
        (before,) = store.schema(ORDERS).columns  # type: ignore[union-attr]
        more = Struct((Field("a", Scalar.BIGINT), Field("b", Scalar.BIGINT)))
        assert store.alter(ORDERS, [ColumnDraft("m", Map(Scalar.VARCHAR, more))]).columns[0].field_id == before.field_id
        other = store.alter(ORDERS, [ColumnDraft("m", Map(Scalar.BIGINT, more))])
        assert other.columns[0].field_id != before.field_id

    @pytest.mark.usefixtures("orders")
    def test_a_run_stages_several_files(self, store: TableStore) -> None:
        """Parts have paths of their own, which cannot climb out."""
        paths = {store.staging(ORDERS, run, part) for run in ("r", "r-1") for part in (None, "1", "1-1", "-1"[1:])}
        assert len(paths) == 6
        assert len({Path(path).parent for path in paths}) == 1
        with refused(ILLEGAL_NOTE):
            store.staging(ORDERS, "r", "../x")
