"""The tables are Iceberg's and the catalog is SqlCatalog's: PyIceberg itself reads, changes and commits to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, GreaterThanOrEqual, LessThan
from pyiceberg.manifest import (
    MANIFEST_LIST_FILE_SCHEMAS,
    data_file_with_partition,
    manifest_entry_schema_with_data_file,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType
from pyiceberg.utils.schema_conversion import AvroSchemaConversion

from hanse.base import StorageError, TableName
from hanse.drivers.iceberg import IcebergTables, manifest
from hanse.interfaces import ColumnDraft, Snapshot, StagedFile
from hanse.interfaces.codes import FOREIGN_TABLE
from hanse.spec.types import Decimal, Scalar
from hanse.testing.parquet import arrow_schema, commit_files, read_rows, stage_rows, write_rows
from hanse.testing.tables.columns import HOSTILE_NAMES, SAMPLES
from hanse.testing.tables.suite import ORDERS, TWO, publish, refused

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


def rows_of(table: Table, snapshot: Snapshot | None = None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        table.scan(snapshot_id=snapshot.snapshot_id if snapshot else None).to_arrow().to_pylist()
    )
    return rows


def head(table: Table) -> int:
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


def test_pyiceberg_opens_what_hanse_wrote(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    first = publish(store, ORDERS, "r1", [{"id": 1, "name": "a"}], None)
    second = publish(store, ORDERS, "r2", [{"id": 2, "name": "b"}, {"id": 3, "name": None}], first)
    assert stock.list_tables(("sales", "orders")) == [ADDRESS]
    assert stock.namespace_exists(("sales", "orders"))
    table = stock.load_table(ADDRESS)
    assert rows_of(table) == rows_of(table, second) == [{"id": 2, "name": "b"}, {"id": 3, "name": None}]
    assert rows_of(table, first) == [{"id": 1, "name": "a"}]
    assert table.schema().find_field("name").doc == TWO[1].doc
    assert table.schema().find_field("id").required
    assert table.location() == f"{store.warehouse}/sales/orders/orders"
    assert head(table) == second.snapshot_id
    history = [
        (s.snapshot_id, s.parent_snapshot_id, str(s.summary and s.summary["hanse.run-id"])) for s in table.snapshots()
    ]
    assert history == [(first.snapshot_id, None, "r1"), (second.snapshot_id, first.snapshot_id, "r2")]


def test_pyiceberg_inspects_what_hanse_wrote(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    first = publish(store, ORDERS, "r1", [{"id": 1, "name": "a"}], None)
    publish(store, ORDERS, "r2", [{"id": 2, "name": "b"}], first)
    inspect = stock.load_table(ADDRESS).inspect
    assert inspect.snapshots().column("operation").to_pylist() == ["append", "overwrite"]
    assert inspect.entries().column("status").to_pylist() == [1, 2]
    assert inspect.files().column("record_count").to_pylist() == [1]
    assert inspect.manifests().column("deleted_data_files_count").to_pylist() == [1]
    assert inspect.history().num_rows == 2
    assert inspect.refs().column("name").to_pylist() == ["main"]


def test_every_type_and_name_is_read_by_pyiceberg(store: IcebergTables, stock: SqlCatalog) -> None:
    drafts = [ColumnDraft(f"c{n}", kind) for n, (kind, _) in enumerate(SAMPLES)]
    drafts += [ColumnDraft(name, Scalar.BIGINT) for name in HOSTILE_NAMES]
    store.create(ORDERS, drafts)
    row = {f"c{n}": value for n, (_, value) in enumerate(SAMPLES)} | dict.fromkeys(HOSTILE_NAMES, 1)
    # PyIceberg 0.12 reads a null list of structs as an empty one, in its own tables too.
    rows = [row, {name: [] if isinstance(row[name], list) else None for name in row}]
    snapshot = publish(store, ORDERS, "r1", rows, None)
    assert rows_of(stock.load_table(ADDRESS)) == read_rows(store.scan(ORDERS, snapshot.snapshot_id)) == rows


def test_an_empty_snapshot_is_read_by_pyiceberg(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    assert rows_of(stock.load_table(ADDRESS)) == []
    empty = commit_files(store, ORDERS, [], parent_id=None, run_id="r1")
    assert rows_of(stock.load_table(ADDRESS), empty) == []
    full = publish(store, ORDERS, "r2", [{"id": 1}], empty)
    commit_files(store, ORDERS, [], parent_id=full.snapshot_id, run_id="r3")
    table = stock.load_table(ADDRESS)
    assert rows_of(table) == []
    assert len(rows_of(table, full)) == 1


def test_an_altered_table_is_read_by_pyiceberg(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, [*TWO, ColumnDraft("sum", Decimal(5, 2))])
    first = publish(store, ORDERS, "r1", [{"id": 1, "name": "old"}], None)
    store.alter(ORDERS, TWO[:1])
    store.alter(ORDERS, [ColumnDraft("sum", Decimal(9, 2)), TWO[1], TWO[0]])
    renewed = stock.load_table(ADDRESS)
    assert rows_of(renewed, first)[0]["name"] == "old"
    second = publish(store, ORDERS, "r2", [{"id": 2, "name": "new"}], first)
    table = stock.load_table(ADDRESS)
    assert rows_of(table) == [{"sum": None, "name": "new", "id": 2}]
    assert read_rows(store.scan(ORDERS, second.snapshot_id)) == rows_of(table)
    assert rows_of(table, first) == [{"id": 1, "name": "old", "sum": None}]


def test_an_orphan_is_no_longer_the_head_for_pyiceberg(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    released = publish(store, ORDERS, "r1", [{"id": 1}], None)
    orphan = publish(store, ORDERS, "r2", [{"id": 2}], released)
    after = publish(store, ORDERS, "r3", [{"id": 3}], released)
    table = stock.load_table(ADDRESS)
    assert [row["id"] for row in rows_of(table)] == [3]
    assert head(table) == after.snapshot_id
    assert [row["id"] for row in rows_of(table, orphan)] == [2]


@pytest.mark.parametrize("codec", ["gzip", "zstd", "deflate", "null"])
def test_hanse_goes_on_after_pyiceberg_committed(store: IcebergTables, stock: SqlCatalog, codec: str) -> None:
    store.create(ORDERS, TWO)
    first = publish(store, ORDERS, "r1", [{"id": n, "name": f"n{n}"} for n in range(10)], None)
    table = stock.load_table(ADDRESS)
    if codec != "gzip":
        with table.transaction() as change:
            change.set_properties({"write.avro.compression-codec": codec})
    more = pa.Table.from_pylist([{"id": 10, "name": "x"}], schema=table.schema().as_arrow())
    table.append(more)
    appended = head(table)
    table.delete("id < 5")
    deleted = head(table)
    assert sorted(row["id"] for row in read_rows(store.scan(ORDERS, appended))) == list(range(11))
    assert sorted(row["id"] for row in read_rows(store.scan(ORDERS, deleted))) == [5, 6, 7, 8, 9, 10]
    assert store.verify(ORDERS, deleted) == ()
    with table.update_schema() as change:
        change.rename_column("name", "title")
    schema = store.schema(ORDERS)
    assert schema is not None
    assert [column.name for column in schema.columns] == ["id", "title"]
    staged = stage_rows(store, ORDERS, "r2", [{"id": 99, "title": "t"}])
    ours = commit_files(store, ORDERS, [staged], parent_id=deleted, run_id="r2")
    table = stock.load_table(ADDRESS)
    assert rows_of(table) == [{"id": 99, "title": "t"}]
    assert len(rows_of(table, first)) == 10
    assert {entry["status"] for entry in table.inspect.entries().to_pylist()} == {1, 2}
    assert ours.parent_id == deleted


def test_pyiceberg_notices_that_hanse_was_faster(store: IcebergTables, stock: SqlCatalog) -> None:
    """Its append meets our newer snapshot, is tried again on top of it, and nothing is lost."""
    store.create(ORDERS, TWO)
    first = publish(store, ORDERS, "r1", [{"id": 1}], None)
    stale = stock.load_table(ADDRESS)
    second = publish(store, ORDERS, "r2", [{"id": 2}], first)
    stale.append(pa.Table.from_pylist([{"id": 9}], schema=stale.schema().as_arrow()))
    table = stock.load_table(ADDRESS)
    assert sorted(row["id"] for row in rows_of(table)) == [2, 9]
    assert rows_of(table, second) == [{"id": 2, "name": None}]


def test_hanse_opens_a_catalog_that_pyiceberg_made(store: IcebergTables, stock: SqlCatalog) -> None:
    stock.create_namespace(("sales", "orders"))
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType()))
    made = stock.create_table(ADDRESS, schema, location=f"{store.warehouse}/sales/orders/orders")
    assert store.tables() == (ORDERS,)
    assert store.create(ORDERS, TWO).columns == store.schema(ORDERS).columns  # type: ignore[union-attr]
    publish(store, ORDERS, "r1", [{"id": 1}], None)
    assert [row["id"] for row in rows_of(made.refresh())] == [1]
    store.drop(ORDERS)
    assert not stock.table_exists(ADDRESS)
    assert not stock.namespace_exists(("sales", "orders"))


@pytest.mark.parametrize("what", ["partitions", "type", "version"])
def test_what_hanse_does_not_write_is_refused(store: IcebergTables, stock: SqlCatalog, what: str) -> None:
    stock.create_namespace(("sales", "orders"))
    kind = IntegerType() if what == "type" else LongType()
    parts = PartitionField(source_id=1, field_id=1000, transform=IdentityTransform(), name="id")
    stock.create_table(
        ADDRESS,
        Schema(NestedField(1, "id", kind)),
        location=f"{store.warehouse}/sales/orders/orders",
        partition_spec=PartitionSpec(parts) if what == "partitions" else UNPARTITIONED_PARTITION_SPEC,
        properties={"format-version": "1" if what == "version" else "2"},
    )
    with refused(FOREIGN_TABLE):
        store.schema(ORDERS)
    assert store.tables() == (ORDERS,)
    store.drop(ORDERS)
    assert store.schema(ORDERS) is None


def test_a_foreign_type_is_replaced_under_a_new_id(store: IcebergTables, stock: SqlCatalog) -> None:
    store.create(ORDERS, TWO)
    with stock.load_table(ADDRESS).update_schema() as change:
        change.add_column("small", IntegerType())
    with refused(FOREIGN_TABLE):
        store.schema(ORDERS)
    schema = store.alter(ORDERS, [*TWO, ColumnDraft("small", Scalar.BIGINT)])
    assert [column.field_id for column in schema.columns] == [1, 2, 4]


def undocumented(schema: Any) -> Any:
    """Leave out comments, and what PyIceberg writes otherwise than the specification says."""
    if isinstance(schema, list):
        return [undocumented(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("element-id") == 136:
        return {**schema, "items": "int"}
    return {key: undocumented(value) for key, value in schema.items() if key != "doc"}


def test_the_avro_schemas_are_those_of_pyiceberg() -> None:
    convert = AvroSchemaConversion().iceberg_to_avro
    data_file = data_file_with_partition(
        format_version=2, partition_type=UNPARTITIONED_PARTITION_SPEC.partition_type(Schema())
    )
    entry = convert(manifest_entry_schema_with_data_file(format_version=2, data_file=data_file), "manifest_entry")
    assert undocumented(entry) == manifest._ENTRY
    assert undocumented(convert(MANIFEST_LIST_FILE_SCHEMAS[2], "manifest_file")) == manifest._MANIFEST


def test_statistics_are_those_of_pyiceberg(store: IcebergTables, stock: SqlCatalog) -> None:
    """PyIceberg adds the very same file to a second table; both say the same about it."""
    flat = [(kind, value) for kind, value in SAMPLES if isinstance(kind, Scalar | Decimal)]
    drafts = [ColumnDraft(f"c{n}", kind) for n, (kind, _) in enumerate(flat)]
    drafts += [ColumnDraft("long", Scalar.VARCHAR), ColumnDraft("bytes", Scalar.BLOB), ColumnDraft("none", Scalar.DATE)]
    schema = store.create(ORDERS, drafts)
    rows = [{f"c{n}": value for n, (_, value) in enumerate(flat)}, {}]
    rows += [{"long": "z" * 40 + str(n), "bytes": b"\xfe" * 40, "c2": -float(n)} for n in range(100)]
    path = store.staging(ORDERS, "r1")
    table = pa.Table.from_pylist(rows, schema=arrow_schema(schema.columns))
    pq.write_table(table, path, row_group_size=30)
    commit_files(store, ORDERS, [StagedFile(path, len(rows), Path(path).stat().st_size)], parent_id=None, run_id="r1")
    ours = stock.load_table(ADDRESS)
    theirs = stock.create_table(("sales", "orders", "theirs"), ours.schema())
    pq.write_table(table, f"{path}.plain", row_group_size=30)
    bare = pq.read_table(f"{path}.plain")
    bare = bare.replace_schema_metadata(None).cast(pa.schema([field.remove_metadata() for field in bare.schema]))
    pq.write_table(bare, f"{path}.plain", row_group_size=30)  # PyIceberg adds only files without field ids
    theirs.add_files([f"{path}.plain"])
    (our_file,) = [task.file for task in ours.scan().plan_files()]
    (their_file,) = [task.file for task in theirs.scan().plan_files()]
    assert our_file.record_count == their_file.record_count
    assert our_file.value_counts == their_file.value_counts
    assert our_file.null_value_counts == their_file.null_value_counts
    assert our_file.lower_bounds == their_file.lower_bounds
    assert our_file.upper_bounds == their_file.upper_bounds
    assert our_file.lower_bounds.keys() == set(range(1, len(drafts)))
    assert len(our_file.split_offsets or ()) == 4


TEXTS = st.text(max_size=24) | st.text(alphabet="\x00a\ud7ff\ue000\U0010ffff", min_size=14, max_size=20)


@settings(max_examples=40, deadline=None)
@given(files=st.lists(st.lists(TEXTS | st.none(), max_size=4), min_size=1, max_size=4), wanted=TEXTS)
def test_pruning_by_our_bounds_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str | None]], wanted: str
) -> None:
    folder = tmp_path_factory.mktemp("pruning")
    uri = f"sqlite:///{folder}/catalog.db"
    with IcebergTables(str(folder), uri) as store:
        columns = store.create(ORDERS, TWO[1:]).columns
        data = Path(store.staging(ORDERS, "r1")).parent
        staged = [
            write_rows(str(data / f"{number}.parquet"), columns, [{"name": name} for name in names])
            for number, names in enumerate(files)
        ]
        commit_files(store, ORDERS, staged, parent_id=None, run_id="r1")
    names = [name for part in files for name in part if name is not None]
    catalog = SqlCatalog("hanse", uri=uri)
    table = catalog.load_table(ADDRESS)

    def found(compare: Any) -> list[str]:
        # Not as text: PyIceberg's parser knows no line breaks in it.
        return sorted(table.scan(row_filter=compare("name", wanted)).to_arrow().column("name").to_pylist())

    assert found(EqualTo) == [name for name in names if name == wanted]
    assert found(LessThan) == sorted(name for name in names if name < wanted)
    assert found(GreaterThanOrEqual) == sorted(name for name in names if name >= wanted)
    catalog.close()


def test_metadata_is_what_pyiceberg_would_write(store: IcebergTables, stock: SqlCatalog) -> None:
    """PyIceberg parses our document and writes it again with the same meaning."""
    store.create(ORDERS, TWO)
    first = publish(store, ORDERS, "r1", [{"id": 1}], None)
    store.alter(ORDERS, TWO[:1])
    publish(store, ORDERS, "r2", [{"id": 1}], first)
    table = stock.load_table(ADDRESS)
    ours = json.loads(Path(table.metadata_location).read_text())
    assert json.loads(table.metadata.model_dump_json()) == ours


def test_two_catalogs_share_one_database(store: IcebergTables, tmp_path: Path) -> None:
    other = IcebergTables(str(tmp_path / "other"), f"sqlite:///{tmp_path}/catalog.db", name="second")
    store.create(ORDERS, TWO)
    assert other.tables() == ()
    other.create(ORDERS, TWO[:1])
    other.drop(TableName("sales", "orders", "orders"))
    assert store.tables() == (ORDERS,)
    other.close()
    with pytest.raises(StorageError):
        IcebergTables(str(tmp_path), "postgresql://localhost/x")
