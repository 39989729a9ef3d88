"""Sample figures for the gallery and for previews: invented, the same each time, and always said to be
samples.

They are answers like any other and take the same way through `widgets.draw`; only where they come from
differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from itertools import product
from math import exp
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from data.answers import Answer, Column
from data.board_document import Placed
from data.metric_dimensions import DIMENSIONS, IN_CURRENCY
from data.metric_query import In, MetricQuery
from data.metrics import CATALOGUE
from data.needs import EventList, LiveNight, Need, Notes
from data.noted import Noted
from widgets.asking import length
from widgets.draw import Drawn, draw, needs
from widgets.scope import Scope
from widgets.values import exponent
from widgets.widget import Settings, Widget

NIGHT = (Path(__file__).parent / "sample_night.json").read_text()
_SPACE = UUID("0192f0c1-0000-7000-8000-00000000000f")
EVENTS = {
    str(uuid5(_SPACE, name)): name
    for name in (
        "Northern Lights Tour",
        "Comedy Saturday",
        "City Philharmonic",
        "Indie Night Vol. 12",
        "Holiday Gala",
        "Jazz Quartet",
    )
}
_VALUES: dict[str, tuple[Any, ...]] = {
    "weekday": tuple(range(1, 8)),
    "hour_of_day": tuple(range(24)),
    "days_to_doors": tuple(range(60, -1, -1)),
    "event": tuple(EVENTS),
    "venue": (str(uuid5(_SPACE, "Riverside Hall")), str(uuid5(_SPACE, "The Foundry"))),
    "series": (str(uuid5(_SPACE, "Winter season")), str(uuid5(_SPACE, "Late shows"))),
    "genre": ("Indie", "Classical", "Comedy", "Jazz", "Electronic"),
    "status": ("on_sale", "sold_out", "scheduled"),
    "currency": ("GBP",),
    "ticket_type": ("Standing", "Balcony", "Seated", "VIP box", "Student", "Wheelchair place"),
    "price": ("20 to 30", "30 to 40", "40 to 60", "60 to 80", "10 to 20", "80 and more"),
    "channel": ("web", "app", "box_office", "partner", "phone"),
    "campaign": ("autumn-newsletter", "spotify-fans", "instagram", "poster-qr", ""),
    "country": ("GB", "DE", "FR", "US", "NL", "IE", "ES", "JP", "AU", "BR"),
    "region": ("England", "Scotland", "Wales", "Berlin", "Île-de-France"),
    "city": ("London", "Manchester", "Berlin", "Paris", "Leeds", "Bristol", "Glasgow", "Amsterdam", "Dublin"),
    "customer": tuple(str(uuid5(_SPACE, f"customer {n}")) for n in range(12)),
    "gate": ("Gate A", "Gate B", "Gate C", "VIP door"),
    "zone": ("Main floor", "Balcony", "VIP boxes"),
    "reason": ("already_used", "wrong_event", "not_valid_yet"),
    "source": ("google", "newsletter", "instagram", ""),
    "medium": ("organic", "email", "social", ""),
    "platform": ("instagram", "tiktok", "x"),
}
_LARGE = {"gross_revenue": 1.0, "refunded": 0.04, "fees": 0.07, "tax": 0.16, "net_revenue": 1.03}
_LARGE |= {
    "page_views": 60.0,
    "visitors": 24.0,
    "carts": 4.0,
    "cart_updates": 6.0,
    "orders": 1.1,
    "comps": 0.06,
}
_LARGE |= {"reach": 900.0, "tickets_cancelled": 0.03, "refunds": 0.03, "new_customers": 0.6}
_SECONDS = {"booking_lead": 23 * 86_400, "average_stay": 6_200, "seconds_per_entry": 6}
_PERCENT = {
    "percent_sold": 72.0,
    "sell_through": 76.0,
    "refund_rate": 2.4,
    "show_rate": 91.0,
    "conversion_rate": 4.1,
}
_AVERAGE = {"average_ticket_price": 38.5, "average_order_value": 84.0, "revenue_per_customer": 79.0}


def sample_scope(now: datetime, zone: str = "Europe/London", currency: str = "GBP") -> Scope:
    """What the gallery looks at: the last 30 days at a venue in London."""
    return Scope(now=now, zone=zone, currency=currency, demo=True)


def sample(
    widget: Widget[Any], scope: Scope, settings: Mapping[str, Any] | None = None, place: str = ""
) -> Drawn:
    """A widget drawn with sample figures, with its example's settings or others, said to be a sample."""
    chosen = dict(widget.example if settings is None else settings)
    placed = Placed(id=place or f"sample-{widget.name}", widget=widget.name, settings=chosen)
    asked = needs(placed, scope)
    drawn = draw(placed, scope, {name: sample_answer(need, scope) for name, need in asked.items()})
    return replace(
        drawn, sub=" · ".join(part for part in ("Sample", drawn.sub) if part), live=(), event="", night=None
    )


def sample_answers(widget: Widget[Any], settings: Settings, scope: Scope) -> dict[str, object]:
    """Sample figures for everything a widget needs, by its own names."""
    return {name: sample_answer(need, scope) for name, need in widget.needs(settings, scope).items()}


def sample_answer(need: Need, scope: Scope) -> object:
    """Sample figures for one need."""
    if isinstance(need, MetricQuery):
        return _answer(need, scope)
    if isinstance(need, LiveNight):
        return sample_night(scope)
    if isinstance(need, EventList):
        return _events(scope)[: need.limit]
    assert isinstance(need, Notes)
    at = scope.now - timedelta(days=9)
    return [Noted(at, "Line-up announced", at.astimezone(ZoneInfo(scope.zone)).date(), 9)]


def sample_night(scope: Scope) -> dict[str, Any]:
    """A night three quarters of an hour after doors, its times around the moment of the scope."""
    state: dict[str, Any] = _night_at(scope.now.replace(microsecond=0))
    state = json.loads(json.dumps(state))
    state["event"] |= {"zone": scope.zone, "currency": scope.currency}
    rows = state["revenue"]["currencies"][:1]
    state["revenue"]["currencies"] = [
        {**row, "currency": scope.currency, "exponent": exponent(scope.currency)} for row in rows
    ]
    for item in state["feed"]:
        item["currency"] = item["currency"] and scope.currency
    return state


@cache
def _night_at(now: datetime) -> dict[str, Any]:
    first = datetime.fromisoformat(json.loads(NIGHT)["asOf"])

    def moved(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[1]) + (now - first)
        return f'"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'

    shifted: dict[str, Any] = json.loads(re.sub(r'"(\d{4}-\d\d-\d\dT[\d:.]+Z)"', moved, NIGHT))
    return shifted


def _events(scope: Scope) -> list[dict[str, Any]]:
    shapes = [
        (1, 92, "on_sale"),
        (2, 79, "on_sale"),
        (7, 99, "on_sale"),
        (8, 34, "on_sale"),
        (15, 100, "sold_out"),
    ]
    shapes.append((16, 43, "on_sale"))
    listed = []
    for (event, name), (days, percent, status) in zip(EVENTS.items(), shapes, strict=True):
        doors = (scope.now + timedelta(days=days)).replace(hour=19, minute=0, second=0, microsecond=0)
        capacity = 600 + 150 * len(name)
        sold = capacity * percent // 100
        listed.append(
            {
                "eventId": event,
                "name": name,
                "venueName": "Riverside Hall",
                "zone": scope.zone,
                "status": status,
                "phase": "next",
                "doorsAt": doors.isoformat(),
                "startsAt": (doors + timedelta(minutes=90)).isoformat(),
                "sold": sold,
                "comps": sold // 40,
                "capacity": capacity,
                "percentSold": float(percent),
                "revenue": [
                    {"currency": scope.currency, "netMinor": sold * 42 * 10 ** exponent(scope.currency)}
                ],
            }
        )
    return listed


def _answer(asked: MetricQuery, scope: Scope) -> Answer:
    domains = [_domain(name, asked, scope) for name in asked.dimensions]
    if asked.top is not None and domains:
        domains[-1] = domains[-1][: asked.top.limit]
    apart = any(CATALOGUE[name].in_currency for name in asked.metrics) or IN_CURRENCY & {*asked.dimensions}
    split = apart and "currency" not in asked.dimensions
    compared = asked.compare is not None or asked.compare_event is not None
    columns = [Column(name, DIMENSIONS[name].label, DIMENSIONS[name].kind) for name in asked.dimensions]
    columns += [Column("currency", "Currency", "text")] if split else []
    for name in asked.metrics:
        metric = CATALOGUE[name]
        columns.append(Column(name, metric.label, "metric", metric.unit))
        columns += (
            [Column(f"{name}.compared", f"{metric.label} before", "compared", metric.unit)]
            if compared
            else []
        )
    rows = []
    for key in product(*domains):
        row: list[Any] = list(key)
        row += [scope.currency] if split else []
        for name in asked.metrics:
            value = _value(name, key, asked, scope)
            row.append(value)
            row += [_value(name, key, asked, scope, before=True)] if compared else []
        rows.append(tuple(row))
    rows = _sorted(rows, [column.name for column in columns], asked)
    return Answer(
        tuple(columns), rows[: asked.limit], scope.now, scope.zone, total_rows=len(rows), sources=("sample",)
    )


def _sorted(rows: list[tuple[Any, ...]], names: list[str], asked: MetricQuery) -> list[tuple[Any, ...]]:
    if asked.top is not None and len(asked.dimensions) == 1:
        place = names.index(asked.top.by or asked.metrics[0])
        rows = sorted(rows, key=lambda row: -row[place])
    for sort in reversed(asked.sort):
        place, reverse = names.index(sort.by), sort.order == "desc"
        rows = sorted(rows, key=lambda row, place=place: row[place], reverse=reverse)  # type: ignore[misc]
    return rows


def _domain(name: str, asked: MetricQuery, scope: Scope) -> Sequence[Any]:
    chosen = [part.values for part in _ins(asked.where) if part.dimension == name]
    if DIMENSIONS[name].seconds:
        return _times(name, asked, scope)
    values = _VALUES.get(name, ("First", "Second", "Third"))
    if chosen:
        return [value for value in values if str(value) in chosen[0]] or list(chosen[0])
    return values


def _ins(where: Any) -> list[In]:
    if isinstance(where, In):
        return [where]
    inner = getattr(where, "all", ()) or getattr(where, "any", ())
    return [each for part in inner for each in _ins(part)]


def _times(grain: str, asked: MetricQuery, scope: Scope) -> list[Any]:
    days = length(asked.range, scope)
    zone = ZoneInfo(scope.zone)
    if DIMENSIONS[grain].seconds < 86_400:
        step = timedelta(seconds=DIMENSIONS[grain].seconds)
        seconds = DIMENSIONS[grain].seconds
        last = datetime.fromtimestamp(scope.now.timestamp() // seconds * seconds, UTC)
        return [
            last - step * back for back in range(min(120, max(2, int(days * 86_400 / seconds))) - 1, -1, -1)
        ]
    today = scope.now.astimezone(zone).date()
    if grain in ("day", "week"):
        size = 1 if grain == "day" else 7
        first = today if grain == "day" else today - timedelta(days=today.weekday())
        number = min(400, max(2, round(days / size)))
        return [(first - timedelta(days=size * back)).isoformat() for back in range(number - 1, -1, -1)]
    months = {"month": 1, "quarter": 3}.get(grain, 12)
    number = min(36, max(2, round(days / 30.4 / months)))
    return [_month(today, months * back, months).isoformat() for back in range(number - 1, -1, -1)]


def _month(today: date, back: int, step: int) -> date:
    place = today.year * 12 + (today.month - 1) // step * step - back
    return date(place // 12, place % 12 + 1, 1)


def _value(name: str, key: tuple[Any, ...], asked: MetricQuery, scope: Scope, *, before: bool = False) -> Any:
    metric = CATALOGUE[name]
    shape = 1.0
    for dimension, value in zip(asked.dimensions, key, strict=True):
        shape *= _weight(dimension, value)
    shape *= 0.82 + 0.36 * _chance(name, *map(str, key), "before" if before else "")
    if before:
        shape *= 0.91
    if name in _AVERAGE:
        return round(_AVERAGE[name] * (0.7 + 0.3 * min(2.0, shape)) * 10 ** exponent(scope.currency))
    if metric.unit == "percent":
        return round(min(100.0, _PERCENT.get(name, 34.0) * (0.75 + 0.25 * min(1.4, shape))), 2)
    if metric.unit in ("rate", "score"):
        return round(2.4 * shape, 2)
    if metric.unit == "seconds":
        return round(_SECONDS.get(name, 60) * (0.7 + 0.3 * min(2.0, shape)), 1)
    timed = any(DIMENSIONS[name].seconds or name == "days_to_doors" for name in asked.dimensions)
    span = 1.0 if timed else max(1.0, length(asked.range, scope))
    whole = shape * _LARGE.get(name, 1.0) * min(60.0, span) / max(1.0, _pieces(asked))
    if metric.unit == "money":
        return round(whole * 2400 * 10 ** exponent(scope.currency))
    return round(whole * 64)


def _pieces(asked: MetricQuery) -> float:
    return float(len([d for d in asked.dimensions if not DIMENSIONS[d].seconds]) * 2 or 1)


def _weight(dimension: str, value: Any) -> float:
    """How much of a metric falls to a value: evenings, weekends and first names have more."""
    if dimension == "hour_of_day":
        return 0.04 + exp(-(((value - 19) / 3.2) ** 2)) + 0.5 * exp(-(((value - 12) / 2.4) ** 2))
    if dimension == "weekday":
        return (0.7, 0.75, 0.8, 1.0, 1.6, 1.3, 0.8)[value - 1]
    if dimension == "days_to_doors":
        return float(0.4 + 2.2 * 0.9**value + (0.8 if value > 56 else 0.0))
    if DIMENSIONS[dimension].seconds >= 86_400:
        day = date.fromisoformat(str(value))
        return (0.8, 0.75, 0.8, 0.95, 1.5, 1.3, 0.9)[day.weekday()] * (1 + (day.toordinal() % 91) / 300)
    if DIMENSIONS[dimension].seconds:
        return _weight("hour_of_day", value.hour)
    if dimension == "customer":
        return float(0.02 * 0.86 ** _VALUES["customer"].index(value))
    values = _VALUES.get(dimension, ())
    return float(1.5 * 0.68 ** (values.index(value) if value in values else 3))


def _chance(*words: str) -> float:
    return int.from_bytes(blake2b("/".join(words).encode(), digest_size=4).digest(), "big") / 2**32
