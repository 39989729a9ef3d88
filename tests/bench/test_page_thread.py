"""What of a browser's trace counts as the work of the page."""

import pytest

from bench.page_thread import TASK, page_thread_ms

URL = "http://127.0.0.1:8050/dashboards/1"


def event(name: str, at: int, took: int = 0, tid: int = 1, url: str = URL) -> dict[str, object]:
    data = {"documentLoaderURL": url}
    return {"name": name, "pid": 7, "tid": tid, "ts": at, "tdur": took, "args": {"data": data}}


TRACE = [
    event("navigationStart", 500, url="about:blank"),
    event(TASK, 900, 50_000),
    event("navigationStart", 1_000),
    event(TASK, 2_000, 30_000),
    event(TASK, 3_000, 20_000, tid=2),
    event("Layout", 4_000, 10_000),
    event(TASK, 900_000, 5_000),
    event(TASK, 1_001_000, 70_000),
]


def test_tasks_of_the_pages_own_thread_count_until_the_moment() -> None:
    assert page_thread_ms(TRACE, URL, until=1_000.0) == 35.0
    assert page_thread_ms(TRACE, URL, until=500.0) == 30.0


def test_a_trace_without_the_visit_says_nothing() -> None:
    with pytest.raises(LookupError, match="dashboards/2"):
        page_thread_ms(TRACE, "http://127.0.0.1:8050/dashboards/2", until=1.0)
