"""Where nobody was scanned, nobody knows who stayed away."""

from __future__ import annotations

from datetime import UTC, datetime

from components.markup import markup
from data.answers import Answer, Column
from data.board_document import Placed
from tests.widgets.test_sums import SCOPE
from widgets.draw import draw

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
COLUMNS = (
    Column("event", "Event", "text"),
    Column("no_shows", "No-shows", "metric", "people"),
    Column("expected", "Expected", "metric", "people"),
    Column("show_rate", "Show rate", "metric", "percent"),
)


def test_an_event_without_a_scan_is_left_out_and_counted() -> None:
    rows = [("dark", 900, 900, 0.0), ("gala", 30, 300, 90.0), ("late", 5, 100, 95.0)]
    answers = {"events_missing": Answer(COLUMNS, rows, NOW, "UTC", total_rows=3), "events": []}
    drawn = draw(Placed(id="one", widget="no-shows", settings={"top": 1}), SCOPE, answers)
    text = markup(drawn.body)
    assert "10%" in text
    assert "100%" not in text
    assert "1 event without a scan left out." in text
    assert drawn.summary == (
        "30 people stayed away from 1 event, 10% of those expected. 1 event without a scan left out."
        " 1 of 2 events."
    )
    (table,) = drawn.tables
    assert [row[1] for row in table.rows] == [30]
