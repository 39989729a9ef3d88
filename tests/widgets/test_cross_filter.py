"""A click filters everything else, and nothing that was not clicked."""

from datetime import UTC, datetime

from data.board_document import Placed
from data.metric_query import All, In
from widgets.cross_filter import scope_for
from widgets.scope import Scope

CHANNEL = In(dimension="channel", values=("web",))
COUNTRY = In(dimension="country", values=("GB",))
BOTH = Scope(now=datetime(2026, 11, 20, tzinfo=UTC), where=All(all=(CHANNEL, COUNTRY)))
MIX = Placed(id="mix", widget="channel-mix")
CURVE = Placed(id="curve", widget="sales-over-time")


def test_the_widget_that_shows_the_clicked_value_keeps_its_neighbours() -> None:
    assert scope_for(MIX, BOTH, ["channel", "country"]).where == COUNTRY


def test_every_other_widget_is_filtered() -> None:
    assert scope_for(CURVE, BOTH, ["channel", "country"]) == BOTH


def test_a_filter_that_nobody_clicked_is_never_dropped() -> None:
    assert scope_for(MIX, BOTH, []) == BOTH
    assert scope_for(MIX, BOTH, ["country"]) == BOTH


def test_without_its_only_filter_a_widget_shows_all() -> None:
    alone = Scope(now=BOTH.now, where=CHANNEL)
    assert scope_for(MIX, alone, ["channel"]).where is None


def test_a_widget_that_is_not_there_is_left_to_the_drawing() -> None:
    assert scope_for(Placed(id="x", widget="no-such"), BOTH, ["channel"]) == BOTH
