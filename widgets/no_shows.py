"""Who did not come: the share of tickets that stayed away, event by event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.answers import Answer
from data.metric_query import Top
from data.needs import Need
from widgets.answered import points
from widgets.asking import Ranged, question
from widgets.figures import Figure
from widgets.flat import flat_bars
from widgets.named import all_events, named_table, namer
from widgets.parts import Rank, note, ranked
from widgets.scope import Scope
from widgets.values import decimal, exactly
from widgets.widget import Answers, Table, Widget

METRICS = ("no_shows", "expected", "show_rate")
MOST_EVENTS = 500
"""Events that are looked at: those without scanners come first, where everybody seems to have stayed away."""


class NoShowSettings(Ranged):
    """How many events are listed."""

    top: int = Field(8, ge=1, le=50, title="How many")


def needs(settings: NoShowSettings, scope: Scope) -> Mapping[str, Need]:
    """No-shows of the events whose doors lie in the range, most first."""
    top = Top(limit=MOST_EVENTS, by="no_shows", other=False)
    return {
        "events_missing": question(settings, scope, METRICS, ["event"], top=top),
        "events": all_events(scope),
    }


def _scanned(settings: NoShowSettings, answers: Answers) -> tuple[Answer, int, int]:
    """The events at which somebody was scanned, as many as are listed; how many there are, and how many were
    not scanned."""
    found = answers["events_missing"]
    away, due = (points(found, name, "").values for name in METRICS[:2])
    rows = [row for row, a, d in zip(found.rows, away, due, strict=True) if (a or 0) < (d or 0)]
    kept = rows[: settings.top]
    return replace(found, rows=kept, total_rows=len(kept)), len(rows), len(found.rows) - len(rows)


def body(settings: NoShowSettings, answers: Answers, scope: Scope) -> Component:
    """A bar for each event: how much of its house stayed away; without scans nobody knows."""
    found = _scanned(settings, answers)[0]
    missing, expected, rate = (points(found, name, "") for name in METRICS)
    named = namer("event", answers)
    ranks = []
    for key, away, due, came in zip(missing.keys, missing.values, expected.values, rate.values, strict=True):
        share = 100 - came if came is not None else 100 * (away or 0) / due if due else 0.0
        title = f"{named(key[0])}: {exactly(away, 'people')} of {exactly(due, 'people')} expected stayed away"
        value = f"{decimal(share, 1)}%"
        ranks.append(Rank(named(key[0]), value, title, min(100.0, share * 2), f"{away or 0:,}", str(key[0])))
    return html.Div([ranked(ranks, "event"), note(_unscanned(settings, answers))], className="w-list")


def _unscanned(settings: NoShowSettings, answers: Answers) -> str:
    unscanned = _scanned(settings, answers)[2]
    events = "event" if unscanned == 1 else "events"
    return f"{unscanned} {events} without a scan left out." if unscanned else ""


def cut(settings: NoShowSettings, answers: Answers, scope: Scope) -> str:
    """How many events of all that were scanned are listed."""
    _, known, _ = _scanned(settings, answers)
    return f"{settings.top} of {known} events" if known > settings.top else ""


def figure(settings: NoShowSettings, answers: Answers, scope: Scope) -> Figure:
    """The numbers as flat bars."""
    missing = points(_scanned(settings, answers)[0], "no_shows", "")
    return flat_bars(missing.keys, missing.values, missing.column, "", namer("event", answers), "event")


def summary(settings: NoShowSettings, answers: Answers, scope: Scope) -> str:
    """How many of all expected."""
    missing, expected, _ = (points(_scanned(settings, answers)[0], name, "") for name in METRICS)
    away, due = missing.total, expected.total
    share = f", {decimal(100 * away / due, 1)}% of those expected" if due else ""
    events = "event" if len(missing.keys) == 1 else "events"
    said = f"{exactly(away, 'people')} stayed away from {len(missing.keys)} {events}{share}"
    return f"{said}. {_unscanned(settings, answers)}".rstrip()


def tables(settings: NoShowSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The events at which somebody was scanned."""
    return [named_table(_scanned(settings, answers)[0], answers, "No-shows by event")]


WIDGET = Widget(
    name="no-shows",
    label="No-shows",
    group="doors",
    icon="people",
    description="The share of tickets that stayed away, event by event.",
    settings=NoShowSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    sub=lambda settings, answers, scope: "Share and number of people",
    cut=cut,
    extras=frozenset({"events"}),
    empty="No event of this range has opened its doors.",
    example={"span": "90d"},
)
