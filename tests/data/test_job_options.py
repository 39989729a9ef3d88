"""What publishers write among the options of their jobs, and what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data.job_options import EVERYTHING, Kept, MqOptions, Options

NOW = 1_800_000_000_000


def options(kind: type[Options] = Options, **given: Any) -> Options:
    return kind(json.dumps(given).encode())


@pytest.mark.parametrize(
    ("wish", "kept"),
    [
        (None, EVERYTHING),
        (False, EVERYTHING),
        (True, Kept("0")),
        (0, Kept("0")),
        (1_000, Kept("1000")),
        (-5, EVERYTHING),
        ({"count": 3}, Kept("3")),
        ({"age": 60}, Kept("-1", "60")),
        ({"age": 60, "count": 3}, Kept("3", "60")),
        ("many", EVERYTHING),
        ([1], EVERYTHING),
        ({"age": "long"}, EVERYTHING),
    ],
)
def test_what_is_kept_of_finished_jobs(wish: Any, kept: Kept) -> None:
    assert options(removeOnComplete=wish).kept("completed") == kept
    assert options(removeOnFail=wish).kept("failed") == kept
    assert options(removeOnFail=wish).kept("completed") == EVERYTHING


@pytest.mark.parametrize(
    ("given", "made", "following"),
    [
        ({}, 1, "failed"),
        ({"attempts": 1}, 1, "failed"),
        ({"attempts": 3}, 2, "LPUSH"),
        ({"attempts": 3}, 3, "failed"),
        ({"attempts": 3, "lifo": True}, 1, "RPUSH"),
        ({"attempts": 3, "backoff": 500}, 1, NOW + 500),
        ({"attempts": 9, "backoff": {"type": "fixed", "delay": 500}}, 4, NOW + 500),
        ({"attempts": 9, "backoff": {"type": "exponential", "delay": 500}}, 3, NOW + 3_500),
        ({"attempts": 9, "backoff": {"type": "exponential"}}, 3, "LPUSH"),
        ({"attempts": 10**9, "backoff": {"type": "exponential", "delay": 500}}, 10**6, NOW + 2**40),
        ({"attempts": 9, "backoff": {"type": "mine", "delay": 500}}, 1, "failed"),
        ({"attempts": "many", "backoff": 500}, 1, "failed"),
        ({"attempts": True}, 1, "failed"),
    ],
)
def test_what_follows_an_attempt(given: dict[str, Any], made: int, following: object) -> None:
    assert options(**given).next_attempt(made, NOW) == following


def test_pauses_of_bullmq_begin_with_one_delay_and_may_be_shorter_by_chance() -> None:
    backoff = {"type": "exponential", "delay": 1_000}
    exact = options(MqOptions, attempts=9, backoff=backoff)
    assert [exact.next_attempt(made, NOW) for made in (1, 2, 3)] == [NOW + 1_000, NOW + 2_000, NOW + 4_000]
    loose = options(MqOptions, attempts=9, backoff=backoff | {"jitter": 0.5})
    found = {loose.next_attempt(1, NOW) for _ in range(200)}
    assert len(found) > 50
    assert all(isinstance(each, int) and NOW + 500 <= each <= NOW + 1_000 for each in found)


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b"\xff", b'"removeOnComplete"'])
def test_options_that_cannot_be_read_say_nothing(text: bytes | None) -> None:
    assert Options(text).kept("completed") == EVERYTHING
    assert Options(text).next_attempt(1, NOW) == "failed"
    assert Options(text).most_traces == 10
