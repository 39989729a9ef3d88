"""The drawer of rows where they are of several venues: whose they are, and by which clock."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect

from data.board_document import Placed
from tests.browser.boards import enter, made, slot, visit
from tests.browser.conftest import Night, Watch


def at_the_pier(night: Night) -> None:
    """A second venue, in Nepal, and a ticket of a named type for its recital, sold now."""
    venue, event = uuid4(), uuid4()
    own = [night.tenant.tenant_id, venue]
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, 'The Pier', 'Asia/Kathmandu', 'USD')",
            own,
        )
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
            " VALUES (%s, %s, %s, 'Recital', now() + interval '1 day')",
            [*own, event],
        )
        connection.execute(
            "INSERT INTO ticket_types (tenant_id, venue_id, event_id, ticket_type, name)"
            " VALUES (%s, %s, %s, 'floor-final', 'Floor, final release')",
            [*own, event],
        )
        connection.execute(
            "INSERT INTO ticket_sales (tenant_id, venue_id, event_id, occurred_at, message_key, line, kind,"
            " ticket_type, quantity, amount_minor, tax_minor, currency, comp, admission)"
            " VALUES (%s, %s, %s, %s, %s, 0, 'sale', 'floor-final', 1, 2500, 0, 'USD', false, true)",
            [*own, event, datetime(2026, 11, 20, 21, 5, tzinfo=UTC), UUID(int=1)],
        )


def test_rows_of_several_venues_say_which_and_by_which_clock(page: Page, night: Night, watch: Watch) -> None:
    at_the_pier(night)
    night.post(
        type="ticket-purchase", ticketId="t", userId="u", amount="20.00", currency="GBP",
        timestamp=datetime(2026, 11, 20, 18, 30, tzinfo=UTC).isoformat(),
    )  # fmt: skip
    board = made(night, Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold"}, w=3, h=2))
    enter(page, night)
    visit(page, night, board, "?range=all")
    slot(page, "sold").locator(".w-more summary").click()
    page.get_by_role("button", name="Show the rows behind it").click()
    drawer = page.get_by_role("dialog", name="Lines of sale")
    expect(drawer.locator("thead th").nth(1)).to_have_text("Time zone")
    expect(drawer.locator("thead th").nth(2)).to_have_text("Venue")
    expect(drawer.locator("tbody tr").first).to_contain_text(
        "21 Nov 2026, 02:50:00Asia/KathmanduThe PierRecital"
    )
    expect(drawer.locator("tbody tr").first).to_contain_text("Floor, final release")
    expect(drawer.locator("tbody tr").nth(1)).to_contain_text("20 Nov 2026, 18:30:00Europe/London")
    expect(drawer.get_by_role("status")).to_contain_text(
        "2 rows, newest first · times in the zone of each row"
    )
    assert watch.complaints == []
