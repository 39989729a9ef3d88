"""How many requests somebody may make: together by Redis, and alone while it is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from data.counters import Counters
from data.rates import Rate, Rates, Standing, TooManyRequests

KEY = "k" * 32
NOWHERE = "redis://127.0.0.1:1/0"
SLOW = Rate("caller", 4, 3600)


@pytest.fixture(params=["together", "alone"])
def counters(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str) -> Iterator[Counters]:
    url = redis_url if request.param == "together" else NOWHERE
    counters = Counters(url, f"{redis_prefix}-rates-{time.monotonic_ns()}", KEY)
    yield counters
    counters.close()


def test_so_many_requests_are_granted_at_once_and_then_one_after_the_other(counters: Counters) -> None:
    rates = Rates(counters)
    assert [rates.spend((SLOW, "ada")) for _ in range(4)] == [Standing(SLOW, left) for left in (3, 2, 1, 0)]
    with pytest.raises(
        TooManyRequests, match="At most 4 requests in 3600 seconds for each caller"
    ) as refused:
        rates.spend((SLOW, "ada"))
    assert 890 < refused.value.standing.seconds <= 900
    assert rates.spend((SLOW, "bob")) == Standing(SLOW, 3)


def test_what_was_spent_comes_back_at_the_rate(counters: Counters) -> None:
    rates, quick = Rates(counters), Rate("caller", 2, 1)
    for _ in range(2):
        rates.spend((quick, "ada"))
    with pytest.raises(TooManyRequests):
        rates.spend((quick, "ada"))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            rates.spend((quick, "ada"))
            return
        except TooManyRequests as refused:
            time.sleep(refused.standing.seconds)
    raise AssertionError("it never came back")


def test_of_several_names_the_first_that_is_spent_refuses_and_the_tightest_is_told(
    counters: Counters,
) -> None:
    rates, wide = Rates(counters), Rate("tenant", 100, 3600)
    assert rates.spend((SLOW, "ada"), (wide, "hall")) == Standing(SLOW, 3)
    for name in ("bob", "cid", "dan"):
        assert rates.spend((SLOW, name), (wide, "hall")) == Standing(SLOW, 3)
    narrow = Rate("tenant", 1, 3600)
    assert rates.spend((SLOW, "eve"), (narrow, "hut")) == Standing(narrow, 0)
    with pytest.raises(TooManyRequests, match="for each tenant"):
        rates.spend((SLOW, "eve"), (narrow, "hut"))


def test_a_rate_of_nothing_is_none(counters: Counters) -> None:
    rates = Rates(counters)
    assert [rates.spend((Rate("caller", 0, 60), "ada")) for _ in range(50)] == [None] * 50


def test_two_processes_together_grant_no_more_than_one(redis_url: str, redis_prefix: str) -> None:
    prefix, rate, granted = f"{redis_prefix}-two-{time.monotonic_ns()}", Rate("sender", 500, 3600), []
    both = [Counters(redis_url, prefix, KEY) for _ in range(2)]

    def ask(rates: Rates) -> None:
        for _ in range(400):
            try:
                rates.spend((rate, "shop"))
                granted.append(1)
            except TooManyRequests:
                return

    threads = [threading.Thread(target=ask, args=(Rates(own),)) for own in both for _ in range(1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in both:
        own.close()
    # What one took and did not grant is at most a fiftieth of the burst.
    assert 490 <= len(granted) <= 500


def test_most_requests_ask_redis_nothing(redis_url: str, redis_prefix: str) -> None:
    counters = Counters(redis_url, f"{redis_prefix}-few-{time.monotonic_ns()}", KEY)
    asked, real = [], counters.spend

    def counted(cells: object) -> object:
        asked.append(cells)
        return real(cells)  # type: ignore[arg-type]

    counters.spend = counted  # type: ignore[method-assign,assignment]
    rates = Rates(counters)
    for _ in range(600):
        rates.spend((Rate("caller", 6000, 3600), "ada"), (Rate("tenant", 60_000, 3600), "hall"))
    counters.close()
    assert len(asked) == 5
