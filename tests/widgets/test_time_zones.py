"""Times on the screen: by the clock of each row's venue, with its zone where there are several."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from components.widget_frame import inside
from data.answers import Answer, Column
from data.board_document import Placed
from exports.compose import spoken
from widgets.draw import Drawn, draw
from widgets.scope import Scope
from widgets.tables import cells, from_answer
from widgets.time_zones import heading, sentence
from widgets.widget import Table

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCOPE = Scope(now=NOW, currency="GBP")
DAY = Column("day", "Day", "time")
HOUR = Column("hour", "Hour", "time")
EVENT = Column("event", "Event", "text")
SOLD = Column("tickets_sold", "Tickets sold", "metric", "tickets")
ZONE = Column("time_zone", "Time zone", "text")
AT_SIX = datetime(2026, 11, 20, 18, tzinfo=UTC)
ZONES = {"event": {"1": "Europe/London", "2": "America/New_York", "3": "Asia/Kathmandu"}}
HOURS = Answer(
    (EVENT, HOUR, SOLD),
    [("1", AT_SIX, 4), ("2", AT_SIX, 3), ("3", AT_SIX, 2), (None, AT_SIX, 1)],
    NOW,
    "",
    names={"event": {"1": "Gala", "2": "Recital", "3": "Puja"}},
    zones=ZONES,
)


def event(name: str, zone: str, doors: datetime | None) -> dict[str, Any]:
    at = doors.isoformat() if doors else None
    return {
        "eventId": name, "name": name, "venueName": f"{name} house", "zone": zone, "status": "on_sale",
        "doorsAt": at, "startsAt": None, "sold": 1, "capacity": 10, "percentSold": 10.0, "revenue": [],
    }  # fmt: skip


GALA = event("Gala", "Europe/London", datetime(2026, 11, 20, 19, 30, tzinfo=UTC))
RECITAL = event("Recital", "America/New_York", datetime(2026, 11, 21, 0, 30, tzinfo=UTC))
PUJA = event("Puja", "Asia/Kathmandu", datetime(2026, 11, 20, 18, 45, tzinfo=UTC))
UNDATED = event("Fair", "Asia/Kathmandu", None)


def events(*listed: dict[str, Any]) -> Drawn:
    return draw(Placed(id="a", widget="event-table", settings={"phase": "all"}), SCOPE, {"events": listed})


def rows_on_screen(drawn: Drawn) -> list[str]:
    return spoken(drawn.body).splitlines()


def test_the_list_of_events_has_the_day_and_zone_of_each_venue() -> None:
    drawn = events(GALA, RECITAL, PUJA)
    lines = rows_on_screen(drawn)
    assert "Time zone" in lines
    for name, day, zone in (
        ("Gala", "Fri 20 Nov", "Europe/London"),
        ("Recital", "Fri 20 Nov", "America/New_York"),
        ("Puja", "Sat 21 Nov", "Asia/Kathmandu"),
    ):
        at = lines.index(name)
        assert lines[at + 1 : at + 3] == [day, zone]
    titles = [getattr(node, "title", "") for node in drawn.body._traverse()]  # type: ignore[no-untyped-call]
    assert "Fri 20 Nov 19:30, America/New_York" in titles
    assert not any("UTC" in str(title) for title in titles)


def test_events_of_one_zone_need_no_column_of_it() -> None:
    drawn = events(PUJA, UNDATED)
    assert "Time zone" not in rows_on_screen(drawn)
    assert "Asia/Kathmandu" not in rows_on_screen(drawn)
    [table] = drawn.tables
    assert (table.zone, [column.name for column in table.columns][2:4]) == (
        "Asia/Kathmandu",
        ["doors", "status"],
    )
    assert cells(table)[0][2] == "Sat 21 Nov 00:30"
    assert json.loads(inside(drawn).table)["tables"][0]["times"] == "times in Asia/Kathmandu"


def test_the_table_view_has_the_times_of_each_venue_and_says_so() -> None:
    [table] = json.loads(inside(events(GALA, RECITAL, PUJA)).table)["tables"]
    assert table["times"] == "times in each venue's own zone"
    assert table["heads"][:4] == ["Event", "Venue", "Doors", "Time zone"]
    assert [row[2:4] for row in table["rows"]] == [
        ["Fri 20 Nov 19:30", "Europe/London"],
        ["Fri 20 Nov 19:30", "America/New_York"],
        ["Sat 21 Nov 00:30", "Asia/Kathmandu"],
    ]


def test_the_first_row_may_have_no_doors() -> None:
    [table] = events(replace_doors(GALA, None), RECITAL).tables
    assert next(column.kind for column in table.columns if column.name == "doors") == "time"


def replace_doors(of: dict[str, Any], doors: str | None) -> dict[str, Any]:
    return {**of, "doorsAt": doors}


def test_hours_of_events_are_those_of_each_ones_venue() -> None:
    table = from_answer(HOURS)
    assert table.columns == (EVENT, HOUR, ZONE, SOLD)
    assert [row[1:3] for row in cells(table)] == [
        ["Fri 20 Nov 18:00", "Europe/London"],
        ["Fri 20 Nov 13:00", "America/New_York"],
        ["Fri 20 Nov 23:45", "Asia/Kathmandu"],
        ["Fri 20 Nov 18:00", "UTC"],
    ]


def test_hours_of_events_that_all_are_in_one_zone_have_it_in_the_head() -> None:
    table = from_answer(replace(HOURS, rows=[("3", AT_SIX, 2)]))
    assert (table.columns, table.zone) == ((EVENT, HOUR, SOLD), "Asia/Kathmandu")
    assert cells(table)[0][1] == "Fri 20 Nov 23:45"


def test_a_table_of_ones_own_has_the_same_clocks() -> None:
    settings = {"kind": "table", "metrics": ["tickets_sold"], "dimensions": ["event", "hour"]}
    drawn = draw(Placed(id="a", widget="custom", settings=settings), SCOPE, {"figures": HOURS, "events": []})
    lines = rows_on_screen(drawn)
    for zone, at in (("America/New_York", "Fri 20 Nov 13:00"), ("Asia/Kathmandu", "Fri 20 Nov 23:45")):
        assert lines[lines.index(zone) - 1] == at


@pytest.mark.parametrize(
    ("columns", "zone", "head", "said"),
    [
        ((DAY, SOLD), "", "each venue's own days", "each venue's own days"),
        ((SOLD,), "", "each venue's own days", "each venue's own days"),
        ((HOUR, SOLD), "", "UTC; days are each venue's own", "times in UTC, each venue's own days"),
        ((DAY, SOLD), "Asia/Kathmandu", "Asia/Kathmandu", "times in Asia/Kathmandu"),
        (
            (HOUR, ZONE, SOLD),
            "",
            "each venue's own, in the column Time zone",
            "times in each venue's own zone",
        ),
    ],
)
def test_what_is_said_of_times(columns: tuple[Column, ...], zone: str, head: str, said: str) -> None:
    assert (heading(columns, zone), sentence(columns, zone)) == (head, said)


def test_a_moment_of_no_single_venue_names_utc() -> None:
    assert cells(Table((HOUR, SOLD), [(AT_SIX, 1)], 1))[0][0] == "Fri 20 Nov 18:00 UTC"
    assert cells(Table((DAY, SOLD), [(date(2026, 11, 20), 1)], 1))[0][0] == "Fri 20 Nov 2026"
