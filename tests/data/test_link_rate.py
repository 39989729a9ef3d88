"""How often a link may be asked: by the minute, in all processes together, without Redis in each alone."""

from __future__ import annotations

import pytest

from data.counters import Counters
from data.link_rate import FILES_A_WINDOW, PAGES_A_WINDOW, LinkRate

NOWHERE = "redis://127.0.0.1:1/0"
KEY = "k" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0 // 60 * 60 + 10

    def __call__(self) -> float:
        return self.now


def many(rates: list[LinkRate], times: int, link: str = "t", *, file: bool = False) -> list[int]:
    return [rates[turn % len(rates)].wait(link, file=file) for turn in range(times)]


def test_all_processes_count_together_each_link_and_its_files_for_itself(
    redis_url: str, redis_prefix: str
) -> None:
    clock = Clock()
    counters = [Counters(redis_url, f"{redis_prefix}-rate", KEY) for _ in range(2)]
    rates = [LinkRate(each, clock) for each in counters]
    assert set(many(rates, PAGES_A_WINDOW)) == {0}
    assert many(rates, 2) == [50, 50]
    assert many(rates, 1, "another") == [0]
    assert set(many(rates, FILES_A_WINDOW, file=True)) == {0}
    assert many(rates, 1, file=True) == [50]
    clock.now += 50
    assert many(rates, 1) == [0]
    for each in counters:
        each.close()


@pytest.mark.parametrize("file", [False, True])
def test_without_redis_a_process_counts_for_itself_and_forgets_with_the_minute(file: bool) -> None:
    clock = Clock()
    rate = LinkRate(Counters(NOWHERE, "nowhere", KEY), clock)
    most = FILES_A_WINDOW if file else PAGES_A_WINDOW
    assert set(many([rate], most, file=file)) == {0}
    assert many([rate], 1, file=file) == [50]
    clock.now += 60
    assert many([rate], 1, file=file) == [0]
