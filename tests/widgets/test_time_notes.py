"""Notes stand on every time axis there is, at their place and once, and never as anything but words."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dash import dcc
from dash.development.base_component import Component

from data.board_document import Placed
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.needs import Notes
from data.noted import Noted
from exports.svg import picture
from widgets.draw import NOTES, Drawn, draw, needs
from widgets.figures import TimeAxis, figure
from widgets.registry import WIDGETS
from widgets.sample import sample_answer, sample_scope
from widgets.time_notes import notes_said, with_notes

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
SCOPE = sample_scope(NOW)
HOSTILE = "<b onload=alert(1)>\"A\" & 'B'</b>"
GRAINS = [name for name, each in DIMENSIONS.items() if each.seconds]
TIMES = [{"grain": grain} for grain in GRAINS]
NOT_ACROSS = {"calendar-heat", "distribution"}
"""Ask by time and have something else across: weeks as columns, values."""
CUSTOM: list[dict[str, Any]] = [
    {"kind": kind, "dimensions": [time, *more], "span": "90d", "limit": 5000}
    for time in GRAINS
    for kind, more in (
        ("line", ()),
        ("line", ("channel",)),
        ("area", ()),
        ("bar", ()),
        ("stacked", ("channel",)),
    )
]


def every_figure() -> Iterator[tuple[Placed, Drawn]]:
    """Each widget with the figures it can be set to, drawn with its samples and with notes on its time."""
    for widget in WIDGETS.values():
        for chosen in [widget.example, *TIMES, *(CUSTOM if widget.name == "custom" else [])]:
            try:
                widget.settings.model_validate(chosen)
            except ValueError:
                continue
            placed = Placed(id="one", widget=widget.name, settings=chosen)
            asked = needs(placed, SCOPE)
            answers = {name: sample_answer(need, SCOPE) for name, need in asked.items()}
            days = [NOW - timedelta(days=back, minutes=back) for back in (0, 0, 1, 9)]
            answers[NOTES] = [Noted(at, "The fire alarm", at.date()) for at in days]
            shown = draw(placed, SCOPE, answers)
            if shown.figure is not None:
                yield placed, shown


def is_over_time(placed: Placed) -> bool:
    """Whether the axis across is one of calendar time, by what is asked and not by how it looks."""
    asked = [need for name, need in needs(placed, SCOPE).items() if name != NOTES]
    timed = any(
        DIMENSIONS[name].seconds
        for need in asked
        if isinstance(need, MetricQuery)
        for name in need.dimensions
    )
    return (timed or placed.widget == "arrivals") and placed.widget not in NOT_ACROSS


def graphs(body: Component) -> list[dict[str, Any]]:
    found = [node for node in [body, *body._traverse()] if isinstance(node, dcc.Graph)]  # type: ignore[no-untyped-call]
    return [getattr(graph, "figure") for graph in found]  # noqa: B009


def test_every_time_axis_there_is_bears_notes_on_the_board_and_on_paper() -> None:
    over_time, grains = set(), set()
    for placed, shown in every_figure():
        assert shown.figure is not None
        if not is_over_time(placed):
            assert shown.figure["layout"].get("xaxis", {}).get("type") != "date", placed
            continue
        over_time.add(placed.widget)
        grains.add(shown.figure["layout"]["meta"]["time"]["grain"])
        said = [each.get("text", "") for each in shown.figure["layout"].get("annotations", [])]
        assert any(text.startswith("The fire alarm") for text in said), placed
        assert "Noted: " in shown.summary, placed
        assert graphs(shown.body) == [shown.figure], placed
        assert "The fire alarm" in picture(shown.figure, 600, 300), placed
        assert isinstance(needs(placed, SCOPE)[NOTES], Notes)
    assert over_time == {
        "arrivals",
        "custom",
        "door-flow",
        "new-customers",
        "refunds",
        "sales-over-time",
        "series-comparison",
    }
    assert grains >= set(GRAINS)


def on(times: list[Any], grain: str, zone: str = "Europe/London") -> dict[str, Any]:
    axis = TimeAxis(times, zone, grain)
    return figure([{"x": axis.xs}], margin={"t": 8}, xaxis=axis.axis(), meta=axis.meta())


def marks(drawn: dict[str, Any]) -> list[tuple[Any, str]]:
    layout = drawn["layout"]
    lines = [line["x0"] for line in layout.get("shapes", [])]
    words = layout.get("annotations", [])
    assert lines == [word["x"] for word in words]
    return [(word["x"], word["text"]) for word in words]


def noted(day: date, text: str = "Rain", hour: int = 12, **more: Any) -> Noted:
    return Noted(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), text, day, **more)


DAYS = [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)]


def test_a_note_stands_at_its_business_day_and_one_outside_nowhere() -> None:
    late = Noted(datetime(2026, 11, 19, 2, tzinfo=UTC), "Encore", date(2026, 11, 18))
    outside = [noted(DAYS[0] - timedelta(days=1)), noted(DAYS[-1] + timedelta(days=1))]
    drawn = with_notes(on(DAYS, "day"), [late, *outside])
    assert marks(drawn) == [("2026-11-18", "Encore")]
    assert drawn["layout"]["margin"]["t"] == 22
    assert notes_said(on(DAYS, "day"), [late, *outside]) == "Noted: Thu 19 Nov 02:00, Encore"


@pytest.mark.parametrize(
    ("grain", "buckets", "day", "place"),
    [
        ("week", [date(2026, 11, 9), date(2026, 11, 16)], date(2026, 11, 15), "2026-11-09"),
        ("week", [date(2026, 11, 9), date(2026, 11, 16)], date(2026, 11, 22), "2026-11-16"),
        ("month", [date(2026, 1, 1), date(2026, 2, 1)], date(2026, 1, 31), "2026-01-01"),
        ("month", [date(2026, 1, 1), date(2026, 2, 1)], date(2026, 2, 28), "2026-02-01"),
        ("quarter", [date(2026, 7, 1), date(2026, 10, 1)], date(2026, 12, 31), "2026-10-01"),
    ],
)
def test_a_note_stands_at_the_bucket_that_its_day_belongs_to(
    grain: str, buckets: list[date], day: date, place: str
) -> None:
    assert marks(with_notes(on(buckets, grain), [noted(day)])) == [(place, "Rain")]


def test_on_an_axis_of_hours_a_note_stands_at_its_minute_also_in_the_hour_an_autumn_night_has_twice() -> None:
    first = datetime(2026, 10, 24, 23, tzinfo=UTC)
    hours = [first + timedelta(hours=n) for n in range(4)]
    second_time = Noted(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Again", date(2026, 10, 24))
    last = Noted(datetime(2026, 10, 25, 2, 40, tzinfo=UTC), "Last", date(2026, 10, 24))
    after = Noted(datetime(2026, 10, 25, 3, tzinfo=UTC), "Over", date(2026, 10, 24))
    drawn = with_notes(on(hours, "hour"), [second_time, last, after])
    assert marks(drawn) == [(150, "Again"), (180, "Last")]
    assert drawn["layout"]["annotations"][0]["hovertext"] == "Sun 25 Oct 01:30 GMT: Again"


def test_many_notes_of_one_moment_are_one_mark_that_tells_the_first() -> None:
    drawn = with_notes(on(DAYS, "day"), [noted(DAYS[1], f"Note number {n} of many more") for n in range(40)])
    assert marks(drawn) == [("2026-11-18", "Note number 0 of ma… +39")]
    told = drawn["layout"]["annotations"][0]["hovertext"].split("<br>")
    assert told[0] == "Wed 18 Nov 12:00: Note number 0 of many more"
    assert told[-1] == "and 34 more"
    assert len(told) == 7


def test_what_a_note_says_is_never_markup_and_long_ones_are_told_in_lines() -> None:
    drawn = with_notes(on(DAYS, "day"), [noted(DAYS[1], HOSTILE), noted(DAYS[2], "w" * 500)])
    [hostile, long] = drawn["layout"]["annotations"]
    assert hostile["text"] == '&lt;b onload=alert(1)&gt;"A"…'
    assert hostile["hovertext"].endswith("&lt;b onload=alert(1)&gt;\"A\" &amp; 'B'&lt;/b&gt;")
    assert long["text"] == "w" * 23 + "…"
    assert max(len(line) for line in long["hovertext"].split("<br>")) <= 60
    assert long["hovertext"].count("w") == 500


def test_words_at_the_edges_of_a_chart_stay_in_it() -> None:
    drawn = with_notes(on(DAYS, "day"), [noted(day, "Line-up announced") for day in DAYS])
    assert [each["xanchor"] for each in drawn["layout"]["annotations"]] == ["left", "center", "right"]


def test_on_the_way_to_the_doors_of_one_event_a_note_stands_at_its_days() -> None:
    placed = Placed(id="one", widget="booking-curve")
    answers = {name: sample_answer(need, SCOPE) for name, need in needs(placed, SCOPE).items()}
    answers[NOTES] = [
        noted(DAYS[0], "Poster", days_to_doors=14),
        noted(DAYS[0], "Other"),
        noted(DAYS[0], days_to_doors=61),
    ]
    shown = draw(placed, SCOPE, answers)
    assert shown.figure is not None
    assert marks(shown.figure) == [(-14, "Poster")]


def test_a_figure_without_a_time_or_without_notes_is_left_alone() -> None:
    plain = figure([{"x": [1]}], meta={"filter": "channel"})
    assert with_notes(plain, [noted(DAYS[0])]) is plain
    dated = on(DAYS, "day")
    assert with_notes(dated, []) is dated
