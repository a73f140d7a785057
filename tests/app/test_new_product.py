"""Whatever is delivered: the draft is applied and run at once, and gives the delivery back."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hanse.app import Mesh, open_mesh
from hanse.base import BlueprintError, HanseError, IngestError
from hanse.blueprints import orders_state
from hanse.blueprints.orders_data import KEYS
from hanse.testing.engine.documents import write_avro, write_workbook
from hanse.testing.meshes import MeshFolder

ORDERS = "order_id,zip,paid\n1,01234,true\n2,99999,\n3,00001,false\n"


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    MeshFolder(tmp_path / "mesh")
    with open_mesh(tmp_path / "mesh") as opened:
        yield opened


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "domains").rglob("*") if p.is_file()}


def published(mesh: Mesh, product: str, table: str) -> list[dict[str, Any]]:
    """Check, apply, run, read."""
    found = mesh.check()
    assert found["errors"] == 0, found["problems"]
    mesh.apply([product])
    (run,) = mesh.run([product])["runs"]
    assert run["status"] == "succeeded", run
    with mesh.query(f"SELECT * FROM {product}.{table}") as result:
        rows: list[dict[str, Any]] = result.to_arrow().to_pylist()
    return rows


def types(document: dict[str, Any]) -> dict[str, str]:
    return {c["name"]: c["type"] for c in document["tables"][0]["columns"]}


# Deliveries of any kind

VALUES = {
    "whole": st.integers(-(2**66), 2**66).map(str),
    "small": st.integers(0, 30).map(str),
    "money": st.decimals(-(10**6), 10**6, places=2).map(str),
    "measure": st.floats(allow_nan=False, allow_infinity=False).map(str),
    "date": st.dates().map(str),
    "moment": st.datetimes().map(lambda t: t.isoformat(sep=" ")),
    "zoned": st.datetimes(timezones=st.timezones()).map(str),
    "time": st.times().map(str),
    "flag": st.sampled_from(["true", "false", "TRUE"]),
    "padded": st.integers(0, 999).map("{:05d}".format),
    "word": st.sampled_from(["new", "paid", "NA", "'", '"', ";", "é", "価", "#x", "- a", "{", "null"]),
    "text": st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8),
    "email": st.emails(),
}
NAME = st.one_of(
    st.sampled_from(
        ["id", "order_id", "Order", "price total", "name", "Größe", "a b", "a_b", "yes", "select", "#", "x:y"]
    ),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=6),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(st.lists(NAME, min_size=2, max_size=6, unique_by=lambda n: n.casefold()))
    kinds = [draw(st.sampled_from(sorted(VALUES))) for _ in names]
    nothing = [draw(st.booleans()) for _ in names]
    rows = draw(st.integers(1, 25))
    cells = [
        [
            draw(st.one_of(VALUES[kind], st.just("")) if empty and at else VALUES[kind])
            for at, (kind, empty) in enumerate(zip(kinds, nothing, strict=True))
        ]
        for _ in range(rows)
    ]
    return names, cells


@pytest.mark.slow
@settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller mesh is no clearer, and takes minutes to find
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(delivery=deliveries())
def test_every_delivery_is_drafted_applied_run_and_given_back(
    delivery: tuple[list[str], list[list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    names, cells = delivery
    folder = tmp_path_factory.mktemp("any")
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([names, *cells])
    (folder / "things.csv").write_text(text.getvalue(), encoding="utf-8")
    MeshFolder(folder / "mesh")
    with open_mesh(folder / "mesh") as mesh:
        document = mesh.new_product("any.things", [str(folder / "things.csv")])
        rows = published(mesh, "any.things", "things")
    assert len(rows) == len(cells)
    for at, (column, (_, type_)) in enumerate(
        zip(zip(*map(dict.values, rows), strict=True), types(document).items(), strict=True)
    ):
        delivered = [row[at] or None for row in cells]
        assert [v is None for v in column] == [v is None for v in delivered]
        if type_ == "VARCHAR":
            assert list(column) == delivered
        elif type_ == "BIGINT":
            assert [None if v is None else str(v) for v in column] == delivered
        elif type_ == "DOUBLE":
            assert [None if v is None else float(v) for v in column] == [
                None if v is None else float(v) for v in delivered
            ]


# Types


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-20"], "BIGINT"),
        (["9223372036854775807"], "BIGINT"),
        (["9223372036854775808"], "VARCHAR"),
        (["007", "8"], "VARCHAR"),
        (["+1"], "VARCHAR"),
        (["1.5", "2"], "DOUBLE"),
        (["1e3"], "DOUBLE"),
        (["0.1234567890123456789"], "VARCHAR"),
        (["1,5"], "VARCHAR"),
        (["true", "False"], "BOOLEAN"),
        (["yes", "no"], "VARCHAR"),
        (["0", "1"], "BIGINT"),
        (["2026-02-28"], "DATE"),
        (["2026-02-30"], "VARCHAR"),
        (["28.02.2026"], "VARCHAR"),
        (["2026-02-28 10:00:00", "2026-02-28T10:00"], "TIMESTAMP"),
        (["2026-02-28T10:00:00Z"], "TIMESTAMP WITH TIME ZONE"),
        (["2026-02-28T10:00:00+02:00"], "TIMESTAMP WITH TIME ZONE"),
        (["2026-02-28T10:00:00Z", "2026-02-28 10:00:00"], "VARCHAR"),
        (["2026-02-28 10:00:00.123456789"], "VARCHAR"),
        (["10:00:00"], "TIME"),
        (["25:00:00"], "VARCHAR"),
        (["1", "NA"], "VARCHAR"),
    ],
)
def test_types_are_chosen_with_care(mesh: Mesh, tmp_path: Path, values: list[str], type_: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,v\n" + "".join(f'a,"{v}"\n' for v in values))
    assert types(mesh.new_product("d.p", [str(path)]))["v"] == type_


@pytest.mark.parametrize(("last", "type_"), [("7", "BIGINT"), ("7.5", "DOUBLE"), ("x", "VARCHAR"), ("007", "VARCHAR")])
def test_the_last_of_many_rows_counts_like_the_first(mesh: Mesh, tmp_path: Path, last: str, type_: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,v\n" + "".join(f"a,{i}\n" for i in range(20_000)) + f"a,{last}\n")
    assert types(mesh.new_product("d.p", [str(path)]))["v"] == type_


@pytest.mark.parametrize(
    ("name", "values", "type_"),
    [
        ("price", ["1.50", "20.00"], "DECIMAL(18,2)"),
        ("Total Amount", ["1.500"], "DECIMAL(18,3)"),
        ("price", ["1.5", "20.00"], "DOUBLE"),
        ("celsius", ["1.50", "20.00"], "DOUBLE"),
    ],
)
def test_money_is_exact(mesh: Mesh, tmp_path: Path, name: str, values: list[str], type_: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"k,{name}\n" + "".join(f"a,{v}\n" for v in values))
    assert types(mesh.new_product("d.p", [str(path)]))[name] == type_


# Keys


@pytest.mark.parametrize(
    ("header", "rows", "key"),
    [
        ("orderId,customer_id", ["1,7", "2,8"], ["orderId"]),
        ("customer_id,order_id", ["1,7", "2,8"], ["order_id"]),
        ("amount,weight", ["1,7", "2,8"], []),
        ("order_id,line_no", ["1,1", "1,2", "2,1", "2,2"], ["order_id", "line_no"]),
        ("station_id,day", ["1,2026-01-01", "1,2026-01-02", "2,2026-01-01", "2,2026-01-02"], ["station_id", "day"]),
        ("order_id,line_no", ["1,1", "1,1", "2,1"], []),
        ("order_id,amount", ["1,1"], []),
        ("order_id,amount", ["1,1", ",2"], []),
    ],
)
def test_a_key_needs_a_name_and_values(
    mesh: Mesh, tmp_path: Path, header: str, rows: list[str], key: list[str]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([header, *rows, ""]))
    assert mesh.new_product("d.p", [str(path)])["tables"][0]["primary_key"] == key


# Files


def test_formats(mesh: Mesh, tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    with zipfile.ZipFile(tmp_path / "b.csv.zip", "w") as archive:
        archive.writestr("whatever.csv", ORDERS)
    pq.write_table(pa.table({"id": [1, 2], "tags": [["x"], []], "at": [{"x": 1.5}, None]}), tmp_path / "c.parquet")
    (tmp_path / "d.TSV").write_text(ORDERS.replace(",", "\t"))
    (tmp_path / "E é.txt").write_bytes("id;name\n1;Zoë\n".encode("latin-1"))
    files = ["a.csv.gz", "b.csv.zip", "c.parquet", "d.TSV", "E é.txt"]
    document = mesh.new_product("shop.all", [str(tmp_path / f) for f in files])
    assert [t["name"] for t in document["tables"]] == ["a", "b", "c", "d", "e_e"]
    assert published(mesh, "shop.all", "e_e") == [{"id": 1, "name": "Zoë"}]
    with mesh.query("SELECT count(*) AS n, count(DISTINCT zip) AS z FROM shop.all.d") as result:
        assert result.to_arrow().to_pylist() == [{"n": 3, "z": 3}]
    pipeline = (Path(document["folder"]) / "pipeline.yaml").read_text()
    assert 'encoding: "latin-1"' in pipeline
    with mesh.query("SELECT * FROM shop.all.c ORDER BY id") as result:
        assert result.to_arrow().to_pylist() == [
            {"id": 1, "tags": ["x"], "at": {"x": 1.5}},
            {"id": 2, "tags": [], "at": None},
        ]


def test_a_linked_file_is_read_where_it_is(mesh: Mesh, orders: Path) -> None:
    document = mesh.new_product("sales.orders", [str(orders)], link=True)
    assert not [f for f in document["written"] if "/data/" in f]
    assert len(published(mesh, "sales.orders", "orders")) == 3
    orders.write_text(ORDERS + "4,00004,true\n")
    assert len(published(mesh, "sales.orders", "orders")) == 4


def test_another_products_file_is_no_source_to_link(mesh: Mesh) -> None:
    there = MeshFolder(Path(mesh.config.root))
    there.product("sales.there", {"t": {"a": "string"}}, data={"t.csv": "a\n1\n"})
    theirs = there.root / "domains" / "sales" / "there" / "data" / "t.csv"
    with pytest.raises(BlueprintError, match="HNS-B009") as caught:
        mesh.new_product("sales.mine", [str(theirs)], link=True)
    assert "input port" in str(caught.value)


def test_a_file_that_lies_in_the_product_stays_there(mesh: Mesh) -> None:
    folder = Path(mesh.config.root, "domains", "sales", "orders", "data")
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text(ORDERS)
    document = mesh.new_product("sales.orders", [str(folder / "orders.csv")])
    assert sorted(f.rsplit("/", 1)[1] for f in document["written"]) == [
        "domain.yaml",
        "orders.odcs.yaml",
        "product.yaml",
    ]
    assert len(published(mesh, "sales.orders", "orders")) == 3


def test_a_word_for_nothing_can_be_named(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,v\na,1\nb,NA\n")
    document = mesh.new_product("d.p", [str(path)])
    assert "--null" in document["tables"][0]["columns"][1]["note"]
    named = mesh.new_product("d.q", [str(path)], null_values=["NA"])
    assert types(named)["v"] == "BIGINT"
    assert published(mesh, "d.q", "t") == [{"k": "a", "v": 1}, {"k": "b", "v": None}]


def test_a_file_without_a_header_is_suspected_and_can_be_read(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1,2026-01-01,x\n2,2026-01-02,y\n")
    assert mesh.new_product("d.p", [str(path)])["tables"][0]["header_looks_like_data"]
    assert not mesh.new_product("d.q", [str(path)], header=False)["tables"][0]["header_looks_like_data"]
    assert [list(row.values())[2] for row in published(mesh, "d.q", "t")] == ["x", "y"]


@pytest.mark.parametrize("header", ["id,2024,2025", "id,when", "one,two,three"])
def test_an_honest_header_is_not_suspected(mesh: Mesh, tmp_path: Path, header: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert not mesh.new_product("d.p", [str(path)])["tables"][0]["header_looks_like_data"]


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("Order.csv", "order_table"),
        ("Übersicht März.csv", "ubersicht_marz"),
        ("sales_v2.csv", "sales"),
        ("24.csv", "n_24"),
    ],
)
def test_tables_get_names_that_need_no_quotes(mesh: Mesh, tmp_path: Path, file: str, table: str) -> None:
    (tmp_path / file).write_text(ORDERS)
    assert mesh.new_product("d.p", [str(tmp_path / file)])["tables"][0]["name"] == table
    assert len(published(mesh, "d.p", table)) == 3


def test_no_rows_are_a_delivery_too(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n")
    mesh.new_product("d.p", [str(path)])
    assert published(mesh, "d.p", "t") == []


def test_what_is_still_to_be_said_is_a_warning(mesh: Mesh, orders: Path) -> None:
    mesh.new_product("sales.orders", [str(orders)])
    found = mesh.check()
    assert {p["code"] for p in found["problems"]} == {"HNS-S036"}
    assert found["warnings"] == 2
    for file in Path(mesh.config.root, "domains", "sales", "orders").rglob("*.yaml"):
        file.write_text(file.read_text().replace("TODO", "Said"))
    assert mesh.check()["problems"] == []


# What is refused changes nothing


@pytest.mark.parametrize(
    ("address", "files", "code"),
    [
        ("sales", ["orders.csv"], "HNS-N002"),
        ("mesh.orders", ["orders.csv"], "HNS-N001"),
        ("Sales.orders", ["orders.csv"], "HNS-N001"),
        ("sales.orders", ["nothing.csv"], "HNS-I001"),
        ("sales.orders", ["empty.csv"], "HNS-I002"),
        ("sales.orders", ["ragged.csv"], "HNS-I004"),
        ("sales.orders", ["broken.csv.zip"], "HNS-I003"),
        ("sales.orders", ["no.parquet"], "HNS-I004"),
        ("sales.orders", ["orders.xyz"], "HNS-B009"),
        ("sales.orders", ["orders.csv", "orders.csv"], "HNS-B009"),
        ("sales.orders", ["A B=orders.csv"], "HNS-B009"),
        ("seles.orders", ["orders.csv"], "HNS-B008"),
        ("sales.there", ["orders.csv"], "HNS-B007"),
        ("sales.half", ["orders.csv"], "HNS-B003"),
    ],
)
def test_refusals(
    mesh: Mesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, files: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    there = MeshFolder(Path(mesh.config.root))
    there.product("sales.there", {"t": {"a": "string"}}, data={"t.csv": "a\n1\n"})
    there.write("domains/sales/half/data/orders.csv", "mine\n")
    for name in ("orders.csv", "orders.xyz"):
        Path(name).write_text(ORDERS)
    Path("empty.csv").touch()
    Path("ragged.csv").write_text("a,b\n1,2\n1,2,3\n4,5\n")
    Path("broken.csv.zip").write_bytes(b"PK no")
    Path("no.parquet").write_bytes(b"PAR1 no")
    before = everything(there.root)
    with pytest.raises(HanseError, match=code) as caught:
        mesh.new_product(address, files)
    assert isinstance(caught.value, BlueprintError | IngestError) or code.startswith("HNS-N")
    assert everything(there.root) == before
    assert not list(Path(mesh.config.state).glob("draft-*"))


def test_a_domain_of_nearly_the_same_name_can_be_meant(mesh: Mesh, orders: Path) -> None:
    mesh.new_product("sales.orders", [str(orders)])
    with pytest.raises(BlueprintError, match=r"did you mean `sales\.more`"):
        mesh.new_product("sale.more", [str(orders)])
    mesh.new_product("sale.more", [str(orders)], new_domain=True)
    assert len(published(mesh, "sale.more", "orders")) == 3


def test_two_files_of_one_name_get_names(mesh: Mesh, orders: Path) -> None:
    document = mesh.new_product("sales.orders", [str(orders), f"second={orders}"])
    assert [t["name"] for t in document["tables"]] == ["orders", "second"]
    assert len(published(mesh, "sales.orders", "second")) == 3


def test_what_was_cut_short_can_be_done_again(mesh: Mesh, orders: Path) -> None:
    document = mesh.new_product("sales.orders", [str(orders)])
    before = everything(Path(mesh.config.root))
    (Path(document["folder"]) / "product.yaml").unlink()
    again = mesh.new_product("sales.orders", [str(orders)])
    assert [f.rsplit("/", 1)[1] for f in again["written"] if "/data/" not in f] == ["product.yaml"]
    assert everything(Path(mesh.config.root)) == before


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_promised_holds_of_the_next_honest_deliveries(mesh: Mesh, tmp_path: Path, seed: int) -> None:
    files = orders_state(seed, 500, 0)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    document = mesh.new_product("shop.all", [str(tmp_path / name) for name in files], link=True)
    keys = {f"{t['name']}.csv": tuple(t["primary_key"]) for t in document["tables"]}
    assert keys == KEYS
    mesh.apply(["shop.all"])
    for day in (0, 1, 30, 200):
        for name, content in orders_state(seed, 500, day).items():
            (tmp_path / name).write_bytes(content)
        (run,) = mesh.run(["shop.all"])["runs"]
        assert run["status"] == "succeeded", run["checks"]


def test_other_formats_are_drafted_from_too(mesh: Mesh, tmp_path: Path) -> None:
    """Each draft is applied and run at once, and gives back what the file holds."""
    (tmp_path / "visits.ndjson").write_text('{"visit_id": 1, "page": "/"}\n{"visit_id": 2, "page": "/offers"}\n')
    with gzip.open(tmp_path / "clicks.json.gz", "wt") as packed:
        packed.write('[{"click_id": 1, "at": "2026-03-01T10:00:00Z", "where": {"x": 1}}, {"click_id": 2, "at": null}]')
    write_workbook(tmp_path / "prices.xlsx", {"prices": [["price_id", "price"], [1, 2.5], [2, 3]]})
    write_avro(tmp_path / "words.avro", "word", ["a", "b"])
    files = [str(tmp_path / name) for name in ("visits.ndjson", "clicks.json.gz", "prices.xlsx", "words.avro")]
    document = mesh.new_product("web.all", files)
    kinds = {t["name"]: {c["name"]: c["type"] for c in t["columns"]} for t in document["tables"]}
    assert kinds["visits"] == {"visit_id": "BIGINT", "page": "VARCHAR"}
    assert (kinds["clicks"]["click_id"], kinds["clicks"]["at"]) == ("BIGINT", "TIMESTAMP WITH TIME ZONE")
    assert published(mesh, "web.all", "visits ORDER BY ALL") == [
        {"visit_id": 1, "page": "/"},
        {"visit_id": 2, "page": "/offers"},
    ]
    with mesh.query("SELECT count(*) AS n, sum(price) AS s FROM web.all.prices") as result:
        assert [(r["n"], float(r["s"])) for r in result.to_arrow().to_pylist()] == [(2, 5.5)]
    with mesh.query("SELECT word FROM web.all.words ORDER BY ALL") as result:
        assert result.to_arrow().column("word").to_pylist() == ["a", "b"]
