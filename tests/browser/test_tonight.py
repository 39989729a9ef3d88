"""What a manager does and sees on the night, in a real browser against the real application."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from data.access import Access
from data.notes import add_note
from tests.browser.conftest import PASSWORD, Night, Watch, sign_in, until, until_live


def reading(page: Page, name: str) -> Any:
    """An expectation about one number on the board."""
    return expect(page.locator(f'#react-entry-point [data-read="{name}"]').first)


def pill(page: Page) -> Any:
    return expect(page.locator("#react-entry-point .pill-text"))


def test_a_manager_signs_in_and_sees_the_night_without_a_complaint(
    page: Page, night: Night, watch: Watch
) -> None:
    night.scan("t1")
    page.goto(night.site.url)
    expect(page).to_have_url(re.compile("/login$"))
    page.get_by_label("E-mail").fill(night.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("E-mail, password or code is not right.")
    watch.complaints.clear()  # The browser itself remarks on the 401.
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    until_live(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Northern Lights")
    reading(page, "inside").to_have_text("1")
    reading(page, "phase").to_have_text("Doors open")
    expect(page.locator("#first-paint")).to_have_count(0)
    assert watch.complaints == []


def test_the_first_paint_has_the_figures_before_any_script_has_run(
    browser: Browser, page: Page, night: Night, context: BrowserContext
) -> None:
    night.scan("t1")
    sign_in(page, night)
    bare = browser.new_context(java_script_enabled=False)
    bare.add_cookies(context.cookies())  # type: ignore[arg-type]
    still = bare.new_page()
    still.goto(night.site.url)
    expect(still.locator('#first-paint [data-read="inside"]')).to_have_text("1")
    expect(still.locator("#first-paint h1")).to_be_visible()
    bare.close()


def test_a_posted_scan_and_a_sale_arrive_on_the_page(page: Page, night: Night, watch: Watch) -> None:
    sign_in(page, night)
    reading(page, "inside").to_have_text("0")
    night.scan("t1")
    reading(page, "inside").to_have_text("1")
    reading(page, "entered").to_have_text("1")
    expect(page.locator('#react-entry-point [data-list="gates"] th').first).to_have_text("A")
    night.sell("t2", "12.50")
    reading(page, "sold").to_have_text("1")
    reading(page, "revenue").to_have_text("£13")
    revenue = page.locator('#react-entry-point [data-read="revenue"]')
    expect(revenue).to_have_attribute(
        "title", re.compile(r"^£12\.50 GBP net .* as of \d\d:\d\d:\d\d Europe/London$")
    )
    expect(page.locator('#react-entry-point [data-list="feed"] li').first).to_contain_text("Sold 1 × ticket")
    bars = "document.querySelector('#react-entry-point .js-plotly-plot').data[0].y.reduce((a, b) => a + b, 0)"
    until(page, f"{bars} === 1")
    assert watch.complaints == []


def test_the_banner_appears_when_the_house_fills_up_and_is_announced(page: Page, night: Night) -> None:
    sign_in(page, night)
    banner = page.locator('#react-entry-point [data-subject="capacity"]')
    for number in range(7):
        night.scan(f"t{number}")
    reading(page, "inside").to_have_text("7")
    expect(banner).to_have_count(0)
    night.scan("t7")
    expect(banner).to_contain_text("House filling up. 8 of 10 inside, 80%.")
    expect(page.locator("#announcer")).to_contain_text("House filling up.")
    for number in range(8, 11):
        night.scan(f"t{number}")
    expect(banner).to_contain_text("House over capacity. 11 of 10 inside, 1 too many.")
    expect(banner).to_have_class("banner over")
    expect(page.locator("#announcer")).to_contain_text("House over capacity.")
    expect(page.locator('#react-entry-point [data-meter="house"]')).to_have_class("ring-frame over")


def test_the_page_survives_the_loss_of_the_network(page: Page, context: BrowserContext, night: Night) -> None:
    sign_in(page, night)
    context.set_offline(True)
    pill(page).to_have_text("Offline")
    night.scan("t1")
    reading(page, "inside").to_have_text("0")
    context.set_offline(False)
    pill(page).to_have_text("Live")
    reading(page, "inside").to_have_text("1")


def test_the_page_survives_a_restart_of_the_server(page: Page, night: Night) -> None:
    sign_in(page, night)
    night.scan("t1")
    reading(page, "inside").to_have_text("1")
    night.site.stop()
    try:
        pill(page).to_have_text(re.compile("Reconnecting|Offline"))
    finally:
        night.site.start()
    night.scan("t2")
    pill(page).to_have_text("Live", timeout=20_000)
    reading(page, "inside").to_have_text("2")


def test_where_sockets_are_blocked_the_page_polls_and_says_so(page: Page, night: Night) -> None:
    def refuse(socket: WebSocketRoute) -> None:
        socket.close(code=1013)

    page.route_web_socket(re.compile("/real-time/stream$"), refuse)
    page.goto(f"{night.site.url}/login")
    page.get_by_label("E-mail").fill(night.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    pill(page).to_have_text("Polling")
    night.scan("t1")
    reading(page, "inside").to_have_text("1")
    assert page.locator("html[data-stale]").count() == 0


def test_old_figures_are_dimmed_and_say_since_when(page: Page, night: Night, context: BrowserContext) -> None:
    page.clock.install()
    sign_in(page, night)
    context.set_offline(True)
    pill(page).to_have_text("Offline")
    page.clock.fast_forward(20_000)
    note = page.locator("#react-entry-point [data-stale-note]")
    expect(note).to_have_text(
        re.compile(r"^Not refreshed since \d\d:\d\d\. This device has no network; trying again\.$")
    )
    assert page.locator("html[data-stale]").count() == 1


def test_the_arrivals_chart_keeps_the_notes_of_the_night_as_it_grows(page: Page, night: Night) -> None:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        ada = Access(night.tenant.tenant_id, "manager")
        at = datetime.now(UTC) - timedelta(minutes=10)
        add_note(tenant, ada, text="Queue at gate A", at=at, event=night.event_id)
    sign_in(page, night)
    chart = page.locator("#react-entry-point #arrivals .js-plotly-plot")
    expect(chart).to_contain_text("Queue at gate A")
    night.scan("t1")
    until(
        page, "Boolean(document.querySelector('#react-entry-point #arrivals .js-plotly-plot').dataset.span)"
    )
    expect(chart).to_contain_text("Queue at gate A")
    assert chart.evaluate("chart => chart.layout.shapes.length === chart.layout.annotations.length")
    expect(chart).to_contain_text("Doors")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out(browser: Browser, night: Night, watch: Watch, theme: str) -> None:
    for number in range(9):
        night.scan(f"t{number}")
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
    )
    watch.over(context)
    page = context.new_page()
    sign_in(page, night)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    too_wide = """() => [...document.querySelectorAll('#react-entry-point .main *')]
        .filter((node) => !node.closest('svg, .bar') && node.getBoundingClientRect().right > 391)
        .map((node) => node.className)"""
    assert page.evaluate(too_wide) == []
    cut_off = """() => [...document.querySelectorAll('#react-entry-point .kpi-value')].filter((value) => {
        value.firstChild.textContent = '12,357';
        value.lastChild.textContent = ' / 12,400';
        return value.scrollWidth > value.clientWidth;
    }).length"""
    assert page.evaluate(cut_off) == 0
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Gates").tap()
    expect(page.get_by_role("heading", name="Gates")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
    context.close()
    assert watch.complaints == []
    assert watch.elsewhere(night.site) == []


def test_another_event_is_a_click_away_and_the_socket_follows(page: Page, night: Night) -> None:
    second = Night(night.site, night.database, night.tenant, night.email, night.token)
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, doors_at, status)"
            " VALUES (%s, %s, %s, %s, 'Late Club', now() + interval '2 days', 'on_sale')",
            [night.tenant.tenant_id, night.tenant.venue_id, second.event_id, f"n-{second.event_id}"],
        )
    sign_in(page, night)
    chooser = page.locator('#react-entry-point .filter[data-filter="event"]')
    chooser.locator("summary").focus()
    page.keyboard.press("Enter")
    menu = chooser.locator(".menu")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.keyboard.press("Enter")
    menu.get_by_role("link", name=re.compile("Late Club")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Late Club")
    expect(page).to_have_url(re.compile(f"event={second.event_id}"))
    second.scan("t1")
    reading(page, "inside").to_have_text("1")
    night.scan("t1")
    night.scan("t2")
    reading(page, "inside").to_have_text("1")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Northern Lights")
    reading(page, "inside").to_have_text("2")


def test_an_address_that_leads_nowhere_says_so_and_shows_the_way_back(
    page: Page, night: Night, watch: Watch
) -> None:
    sign_in(page, night)
    page.goto(f"{night.site.url}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="Go to tonight").click()
    until_live(page)
    page.goto(f"{night.site.url}/?event=somebody-elses")
    expect(page.locator("#react-entry-point h1")).to_have_text("This event is not here")
    assert watch.complaints == []


def test_an_ended_session_leads_back_to_the_sign_in(
    page: Page, context: BrowserContext, night: Night
) -> None:
    sign_in(page, night)
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE sessions SET expires_at = now() - %s WHERE tenant_id = %s",
            [timedelta(seconds=1), night.tenant.tenant_id],
        )
    context.set_offline(True)
    context.set_offline(False)  # The next handshake is refused with 4401.
    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Please sign in again.")


def test_signing_out_closes_the_board(page: Page, night: Night) -> None:
    sign_in(page, night)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/login"))
