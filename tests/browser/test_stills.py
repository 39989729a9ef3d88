"""Boards on a wall, and what a promoter's link shows in a browser that has never been here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page, expect

from data.board_document import Placed
from data.dashboard_links import give_link
from tests.browser.boards import access, another, enter, made, visit
from tests.browser.conftest import Night, Watch, until

REVENUE = Placed(id="revenue", widget="kpi", settings={"metric": "net_revenue"}, w=3, h=2)
TICKETS = Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold"}, x=3, w=3, h=2, phone=1)
CURVE = Placed(
    id="curve", widget="sales-over-time", settings={"metric": "tickets_sold"}, x=6, w=6, h=4, phone=2
)
HOUSE = Placed(id="house", widget="house-count", y=2, w=3, h=4, phone=3)


def link(night: Night, board: UUID) -> str:
    """The address of a masked link to the night."""
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        _, token = give_link(
            tenant,
            access(night),
            board,
            "Promoter",
            filters={"event": str(night.event_id)},
            masked=True,
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
    return f"{night.site.url}/shared/{token}"


SOCKET = """() => new Promise((done) => {
    const socket = new WebSocket(`ws://${location.host}/api/v1/analytics/real-time/stream`);
    socket.onmessage = () => done('a message');
    socket.onclose = (event) => done(event.code);
})"""


def reached(context: BrowserContext, night: Night, board: UUID) -> dict[str, int]:
    """What this browser gets of everything that is not its own address: path → status."""
    paths = [
        "/api/v1/dashboards",
        f"/api/v1/dashboards/{board}",
        f"/api/v1/realtime/state/{night.event_id}",
        "/api/v1/annotations",
        "/api/v1/widgets",
        "/_dash-layout",
        "/tv",
        f"/dashboards/{board}",
    ]
    return {path: context.request.get(night.site.url + path, max_redirects=0).status for path in paths}


def test_a_promoter_sees_the_masked_board_and_nothing_else(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.sell("t1", "20.00")
    night.scan("t1")
    board = made(night, REVENUE, TICKETS, CURVE, HOUSE, name="For the promoter")
    address = link(night, board)
    with another(browser, watch) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("heading", name="For the promoter")).to_be_visible()
        page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
        expect(page.locator('[data-widget-id="sold"].widget .big-value')).to_have_text("1")
        expect(page.locator('[data-widget-id="revenue"].widget')).to_contain_text("Amounts are hidden")
        expect(page.locator('[data-widget-id="house"].widget [data-read="inside"]').first).to_have_text("1")
        assert "£" not in page.content()
        assert page.locator("a[href], form, nav").count() == 0
        assert watch.complaints == []
        # Its figures follow by asking for the same address again, and by nothing else.
        night.sell("t2", "20.00")
        page.evaluate("window.Housecount.still.turn()")
        expect(page.locator('[data-widget-id="sold"].widget .big-value')).to_have_text("2")
        asked = {url.removeprefix(night.site.url).partition("?")[0] for url in watch.requests}
        assert {path for path in asked if not path.startswith("/assets/")} == {
            address.removeprefix(night.site.url)
        }
        assert set(reached(context, night, board).values()) == {401, 302}
        assert page.evaluate(SOCKET) == 4401
        assert context.cookies() == []


def test_what_a_link_shows_is_taken_away_from_its_own_page(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.sell("t1", "20.00")
    address = link(night, made(night, REVENUE, TICKETS, name="For the promoter"))
    with another(browser, watch) as context:
        page = context.new_page()
        page.goto(address)
        menu = page.locator("details:has(> .export-menu)")
        for words, ending in (("Excel workbook", "xlsx"), ("PNG", "png")):
            menu.locator("summary").click()
            with page.expect_download() as coming:
                menu.get_by_role("button", name=words).click()
            assert coming.value.suggested_filename.startswith("housecount-for-the-promoter-last-30-days-20")
            assert coming.value.suggested_filename.endswith(f".{ending}")
        with page.expect_download() as coming:
            page.locator('[data-widget-id="sold"].widget summary').click()
            page.get_by_role("button", name="Download CSV").click()
        assert coming.value.suggested_filename.startswith(
            "housecount-for-the-promoter-tickets-sold-last-30-days-20"
        )
        assert page.get_by_text("Your downloads").count() == 0
        assert context.cookies() == []
        assert watch.complaints == []


def test_a_link_that_is_taken_back_closes_the_open_page(browser: Browser, night: Night) -> None:
    address = link(night, made(night, TICKETS))
    with another(browser, Watch()) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("[data-widget-id]").first).to_be_visible()
        with night.database.tenant(night.tenant.tenant_id) as tenant:
            tenant.execute(
                "UPDATE dashboard_links SET revoked_at = now() WHERE tenant_id = %s",
                [night.tenant.tenant_id],
            )
        page.evaluate("window.Housecount.still.turn()")
        expect(page.get_by_role("heading", name="This link shows nothing any more")).to_be_visible()


def test_boards_take_turns_on_a_wall_and_go_on_after_an_outage(
    page: Page, night: Night, watch: Watch
) -> None:
    doors, bar = made(night, HOUSE, name="Doors"), made(night, TICKETS, CURVE, name="Box office")
    night.scan("t1")
    enter(page, night)
    page.goto(f"{night.site.url}/tv?boards={doors},{bar}&every=1")
    expect(page).to_have_title("Doors · Housecount")
    expect(page.get_by_role("heading", name="Box office")).to_be_visible()
    expect(page).to_have_title("Box office · Housecount")
    expect(page.get_by_role("heading", name="Doors")).to_be_visible()
    expect(page).to_have_title("Doors · Housecount")
    # On a wall a board is live, too.
    page.evaluate("document.querySelector('[data-still]').dataset.every = '600'")
    expect(page.locator('[data-read="inside"]').first).to_have_text("1")
    page.wait_for_selector('[data-line="live"]')
    night.scan("t2")
    expect(page.locator('[data-read="inside"]').first).to_have_text("2")
    # Nobody sits there to download anything.
    expect(page.locator("[data-export]").first).to_be_hidden()
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [1440, 1440]
    assert watch.complaints == []
    page.context.set_offline(True)
    page.evaluate("window.Housecount.still.turn()")
    until(page, "window.Housecount.still.counted.failures > 0")
    page.context.set_offline(False)
    turned = page.evaluate("window.Housecount.still.counted.rotations")
    page.evaluate("window.Housecount.still.turn()")
    until(page, f"window.Housecount.still.counted.rotations > {turned}")


def test_a_board_on_a_wall_that_is_renamed_is_called_so(page: Page, night: Night) -> None:
    board = made(night, HOUSE, name="Doors")
    enter(page, night)
    page.goto(f"{night.site.url}/tv?boards={board}&every=600")
    expect(page).to_have_title("Doors · Housecount")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        tenant.execute(
            "UPDATE dashboards SET name = 'Foyer' WHERE tenant_id = %s AND dashboard_id = %s",
            [night.tenant.tenant_id, board],
        )
    page.evaluate("window.Housecount.still.turn()")
    expect(page.get_by_role("heading", name="Foyer")).to_have_attribute("title", "Foyer")
    expect(page).to_have_title("Foyer · Housecount")


FITS = """(house) => {
  const box = (selector) => house.querySelector(selector).getBoundingClientRect();
  const [ring, number, all] = [box('.ring-frame'), box('.ring-value'), house.getBoundingClientRect()];
  const lines = [...house.querySelectorAll('.zones > *')].map((line) => line.getBoundingClientRect());
  return number.width < 0.8 * ring.width && lines.length > 0
    && lines.every(({ top, bottom }) => top >= all.top && bottom <= all.bottom);
}"""


def test_on_a_low_wall_the_house_count_fits_its_ring_and_no_zone_is_cut(page: Page, night: Night) -> None:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        for zone in ("Standing", "Floor", "Balcony", "Boxes"):
            tenant.execute(
                "INSERT INTO zones (tenant_id, venue_id, zone, name, capacity) VALUES (%s, %s, %s, %s, 500)",
                [night.tenant.tenant_id, night.tenant.venue_id, zone.lower(), zone],
            )
    for number in range(3):
        night.scan(f"in-{number}")
    board = made(night, Placed(id="house", widget="house-count", w=4, h=3))
    enter(page, night)
    visit(page, night, board)
    house = page.locator('#react-entry-point [data-widget-id="house"] .house')
    expect(house.locator(".ring-value")).to_have_text("3")
    house.locator(".ring-value").evaluate("number => { number.textContent = '12,345'; }")
    assert house.evaluate(FITS)
