"""Snapshots that keep files, as PyIceberg sees them; and their manifests stay few."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from hanse.base import StorageError
from hanse.drivers.iceberg import IcebergTables
from hanse.drivers.iceberg.avro import read_container, write_container
from hanse.drivers.iceberg.layout import FAN_OUT
from hanse.drivers.iceberg.manifest import _MANIFEST
from hanse.interfaces import ColumnDraft, Snapshot
from hanse.interfaces.codes import CORRUPT_STORE, KEPT_FILE
from hanse.spec.types import Field, List, Scalar, Struct
from hanse.testing.parquet import commit_files, read_rows, stage_rows
from hanse.testing.tables.columns import SAMPLES
from hanse.testing.tables.keeping import append, ids_of
from hanse.testing.tables.suite import ORDERS, TWO, publish, refused
from iceberg_writers import written_by_another

ADDRESS = ("sales", "orders", "orders")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[IcebergTables]:
    with IcebergTables(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path}/catalog.db") as store:
        yield store


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[SqlCatalog]:
    catalog = SqlCatalog("hanse", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=str(tmp_path / "warehouse"))
    yield catalog
    catalog.close()


def pyiceberg_ids(table: Table, snapshot: Snapshot | None = None) -> list[int]:
    scan = table.scan(snapshot_id=snapshot.snapshot_id if snapshot else None)
    return sorted(scan.to_arrow().column("id").to_pylist())


def entries(table: Table, snapshot: Snapshot) -> list[tuple[int, int, int | None, int]]:
    """Return status, snapshot, sequence number and rows of a snapshot's entries, as PyIceberg inspects them.

    They come by status, then in the order of their commits; ids of snapshots are random.
    """
    found = [
        (e["status"], e["snapshot_id"], e["sequence_number"], e["data_file"]["record_count"])
        for e in table.inspect.entries(snapshot_id=snapshot.snapshot_id).to_pylist()
    ]
    return sorted(found, key=lambda e: (e[0], e[2] or 0, e[3]))


EXISTING, ADDED, DELETED = 0, 1, 2


def test_an_append_carries_the_parents_manifests_over(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    first = append(store, "r1", [{"id": 1}], None)
    second = append(store, "r2", [{"id": 2}, {"id": 3}], first)
    table = stock.load_table(ADDRESS)
    assert pyiceberg_ids(table) == [1, 2, 3]
    assert pyiceberg_ids(table, first) == [1]
    assert entries(table, second) == [(ADDED, first.snapshot_id, 1, 1), (ADDED, second.snapshot_id, 2, 2)]
    assert table.inspect.snapshots().column("operation").to_pylist() == ["append", "append"]
    assert table.inspect.manifests().num_rows == 2
    assert {m["path"] for m in table.inspect.manifests().to_pylist()} >= {
        m.path for m in store._reader.manifests(store._reader.state(ORDERS), vars_of(store, first))
    }


def vars_of(store: IcebergTables, snapshot: Snapshot) -> dict[str, Any]:
    found: dict[str, Any] = store._reader.state(ORDERS).snapshot(snapshot.snapshot_id)
    return found


def test_every_operation_has_its_name_and_its_entries(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    files = [stage_rows(store, ORDERS, "r1", [{"id": n}], part=str(n)) for n in range(4)]
    first = commit_files(store, ORDERS, files, parent_id=None, run_id="r1")
    merged = stage_rows(store, ORDERS, "r2", [{"id": 10}, {"id": 11}])
    keep = (files[2].path, files[3].path)
    second = commit_files(store, ORDERS, [merged], parent_id=first.snapshot_id, run_id="r2", keep=keep)
    compact = stage_rows(store, ORDERS, "r3", [{"id": n} for n in (2, 3)])
    third = commit_files(
        store, ORDERS, [compact], parent_id=second.snapshot_id, run_id="r3", keep=(merged.path,), same_rows=True
    )
    fourth = commit_files(store, ORDERS, [], parent_id=third.snapshot_id, run_id="r4", keep=(compact.path,))
    table = stock.load_table(ADDRESS)
    assert pyiceberg_ids(table, second) == [2, 3, 10, 11]
    assert entries(table, second) == [
        (EXISTING, first.snapshot_id, 1, 1),
        (EXISTING, first.snapshot_id, 1, 1),
        (ADDED, second.snapshot_id, 2, 2),
        (DELETED, second.snapshot_id, 1, 1),
        (DELETED, second.snapshot_id, 1, 1),
    ]
    assert pyiceberg_ids(table, third) == [2, 3, 10, 11]
    assert entries(table, third) == [
        (EXISTING, second.snapshot_id, 2, 2),
        (ADDED, third.snapshot_id, 3, 2),
        (DELETED, third.snapshot_id, 1, 1),
        (DELETED, third.snapshot_id, 1, 1),
    ]
    assert pyiceberg_ids(table, fourth) == pyiceberg_ids(table) == [2, 3]
    snapshots = table.inspect.snapshots().to_pylist()
    assert [s["operation"] for s in snapshots] == ["append", "overwrite", "replace", "delete"]
    totals = [dict(s["summary"]) for s in snapshots]
    assert [t["total-records"] for t in totals] == ["4", "4", "4", "2"]
    assert [t["total-data-files"] for t in totals] == ["4", "3", "2", "1"]
    for snapshot, total in zip(store.snapshots(ORDERS), totals, strict=True):
        files_now = store.files(ORDERS, snapshot.snapshot_id)
        assert int(total["total-files-size"]) == sum(Path(file.path).stat().st_size for file in files_now)


def test_pyiceberg_goes_on_with_kept_files(store: IcebergTables, stock: SqlCatalog) -> None:
    """It appends, deletes and merges manifests; then we keep what it wrote."""
    store.create(ORDERS, TWO)
    parent: Snapshot | None = None
    for number in range(20):
        parent = append(store, f"r{number}", [{"id": number}], parent)
    table = stock.load_table(ADDRESS)
    with table.transaction() as change:
        change.set_properties({"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"})
    table.append(pa.Table.from_pylist([{"id": 50}, {"id": 51}], schema=table.schema().as_arrow()))
    table.delete("id < 5 or id = 50")
    theirs = store.snapshots(ORDERS)[-1]
    assert theirs.run_id == ""
    ours = append(store, "r20", [{"id": 99}], theirs)
    wanted = [*range(5, 20), 51, 99]
    assert ids_of(store, ours) == pyiceberg_ids(stock.load_table(ADDRESS)) == wanted
    assert ours.rows == len(wanted)
    assert {f.lower[1] for f in store.files(ORDERS, ours.snapshot_id)} == set(wanted)
    keep = tuple(f.path for f in store.files(ORDERS, ours.snapshot_id) if f.lower[1] > 10)
    last = commit_files(store, ORDERS, [], parent_id=ours.snapshot_id, run_id="r21", keep=keep)
    assert ids_of(store, last) == pyiceberg_ids(stock.load_table(ADDRESS)) == [n for n in wanted if n > 10]


def test_pyiceberg_reads_what_is_left_after_expiry(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    made: list[Snapshot] = []
    for number in range(5):
        made.append(append(store, f"r{number}", [{"id": number}], made[-1] if made else None))
    table = stock.load_table(ADDRESS)
    table.manage_snapshots().create_tag(made[0].snapshot_id, "audit").commit()
    assert store.expire(ORDERS, [made[2].snapshot_id]) == 2
    later = datetime.now(UTC) + timedelta(hours=1)
    assert store.collect(ORDERS, store.garbage(ORDERS, older_than=later)) > 0
    table = stock.load_table(ADDRESS)
    assert [s.snapshot_id for s in table.snapshots()] == [made[n].snapshot_id for n in (0, 2, 4)]
    assert [pyiceberg_ids(table, made[n]) for n in (0, 2, 4)] == [[0], [0, 1, 2], [0, 1, 2, 3, 4]]
    assert [entry["snapshot_id"] for entry in table.inspect.history().to_pylist()] == [made[4].snapshot_id]
    written = json.loads(Path(table.metadata_location).read_text())
    assert json.loads(table.metadata.model_dump_json()) == written


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_sequence_of_commits_holds_what_it_should(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """Appends, merges and compactions in any order, new handles between them: every snapshot is right for PyIceberg."""
    folder = tmp_path_factory.mktemp("sequence")
    uri = f"sqlite:///{folder}/catalog.db"
    held: dict[str, list[int]] = {}
    parent = None
    past: list[tuple[Snapshot, list[int]]] = []
    for number in range(data.draw(st.integers(1, 30))):
        with IcebergTables(str(folder), uri) as store:
            store.create(ORDERS, TWO)
            kind = data.draw(st.sampled_from(["append", "append", "append", "merge", "compact"]))
            keep = list(held) if kind == "append" else [path for path in held if data.draw(st.booleans())]
            new = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=2))
            gone = [i for path, ids in held.items() if path not in keep for i in ids]
            rows = gone if kind == "compact" else new
            staged = [stage_rows(store, ORDERS, f"r{number}", [{"id": i} for i in rows])] * bool(rows)
            parent = commit_files(
                store,
                ORDERS,
                staged,
                parent_id=parent.snapshot_id if parent else None,
                run_id=f"r{number}",
                keep="all" if kind == "append" else tuple(keep),
                same_rows=kind == "compact",
            )
            held = {path: held[path] for path in keep} | {file.path: rows for file in staged}
            past.append((parent, sorted(i for ids in held.values() for i in ids)))
            assert {file.path for file in store.files(ORDERS, parent.snapshot_id)} == set(held)
    catalog = SqlCatalog("hanse", uri=uri)
    table = catalog.load_table(ADDRESS)
    for snapshot, ids in past[-3:]:
        assert pyiceberg_ids(table, snapshot) == ids
        assert snapshot.rows == len(ids)
    catalog.close()


def test_manifests_stay_few(store: IcebergTables) -> None:
    """After n appends there are about 16 log₁₆ n manifests, and every entry stands in one of them."""
    store.create(ORDERS, TWO)
    staged = stage_rows(store, ORDERS, "r0", [{"id": 1}])
    content = Path(staged.path).read_bytes()
    parent = commit_files(store, ORDERS, [staged], parent_id=None, run_id="r0")
    most = 0
    for number in range(1, 300):
        path = Path(store.staging(ORDERS, f"r{number}"))
        path.write_bytes(content)
        file = type(staged)(str(path), staged.rows, staged.bytes)
        parent = commit_files(store, ORDERS, [file], parent_id=parent.snapshot_id, run_id=f"r{number}", keep="all")
        state = store._reader.state(ORDERS)
        manifests = store._reader.manifests(state, state.snapshot(parent.snapshot_id))
        most = max(most, len(manifests))
        assert sum(m.live or 0 for m in manifests) == number + 1
    assert most <= 2 * FAN_OUT + 1
    assert (
        Counter(f.path for f in store._reader.files(state, state.snapshot(parent.snapshot_id))).most_common(1)[0][1]
        == 1
    )


def test_delete_files_of_others_are_noticed_and_carried(store: IcebergTables, tmp_path: Path) -> None:
    store.create(ORDERS, TWO)
    first = append(store, "r1", [{"id": 1}], None)
    snapshot = vars_of(store, first)
    _, (record,) = read_container(Path(snapshot["manifest-list"]).read_bytes())
    marked = {**record, "content": 1, "manifest_path": "/x/deletes.avro"}
    spent = {**marked, "manifest_path": "/x/spent.avro", "added_files_count": 0}
    theirs = Path(snapshot["manifest-list"]).with_name("snap-theirs.avro")
    theirs.write_bytes(write_container(_MANIFEST, [record, marked, spent], {}))
    written_by_another(tmp_path, lambda text: text.replace(snapshot["manifest-list"], str(theirs)))
    with IcebergTables(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path}/catalog.db") as other:
        assert other.scan(ORDERS, first.snapshot_id).deletes
        assert len(other.scan(ORDERS, first.snapshot_id).files) == 1
        second = append(other, "r2", [{"id": 2}], first)
        assert other.scan(ORDERS, second.snapshot_id).deletes
        _, records = read_container(Path(vars_of(other, second)["manifest-list"]).read_bytes())
        assert [r["manifest_path"] for r in records if r["content"]] == ["/x/deletes.avro"]
        third = publish(other, ORDERS, "r3", [{"id": 3}], second)
        assert not other.scan(ORDERS, third.snapshot_id).deletes
        with pytest.raises(StorageError, match=r"/x/deletes\.avro"):
            other.garbage(ORDERS, older_than=datetime.now(UTC))


def test_bounds_of_every_type_are_python_values(store: IcebergTables) -> None:
    drafts = [ColumnDraft(f"c{n}", kind) for n, (kind, _) in enumerate(SAMPLES)]
    columns = store.create(ORDERS, drafts).columns
    row = {f"c{n}": value for n, (_, value) in enumerate(SAMPLES)}
    (file,) = store.files(ORDERS, publish(store, ORDERS, "r1", [row, {}], None).snapshot_id)
    for column in columns:
        if column.children:
            continue
        value = row[column.name]
        if column.type is Scalar.DOUBLE:
            assert column.field_id not in file.lower, "there may be NaN"
            continue
        low, high = file.lower[column.field_id], file.upper[column.field_id]
        assert (type(low), low <= value <= high) == (type(value), True), column
        assert file.nulls[column.field_id] == 1
        if column.type not in {Scalar.VARCHAR, Scalar.BLOB}:
            assert low == value == high


def test_required_members_decide_whether_files_can_stay(store: IcebergTables) -> None:
    inner = Struct((Field("a", Scalar.BIGINT),))
    store.create(ORDERS, [ColumnDraft("s", inner), ColumnDraft("l", List(inner))])
    full = publish(store, ORDERS, "r1", [{"s": {"a": 1}, "l": [{"a": 1}]}], None)
    half = append(store, "r2", [{"s": None, "l": None}], full)
    tight = Struct((Field("a", Scalar.BIGINT, required=True),))

    def alter(s: Struct, inner_of_list: Struct, *, required: bool) -> None:
        store.alter(ORDERS, [ColumnDraft("s", s, required), ColumnDraft("l", List(inner_of_list))])

    def add(run_id: str, parent: Snapshot) -> Snapshot:
        return commit_files(store, ORDERS, [], parent_id=parent.snapshot_id, run_id=run_id, keep="all")

    alter(tight, inner, required=True)
    assert add("r3", full).rows == 1
    with refused(KEPT_FILE):
        add("r4", half)
    alter(inner, tight, required=False)
    with refused(KEPT_FILE):
        add("r5", full)
    wide = Struct((Field("a", Scalar.BIGINT), Field("b", Scalar.BIGINT, required=True)))
    alter(wide, inner, required=False)
    with refused(KEPT_FILE):
        add("r6", full)
    store.alter(ORDERS, [ColumnDraft("s", inner), ColumnDraft("l", List(inner)), ColumnDraft("new", tight)])
    assert [row["new"] for row in read_rows(store.scan(ORDERS, add("r7", full).snapshot_id))] == [None]


@pytest.mark.parametrize("name", ["snap-*.avro", "*-m0.avro"])
def test_damaged_manifests_are_no_reason_to_delete(store: IcebergTables, tmp_path: Path, name: str) -> None:
    store.create(ORDERS, TWO)
    old = publish(store, ORDERS, "r1", [{"id": 1}], None)
    (path,) = tmp_path.glob(f"warehouse/sales/orders/orders/metadata/{name}")
    path.write_bytes(b"damaged")
    with IcebergTables(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path}/catalog.db") as other:
        for use in (
            lambda: other.garbage(ORDERS, older_than=datetime.now(UTC)),
            lambda: other.collect(ORDERS, [str(path)]),
            lambda: commit_files(other, ORDERS, [], parent_id=old.snapshot_id, run_id="r2", keep=("/x",)),
        ):
            with refused(CORRUPT_STORE):
                use()
        assert path.exists()
