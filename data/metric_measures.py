"""The base measures behind the metrics: what is counted, in which facts and roll-ups, and whether it adds up.

A metric is a sum or a ratio of measures (`data.metrics`). Every measure belongs to one family of facts;
`fact` is its aggregate over that family's facts, which stand under the alias `f`.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sum", "distinct", "highest", "state"]
"""`sum` adds up over everything; `distinct` over nothing; `highest` is a maximum; `state` adds up over
events but not over time."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is counted. `columns` are where roll-ups keep it: table → column, or several added;
    `rolled` is its aggregate over their rows where it is no sum. `by_events`: `fact` asks the event `e`."""

    name: str
    family: str
    fact: str
    columns: dict[str, str]
    kind: Kind = "sum"
    money: bool = False
    type: str = "bigint"
    rolled: str = ""
    by_events: bool = False

    @property
    def only(self) -> str:
        """Which of its family's facts change it, as SQL over `f` and `e`; empty for all of them."""
        aggregate, _, condition = self.fact.partition(" FILTER (WHERE ")
        added = re.fullmatch(r"-?sum\((.+)\)", aggregate)
        parts = [condition.removesuffix(")"), f"{added[1]} <> 0" if added else ""]
        return " AND ".join(part for part in parts if part)


VENUE, DAY, TOTALS, MONEY, GATE, CUSTOMER = (
    "venue_analytics",
    "day_analytics",
    "event_totals",
    "event_money",
    "gate_analytics",
    "customer_totals",
)
_PERSON = "f.admission"
_BOUGHT = f"{_PERSON} AND NOT f.comp AND f.kind = 'sale' AND COALESCE(e.doors_at, e.starts_at) IS NOT NULL"
_LEAD = (
    "floor(extract(epoch FROM COALESCE(e.doors_at, e.starts_at))) - floor(extract(epoch FROM f.occurred_at))"
)
_STAGES = (VENUE, DAY, TOTALS)


def _same(column: str, *tables: str) -> dict[str, str]:
    return dict.fromkeys(tables, column)


def _count(name: str, family: str, fact: str, *tables: str, column: str = "", **more: str) -> Measure:
    return Measure(name, family, fact, _same(column or name, *tables) | more)


def _money(name: str, fact: str) -> Measure:
    tables = (VENUE, DAY, MONEY) if name == "tax_minor" else (VENUE, DAY, MONEY, CUSTOMER)
    return Measure(name, "sales", fact, _same(name, *tables), money=True)


def _distinct(name: str, family: str, fact: str, money: bool = False) -> Measure:
    return Measure(name, family, fact, {}, kind="distinct", money=money)


def _only(name: str, family: str, fact: str, money: bool = False) -> Measure:
    return Measure(name, family, fact, {}, money=money)


def _night(name: str, expression: str, money: bool = False) -> Measure:
    return Measure(name, "nights", f"sum({expression})", {}, money=money)


_ALL = [
    _count("sold", "sales", f"sum(f.quantity) FILTER (WHERE {_PERSON} AND NOT f.comp)", *_STAGES),
    _count("comps", "sales", f"sum(f.quantity) FILTER (WHERE {_PERSON} AND f.comp)", *_STAGES),
    _count(
        "cancelled",
        "sales",
        f"-sum(f.quantity) FILTER (WHERE {_PERSON} AND f.kind = 'cancellation')",
        *_STAGES,
    ),
    _count("refunds", "sales", "count(*) FILTER (WHERE f.kind = 'refund')", DAY, TOTALS),
    _money("gross_minor", "sum(f.amount_minor) FILTER (WHERE f.kind NOT IN ('refund', 'fee'))"),
    _money("refunded_minor", "-sum(f.amount_minor) FILTER (WHERE f.kind = 'refund')"),
    _money("fees_minor", "sum(f.amount_minor) FILTER (WHERE f.kind = 'fee')"),
    _money("tax_minor", "sum(f.tax_minor)"),
    _distinct("orders", "sales", "count(DISTINCT f.order_id) FILTER (WHERE f.kind IN ('sale', 'comp'))"),
    _distinct("customers", "sales", "count(DISTINCT f.customer) FILTER (WHERE f.kind IN ('sale', 'comp'))"),
    _count(
        "issued",
        "sales",
        f"sum(f.quantity) FILTER (WHERE {_PERSON})",
        *_STAGES,
        column="sold + comps",
        **{CUSTOMER: "tickets"},
    ),
    Measure(
        "lead_seconds",
        "sales",
        f"sum(f.quantity * greatest({_LEAD}, 0)) FILTER (WHERE {_BOUGHT})",
        {},
        by_events=True,
    ),
    Measure("lead_tickets", "sales", f"sum(f.quantity) FILTER (WHERE {_BOUGHT})", {}, by_events=True),
    Measure("new_customers", "people", "count(*)", {}),
    _count(
        "entries",
        "scans",
        f"sum(f.effect) FILTER (WHERE {_PERSON} AND f.effect <> 0 AND f.direction = 'entry')",
        *_STAGES,
    ),
    _count(
        "exits",
        "scans",
        f"sum(f.effect) FILTER (WHERE {_PERSON} AND f.effect <> 0 AND f.direction = 'exit')",
        *_STAGES,
    ),
    _count("invalid", "scans", f"count(*) FILTER (WHERE {_PERSON} AND f.effect = 0)", *_STAGES),
    _count("arrivals", "arrivals", "count(*)", VENUE, DAY, **{TOTALS: "entered"}),
    Measure(
        "inside",
        "presence",
        "sum(f.change)",
        {VENUE: "inside_change", TOTALS: "inside"},
        kind="state",
    ),
    _count(
        "gate_entries",
        "gates",
        "sum(f.effect) FILTER (WHERE f.effect <> 0 AND f.direction = 'entry')",
        GATE,
        DAY,
        column="entries",
    ),
    _count(
        "gate_exits",
        "gates",
        "sum(f.effect) FILTER (WHERE f.effect <> 0 AND f.direction = 'exit')",
        GATE,
        DAY,
        column="exits",
    ),
    _count("gate_invalid", "gates", "count(*) FILTER (WHERE f.effect = 0)", GATE, DAY, column="invalid"),
    Measure(
        "busy_seconds",
        "gates",
        "60 * count(DISTINCT (f.event_id, f.gate, date_trunc('minute', f.occurred_at)))"
        " FILTER (WHERE f.effect <> 0 AND f.direction = 'entry')",
        {GATE: "entries"},
        rolled="60 * count(*) FILTER (WHERE f.entries > 0)",
    ),
    _count("page_views", "web", "count(*)", *_STAGES),
    _distinct("visitors", "web", "count(DISTINCT f.visitor)"),
    _count("cart_updates", "carts", "count(*)", *_STAGES),
    _distinct("carts", "carts", "count(DISTINCT f.customer) FILTER (WHERE f.quantity > 0)"),
    _only("filled_carts", "carts", "count(*) FILTER (WHERE f.quantity > 0)"),
    _only("cart_minor", "carts", "sum(f.value_minor) FILTER (WHERE f.quantity > 0)", money=True),
    _only("cart_tickets", "carts", "sum(f.quantity)"),
    _count("mentions", "social", "count(*)", *_STAGES),
    _count("reach", "social", "sum(f.reach)", *_STAGES),
    _count("engagements", "social", "sum(f.likes + f.shares)", *_STAGES),
    _only("likes", "social", "sum(f.likes)"),
    _only("shares", "social", "sum(f.shares)"),
    Measure("sentiment_sum", "social", "sum(f.sentiment::float8)", {}, type="float8"),
    _only("sentiment_known", "social", "count(f.sentiment)"),
    _distinct("authors", "social", "count(DISTINCT f.author)"),
    _count("transfers", "transfers", "count(*)", TOTALS),
    _only("transfers_failed", "transfers", "count(*) FILTER (WHERE NOT f.successful)"),
    _count("attempts", "attempts", "count(*)", TOTALS),
    _night("events", "f.counts"),
    _night("events_cancelled", "1 - f.counts"),
    _night("capacity", "f.capacity * f.counts"),
    _night("held", "f.held * f.counts"),
    _night("remaining", "f.remaining * f.counts"),
    _night("night_sold", "f.sold * f.counts"),
    _night("night_comps", "f.comps * f.counts"),
    _night("rated_sold", "CASE WHEN f.capacity > 0 THEN f.sold * f.counts ELSE 0 END"),
    _night("sellable", "greatest(f.capacity - f.held - f.comps, 0) * f.counts"),
    _night("target_tickets", "f.target_tickets * f.counts"),
    _night("targeted_sold", "CASE WHEN f.target_tickets > 0 THEN f.sold * f.counts ELSE 0 END"),
    _night("entered", "f.entered * f.counts"),
    _night("reentries", "f.reentries * f.counts"),
    _night("stayed", "f.stayed * f.counts"),
    _night("no_shows", "f.no_shows * f.counts"),
    _night("expected", "(f.sold + f.comps) * f.counts"),
    _night("due", "CASE WHEN f.opened THEN (f.sold + f.comps) * f.counts ELSE 0 END"),
    _night("came", "CASE WHEN f.opened THEN least(f.entered, f.sold + f.comps) * f.counts ELSE 0 END"),
    Measure("peak_inside", "nights", "max(f.peak * f.counts)", {}, kind="highest"),
    Measure("night_gross", "takings", "sum(f.gross_minor)", {}, money=True),
    Measure("night_refunded", "takings", "sum(f.refunded_minor)", {}, money=True),
    Measure("night_fees", "takings", "sum(f.fees_minor)", {}, money=True),
    Measure("minutes", "clock", "", {}, kind="distinct"),
]

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}
