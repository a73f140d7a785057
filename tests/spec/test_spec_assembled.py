import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import Location, ProductName, Severity
from hanse.spec import ContentCache, Product, TableSettings
from hanse.spec.assembled import as_document, as_value
from hanse.spec.contract import Column, Limits, Rule
from hanse.spec.product import FileInput
from hanse.spec.types import Decimal, Field, List, Map, Scalar, Struct
from hanse.spec.windows import Span, Window

from .conftest import CONTRACT, PRODUCT, Folder

ORDERS = ProductName("sales", "orders")
RICH = (
    CONTRACT
    + """\
      - name: day
        logicalType: date
        logicalTypeOptions: {minimum: 2024-01-01}
        examples: [2024-05-06, 1.50, null, {a: [1, true]}]
        customProperties: [{property: odd, value: {list: [1, 2], dict: 1.0}}]
      - name: amount
        logicalType: number
        physicalType: DECIMAL(12,2)
        quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent, severity: warning}]
"""
)
PIPELINE = """\
apiVersion: hanse/v1
kind: Pipeline
inputs: {raw: {file: data/*.csv, only_new: true, columns: {a: integer}}}
tables: {orders: {window: {column: day, start: 2024-01-01, size: 1 day, lookback: 2 days}}}
"""

# What a descriptor can hold

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.dates()
    | st.datetimes(timezones=st.sampled_from([None, UTC])).map(lambda moment: moment.replace(fold=0))
    | st.sampled_from([*Scalar, *Severity])
    | st.builds(Location, st.text(), st.integers(0), st.integers(0))
    | st.builds(Decimal, st.integers(1, 38), st.integers(0, 38))
    | st.builds(Limits, minimum=st.none() | st.integers() | st.dates(), unique_items=st.booleans())
)


def _records(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
        | st.builds(Rule, st.just("custom"), implementation=inner)
        | st.builds(Column, st.text(), inner, st.just("x"), enum=st.lists(inner, max_size=2).map(tuple))
        | st.builds(Map, inner, inner)
        | st.builds(Struct, st.tuples(st.builds(Field, st.text(), inner, st.booleans())))
        | st.builds(List, inner)
    )


@given(st.recursive(_LEAVES, _records, max_leaves=12))
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    again = as_value(json.loads(json.dumps(as_document(value))))
    # Equality does not tell 1 from True or 1.0; what is printed does.
    assert (again, repr(again)) == (value, repr(value))


def test_what_is_a_default_of_another_type_is_kept() -> None:
    file = FileInput("a", "b", "csv", bad_rows=False)
    assert as_value(as_document(file)).bad_rows is False
    settings = TableSettings(window=Window("day", datetime(2024, 1, 1, tzinfo=UTC), Span(1, "day"), Span(0, "day")))
    assert as_value(as_document(settings)) == settings


@pytest.mark.parametrize("value", [{1}, b"x", object(), (1, {2})])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        as_document(value)


def test_a_number_that_is_none_comes_back() -> None:
    assert math.isnan(as_value(json.loads(json.dumps(as_document(math.nan)))))


# Products


@pytest.fixture
def rich(folder: Folder) -> Folder:
    folder.orders("contracts/orders.odcs.yaml", RICH)
    folder.orders("pipeline.yaml", PIPELINE)
    folder.orders("data/a.csv", "a\n1\n")
    return folder


def _parsed(folder: Folder, cache: Path | None) -> Product:
    return folder.load({}, ContentCache(cache) if cache else None).product(ORDERS)


def test_a_kept_product_is_the_one_that_was_read(rich: Folder, tmp_path: Path) -> None:
    cold = _parsed(rich, None)
    assert cold.pipeline.tables["orders"].window
    contract = cold.outputs[0].contract
    assert contract
    assert contract.tables[0].columns[2].examples[1:] == (1.5, None, {"a": [1, True]})
    for _ in range(2):
        warm = _parsed(rich, tmp_path / "state" / "cache.json")
        assert (warm, repr(warm)) == (cold, repr(cold))
    assert os.listdir(tmp_path / "state" / "products") == ["sales.orders.json"]


def test_a_kept_product_needs_no_reader(rich: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    _parsed(rich, cache)
    code = (
        "import sys; from hanse.base import ProductName; from hanse.spec import ContentCache, load\n"
        f"found = load({str(rich.root)!r}, cache=ContentCache({str(cache)!r}), environ={{}})\n"
        "found.product(ProductName('sales', 'orders'))\n"
        "print(sorted({'pydantic', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: folder.orders("transforms/orders.sql", "SELECT 5 -- other\n"),
        lambda folder: folder.orders("contracts/orders.odcs.yaml", RICH.replace("customer", "client")),
        lambda folder: (folder.root / "domains/sales/orders/pipeline.yaml").unlink(),
    ],
)
def test_a_change_is_seen(change: Callable[[Folder], object], rich: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    before = rich.load({}, ContentCache(cache))
    kept = before.product(ORDERS)
    change(rich)
    assert _parsed(rich, cache) == _parsed(rich, None) != kept
    # One who loaded before reads what lies there when he asks.
    assert before.parse(ORDERS) == _parsed(rich, None)


def test_inputs_taken_from_the_listing_are_seen(folder: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    folder.orders("data/a.csv", "a\n1\n")
    assert [f.name for f in _parsed(folder, cache).pipeline.files] == ["a"]
    folder.orders("data/b.csv", "a\n1\n")
    assert [f.name for f in _parsed(folder, cache).pipeline.files] == ["a", "b"]


def test_a_mesh_that_was_moved_reads_anew(rich: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    _parsed(rich, cache)
    moved = Folder(Path(shutil.move(rich.root, tmp_path / "elsewhere")))
    assert _parsed(moved, cache).folder == str(moved.root / "domains/sales/orders")


@pytest.mark.parametrize("damage", [lambda d: d[:-9], lambda d: d.replace(b"order_id", b"order_ix"), lambda _: b""])
def test_a_damaged_file_is_read_anew(damage: Callable[[bytes], bytes], rich: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    cold = _parsed(rich, cache)
    file = tmp_path / "state" / "products" / "sales.orders.json"
    whole = file.read_bytes()
    assert damage(whole) != whole
    file.write_bytes(damage(whole))
    assert _parsed(rich, cache) == cold
    assert file.read_bytes() == whole, "it was written anew"


def test_products_gone_are_forgotten(rich: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "cache.json"
    rich.product("other.things")
    rich.load({}, ContentCache(cache))
    assert len(os.listdir(tmp_path / "state" / "products")) == 2
    shutil.rmtree(rich.root / "domains" / "other")
    rich.orders("product.yaml", PRODUCT + "tags: [new]\n")
    rich.load({}, ContentCache(cache))
    assert os.listdir(tmp_path / "state" / "products") == ["sales.orders.json"]
