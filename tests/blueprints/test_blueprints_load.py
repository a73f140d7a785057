"""What the blueprints say is understood, complete and free of problems."""

from pathlib import Path

import pytest

from hanse.base import ProductName
from hanse.blueprints import demo, init
from hanse.spec import Product, Workspace, load


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load(demo(tmp_path_factory.mktemp("demo"))["folder"])


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load(demo(tmp_path_factory.mktemp("orders"), example="orders", size=100)["folder"])


@pytest.fixture(params=["flights", "orders"])
def example(request: pytest.FixtureRequest, flights: Workspace, orders: Workspace) -> Workspace:
    return flights if request.param == "flights" else orders


def products(workspace: Workspace) -> list[Product]:
    return [workspace.product(name) for name in workspace.entries]


def test_the_minimal_mesh_has_no_problems(tmp_path: Path) -> None:
    workspace = load(init(tmp_path / "mesh")["folder"])
    assert workspace.problems == ()
    (orders,) = products(workspace)
    assert [table.name for _, table in orders.tables] == ["orders", "revenue_by_day"]


def test_the_flights_have_no_problems(flights: Workspace) -> None:
    assert flights.problems == ()
    assert sorted(str(name) for name in flights.entries) == [
        "airlines.flights",
        "airports.airports",
        "planning.delays",
        "weather.hourly",
    ]


def test_the_orders_have_no_problems(orders: Workspace) -> None:
    assert orders.problems == ()
    assert [str(name) for name in orders.entries] == [
        "marketing.attribution",
        "marketing.leads",
        "sales.orders",
        "shipping.shipments",
    ]
    nulls = [c for p in products(orders) for _, t in p.tables for c in t.columns if c.custom.get("nullMeaning")]
    assert len(nulls) >= 12, "it is an example of nulls with a meaning"


def test_planning_reads_the_others(flights: Workspace) -> None:
    resolved = flights.resolve_inputs(ProductName("planning", "delays"))
    assert {str(port.product): port.tables for port in resolved} == {
        "airlines.flights": ("flights", "airlines", "planes"),
        "weather.hourly": ("observations",),
        "airports.airports": ("airports",),
    }


def test_every_column_is_described_and_every_null_explained(example: Workspace) -> None:
    silent = []
    for product in products(example):
        for _, table in product.tables:
            assert table.description, table.name
            assert table.granularity, table.name
            assert table.primary_key, table.name
            silent += [
                f"{product.name}.{table.name}.{column.name}"
                for column in table.columns
                if not column.description or (not column.required and not column.custom.get("nullMeaning"))
            ]
    assert silent == []


def test_every_product_says_what_it_is_for_and_whose(example: Workspace) -> None:
    for product in products(example):
        assert product.purpose, product.name
        assert product.usage, product.name
        assert product.limitations, product.name
        assert product.team, product.name
        assert product.members, product.name
        assert product.queries, product.name
        for port in product.outputs:
            assert port.contract is not None
            assert port.contract.service_levels


def test_the_contracts_cover_the_standards_versions_and_kinds_of_rules(flights: Workspace) -> None:
    contracts = [port.contract for product in products(flights) for port in product.outputs if port.contract]
    assert {contract.api_version for contract in contracts} == {"v3.0.2", "v3.1.0", "v3.2.0"}
    tables = [table for contract in contracts for table in contract.tables]
    rules = [rule for table in tables for rule in table.rules]
    rules += [rule for table in tables for column in table.columns for rule in column.rules]
    assert {rule.kind for rule in rules} == {"library", "sql", "text"}
    assert {rule.severity.value for rule in rules} == {"error", "warning"}
    assert {rule.metric for rule in rules if rule.metric} == {
        "duplicateValues",
        "invalidValues",
        "missingValues",
        "nullValues",
        "rowCount",
    }


def test_another_airports_file_can_be_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = demo(tmp_path)["folder"]
    airports = ProductName("airports", "airports")
    before = load(folder).product(airports)
    monkeypatch.setenv("AIRPORTS_FILE", "deliveries/broken.csv")
    after = load(folder).product(airports)
    assert [file.path for file in before.pipeline.files] == ["data/airports.csv"]
    assert [file.path for file in after.pipeline.files] == ["deliveries/broken.csv"]
    assert before.digest == after.digest, "another delivery needs no apply"
