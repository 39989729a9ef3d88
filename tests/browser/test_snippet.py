"""A shop's page on an origin of its own, in a browser: what it sends, and for whom it sends nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from data import sites
from tests.browser.conftest import PATIENCE, Night

PAGE = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<main data-hc-event="{event}"><a id="on" href="/other">on</a>
<button id="add" data-hc-cart="Product Added" data-hc-ticket="stalls" data-hc-quantity="2"
 data-hc-price="42.50" data-hc-currency="GBP"><b>Add</b></button></main>
<script async src="{host}/snippet/v1.js" data-site="{key}"></script>"""
OPTED_OUT = "Object.defineProperty(Navigator.prototype, '{name}', {{get: () => {value}}})"
NO_BEACON = "Navigator.prototype.sendBeacon = () => false"


@pytest.fixture
def shop(night: Night) -> Iterator[str]:
    """A web server with the shop's pages, at http://127.0.0.1; at http://localhost it is no site of ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.server.page)  # type: ignore[attr-defined]

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{server.server_port}"
    with night.database.tenant(night.tenant.tenant_id) as own:
        made = sites.add(own, night.tenant.venue_id, "shop", [origin])
    key = sites.key_of(night.tenant.tenant_id, made)
    page = PAGE.format(event=f"n-{night.event_id}", host=night.site.url, key=key)
    server.page = page.encode()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield origin
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been there."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def rows(night: Night, query: str) -> list[tuple[Any, ...]]:
    with night.database.tenant(night.tenant.tenant_id) as own:
        return own.execute(query).fetchall()


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def paths(night: Night) -> list[str]:
    return [path for (path,) in rows(night, "SELECT path FROM page_views ORDER BY occurred_at")]


def ready(page: Page, address: str) -> None:
    """The page, and the snippet in it."""
    page.goto(address)
    page.wait_for_function("!!window.housecount")


def test_pages_and_carts_of_a_shop_arrive_once(night: Night, shop: str, visit: BrowserContext) -> None:
    page = visit.new_page()
    ready(page, f"{shop}/gala?utm_source=mail&utm_campaign=spring&token=secret")
    page.locator("#add b").click()
    page.evaluate("history.pushState({}, '', '/gala/seats?a=1')")
    page.evaluate("history.pushState({}, '', '/gala/seats?a=2')")
    page.evaluate("history.back()")
    page.evaluate("housecount('Checkout Started', {products: [{quantity: 3, price: 1}], currency: 'GBP'})")
    until(lambda: len(rows(night, "SELECT 1 FROM cart_updates")) == 2 and len(paths(night)) == 2)
    page.wait_for_timeout(1_000)
    assert rows(
        night, "SELECT path, source, campaign, referrer, event_id FROM page_views ORDER BY occurred_at"
    ) == [
        ("/gala", "mail", "spring", None, night.event_id),
        # A number is what this shop's host is called by, and such a one is never kept.
        ("/gala/seats", None, None, f"{shop.replace('127.0.0.1', '(address removed)')}/gala", night.event_id),
    ]
    assert rows(night, "SELECT quantity, value_minor FROM cart_updates ORDER BY 1") == [(2, 8500), (3, 300)]
    one = "SELECT count(DISTINCT who) FROM (SELECT visitor who FROM page_views UNION SELECT customer FROM"
    assert rows(night, f"{one} cart_updates) one") == [(1,)]
    assert visit.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


@pytest.mark.parametrize("beacons", [True, False], ids=["beacon", "fetch"])
def test_what_waits_is_sent_when_the_page_is_left(
    night: Night, shop: str, visit: BrowserContext, beacons: bool
) -> None:
    if not beacons:
        visit.add_init_script(NO_BEACON)
    # Nothing is sent after a while: what arrives was sent on leaving.
    visit.add_init_script("window.setTimeout = () => 1")
    page = visit.new_page()
    page.goto(f"{shop}/gala")
    until(lambda: bool(page.evaluate("!!window.housecount")))
    time.sleep(1)
    assert paths(night) == []
    page.goto("about:blank")
    until(lambda: paths(night) == ["/gala"])
    page.goto(f"{shop}/again")
    until(lambda: bool(page.evaluate("!!window.housecount")))
    page.close(run_before_unload=True)
    until(lambda: paths(night) == ["/gala", "/again"])


@pytest.mark.parametrize(
    ("name", "value"), [("globalPrivacyControl", "true"), ("doNotTrack", "'1'"), ("doNotTrack", "null")]
)
def test_who_asks_not_to_be_tracked_sends_nothing_at_all(
    night: Night, shop: str, visit: BrowserContext, name: str, value: str
) -> None:
    visit.add_init_script(OPTED_OUT.format(name=name, value=value))
    page = visit.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ready(page, f"{shop}/gala")
    page.locator("#add").click()
    page.evaluate("housecount('Cart Viewed', {products: []})")
    page.locator("#on").click()
    page.wait_for_timeout(1_500)
    sent = [url for url in asked if "/api/" in url]
    assert bool(sent) == (value == "null")
    assert bool(paths(night)) == (value == "null")


def test_pages_of_another_origin_are_refused(night: Night, shop: str, visit: BrowserContext) -> None:
    visit.add_init_script(NO_BEACON)
    page = visit.new_page()
    with page.expect_console_message(lambda said: "CORS policy" in said.text) as refused:
        ready(page, f"{shop.replace('127.0.0.1', 'localhost')}/gala")
    assert "/api/v1/batch" in refused.value.text
    assert rows(night, "SELECT 1 FROM page_views") == []
