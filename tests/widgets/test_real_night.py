"""Every widget with real answers of a real night, from the database to the frame."""

from datetime import UTC, datetime, timedelta

import pytest

from components.markup import markup
from components.widget_frame import frame
from data.access import Access
from data.board_document import Placed
from data.engine import Database
from data.needs import answer
from tests.conftest import Tenant
from tests.live.night import open_night
from widgets.draw import draw, needs
from widgets.registry import WIDGETS
from widgets.scope import Scope

HOLLOW = {"refunds", "refusals", "traffic-sources", "funnel", "no-shows", "top-customers", "new-customers"}
"""Widgets of what this night has not: refunds, refusals, visits, people with an account, open doors."""


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
def test_every_widget_draws_what_the_database_answers(
    database: Database, tenant: Tenant, masked: bool
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    night = open_night(database, tenant.tenant_id, tenant.venue_id, now + timedelta(hours=2))
    night.sell(5, now - timedelta(days=2), 2550)
    night.sell(4, now, 3000)
    night.enter(3, now)
    night.mention(2, now)
    scope = Scope(
        now=now + timedelta(seconds=1),
        zone="Europe/London",
        venue=tenant.venue_id,
        compare="previous_period",
        masked=masked,
    )
    placed = [Placed(id=name, widget=name, settings=widget.example) for name, widget in WIDGETS.items()]
    asked = {each.id: needs(each, scope) for each in placed}
    access = Access(tenant.tenant_id, "owner", masked=masked)
    with database.tenant(tenant.tenant_id, snapshot=True) as connection:
        flat = [need for own in asked.values() for need in own.values()]
        answers = iter(answer(connection, access, flat, scope.now))
    wrong, undrawn = {}, set()
    for each in placed:
        drawn = draw(each, scope, {name: next(answers) for name in asked[each.id]})
        if drawn.state not in ({"drawn", "empty", "masked"} if masked else {"drawn", "empty"}):
            wrong[each.id] = drawn.error
        if drawn.state == "empty":
            undrawn.add(each.id)
        if masked:
            assert "£" not in markup(frame(each, drawn, editable=False)), each.id
    assert wrong == {}
    assert undrawn <= HOLLOW
