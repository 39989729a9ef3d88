"""Counts that end by themselves, together and alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from data.counters import MOST_OWN, Counters

KEY = "k" * 32
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(params=["together", "alone"])
def counters(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str) -> Iterator[Counters]:
    url = redis_url if request.param == "together" else NOWHERE
    counters = Counters(url, f"{redis_prefix}-counters-{time.monotonic_ns()}", KEY)
    yield counters
    counters.close()


def test_what_is_counted_is_counted_for_each_kind_and_name_and_can_be_taken_back(counters: Counters) -> None:
    assert [counters.count("a", "x", 60) for _ in range(3)] == [1, 2, 3]
    assert (counters.count("a", "y", 60), counters.count("b", "x", 60)) == (1, 1)
    counters.uncount("a", "x")
    assert counters.count("a", "x", 60) == 3
    counters.forget(("a", "x"), ("b", "x"))
    assert (counters.count("a", "x", 60), counters.count("b", "x", 60)) == (1, 1)


def test_what_was_never_counted_is_not_below_nothing(counters: Counters) -> None:
    counters.uncount("a", "x")
    assert counters.count("a", "x", 60) == 1


def test_a_name_is_taken_once_until_it_is_free_again(counters: Counters) -> None:
    assert counters.taken("wait", "x") == 0
    assert counters.take("wait", "x", 30) == 0
    assert 0 < counters.take("wait", "x", 30) <= 30
    assert 0 < counters.taken("wait", "x") <= 30
    assert counters.take("wait", "y", 30) == 0
    counters.forget(("wait", "x"))
    assert counters.take("wait", "x", 1) == 0
    while counters.taken("wait", "x"):
        time.sleep(0.05)
    assert counters.take("wait", "x", 1) == 0


def test_a_count_ends_after_the_last_time(counters: Counters) -> None:
    assert counters.count("a", "x", 1) == 1
    time.sleep(1.2)
    assert counters.count("a", "x", 1) == 1


def test_redis_holds_no_name_and_nothing_without_an_end(redis_url: str, redis_prefix: str) -> None:
    counters = Counters(redis_url, f"{redis_prefix}-secret", KEY)
    counters.count("a", "ada@example.org", 60)
    counters.take("a-wait", "ada@example.org", 60)
    counters.uncount("b", "ada@example.org")
    found = [key.decode() for key in counters._redis.scan_iter(f"{redis_prefix}-secret*")]
    assert len(found) == 2
    for key in found:
        assert "ada" not in key
        assert 0 < counters._redis.ttl(key) <= 60
    other = Counters(redis_url, f"{redis_prefix}-secret", "another key of the installation...")
    assert other.count("a", "ada@example.org", 60) == 1, "the name hangs on the key"
    counters.close()
    other.close()


def test_alone_a_process_keeps_no_more_than_it_may() -> None:
    counters = Counters(NOWHERE, "nowhere", KEY)
    for number in range(MOST_OWN + 500):
        counters.count("a", str(number), 60)
    assert len(counters._own) == MOST_OWN
    assert counters.count("a", str(MOST_OWN + 499), 60) == 2
    assert counters.count("a", "0", 60) == 1
