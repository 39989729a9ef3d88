"""How long from a POST to the pixel: a sale is posted, committed, published, pushed and painted.

In the page, the moment its WebSocket hands over the new figure and the moment after the frame in which
the number changed are taken by the browser's own clock; it is the machine's clock, like that of the POST.
First on an idle server, then while 5,000 other messages a second arrive, some for the same event.
"""

import argparse
import http.client
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import msgspec
from playwright.sync_api import Page

from bench.browser import chromium, sign_in
from bench.evenings import past_evenings
from bench.harness import Server, Tenant, new_tenant, percentile, print_machine, print_result, server
from bench.load import Report, request, running
from data import partitions
from data.demo_house import HALL
from data.demo_programme import history_begins
from data.engine import Database
from jobs.demo_messages import messages

LOAD_PER_SECOND = 5_000
BATCH = 1_000
SAME_EVENT = 5
"""One in so many batches of the load holds scans at the event on the screen."""
REF = "on-the-screen"
WATCH = """(() => {
  const wall = (at) => performance.timeOrigin + at;
  const seen = window.seen = { frames: [], pixels: [] };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...words) {
      super(...words);
      this.addEventListener('message', ({ data }) => {
        const at = wall(performance.now());
        const message = JSON.parse(data);
        const sales = message.type === 'sale-update' ? message.data : message.data && message.data.sales;
        if (sales) seen.frames.push([sales.sold, at]);
      });
    }
  };
  let shown = null;
  new MutationObserver(() => {
    const node = document.querySelector('#react-entry-point [data-read="sold"]');
    if (!node || node.textContent === shown) return;
    shown = node.textContent;
    const sold = Number(shown.replaceAll(/[^0-9]/g, ''));
    // The next task after the next frame: by then the number has been painted.
    requestAnimationFrame(() => setTimeout(() => seen.pixels.push([sold, wall(performance.now())])));
  }).observe(document, { childList: true, subtree: true, characterData: true });
})()"""


@dataclass(frozen=True)
class Sample:
    """Milliseconds from the POST's first byte to the frame, the pixel and the POST's own answer."""

    frame: float
    pixel: float
    answer: float


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-live", description=__doc__)
    parser.add_argument("--posts", type=int, default=120, help="sales to follow, idle and under load each")
    options = parser.parse_args()
    with server() as live, chromium() as browser:
        print_machine(live)
        partitions.ensure(live.database_url, history_begins(datetime.now(UTC).date()))
        tenant = new_tenant(live)
        event_id = open_night(live, tenant)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        sign_in(page, live, tenant.email, tenant.password)
        page.goto(f"{live.url}/?event={event_id}")
        until_live(page)
        posts = itertools.count(1)
        follow(live, tenant, page, posts, 10)  # Warm connections, plans and the page.
        idle = follow(live, tenant, page, posts, options.posts)
        say("idle", idle)
        seconds = options.posts * 0.45 + 10
        with running(live.port, list(load(tenant, seconds)), 4, LOAD_PER_SECOND / BATCH) as job:
            time.sleep(3)
            loaded = follow(live, tenant, page, posts, options.posts)
            report = job.result()
    rate = check(report)
    say(f"while {rate:,.0f} messages/s arrive", loaded)
    print_result(
        {
            "pixel_p95_ms_idle": round(percentile([s.pixel for s in idle], 95), 1),
            "pixel_p95_ms_loaded": round(percentile([s.pixel for s in loaded], 95), 1),
            "frame_p95_ms_loaded": round(percentile([s.frame for s in loaded], 95), 1),
            "loaded_messages_per_s": round(rate),
        }
    )


def open_night(live: Server, tenant: Tenant) -> UUID:
    """An event of the tenant whose doors opened an hour ago."""
    event_id = uuid4()
    now = datetime.now(UTC)
    database = Database(live.database_url, max_size=1)
    try:
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, status, doors_at,"
                " starts_at, ends_at, physical_capacity, sellable_capacity) SELECT tenant_id, venue_id, %s,"
                " %s, 'Bench night', 'on_sale', %s, %s, %s, 100000, 100000 FROM venues WHERE tenant_id = %s",
                [
                    event_id,
                    REF,
                    now - timedelta(hours=1),
                    now + timedelta(hours=1),
                    now + timedelta(hours=4),
                    tenant.tenant_id,
                ],
            )
    finally:
        database.close()
    return event_id


def until_live(page: Page) -> None:
    """Wait for the socket and the first chart."""
    page.wait_for_selector('#react-entry-point [data-line="live"]')
    page.wait_for_selector("#react-entry-point .js-plotly-plot .main-svg", state="attached")
    page.wait_for_timeout(1000)


def follow(live: Server, tenant: Tenant, page: Page, posts: Iterator[int], count: int) -> list[Sample]:
    """Post sales one after the other, at uneven intervals, and follow each to the screen."""
    random = Random(count)
    ahead = clock_difference(page)
    door = http.client.HTTPConnection("127.0.0.1", live.port)
    samples = []
    for _ in range(count):
        sold = next(posts)
        body = sale(sold)
        began = time.time()
        door.request(
            "POST",
            "/api/v1/ingest/sale",
            body,
            {"Authorization": f"Bearer {tenant.token}", "Content-Type": "application/json"},
        )
        answer = door.getresponse()
        answer.read()
        answered = time.time()
        if answer.status != 202:
            raise SystemExit(f"The server answered {answer.status}.")
        frame = _arrival(page, "frames", sold)
        pixel = _arrival(page, "pixels", sold)
        samples.append(
            Sample(frame - ahead - 1000 * began, pixel - ahead - 1000 * began, 1000 * (answered - began))
        )
        time.sleep(random.uniform(0.1, 0.4))
    door.close()
    return samples


def _arrival(page: Page, kind: str, sold: int) -> float:
    """The page's time in ms at which it first had this many tickets."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = page.evaluate(f"(window.seen.{kind}.find(([sold]) => sold >= {sold}) || [])[1]")
        if found is not None:
            return float(found)
        time.sleep(0.02)
    raise SystemExit(f"The page never showed {sold} tickets ({kind}).")


def clock_difference(page: Page) -> float:
    """By how many ms the page's clock is ahead of ours, from the quickest of some questions."""
    best = (float("inf"), 0.0)
    for _ in range(20):
        before = time.time()
        theirs = page.evaluate("performance.timeOrigin + performance.now()")
        after = time.time()
        best = min(best, (after - before, theirs - 500 * (before + after)))
    return best[1]


def sale(number: int) -> bytes:
    """One ticket for the event on the screen."""
    return msgspec.json.encode(
        {
            "id": f"sale {number}",
            "venueId": HALL.ref,
            "eventId": REF,
            "ticketId": f"{REF}/{number}",
            "amount": "32.50",
            "currency": "GBP",
            "timestamp": datetime.now(UTC).isoformat(),
        }
    )


def load(tenant: Tenant, seconds: float) -> Iterator[bytes]:
    """Batches for so many seconds: evenings of the past, and every fifth the event on the screen."""
    others = (message.body for event in past_evenings(120) for message in messages(event))
    scans = (scan(number) for number in itertools.count(1))
    for number in range(round(seconds * LOAD_PER_SECOND / BATCH)):
        source = scans if number % SAME_EVENT == 0 else others
        bodies = b"\n".join(itertools.islice(source, BATCH))
        yield request("/api/v1/ingest/batch", bodies, tenant.token, "application/x-ndjson")


def scan(number: int) -> bytes:
    """Somebody enters the event on the screen."""
    return msgspec.json.encode(
        {
            "id": f"scan {number}",
            "type": "ticket-scan",
            "venueId": HALL.ref,
            "eventId": REF,
            "ticketId": f"{REF}/guest {number}",
            "entryPoint": "ABCDE"[number % 5],
            "direction": "entry",
            "scannedAt": (datetime.now(UTC) - timedelta(seconds=number % 3000)).isoformat(),
        }
    )


def check(report: Report) -> float:
    """Messages/s of the load. Stops the benchmark when any batch was refused."""
    if set(report.statuses) != {202}:
        raise SystemExit(f"The server answered the load with {report.statuses}.")
    return sum(report.statuses.values()) * BATCH / report.seconds


def say(title: str, samples: Sequence[Sample]) -> None:
    """p50, p95 and p99 of every stage."""
    print(f"{title}, {len(samples)} sales, ms from the POST (p50 / p95 / p99):")
    for name in ("answer", "frame", "pixel"):
        values = [getattr(sample, name) for sample in samples]
        shown = " / ".join(f"{percentile(values, percent):.0f}" for percent in (50, 95, 99))
        print(f"  {name:7} {shown}")


if __name__ == "__main__":
    main()
