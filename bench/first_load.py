"""What the first visit of Tonight costs on a 10 Mbit/s line: bytes, requests, and time to the first chart.

Cold is a browser that has never been here (signed in by its cookie only), warm one that comes back.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from bench.browser import chromium, sign_in
from bench.harness import MASTER_KEY, Server, print_machine, print_result, server
from bench.load import drive, request
from data import partitions
from data.demo_handover import Demo
from data.demo_house import VENUES
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.demo_programme import history_begins, rebuilt
from data.engine import Database
from data.keys import MasterKeys
from data.seed import seed_demo
from jobs.demo_messages import messages

BITS_PER_SECOND = 10_000_000
LATENCY_MS = 40
RUNS = 5
BATCH = 1_000
CHART = """(() => {
  const marks = '.js-plotly-plot .trace path, .js-plotly-plot path.js-line, .js-plotly-plot .point path';
  new MutationObserver((_, observer) => {
    if (!document.querySelector(marks)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.firstChart = performance.now(); }));
  }).observe(document, { childList: true, subtree: true });
})()"""


@dataclass(frozen=True)
class Visit:
    """One visit: times in ms since the navigation began; (address, bytes, from cache) of every request."""

    first_paint: float
    first_chart: float
    requests: tuple[tuple[str, int, bool], ...]

    @property
    def kilobytes(self) -> float:
        """What came over the line."""
        return sum(size for _, size, _ in self.requests) / 1000

    @property
    def over_the_line(self) -> int:
        """Requests that were not answered by the browser's own cache."""
        return sum(not cached for _, _, cached in self.requests)


def main() -> None:
    """Run it and print the result."""
    with server() as running, chromium() as browser:
        print_machine(running)
        publish_tonight(running)
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, running, DEMO_EMAIL, DEMO_PASSWORD)
        state = context.storage_state()
        context.close()
        cold, warm = [], []
        for _ in range(RUNS):
            context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)
            cold.append(visit(context, running))
            warm.append(visit(context, running))
            context.close()
    print(f"line: {BITS_PER_SECOND / 1e6:.0f} Mbit/s, {LATENCY_MS} ms, median of {RUNS} visits each")
    for name, size, cached in sorted(cold[0].requests, key=lambda one: -one[1]):
        if not cached:
            print(f"  {size / 1000:7.1f} kB  {name}")
    for name, visits in (("cold", cold), ("warm", warm)):
        paint, chart = (median([getattr(v, what) for v in visits]) for what in ("first_paint", "first_chart"))
        print(
            f"{name}: first paint {paint:.0f} ms, first chart {chart:.0f} ms,"
            f" {visits[0].kilobytes:.0f} kB in {visits[0].over_the_line} requests"
        )
    print_result(
        {
            "cold_kb": round(max(visit.kilobytes for visit in cold), 1),
            "cold_requests": max(visit.over_the_line for visit in cold),
            "cold_first_chart_ms": round(median([visit.first_chart for visit in cold])),
            "warm_first_chart_ms": round(median([visit.first_chart for visit in warm])),
        }
    )


def publish_tonight(running: Server) -> None:
    """The demo tenant with its night as it is at this moment, and nothing that goes on beside the visits."""
    now = datetime.now(UTC)
    partitions.ensure(running.database_url, history_begins(now.date()))
    database = Database(running.database_url, max_size=1, master=MasterKeys([MASTER_KEY]))
    try:
        with tempfile.TemporaryDirectory() as folder:
            demo = seed_demo(database, Path(folder), now)
    finally:
        database.close()
    bodies = _so_far(demo, now)
    requests = [
        request(
            "/api/v1/ingest/batch", b"\n".join(bodies[at : at + BATCH]), demo.token, "application/x-ndjson"
        )
        for at in range(0, len(bodies), BATCH)
    ]
    report = drive(running.port, requests, 1)
    print(f"data: the demo's night, {len(bodies):,} messages so far {report.statuses}; load: none")


def _so_far(demo: Demo, now: datetime) -> list[bytes]:
    evenings = [
        rebuilt(venue, ref, doors_at) for venue in VENUES for ref, doors_at in demo.events[venue.ref].items()
    ]
    tonight = [event for event in evenings if event.doors_at <= now < event.ends_at]
    return [message.body for event in tonight for message in messages(event) if message.at <= now]


def visit(context: BrowserContext, running: Server) -> Visit:
    """Open Tonight in a new tab over the slow line."""
    page = context.new_page()
    page.add_init_script(CHART)
    network = context.new_cdp_session(page)
    answers: dict[str, list[Any]] = {}
    network.on("Network.responseReceived", lambda event: _begin(answers, event, running))
    network.on("Network.requestServedFromCache", lambda event: _cached(answers, event))
    network.on("Network.loadingFinished", lambda event: _finish(answers, event))
    network.send("Network.enable")
    network.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BITS_PER_SECOND / 8,
            "uploadThroughput": BITS_PER_SECOND / 16,
        },
    )
    page.goto(f"{running.url}/", wait_until="commit")
    deadline = time.monotonic() + 60
    while not (chart := page.evaluate("window.firstChart")):
        if time.monotonic() > deadline:
            raise SystemExit("No chart appeared within a minute.")
        page.wait_for_timeout(50)
    page.wait_for_timeout(1500)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    page.close()
    requests = tuple((name, size, cached) for name, size, cached in answers.values())
    return Visit(float(paint), float(chart), requests)


def _begin(answers: dict[str, list[Any]], event: dict[str, Any], running: Server) -> None:
    response = event["response"]
    if response["url"].startswith(("data:", "blob:")):
        return
    cached = bool(response.get("fromDiskCache"))
    known = answers.get(event["requestId"])
    name = response["url"].removeprefix(running.url)[:90]
    answers[event["requestId"]] = [name, 0, cached or bool(known and known[2])]


def _cached(answers: dict[str, list[Any]], event: dict[str, Any]) -> None:
    answers[event["requestId"]] = ["", 0, True]


def _finish(answers: dict[str, list[Any]], event: dict[str, Any]) -> None:
    if event["requestId"] in answers and not answers[event["requestId"]][2]:
        answers[event["requestId"]][1] = int(event["encodedDataLength"])


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


if __name__ == "__main__":
    main()
