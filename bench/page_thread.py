"""CPU that the thread of a page took, from a trace of the browser: what it costs, whoever else is busy."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import Browser

Visit = TypeVar("Visit")
CATEGORIES = ["toplevel", "blink.user_timing"]
TASK = "ThreadControllerImpl::RunTask"
SECONDS = 30.0
"""How long the browser may take to hand its trace over."""


def traced(browser: Browser, visit: Callable[[], tuple[Visit, float]], url: str) -> tuple[Visit, float]:
    """What `visit` says first, and the CPU in ms that the page at `url` took until the moment it says second
    (in ms since the navigation began)."""
    session = browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    ended: list[object] = []
    session.on("Tracing.dataCollected", lambda batch: events.extend(batch["value"]))
    session.on("Tracing.tracingComplete", lambda last: ended.append(last))
    config = {"includedCategories": CATEGORIES, "recordMode": "recordAsMuchAsPossible"}
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
    said, moment = visit()
    session.send("Tracing.end")
    deadline = time.monotonic() + SECONDS
    while not ended and time.monotonic() < deadline:
        session.send("Browser.getVersion")  # Playwright hands events over while it waits for an answer.
    session.detach()
    return said, page_thread_ms(events, url, moment)


def page_thread_ms(events: list[dict[str, Any]], url: str, until: float) -> float:
    """CPU in ms of the tasks of a page's main thread that began within `until` ms of its navigation.

    Raises LookupError when the trace has no navigation to `url`."""
    starts = [event for event in events if event["name"] == "navigationStart" and _is_of(event, url)]
    if not starts:
        raise LookupError(f"no navigation to {url}")
    start = starts[-1]
    thread = (start["pid"], start["tid"])
    last = start["ts"] + 1000 * until
    tasks = (event for event in events if event["name"] == TASK and (event["pid"], event["tid"]) == thread)
    spent: float = sum(task.get("tdur", 0) for task in tasks if start["ts"] <= task["ts"] < last)
    return spent / 1000


def _is_of(event: dict[str, Any], url: str) -> bool:
    return bool(event.get("args", {}).get("data", {}).get("documentLoaderURL") == url)
