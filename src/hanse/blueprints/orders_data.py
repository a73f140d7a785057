"""Deliveries of a made-up mail-order company: seeded, of any size, day after day.

Every order, customer and lead has a life of its own, drawn from the seed and its number alone. A delivery is what the
lives look like at the end of a day, so the deliveries of consecutive days agree with each other: whoever merges the
changes of days 1 to k into day 0, each file by the key named in :data:`KEYS`, has exactly the state of day k.

Day 0 is the end of 31 March 2026 and holds a year of history: ``size`` orders of about two lines, a third as many
customers, half as many leads. Each later day brings ``size / 365`` new orders and what changed of the older ones:
orders shipped, delivered or returned, dates of shipments that were emptied, returns that were decided, leads that
became customers, customers who asked to be forgotten.

Defects, in numbers that the contracts name: one order in 1,000 has a total that is a cent above its lines; one shipment
in 2,000 was scanned by the carrier, its clock being wrong, the day before we sent it; one customer in 500 registered
twice with one e-mail address; one lead in 1,000 has its channel written in capitals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from hanse.base import BlueprintError
from hanse.blueprints.codes import IMPOSSIBLE_DELIVERY

HISTORY_DAYS = 365
LAST_DAY = date(2026, 3, 31)
"""Day 0: the last day of the history."""
SMALLEST, LARGEST = 100, 5_000_000
DEFAULT_SIZE, DEFAULT_SEED = 10_000, 1
KEYS: Mapping[str, tuple[str, ...]] = {
    "customers.csv": ("customer_id",),
    "orders.csv": ("order_id",),
    "order_lines.csv": ("order_id", "line_no"),
    "shipments.csv": ("shipment_id",),
    "returns.csv": ("return_id",),
    "leads.csv": ("lead_id",),
}
"""File → the columns that its rows are known by."""
HEADERS: Mapping[str, str] = {
    "customers.csv": "customer_id,name,email,country,registered_on,erased_on",
    "orders.csv": "order_id,customer_id,ordered_at,status,total_amount,cancelled_at",
    "order_lines.csv": "order_id,line_no,sku,quantity,unit_price",
    "shipments.csv": "shipment_id,order_id,carrier,shipped_at,shipped_on,delivered_on",
    "returns.csv": "return_id,shipment_id,reason,received_on,outcome,turnaround_days",
    "leads.csv": "lead_id,channel,campaign,created_on,customer_id,converted_on",
}

_START = LAST_DAY - timedelta(days=HISTORY_DAYS - 1)
_ORDERS_PER_CUSTOMER = 3
_LONGEST_LIFE = 60
"""Days after which nothing happens to an order any more."""
_LONGEST_COURTSHIP = 20
"""Days from a lead to a registration at most."""
_PRODUCTS = 240
_CARRIERS = ("northpost", "parcelo", "swiftline")
_COUNTRIES = ("AT", "BE", "DE", "DE", "DE", "DK", "FR", "NL", "PL", "SE")
_CHANNELS = ("search", "search", "search", "social", "social", "newsletter", "referral", "partner")
_WITHOUT_CAMPAIGN = frozenset({"referral", "partner"})
_REASONS = ("undeliverable", "damaged", "wrong_item", "changed_mind", "changed_mind")
_FIRST = (
    "Ada", "Ben", "Chiara", "David", "Emi", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lena", "Mats", "Nora",
    "Oskar", "Paula", "Quentin", "Rosa", "Sami", "Tove", "Uma", "Vera", "Wim", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Adler", "Berg", "Costa", "Dahl", "Eriksen", "Fischer", "Garcia", "Haas", "Ivanov", "Jansen", "Klein", "Lund",
    "Meyer", "Novak", "Okoye", "Petit", "Quist", "Rossi", "Sato", "Thomsen", "Ueda", "Visser", "Weber", "Young",
    "Zieger",
)  # fmt: skip
# What the random numbers of different things start from, so that they do not repeat each other.
_ORDERS, _CUSTOMERS, _LEADS, _PRICES = range(4)
_NUMBERS = 1 << 40
_NEVER = 1 << 30

Rows = dict[str, str]
"""File → what a life adds to it, one line or several."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """The way of an order's parcel. Days count from the first day of the history, here and below."""

    id: str
    carrier: str
    shipped_at: str
    shipped_on: int
    appears: int
    delivered: int
    reason: str = ""
    received: int = _NEVER
    decided: int = _NEVER
    reshipped: bool = False
    redelivered: int = _NEVER

    def rows(self, day: int) -> Rows:
        """Return the parcel as it is at the end of a day: a shipment, and perhaps a return."""
        if day < self.appears:
            return {}
        again = self.reshipped and day >= self.decided
        delivered = self.redelivered if again else self.delivered
        sent = "," if again else f"{self.shipped_at},{_iso(self.shipped_on)}"
        found = {
            "shipments.csv": f"P{self.id},{self.id},{self.carrier},{sent},{_iso(delivered) if day >= delivered else ''}"
        }
        if day >= self.received:
            outcome = "pending" if day < self.decided else "reshipped" if self.reshipped else "refunded"
            turnaround = self.decided - self.received if again else ""
            found["returns.csv"] = f"R{self.id},P{self.id},{self.reason},{_iso(self.received)},{outcome},{turnaround}"
        return found

    def status(self, day: int) -> str:
        """Return the status of the order."""
        if self.reshipped and day >= self.decided:
            return "delivered" if day >= self.redelivered else "shipped"
        if day >= self.received:
            return "returned"
        if day >= self.delivered:
            return "delivered"
        return "shipped" if day >= self.appears else "placed"


@dataclass(frozen=True, slots=True)
class _Order:
    """An order's life; ``lines`` never change."""

    day: int
    head: str
    total: str
    lines: str
    cancelled: int
    cancelled_at: str
    parcel: _Parcel | None

    def rows(self, day: int) -> Rows:
        """Return the order and its parcel as they are at the end of a day."""
        if day < self.day:
            return {}
        cancelled = day >= self.cancelled
        status = "cancelled" if cancelled else self.parcel.status(day) if self.parcel else "placed"
        row = f"{self.head},{status},{self.total},{self.cancelled_at if cancelled else ''}"
        return {"orders.csv": row, "order_lines.csv": self.lines, **(self.parcel.rows(day) if self.parcel else {})}


@dataclass(frozen=True, slots=True)
class _Customer:
    """A customer's life, and the leads before it."""

    id: int
    name: str
    email: str
    country: str
    registered: int
    erased: int

    def rows(self, day: int) -> Rows:
        """Return the customer as known at the end of a day."""
        if day < self.registered:
            return {}
        erased = day >= self.erased
        person = "," if erased else f"{self.name},{self.email}"
        erased_on = _iso(self.erased) if erased else ""
        return {"customers.csv": f"{self.id},{person},{self.country},{_iso(self.registered)},{erased_on}"}


@dataclass(frozen=True, slots=True)
class _Lead:
    """Somebody who came across us; perhaps a customer later."""

    head: str
    created: int
    customer: int
    converted: int

    def rows(self, day: int) -> Rows:
        """Return the lead as known at the end of a day."""
        if day < self.created:
            return {}
        outcome = f"{self.customer},{_iso(self.converted)}" if day >= self.converted else ","
        return {"leads.csv": f"{self.head},{outcome}"}


def orders_delivery(seed: int = DEFAULT_SEED, size: int = DEFAULT_SIZE, day: int = 0) -> dict[str, bytes]:
    """Return what the company's systems deliver at the end of a day.

    Args:
        seed: the same seed, size and day always give the same bytes.
        size: orders of the first year, 100 to 5,000,000.
        day: 0 for the whole history; from 1 on only rows that are new, or changed since the day before.

    Returns:
        Content by file: CSV with a header; rows in the order of their keys. A file may have no rows.

    Raises:
        BlueprintError: HNS-B010: a size or day out of range.
    """
    return _files(seed, size, day, only_changes=day > 0)


def orders_state(seed: int = DEFAULT_SEED, size: int = DEFAULT_SIZE, day: int = 0) -> dict[str, bytes]:
    """Return everything as it is at the end of a day: what all deliveries up to it add up to.

    Args:
        seed: as in :func:`orders_delivery`.
        size: orders of the first year, 100 to 5,000,000.
        day: 0 for the end of the history.

    Raises:
        BlueprintError: HNS-B010: a size or day out of range.
    """
    return _files(seed, size, day, only_changes=False)


def _files(seed: int, size: int, day: int, *, only_changes: bool) -> dict[str, bytes]:
    if not SMALLEST <= size <= LARGEST:
        what, fix = f"orders are not made in the size {size:,}", f"use a size from {SMALLEST} to {LARGEST:,}"
        raise BlueprintError(IMPOSSIBLE_DELIVERY, what, fix=fix)
    if day < 0:
        raise BlueprintError(IMPOSSIBLE_DELIVERY, f"there is no delivery of day {day}", fix="use a day from 0 on")
    now = HISTORY_DAYS - 1 + day
    found: dict[str, list[str]] = {name: [head] for name, head in HEADERS.items()}
    for life in _World(seed, size).lives(now, ending_after=now - 1 if only_changes else -_NEVER):
        before = life.rows(now - 1) if only_changes else {}
        for name, row in life.rows(now).items():
            if row != before.get(name):
                found[name].append(row)
    return {name: ("\n".join(rows) + "\n").encode() for name, rows in found.items()}


class _World:
    """Everybody and everything, by number."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed, self._size = seed, size
        self._dice = Random()  # noqa: S311 - made-up data, no secrets
        prices = self._random(_PRICES, 0)
        self._prices = [100 + int(prices.random() * 9900) for _ in range(_PRODUCTS)]

    def _random(self, kind: int, number: int) -> Random:
        self._dice.seed((self._seed * 4 + kind) * _NUMBERS + number)
        return self._dice

    def _orders_before(self, day: int) -> int:
        return max(-(-day * self._size // HISTORY_DAYS), 0)

    def _customers_before(self, day: int) -> int:
        return -(-self._orders_before(day) // _ORDERS_PER_CUSTOMER)

    def _day_of(self, order: int) -> int:
        return order * HISTORY_DAYS // self._size

    def lives(self, day: int, *, ending_after: int) -> Iterator[_Order | _Customer | _Lead]:
        """Yield what has begun by the end of a day, but for what has surely ended by another day."""
        for number in range(self._orders_before(ending_after - _LONGEST_LIFE), self._orders_before(day + 1)):
            yield self._order(number)
        for number in range(self._customers_before(day + 1)):
            yield self._customer(number)
        begun = self._customers_before(day + 1 + _LONGEST_COURTSHIP)
        for number in range(self._customers_before(ending_after), begun):
            yield from self._leads(number)

    def _order(self, number: int) -> _Order:
        roll = self._random(_ORDERS, number).random
        day, second = self._day_of(number), int(roll() * 86_400)
        newest, is_first = number // _ORDERS_PER_CUSTOMER + 1, number % _ORDERS_PER_CUSTOMER == 0
        customer = max(int(newest * roll()) + 1, newest * is_first)
        lines, cents = [], 0
        for line in range(1 + int(4 * roll() ** 2)):
            product, quantity = int(roll() * _PRODUCTS), 1 + int(roll() ** 2 * 3)
            cents += quantity * self._prices[product]
            lines.append(f"{number + 1},{line + 1},SKU-{product:03},{quantity},{_money(self._prices[product])}")
        cents += number % 1000 == 499
        cancelled, cancelled_at, parcel = _NEVER, "", None
        if roll() < 0.03:
            later = second + int(roll() * 21_600)
            cancelled, cancelled_at = day + later // 86_400, _moment(day, later)
        else:
            parcel = self._parcel(number, day, second)
        head = f"{number + 1},{customer},{_moment(day, second)}"
        return _Order(day, head, _money(cents), "\n".join(lines), cancelled, cancelled_at, parcel)

    def _parcel(self, number: int, day: int, second: int) -> _Parcel:
        roll = self._dice.random
        leaves = second + 14_400 + int(roll() * 201_600)
        sent = day + leaves // 86_400
        wait = roll()
        scanned = sent - 1 if number % 2000 == 1234 else sent + (wait >= 0.7) + (wait >= 0.9) + (wait >= 0.98)
        appears = max(sent, scanned)
        delivered = appears + 1 + int(roll() * 5)
        carrier = _CARRIERS[int(roll() * len(_CARRIERS))]
        parcel = (str(number + 1), carrier, _moment(day, leaves), scanned, appears, delivered)
        if roll() >= 0.08:
            return _Parcel(*parcel)
        reason = _REASONS[int(roll() * len(_REASONS))]
        received = delivered + 2 + int(roll() * 20)
        decided = received + 1 + int(roll() * 5)
        reshipped = reason != "changed_mind" and roll() < 0.9
        return _Parcel(*parcel, reason, received, decided, reshipped, decided + 1 + int(roll() * 5))

    def _customer(self, number: int) -> _Customer:
        name, email = self._person(number)
        roll = self._dice.random
        country = _COUNTRIES[int(roll() * len(_COUNTRIES))]
        registered = self._day_of(number * _ORDERS_PER_CUSTOMER)
        erased = registered + 30 + int(roll() * 270) if roll() < 0.01 else _NEVER
        if number % 500 == 250:
            email = self._person(number - 1)[1]
        return _Customer(number + 1, name, email, country, registered, erased)

    def _person(self, number: int) -> tuple[str, str]:
        roll = self._random(_CUSTOMERS, number).random
        first, last = _FIRST[int(roll() * len(_FIRST))], _LAST[int(roll() * len(_LAST))]
        return f"{first} {last}", f"{first}.{last}.{number + 1}@example.org".lower()

    def _leads(self, customer: int) -> list[_Lead]:
        """Return what led to a customer, and who came at that time and went: none, one or two leads."""
        roll = self._random(_LEADS, customer).random
        registered = self._day_of(customer * _ORDERS_PER_CUSTOMER)
        found = []
        # The first made the customer; the second came to nothing, or belongs to the same customer.
        for at, (exists, converts) in enumerate(((0.7, 1.0), (0.75, 0.2))):
            is_there, converted = roll() < exists, roll() < converts
            channel = _CHANNELS[int(roll() * len(_CHANNELS))]
            created = registered - int(roll() * _LONGEST_COURTSHIP)
            if is_there:
                number = 2 * customer + at + 1
                head = f"{number},{_shown(channel, number)},{_campaign(channel, created)},{_iso(created)}"
                found.append(_Lead(head, created, customer + 1, registered if converted else _NEVER))
        return found


def _shown(channel: str, lead: int) -> str:
    return channel.upper() if lead % 1000 == 777 else channel


def _campaign(channel: str, day: int) -> str:
    if channel in _WITHOUT_CAMPAIGN:
        return ""
    year, month = _iso(day)[:4], int(_iso(day)[5:7])
    return f"{channel}-{year}q{(month + 2) // 3}"


@cache
def _iso(day: int) -> str:
    return (_START + timedelta(days=day)).isoformat()


def _moment(day: int, second: int) -> str:
    later, rest = divmod(second, 86_400)
    return f"{_iso(day + later)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
