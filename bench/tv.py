"""A day of TV mode in half an hour: whether the browser's memory grows while boards take turns on a wall.

Boards of the demo are turned by the bench every 0.6 s instead of every 30 s, so that 30 minutes are the
2,880 turns of a day, with the socket of a live night open. After a first minute, memory is measured twelve
times, each time after collecting garbage. `python -m bench.tv 3 1` takes 3 minutes with a turn a second.
"""

import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.sync_api import CDPSession, Page

from bench.browser import chromium, sign_in
from bench.first_load import publish_tonight
from bench.harness import Server, print_machine, print_result, server
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD

MINUTES, EVERY = (float(given) for given in (*sys.argv[1:3], *("30", "0.6")[len(sys.argv[1:3]) :]))
BOARDS = 4
WARM_UP_SECONDS = 60.0
TURNING = """(pause) => {
    const { counted, turn } = window.Housecount.still;
    const done = () => counted.rotations + counted.failures;
    let before = -1;
    setInterval(() => { if (done() !== before) { before = done(); turn(); } }, pause);
}"""
"""A turn that is under way is waited for: people's screens have five seconds for one at least."""
SAMPLES = 12
"""The first and the last three of them are compared."""


@dataclass(frozen=True)
class Sample:
    """The page at one moment: what its scripts hold, and what hangs on it."""

    turns: int
    heap_mb: float
    nodes: int
    listeners: int


def main() -> None:
    """Run it and print the result."""
    with server() as running, chromium() as browser:
        print_machine(running)
        publish_tonight(running)
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, running, DEMO_EMAIL, DEMO_PASSWORD)
        names = _show(page, running)
        print(f"boards: {', '.join(names)}, a turn every {EVERY:g} s, {MINUTES:g} minutes")
        network = context.new_cdp_session(page)
        samples = _watch(page, network)
        failures = int(page.evaluate("window.Housecount.still.counted.failures"))
    for sample in samples:
        held = f"{sample.heap_mb:6.1f} MB  {sample.nodes:6,} nodes  {sample.listeners:5,} listeners"
        print(f"{sample.turns:6,} turns  {held}")
    first, last = samples[: max(1, min(3, len(samples) // 2))], samples[-3:]
    print_result(
        {
            "heap_growth_mb": round(_heap(last) - _heap(first), 2),
            "heap_mb": round(_heap(last), 1),
            "node_growth": last[-1].nodes - first[0].nodes,
            "rotations": samples[-1].turns,
            "failures": failures,
            "errors": len(complaints),
            "minutes": MINUTES,
        }
    )


def _show(page: Page, running: Server) -> list[str]:
    """Put the first boards of the demo on the screen; their names."""
    answer = page.request.get(f"{running.url}/api/v1/dashboards")
    boards = answer.json()["dashboards"][:BOARDS]
    if len(boards) < 2:
        raise SystemExit("The demo has no boards that could take turns.")
    ids = ",".join(board["id"] for board in boards)
    page.goto(f"{running.url}/tv?boards={ids}&every=3600")
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    page.evaluate(TURNING, EVERY * 1000)
    return [str(board["name"]) for board in boards]


def _watch(page: Page, network: CDPSession) -> list[Sample]:
    """Measure at even distances until the time is over."""
    until = time.monotonic() + MINUTES * 60
    page.wait_for_timeout(min(WARM_UP_SECONDS, MINUTES * 60 / 4) * 1000)
    pause = max(2.0, (until - time.monotonic()) / SAMPLES)
    samples = [_measured(page, network)]
    while time.monotonic() + pause <= until:
        page.wait_for_timeout(pause * 1000)
        samples.append(_measured(page, network))
        print(f"{datetime.now(UTC):%H:%M:%S} {samples[-1].turns:,} turns, {samples[-1].heap_mb:.1f} MB")
    return samples


def _measured(page: Page, network: CDPSession) -> Sample:
    network.send("HeapProfiler.collectGarbage")
    heap = network.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    counters = network.send("Memory.getDOMCounters")
    turns = int(page.evaluate("window.Housecount.still.counted.rotations"))
    return Sample(turns, heap, counters["nodes"], counters["jsEventListeners"])


def _heap(samples: list[Sample]) -> float:
    return statistics.median(sample.heap_mb for sample in samples)


if __name__ == "__main__":
    main()
