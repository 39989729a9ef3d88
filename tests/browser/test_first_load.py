"""What the first visit costs, and the hooks into Dash's own scripts that keep it small."""

import re
from typing import Any

from playwright.sync_api import Browser, Page, Response, expect
from plotly.offline import get_plotlyjs_version  # type: ignore[import-untyped]

from tests.browser.conftest import Night, Watch, sign_in, until_live

MOST_BYTES = 800_000
MOST_REQUESTS = 20
TEMPLATE = """() => document.querySelector('#react-entry-point .js-plotly-plot').layout.template"""


def test_the_charts_take_their_template_from_the_page_and_follow_the_theme(page: Page, night: Night) -> None:
    """Holds what assets/theme.js and assets/boot.js rely on inside dcc and Dash's renderer."""
    figures: list[str] = []

    def keep(response: Response) -> None:
        if "/_dash-update-component" in response.url:
            figures.append(response.text())

    page.on("response", keep)
    sign_in(page, night)
    assert page.evaluate("Plotly.version") == get_plotlyjs_version()
    assert [text for text in figures if '"template"' in text] == []
    light: Any = page.evaluate("Housecount.templates.light")
    dark: Any = page.evaluate("Housecount.templates.dark")
    assert page.evaluate(TEMPLATE)["layout"]["colorway"] == light["layout"]["colorway"]
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(TEMPLATE)["layout"]["colorway"] == dark["layout"]["colorway"]
    page.reload()
    until_live(page)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(TEMPLATE)["layout"]["colorway"] == dark["layout"]["colorway"]


def test_the_first_visit_is_small_and_the_second_asks_for_no_script_again(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.scan("t1")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_in(page, night)
    cookies = context.cookies()
    context.close()

    fresh = browser.new_context(viewport={"width": 1440, "height": 900})
    fresh.add_cookies(cookies)  # type: ignore[arg-type]
    watch.over(fresh)
    page = fresh.new_page()
    network = fresh.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(night.site.url)
    until_live(page)
    assert sum(sizes) <= MOST_BYTES
    assert len(watch.requests) + 1 <= MOST_REQUESTS, watch.requests  # The socket is one more.
    assert not [url for url in watch.requests if "package_data" in url]
    assert len([url for url in watch.requests if "/_dash-component-suites/" in url]) == 1

    before = len(sizes)
    page.goto(night.site.url)
    until_live(page)
    assert sum(sizes[before:]) <= 40_000
    fresh.close()
    assert watch.complaints == []


def test_scripts_and_styles_come_compressed_and_may_be_kept(page: Page, night: Night) -> None:
    answers: dict[str, dict[str, str]] = {}
    page.on("response", lambda response: answers.update({response.url: response.headers}))
    sign_in(page, night)
    static = {
        url: h for url, h in answers.items() if re.search(r"/assets/.*\.(js|css)$|suites/.*\.v\d.*\.js$", url)
    }
    names = {url.rpartition("/")[2].partition(".v1m")[0] for url in static}
    assert names == {"app.css", "app.js", "plotly.js", "dash-renderer"}
    for url, headers in static.items():
        assert headers["content-encoding"] == "br", url
        assert "immutable" in headers["cache-control"], url
