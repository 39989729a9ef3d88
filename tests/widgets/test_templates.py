"""Templates on a real night: everything on them is answered and drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.access import Access
from data.board_document import Placed
from data.board_templates import TEMPLATES, Template
from data.engine import Database
from data.metric_query import DaysToDoors, Last, MetricQuery, Named, Range
from data.needs import answer
from tests.conftest import Tenant
from tests.live.night import open_night
from widgets.draw import draw, needs
from widgets.scope import Scope
from widgets.scope_url import read


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize("found", TEMPLATES.values(), ids=list(TEMPLATES))
def test_every_widget_of_a_template_is_drawn_or_says_why_it_is_empty(
    database: Database, tenant: Tenant, found: Template, masked: bool
) -> None:
    now = datetime.now(UTC)
    night = open_night(database, tenant.tenant_id, tenant.venue_id, now)
    night.sell(5, now)
    night.enter(3, now)
    night.mention(2, now)
    look, misread = read({}, base=found.document.filters)
    assert misread == ()
    scope = Scope(
        now=now + timedelta(seconds=1),
        zone="Europe/London",
        range=look.range or Last(last=30),
        compare=look.compare,
        venue=tenant.venue_id,
        event=night.event_id if found.name in ("tonight", "promoter") else None,
        masked=masked,
    )
    asked = {placed.id: needs(placed, scope) for placed in found.document.widgets}
    flat = [need for own in asked.values() for need in own.values()]
    access = Access(tenant.tenant_id, "owner", masked=masked)
    with database.tenant(tenant.tenant_id, snapshot=True) as connection:
        answers = iter(answer(connection, access, flat, scope.now))
    states: dict[str, tuple[str, str]] = {}
    for placed in found.document.widgets:
        drawn = draw(placed, scope, {name: next(answers) for name in asked[placed.id]})
        states[f"{placed.widget} {placed.id}"] = (drawn.state, drawn.error)
    allowed = {"drawn", "empty", "masked"} if masked else {"drawn", "empty"}
    assert {name: said for name, said in states.items() if said[0] not in allowed} == {}
    assert sum(state == "drawn" for state, _ in states.values()) >= len(states) / 2 or masked


@pytest.mark.parametrize("span", [Named(named="all"), DaysToDoors(first=30)], ids=["all time", "to doors"])
def test_a_board_of_a_range_without_an_earlier_one_compares_with_nothing(span: Range) -> None:
    scope = Scope(now=datetime.now(UTC), range=span, compare="last_year")
    asked = [
        need
        for found in TEMPLATES.values()
        for placed in found.document.widgets
        for need in needs(placed, scope).values()
        if isinstance(need, MetricQuery) and need.range == span
    ]
    assert len(asked) > 30
    assert [need for need in asked if need.compare is not None] == []


def test_the_booking_curve_asks_for_the_way_to_the_doors_whatever_the_board_looks_at() -> None:
    scope = Scope(now=datetime.now(UTC), range=Last(last=7), compare="last_year")
    asked = needs(Placed(id="a", widget="booking-curve", settings={"days": 30}), scope)["curve"]
    assert isinstance(asked, MetricQuery)
    assert (asked.range, asked.compare) == (DaysToDoors(first=30, last=0), None)
