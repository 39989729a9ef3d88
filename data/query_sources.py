"""Where figures stand: roll-ups from the coarsest to the finest, and the facts that always answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from data import metric_measures
from data.metric_dimensions import DIMENSIONS
from data.metric_measures import Measure

DAY = 86_400
WHOLE = 10**9
"""The grain of a roll-up that knows no time."""

EVENT_DIMENSIONS = frozenset({"event", "series", "genre", "status", "days_to_doors"})
ALWAYS = frozenset({"venue", "weekday", "hour_of_day"} | {n for n, d in DIMENSIONS.items() if d.seconds})
"""Dimensions that every source knows whose grain is fine enough."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table as one answers from it. `seconds` is the length of its buckets (0: single facts, WHOLE: no
    time at all), `time` the moment of a row, `own` its further dimensions as SQL over the alias `f`,
    `condition` what a row must be besides."""

    name: str
    table: str
    seconds: int
    time: str
    events: bool = True
    own: dict[str, str] = field(default_factory=dict, hash=False)
    condition: str = ""
    grain: str = ""
    partitioned: bool = False

    def holds(self, measure: Measure) -> bool:
        """Whether it counts this measure at all."""
        return not self.seconds or self.table in measure.columns

    def aggregate(self, measure: Measure) -> str:
        """The measure as an aggregate over its rows."""
        return f"sum(f.{measure.columns[self.table]})" if self.seconds else measure.fact

    def knows(self, dimension: str) -> bool:
        """Whether it can be split by the dimension, as far as its columns go."""
        if dimension in self.own or dimension == "currency":
            return True
        return dimension in ALWAYS or (self.events and dimension in EVENT_DIMENSIONS)


def _text(*names: str) -> dict[str, str]:
    return {name: f"NULLIF(f.{name}, '')" for name in names}


_GATE = _text("gate") | {"zone": "NULLIF(g.zone, '')"}
_LADDER = (("daily", DAY), ("hourly", 3600), ("5min", 300), ("1min", 60))

TOTALS = Source("event_totals", metric_measures.TOTALS, WHOLE, "")
MONEY = Source("event_money", metric_measures.MONEY, WHOLE, "")
VENUE = tuple(
    Source(
        f"venue_analytics {grain}",
        metric_measures.VENUE,
        seconds,
        "f.bucket",
        condition=f"f.grain = '{grain}'",
        grain=grain,
    )
    for grain, seconds in _LADDER
)
GATES = Source("gate_analytics", metric_measures.GATE, 60, "f.bucket", own=_GATE)


def _facts(table: str, time: str = "f.occurred_at", condition: str = "", **own: str) -> Source:
    return Source(table, table, 0, time, own=own, condition=condition, partitioned=time == "f.occurred_at")


_SALES = _facts(
    "ticket_sales",
    **_text("ticket_type", "channel", "campaign", "country", "region", "city"),
    customer="f.customer",
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
    "people": Source("customer_totals (first purchases)", "customer_totals", 0, "f.first_at"),
    "nights": _facts("events", "f.doors"),
    "takings": _facts("events and event_money", "f.doors"),
}
"""Family → where its facts stand."""

LADDERS: dict[str, tuple[Source, ...]] = {
    "sales": (TOTALS, MONEY, *VENUE),
    "scans": (TOTALS, *VENUE),
    "arrivals": (TOTALS, *VENUE),
    "presence": VENUE,
    "gates": (GATES,),
    "web": (TOTALS, *VENUE),
    "carts": (TOTALS, *VENUE),
    "social": (TOTALS, *VENUE),
    "transfers": (TOTALS,),
    "attempts": (TOTALS,),
    "people": (),
    "nights": (),
    "takings": (),
}
"""Family → its roll-ups, the coarsest first."""
