"""Where figures stand: roll-ups from the coarsest to the finest, and the facts that always answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from data import metric_measures, price_bands
from data.currencies import EXPONENTS
from data.day_increments import OF_SALES
from data.metric_dimensions import DIMENSIONS, IN_CURRENCY
from data.metric_measures import Measure

HOUR = 3600
DAY = 86_400
MONTH = 28 * DAY
WHOLE = 10**9
"""The grain of a roll-up that knows no time."""

EVENT_DIMENSIONS = frozenset({"event", "series", "genre", "status", "days_to_doors"})
ALWAYS = frozenset({"venue", "weekday", "hour_of_day"} | {n for n, d in DIMENSIONS.items() if d.seconds})
"""Dimensions that every source knows whose grain is fine enough."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table as one answers from it. `seconds` is the length of its buckets (0: single facts, WHOLE: no
    time at all), `time` the moment of a row, `own` its further dimensions as SQL over the alias `f`,
    `condition` what a row must be besides. Of `day_analytics`, `split` is the dimension that its rows are
    split by. Only sources with `by_line` count tickets by the currency of their line."""

    name: str
    table: str
    seconds: int
    time: str
    events: bool = True
    own: dict[str, str] = field(default_factory=dict, hash=False)
    condition: str = ""
    split: str = ""
    partitioned: bool = False
    by_line: bool = False

    @property
    def by_span(self) -> bool:
        """Whether it is read once for each span, not over all that lies between the first and the last."""
        return self.table == metric_measures.DAY

    def holds(self, measure: Measure) -> bool:
        """Whether it counts this measure at all."""
        return not self.seconds or self.table in measure.columns

    def aggregate(self, measure: Measure) -> str:
        """The measure as an aggregate over its rows."""
        if not self.seconds:
            return measure.fact
        if measure.rolled:
            return measure.rolled
        return f"sum({re.sub(r'[a-z_]+', lambda column: f'f.{column[0]}', measure.columns[self.table])})"

    def is_for(self, dimensions: frozenset[str]) -> bool:
        """Whether it is worth while for these dimensions, and knows them all."""
        if self.split in OF_SALES and self.split not in dimensions:
            return False
        if self.table == metric_measures.CUSTOMER and "customer" not in dimensions:
            return False
        return all(map(self.knows, dimensions))

    def knows(self, dimension: str) -> bool:
        """Whether it can be split by the dimension, as far as its columns go."""
        if dimension in self.own or dimension == "currency":
            return True
        return dimension in ALWAYS or (self.events and dimension in EVENT_DIMENSIONS)


def _text(*names: str) -> dict[str, str]:
    return {name: f"NULLIF(f.{name}, '')" for name in names}


_GATE = _text("gate") | {"zone": "NULLIF(g.zone, '')"}
_LADDER = (("daily", DAY), ("hourly", HOUR), ("5min", 300), ("1min", 60))

TOTALS = Source("event_totals", metric_measures.TOTALS, WHOLE, "")
MONEY = Source("event_money", metric_measures.MONEY, WHOLE, "")
VENUE = tuple(
    Source(
        f"venue_analytics {grain}",
        metric_measures.VENUE,
        seconds,
        "f.bucket",
        condition=f"f.grain = '{grain}'",
    )
    for grain, seconds in _LADDER
)


def _days(split: str = "", **own: str) -> tuple[Source, ...]:
    """The roll-up without events, by months and by days."""
    by = f" by {split}" if split else ""
    values = own or ({split: "NULLIF(f.value, '')"} if split else {})
    return tuple(
        Source(
            f"day_analytics {name}{by}",
            metric_measures.DAY,
            seconds,
            "f.day",
            False,
            values,
            split=split,
            by_line=split in IN_CURRENCY,
        )
        for name, seconds in (("monthly", MONTH), ("daily", DAY))
    )


CUSTOMERS = Source(
    "customer_totals", metric_measures.CUSTOMER, WHOLE, "", False, {"customer": "f.customer"}, by_line=True
)
ALL_DAYS = _days()
DAYS_OF_SALES = tuple(source for name in OF_SALES for source in _days(name))
GATES = Source("gate_analytics", metric_measures.GATE, 60, "f.bucket", own=_GATE)


def _facts(table: str, time: str = "f.occurred_at", condition: str = "", **own: str) -> Source:
    return Source(
        table,
        table,
        0,
        time,
        own=own,
        condition=condition,
        partitioned=time == "f.occurred_at",
        by_line=table == "ticket_sales",
    )


_PLACES = " ".join(f"WHEN '{code}' THEN {places}" for code, places in EXPONENTS.items() if places != 2)
_PRICE = (
    f"CASE {price_bands.SQL} WHEN '{price_bands.UNKNOWN}' THEN NULL WHEN '{price_bands.FREE}' THEN 0"
    " ELSE (abs(amount_minor) / abs(NULLIF(quantity, 0)))::float8"
    f" / power(10, CASE f.currency {_PLACES} ELSE 2 END) END"
)
"""What one ticket cost in major units; NULL for lines that do not say it, as they are in no band."""

_SALES = _facts(
    "ticket_sales",
    **_text("ticket_type", "channel", "campaign", "country", "region", "city"),
    customer="f.customer",
    price=f"NULLIF({price_bands.SQL}, '')",
    price_value=_PRICE,
)
_SCANS = _facts("ticket_scans", **_GATE, **_text("reason"))

FACTS: dict[str, Source] = {
    "sales": _SALES,
    "scans": _SCANS,
    "arrivals": _facts("presence", "f.first_entry_at"),
    "presence": _facts("house_counts", "f.second"),
    "gates": _facts("ticket_scans", condition="f.gate IS NOT NULL", **_GATE),
    "web": _facts(
        "page_views", **_text("campaign", "source", "medium", "referrer"), page="NULLIF(f.path, '')"
    ),
    "carts": _facts("cart_updates"),
    "social": _facts("social_mentions", **_text("platform"), post="NULLIF(f.kind, '')"),
    "transfers": _facts("ticket_transfers", **_text("reason")),
    "attempts": _facts("invalid_attempts", **_GATE, **_text("reason", "attempt_type")),
    "people": Source("customer_totals (first purchases)", "customer_totals", 0, "f.first_at", by_line=True),
    "nights": _facts("events", "f.doors"),
    "takings": _facts("events and event_money", "f.doors"),
}
"""Family → where its facts stand."""

AT_CUT_OFF = replace(FACTS["presence"], name="house_counts at the cut-off")
"""Who is inside already when a business day begins: `data.query_overnight`."""

_TOTALS = (TOTALS, *ALL_DAYS, *VENUE)
LADDERS: dict[str, tuple[Source, ...]] = {
    "sales": (CUSTOMERS, TOTALS, MONEY, *ALL_DAYS, *DAYS_OF_SALES, *VENUE),
    "scans": _TOTALS,
    "arrivals": _TOTALS,
    "presence": VENUE,
    "gates": (*_days("gate", gate="NULLIF(f.value, '')", zone="NULLIF(g.zone, '')"), GATES),
    "web": (*_TOTALS[:3], *_days("campaign"), *VENUE),
    "carts": _TOTALS,
    "social": _TOTALS,
    "transfers": (TOTALS,),
    "attempts": (TOTALS,),
    "people": (),
    "nights": (),
    "takings": (),
}
"""Family → its roll-ups, the coarsest first."""
