"""Three years of one venue of the dashboard benchmark, drawn from a seed: its events, sales and scans.

Everything is drawn as whole columns; a row of the result is a row of a fact table, its texts still numbers.
Days are counted from 1970-01-01 in the venue's zone, moments in microseconds from 1970 UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from bench.dashboard_house import (
    AT_HOME,
    CAMPAIGNS,
    CHANNELS,
    HOURS,
    HOUSES,
    PARTY,
    PLACES,
    SERIES,
    TYPES,
    House,
)

Whole = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]
EPOCH = date(1970, 1, 1)
DAY, MINUTE = 86_400, 60
PAST_DAYS, FUTURE_DAYS = 950, 90
SALE = ("sale", "comp", "refund", "cancellation", "fee")
REASONS = ("already_used", "unknown", "wrong_event")
GUESTS = len(TYPES) - 1
GUEST_LIST = len(CHANNELS)
ROW = 100_000_000
"""More than the orders, tickets and customers of one venue: their numbers are unique in the whole set."""


@dataclass(frozen=True)
class Event:
    """One evening. Moments are seconds from 1970 UTC, prices minor units by ticket type."""

    number: int
    series: int
    day: int
    doors_at: int
    on_sale_at: int
    capacity: int
    prices: tuple[int, ...]


@dataclass(frozen=True)
class Drawn:
    """A venue's events and the rows of its fact tables."""

    events: list[Event]
    sales: Columns
    scans: Columns


def draw(number: int, sales: int, scans: int, until: date, seed: int) -> Drawn:
    """Venue `number` with exactly `sales` tickets sold or given before `until`, and what follows from them.

    Refunds, cancellations and fees come on top. At most `scans` scans: fewer where too few tickets were sold.
    """
    house, random = HOUSES[number], np.random.default_rng((seed, number))
    last = (until - EPOCH).days
    days = _event_days(random, max(2, round(sales / (0.72 * house.capacity))), last)
    orders = _orders(random, number, house, days, sales, last)
    tickets = _tickets(random, orders)
    events = _events(random, number, house, days, orders, tickets)
    changes = _changes(random, orders, events, last, house)
    lines = _sale_lines(orders, tickets, changes, events, house)
    return Drawn(events, lines, _scans(random, tickets, changes, events, house, scans, last))


def _event_days(random: np.random.Generator, count: int, last: int) -> Whole:
    days = np.arange(last - PAST_DAYS, last + FUTURE_DAYS)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0.
    weights = np.array((2, 2, 3, 5, 9, 10, 5), float)[weekday]
    return np.sort(random.choice(days, min(count, len(days)), replace=False, p=weights / weights.sum()))


def _orders(
    random: np.random.Generator, number: int, house: House, days: Whole, sales: int, last: int
) -> Columns:
    sizes = _pick(random, [weight for _, weight in PARTY], sales)
    party = np.array([size for size, _ in PARTY])[sizes]
    count = int(np.searchsorted(np.cumsum(party), sales)) + 1
    party = party[:count]
    party[-1] -= party.sum() - sales
    span = random.integers(110, 200, len(days))
    popularity = random.lognormal(0.0, 0.35, len(days))
    # What is still to come has sold only a part by now.
    popularity *= np.clip(1.0 - 0.75 * np.maximum(0, days - last) / FUTURE_DAYS, 0.1, 1.0)
    event = _pick(random, popularity, count)
    lead = _leads(random, days[event], span[event], last)
    hour = _pick(random, HOURS, count)
    second = hour * 3600 + random.integers(0, 3600, count)
    second = np.where(lead == 0, random.integers(9 * 3600, 20 * 3600, count), second)
    customer, place = _buyers(random, number, house, count)
    kind = _pick(random, [weight for *_, weight in TYPES], count)
    channel = np.where(kind == GUESTS, GUEST_LIST, _pick(random, [weight for _, weight in CHANNELS], count))
    return {
        "order": number * ROW + np.arange(count),
        "event": event,
        "party": party,
        "at": _instants(house, days[event] - lead, second) * 1_000_000,
        "customer": customer,
        "place": place,
        "type": kind,
        "channel": channel,
        "campaign": _pick(random, [weight for _, weight in CAMPAIGNS], count),
        "span": span[event],
        "fee": (channel < 3) & (random.random(count) < 0.2),
    }


def _leads(random: np.random.Generator, days: Whole, span: Whole, last: int) -> Whole:
    """Days from order to evening: many when sales open, few in the lull, most at last; none after `last`."""
    lead = np.full(len(days), -1)
    while len(missing := np.flatnonzero((lead < 0) | (days - lead >= last))):
        count = len(missing)
        early = span[missing] - random.exponential(5.0, count)
        late = span[missing] * random.random(count) ** 2.6
        drawn = np.where(random.random(count) < 0.25, early, late)
        lead[missing] = np.clip(drawn, 0, span[missing]).astype(np.int64)
    return lead


def _buyers(random: np.random.Generator, number: int, house: House, count: int) -> tuple[Whole, Whole]:
    """Customers (0 where nobody gave a name), some of whom come again and again, and where they live."""
    regulars, travellers = max(5, count // 2), max(5, count // 4)
    own = number * ROW + 1 + (regulars * random.random(count) ** 1.8).astype(np.int64)
    abroad = len(HOUSES) * ROW + 1 + (travellers * random.random(count) ** 1.8).astype(np.int64)
    customer = np.where(random.random(count) < 0.06, abroad, own)
    weights = np.array([weight for *_, weight in PLACES], float)
    at_home = np.array([country == house.home for country, *_ in PLACES])
    weights[at_home] *= AT_HOME / weights[at_home].sum()
    weights[~at_home] *= (1 - AT_HOME) / weights[~at_home].sum()
    # A customer lives in one place: it follows from who they are.
    lot = _mixed(customer, 7).astype(np.float64) / 2.0**64
    place = np.searchsorted(np.cumsum(weights)[:-1], lot).astype(np.int64)
    return np.where(random.random(count) < 0.04, 0, customer), place


def _tickets(random: np.random.Generator, orders: Columns) -> Columns:
    """One row a ticket: `of` is the row of its order, `line` counts within the order."""
    of = np.repeat(np.arange(len(orders["order"])), orders["party"])
    first = np.cumsum(orders["party"]) - orders["party"]
    number = np.arange(len(of))
    return {
        "of": of,
        "line": number - first[of],
        "ticket": orders["order"][0] + number + 1,
        "event": orders["event"][of],
    }


def _events(
    random: np.random.Generator, number: int, house: House, days: Whole, orders: Columns, tickets: Columns
) -> list[Event]:
    sold = np.bincount(tickets["event"], minlength=len(days))
    doors = _instants(house, days, np.full(len(days), 19 * 3600))
    span = np.full(len(days), 110)
    span[orders["event"]] = orders["span"]
    series = random.integers(0, len(SERIES), len(days))
    found = []
    for row, day in enumerate(days.tolist()):
        ordinary = house.price * SERIES[series[row]][2]
        step = 50 if ordinary < 10_000 else 500 if ordinary < 100_000 else 5_000
        prices = tuple(round(ordinary * factor / step) * step for _, _, factor, _ in TYPES)
        capacity = max(house.capacity, -(-int(sold[row]) // 50) * 50)
        on_sale = int(doors[row] - span[row] * DAY)
        found.append(
            Event(number * 10_000 + row, int(series[row]), day, int(doors[row]), on_sale, capacity, prices)
        )
    return found


def _changes(
    random: np.random.Generator, orders: Columns, events: Sequence[Event], last: int, house: House
) -> NDArray[np.float64]:
    """When an order was given back, by its row, in microseconds; nan for all but three in a hundred."""
    now = int(_instants(house, np.array([last]), np.array([0]))[0])
    doors = np.array([event.doors_at for event in events])[orders["event"]]
    end = np.maximum(np.minimum(now, doors) * 1_000_000, orders["at"])
    at = orders["at"] + (end - orders["at"]) * random.random(len(end))
    return np.where(random.random(len(at)) < 0.03, np.floor(at), np.nan)


def _sale_lines(
    orders: Columns, tickets: Columns, changes: NDArray[np.float64], events: Sequence[Event], house: House
) -> Columns:
    of = tickets["of"]
    prices = np.array([event.prices for event in events])
    price = prices[tickets["event"], orders["type"][of]]
    comp = orders["type"][of] == GUESTS
    sold = {
        "of": of,
        "line": tickets["line"],
        "ticket": tickets["ticket"],
        "kind": comp.astype(np.int64),
        "quantity": np.ones(len(of), np.int64),
        "amount": price,
        "at": orders["at"][of],
        "key": orders["order"][of] * 2,
    }
    back = np.flatnonzero(~np.isnan(changes[of]))
    given = {
        "of": of[back],
        "line": tickets["line"][back],
        "ticket": tickets["ticket"][back],
        "kind": np.full(len(back), SALE.index("cancellation")),
        "quantity": np.full(len(back), -1),
        "amount": np.zeros(len(back), np.int64),
        "at": changes[of][back].astype(np.int64),
        "key": orders["order"][of][back] * 2 + 1,
    }
    paid = np.flatnonzero(~np.isnan(changes[of]) & ~comp)
    rows = np.isin(back, paid)
    refund = {name: column[rows] for name, column in given.items()}
    refund |= {
        "line": refund["line"] + 20,
        "kind": np.full(len(paid), SALE.index("refund")),
        "quantity": np.zeros(len(paid), np.int64),
        "amount": -price[paid],
    }
    charged = np.flatnonzero(orders["fee"])
    fee = {
        "of": charged,
        "line": np.full(len(charged), 40),
        "ticket": np.zeros(len(charged), np.int64),
        "kind": np.full(len(charged), SALE.index("fee")),
        "quantity": np.zeros(len(charged), np.int64),
        "amount": np.full(len(charged), house.price // 20),
        "at": orders["at"][charged],
        "key": orders["order"][charged] * 2,
    }
    lines = {name: np.concatenate([part[name] for part in (sold, given, refund, fee)]) for name in sold}
    order = lines.pop("of")
    own = ("order", "event", "customer", "place", "type", "channel", "campaign")
    lines |= {name: orders[name][order] for name in own}
    lines["event"] = lines["event"] + events[0].number
    lines["tax"] = lines["amount"] // 6
    return lines


def _scans(
    random: np.random.Generator,
    tickets: Columns,
    changes: NDArray[np.float64],
    events: Sequence[Event],
    house: House,
    most: int,
    last: int,
) -> Columns:
    """Entries round the doors, some exits and returns, some refusals: of tickets that were not given back."""
    over = np.array([event.day for event in events]) < last
    valid = np.flatnonzero(over[tickets["event"]] & np.isnan(changes[tickets["of"]]))
    came = random.permutation(valid)[: -(-most * 10 // 11)]
    doors = np.array([event.doors_at for event in events])[tickets["event"][came]]
    entry = doors + (random.gamma(3.0, 14.0, len(came)) * MINUTE).astype(np.int64) - 10 * MINUTE
    leave = entry + 75 * MINUTE + random.integers(0, 15 * MINUTE, len(came))
    home = doors + 210 * MINUTE + (random.normal(0, 12 * MINUTE, len(came))).astype(np.int64)
    gate = _pick(random, 1.0 / np.arange(1, house.gates + 1), len(came))
    share = random.random(len(came))
    parts = [(np.full(len(came), True), entry, 0, 1)]
    parts += [
        (share < 0.04, leave, 1, 1),
        (share < 0.04, leave + random.integers(300, 1500, len(came)), 0, 1),
    ]
    parts += [((share > 0.04) & (share < 0.10), home, 1, 1), (share > 0.985, entry + 240, 0, 0)]
    found = {
        "ticket": np.concatenate([tickets["ticket"][came][rows] for rows, *_ in parts]),
        "event": np.concatenate([tickets["event"][came][rows] for rows, *_ in parts]) + events[0].number,
        "at": np.concatenate([at[rows] for rows, at, *_ in parts]) * 1_000_000,
        "direction": np.concatenate([np.full(rows.sum(), way) for rows, _, way, _ in parts]),
        "effect": np.concatenate([np.full(rows.sum(), effect) for rows, _, _, effect in parts]),
        "gate": np.concatenate([gate[rows] for rows, *_ in parts]),
    }
    count = len(found["ticket"])
    found["key"] = found["ticket"] * 8 + np.concatenate([np.full(p[0].sum(), n) for n, p in enumerate(parts)])
    found["reason"] = _pick(random, (70, 20, 10), count)
    kept = np.sort(random.permutation(count)[:most])
    return {name: column[kept] for name, column in found.items()}


def _pick(random: np.random.Generator, weights: Any, count: int) -> Whole:
    bounds = np.cumsum(np.asarray(weights, float))
    return np.searchsorted(bounds[:-1] / bounds[-1], random.random(count), side="right").astype(np.int64)


def _instants(house: House, days: Whole, seconds: Whole) -> Whole:
    """Seconds from 1970 UTC of a time of day; the hours after a change of clocks may be off by one."""
    first, midnights = _midnights(house.zone, int(days.min()), int(days.max()))
    return midnights[days - first] + seconds


@lru_cache
def _midnights(zone: str, first: int, last: int) -> tuple[int, Whole]:
    days = (EPOCH + timedelta(days=number) for number in range(first, last + 1))
    local = ZoneInfo(zone)
    return first, np.array([int(datetime.combine(day, time(), tzinfo=local).timestamp()) for day in days])


def _mixed(numbers: Whole, salt: int) -> NDArray[np.uint64]:
    """Numbers that look drawn, the same for the same number: the finalizer of splitmix64."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def identities(numbers: Whole, salt: int) -> NDArray[np.void]:
    """A uuid for each number, as its sixteen bytes."""
    halves = np.stack((_mixed(numbers, 2 * salt + 11), _mixed(numbers, 2 * salt + 12)), axis=1)
    return halves.astype(">u8").view("V16").reshape(len(numbers))


def identity(number: int, salt: int) -> UUID:
    """The uuid of one number."""
    return UUID(bytes=identities(np.array([number]), salt)[0].tobytes())


def binary(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """The rows as PostgreSQL's binary COPY wants them, without header and trailer: numbers as bigint."""
    rows = len(next(iter(columns.values())))
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, column in columns.items():
        fields += [(f"{name} size", ">i4"), (name, "V16" if column.dtype.kind == "V" else ">i8")]
    packed = np.zeros(rows, dtype=fields)
    packed["fields"] = len(columns)
    for name, column in columns.items():
        packed[f"{name} size"] = packed.dtype[name].itemsize
        packed[name] = column
    return packed.tobytes()
