"""Somebody looks after the doors in a browser, at a desk and on a phone: from a refused message to a count,
and from a foreign name to the real event."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from data import event_moves
from data.event_matches import everyones
from data.keys import MasterKeys
from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, enter
from tests.browser.conftest import Night, Watch
from tests.conftest import MASTER_KEY

SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])


def fits(page: Page) -> bool:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return bool(wide == 0)


def sold(night: Night, event: UUID) -> int:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        row = tenant.execute(
            "SELECT sold FROM event_totals WHERE tenant_id = %s AND event_id = %s", [tenant.tenant_id, event]
        ).fetchone()
    return 0 if row is None else int(row[0])


@SCREENS
def test_a_refused_sale_is_found_mended_and_counted(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    night.sell("t1", "25.00")
    sale = {"id": "s2", "ticketId": "t2", "eventId": str(night.event_id), "amount": -30, "note": "<b>hi</b>"}
    answer = httpx.post(
        f"{night.site.url}/api/v1/ingest/sale", json=sale, headers={"Authorization": f"Bearer {night.token}"}
    )
    assert answer.status_code == 422
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        enter(page, night)
        page.goto(f"{night.site.url}/account")
        page.get_by_role("link", name="Sources").click()
        door = page.locator("[data-door=rest]")
        expect(door).to_contain_text("Receiving", timeout=30_000)
        link = door.get_by_role("link", name="1 refused messages of Messages and batches")
        expect(link).to_be_visible()  # It comes by itself: the page keeps itself fresh.
        assert fits(page)
        link.click()
        page.locator(".letter-link").click()
        expect(page.get_by_role("heading", name="An amount is negative")).to_be_visible()
        page.get_by_text("Edit and replay").click()
        text = page.get_by_label("The message as JSON")
        text.fill(text.input_value().replace("-30", "30.005"))
        page.get_by_role("button", name="Replay as edited").click()
        expect(page.get_by_role("alert")).to_contain_text("An amount is finer than its currency")
        text.fill(text.input_value().replace("30.005", "30"))
        page.get_by_role("button", name="Check only").click()
        expect(page.get_by_role("status")).to_contain_text("It would be taken")
        assert sold(night, night.event_id) == 1
        assert faults(page) == []
        page.get_by_role("button", name="Replay as edited").click()
        expect(page.get_by_role("status")).to_contain_text("It counts now.")
        expect(page.locator(".account-facts")).to_contain_text("Ada Byron, with changes")
        assert fits(page)
    assert sold(night, night.event_id) == 2
    assert len(watch.complaints) == 1, watch.complaints
    assert "status of 422" in watch.complaints[0], "the edit that was refused"


@SCREENS
def test_a_foreign_name_is_matched_to_the_real_event_and_taken_back(
    browser: Browser, night: Night, watch: Watch, postgres_url: str, screen: dict[str, object]
) -> None:
    for ticket in ("t1", "t2", "t3"):
        night.post(type="ticket-purchase", ticketId=ticket, amount=20, eventId="NORTHERN_LIGHTS")

    def worked() -> None:
        master = MasterKeys([MASTER_KEY])
        for tenant_id, event_id in everyones(night.database):
            while event_moves.work(postgres_url, master, tenant_id, event_id) is not None:
                pass

    with another(browser, watch, **screen) as context:
        page = context.new_page()
        enter(page, night)
        page.goto(f"{night.site.url}/sources")
        page.get_by_role("link", name="Unregistered").click()
        assert fits(page)
        page.get_by_role("link", name="NORTHERN_LIGHTS").click()
        page.get_by_label("Northern Lights").check()
        page.get_by_role("button", name="See what moves").click()
        expect(page.locator(".match-moves")).to_contain_text("3 tickets sold")
        expect(page.locator(".match-moves")).to_contain_text("£60.00 net")
        assert fits(page)
        page.get_by_role("button", name="Match and move").click()
        expect(page.get_by_text("Moving", exact=True)).to_be_visible()
        worked()
        expect(page.get_by_text("3 messages moved")).to_be_visible()  # The page looks again by itself.
        assert sold(night, night.event_id) == 3
        assert faults(page) == []
        page.get_by_role("button", name="Undo that NORTHERN_LIGHTS is Northern Lights").click()
        worked()
        expect(page.locator(".event-link")).to_contain_text("NORTHERN_LIGHTS")
        expect(page.locator(".match-row")).to_have_count(0)
    assert sold(night, night.event_id) == 0
    assert watch.complaints == []
