"""The generated company: the same for the same seed, and its days agree with each other."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.app import open_mesh
from hanse.base import BlueprintError
from hanse.blueprints import EXAMPLES, demo, orders_delivery, orders_state
from hanse.blueprints.orders_data import HEADERS, KEYS

Tables = dict[str, dict[tuple[str, ...], dict[str, str]]]


def tables(files: Mapping[str, bytes]) -> Tables:
    found: Tables = {}
    for name, content in files.items():
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        found[name] = {tuple(row[k] for k in KEYS[name]): row for row in rows}
        assert len(found[name]) == len(rows), f"a key of {name} occurs twice"
    return found


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**40), size=st.integers(100, 1500), first=st.integers(0, 700), days=st.integers(1, 12))
def test_deliveries_add_up_to_the_state_of_every_day(seed: int, size: int, first: int, days: int) -> None:
    state = tables(orders_state(seed, size, first))
    for day in range(first + 1, first + days + 1):
        for name, rows in tables(orders_delivery(seed, size, day)).items():
            before = state[name]
            assert all(before.get(key) != row for key, row in rows.items()), "only what is new or has changed"
            before.update(rows)
        assert state == tables(orders_state(seed, size, day))


def test_the_first_delivery_is_the_whole_history() -> None:
    assert orders_delivery(3, 200) == orders_state(3, 200, 0)
    assert {name: content.decode().split("\n")[0] for name, content in orders_delivery(3, 200).items()} == HEADERS


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    assert orders_delivery(1, 100)["orders.csv"].decode().splitlines()[1:4] == FIRST_ORDERS
    assert orders_delivery(1, 300, 5) == orders_delivery(1, 300, 5)
    assert orders_delivery(1, 300) != orders_delivery(2, 300)


FIRST_ORDERS = [
    "1,1,2025-04-01T17:16:45Z,delivered,60.27,",
    "2,1,2025-04-04T23:35:09Z,delivered,173.78,",
    "3,1,2025-04-08T12:23:13Z,delivered,83.18,",
]


@pytest.fixture(scope="module")
def history() -> Tables:
    return tables(orders_delivery(1, 20_000))


def test_everything_that_the_contracts_tell_of_is_there(history: Tables) -> None:
    shipments, returns = history["shipments.csv"].values(), history["returns.csv"]
    again = {r["shipment_id"] for r in returns.values() if r["outcome"] == "reshipped"}
    assert {s["shipment_id"] for s in shipments if not s["shipped_on"]} == again
    assert len(again) > 100
    assert {r["outcome"] for r in returns.values()} == {"pending", "refunded", "reshipped"}
    assert {o["status"] for o in history["orders.csv"].values()} == {
        "placed", "shipped", "delivered", "returned", "cancelled",
    }  # fmt: skip
    late = [s for s in shipments if s["shipped_on"] and s["shipped_on"] > s["shipped_at"][:10]]
    assert 0.2 < len(late) / len(shipments) < 0.4, "the two dates differ often, not always"


def test_defects_are_as_many_as_documented(history: Tables) -> None:
    early = [s for s in history["shipments.csv"].values() if s["shipped_on"] and s["shipped_on"] < s["shipped_at"][:10]]
    assert 8 <= len(early) <= 10, "one in 2,000, cancelled ones left out"
    lines: dict[str, int] = {}
    for line in history["order_lines.csv"].values():
        price = int(line["quantity"]) * round(100 * float(line["unit_price"]))
        lines[line["order_id"]] = lines.get(line["order_id"], 0) + price
    totals = {o["order_id"]: round(100 * float(o["total_amount"])) for o in history["orders.csv"].values()}
    assert sum(totals[o] - lines[o] for o in totals) == sum(totals[o] != lines[o] for o in totals) == 20
    emails = [c["email"] for c in history["customers.csv"].values() if c["email"]]
    assert len(emails) - len(set(emails)) == pytest.approx(len(emails) / 500, abs=2)
    capitals = [lead for lead in history["leads.csv"].values() if lead["channel"].isupper()]
    assert len(capitals) == pytest.approx(len(history["leads.csv"]) / 1000, abs=5)
    assert capitals


def test_everybody_registers_with_a_first_order(history: Tables) -> None:
    first: dict[str, str] = {}
    for order in history["orders.csv"].values():
        first.setdefault(order["customer_id"], order["ordered_at"][:10])
    assert {c["customer_id"]: c["registered_on"] for c in history["customers.csv"].values()} == first


@pytest.mark.parametrize(("size", "day"), [(99, 0), (5_000_001, 0), (-1, 0), (100, -1)])
def test_sizes_and_days_have_bounds(size: int, day: int) -> None:
    with pytest.raises(BlueprintError, match="HNS-B010"):
        orders_delivery(1, size, day)


# The mesh


def truly_shipped(state: Tables) -> dict[int, dt.date | None]:
    """The date that `marketing.attribution` has to find, in other words."""
    returns = {r["shipment_id"]: r for r in state["returns.csv"].values()}
    found: dict[int, dt.date | None] = {int(o): None for (o,) in state["orders.csv"]}
    for parcel in state["shipments.csv"].values():
        if parcel["shipped_on"]:
            found[int(parcel["order_id"])] = dt.date.fromisoformat(parcel["shipped_on"])
        else:
            back = returns[parcel["shipment_id"]]
            days = dt.timedelta(days=int(back["turnaround_days"]))
            found[int(parcel["order_id"])] = dt.date.fromisoformat(back["received_on"]) + days
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "size"), [(1, 100), (2, 100), (2026, 3000)])
def test_every_size_is_published_day_after_day(tmp_path: Path, seed: int, size: int) -> None:
    folder = Path(demo(tmp_path / "demo", example="orders", size=size, seed=seed)["folder"])
    with open_mesh(folder) as mesh:
        mesh.apply()
        for day in (0, 1, 40):
            state = orders_state(seed, size, day)
            for source, target in EXAMPLES["orders"].data.items():
                (folder / target).write_bytes(state[source])
            runs = mesh.run()
            assert [r["status"] for r in runs["runs"] if r["status"] != "unchanged"] == ["succeeded"] * runs[
                "succeeded"
            ]
            assert not runs["blocked"] + runs["failed"] + runs["refused"]
            with mesh.query("SELECT order_id, truly_shipped_on FROM marketing.attribution.attributed_orders") as result:
                found = result.to_arrow().to_pylist()
            assert {r["order_id"]: r["truly_shipped_on"] for r in found} == truly_shipped(tables(state))


@pytest.mark.slow
def test_a_null_with_another_meaning_is_blocked(tmp_path: Path) -> None:
    folder = Path(demo(tmp_path / "demo", example="orders", size=100)["folder"])
    shipments = folder / EXAMPLES["orders"].data["shipments.csv"]
    with open_mesh(folder) as mesh:
        mesh.apply()
        mesh.run(["shipping.shipments"])
        head, first, *rest = shipments.read_text().splitlines()
        cells = first.split(",")
        shipments.write_text("\n".join([head, ",".join([*cells[:3], "", "", cells[5]]), *rest]) + "\n")
        (run,) = mesh.run(["shipping.shipments"])["runs"]
    assert run["status"] == "blocked"
    assert "nullReasons(shipped_on)" in str(run["checks"])


def test_a_folder_keeps_its_size_and_seed(tmp_path: Path) -> None:
    first = demo(tmp_path / "demo", example="orders", size=100, seed=4)
    again = demo(tmp_path / "demo", example="orders")
    assert again["written"] == []
    assert again["unchanged"] == first["written"]
    with pytest.raises(BlueprintError, match=r"in the size 100 with the seed 4"):
        demo(tmp_path / "demo", example="orders", size=200)
    with pytest.raises(BlueprintError, match="HNS-B001"):
        demo(tmp_path / "demo", example="flights")


def test_real_data_have_no_size(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="HNS-B011"):
        demo(tmp_path / "demo", size=100)
    assert not (tmp_path / "demo").exists()


def test_an_impossible_size_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="HNS-B010"):
        demo(tmp_path / "demo", example="orders", size=0)
    assert not (tmp_path / "demo").exists()
