"""A widget of one's own: what is chosen can be drawn, or the form says why not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from components.markup import markup
from data.answers import Answer, Column
from data.board_document import Placed
from data.metric_query import All, In, MetricQuery, Within
from widgets.draw import Drawn, draw, needs
from widgets.sample import sample_answer, sample_scope

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))


def shown(**settings: Any) -> Drawn:
    placed = Placed(id="a", widget="custom", settings=settings)
    asked = needs(placed, SCOPE)
    return draw(placed, SCOPE, {name: sample_answer(need, SCOPE) for name, need in asked.items()})


@pytest.mark.parametrize(
    ("kind", "metrics", "dimensions"),
    [
        ("line", ["net_revenue"], ["day"]),
        ("line", ["net_revenue", "gross_revenue"], ["day"]),
        ("line", ["tickets_sold"], ["day", "channel"]),
        ("line", ["tickets_sold"], ["days_to_doors", "event"]),
        ("area", ["tickets_sold"], ["hour"]),
        ("area", ["tickets_sold"], ["hour_of_day"]),
        ("bar", ["average_ticket_price"], ["channel"]),
        ("bar", ["tickets_sold"], ["week"]),
        ("stacked", ["net_revenue"], ["week", "ticket_type"]),
        ("flat", ["tickets_sold"], ["event"]),
        ("table", ["tickets_sold", "net_revenue", "refund_rate"], ["event", "channel"]),
        ("table", ["tickets_sold"], []),
        ("number", ["net_revenue"], []),
        ("heat", ["tickets_sold"], ["weekday", "hour_of_day"]),
        ("scatter", ["tickets_sold", "average_ticket_price"], ["event"]),
        ("donut", ["tickets_sold"], ["channel"]),
    ],
)
def test_every_kind_of_chart_is_drawn(kind: str, metrics: list[str], dimensions: list[str]) -> None:
    drawn = shown(kind=kind, metrics=metrics, dimensions=dimensions)
    assert (drawn.state, drawn.error) == ("drawn", "")
    assert drawn.tables[0].rows
    assert drawn.figure is not None
    assert bool(drawn.figure["data"]) == (kind not in ("table", "number"))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"metrics": ["tickets_sold"], "dimensions": ["gate"]}, "Tickets sold cannot be split by gate"),
        ({"kind": "line", "dimensions": ["channel"]}, "line needs a time first, channel is none"),
        ({"dimensions": ["currency"]}, "bars shows one currency: choose a table to have a row for each"),
        ({"kind": "heat", "dimensions": ["day"]}, "heat map needs 2 dimensions to split by, not 1"),
        ({"kind": "scatter", "metrics": ["tickets_sold"]}, "dots need two metrics, one across and one up"),
        (
            {"kind": "line", "metrics": ["tickets_sold", "net_revenue"]},
            "tickets sold and net revenue have different units: draw a table, or one of them",
        ),
        (
            {"kind": "donut", "metrics": ["customers"], "dimensions": ["channel"]},
            "customers cannot be added up: draw bars or lines",
        ),
        ({"metrics": ["ticket_sold"]}, "“ticket_sold” is no metric; did you mean “tickets_sold”?"),
        ({"dimensions": ["chanel"]}, "“chanel” is no dimension; did you mean “channel”?"),
        ({"kind": "table", "dimensions": ["day", "day"]}, "something is chosen twice"),
        (
            {"filters": [{"dimension": "channel", "at_least": 3}]},
            "Channel is no number: name its values",
        ),
        ({"limit": 0}, "Rows at most: must be at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(settings: dict[str, Any], complaint: str) -> None:
    drawn = shown(**settings)
    assert drawn.state == "invalid"
    assert complaint in drawn.error


def test_the_settings_become_one_question() -> None:
    settings = {
        "kind": "flat",
        "metrics": ["net_revenue"],
        "dimensions": ["ticket_type"],
        "filters": [
            {"dimension": "channel", "values": ["web", "app"]},
            {"dimension": "days_to_doors", "atLeast": 0, "below": 30},
        ],
        "top": 5,
        "span": "7d",
        "compare": "last_week",
    }
    asked = needs(Placed(id="a", widget="custom", settings=settings), SCOPE)["figures"]
    assert isinstance(asked, MetricQuery)
    assert asked.where == All(
        all=(
            In(dimension="channel", values=("web", "app")),
            Within(dimension="days_to_doors", at_least=0, below=30),
        )
    )
    assert (asked.metrics, asked.dimensions, asked.compare) == (
        ("net_revenue",),
        ("ticket_type",),
        "last_week",
    )
    assert asked.range.model_dump() == {"last": 7, "unit": "day"}
    assert asked.top is not None
    assert (asked.top.limit, asked.top.by, asked.top.other) == (5, "net_revenue", True)


@pytest.mark.parametrize("metrics", [["net_revenue"], ["tickets_sold"], ["tickets_sold", "net_revenue"]])
@pytest.mark.parametrize("dimensions", [["currency"], ["channel", "currency"]])
@pytest.mark.parametrize("widget", ["custom", "custom-query"])
def test_a_table_split_by_currency_has_a_row_for_each(
    widget: str, metrics: list[str], dimensions: list[str]
) -> None:
    asked = {"metrics": metrics, "dimensions": dimensions}
    settings = {"query": json.dumps(asked)} if widget == "custom-query" else {"kind": "table", **asked}
    placed = Placed(id="a", widget=widget, settings=settings)
    channels = ["web", "door"] if "channel" in dimensions else [None]
    columns = [Column(name, name.capitalize(), "text") for name in dimensions]
    columns += [
        Column(name, name, "metric", "money" if name == "net_revenue" else "tickets") for name in metrics
    ]
    rows = [
        (*([channel] if channel else []), code, *([7] * len(metrics)))
        for channel in channels
        for code in ("GBP", "EUR")
    ]
    answer = Answer(tuple(columns), rows, SCOPE.now, "Europe/London", total_rows=len(rows))
    drawn = draw(placed, SCOPE, {"figures": answer})
    text = markup(drawn.body)
    assert drawn.error == ""
    assert (text.count(">GBP<"), text.count(">EUR<")) == (len(channels), len(channels))
    assert "not added" not in text
    if dimensions == ["currency"]:
        assert "GBP" in drawn.summary
        assert "EUR" in drawn.summary
