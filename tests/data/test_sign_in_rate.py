"""How often somebody may try to sign in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from data import sign_in_rate
from data.counters import Counters
from data.sign_in_rate import FREE_OF_ACCOUNT, FREE_OF_ADDRESS, LONGEST_WAIT_SECONDS, SignInRate

KEY = "k" * 32


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait ends while a test looks, however slow the machine is."""
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", LONGEST_WAIT_SECONDS)


@pytest.fixture(params=["together", "alone"])
def counters(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str) -> Iterator[Counters]:
    url = redis_url if request.param == "together" else "redis://127.0.0.1:1/0"
    counters = Counters(url, f"{redis_prefix}-sign-in-{time.monotonic_ns()}", KEY)
    yield counters
    counters.close()


def freed(counters: Counters, kind: str, who: str) -> None:
    """As if the wait were over."""
    counters.forget((f"{kind}-wait", who))


def test_after_some_failures_each_try_waits_twice_as_long_up_to_the_longest(
    counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", 60)
    rate = SignInRate(counters)
    assert [rate.wait("Ada@x.org", "10.0.0.1", None) for _ in range(FREE_OF_ACCOUNT)] == [0] * FREE_OF_ACCOUNT
    waits = []
    for _ in range(6):
        assert rate.wait(" ada@x.org", "10.0.0.1", None) == 0, "this try is the one that was waited for"
        waits.append(rate.wait("ada@x.org", "10.0.0.2", None))
        freed(counters, "sign-in-account", "ada@x.org")
    expected = [min(60 * 2**n, LONGEST_WAIT_SECONDS) for n in range(6)]
    assert all(most - 30 < wait <= most for wait, most in zip(waits, expected, strict=True)), waits
    assert rate.wait("bob@x.org", "10.0.0.1", None) == 0, "another account is not held up"


@pytest.mark.usefixtures("long_waits")
def test_an_address_that_tries_many_accounts_waits_as_well(counters: Counters) -> None:
    rate = SignInRate(counters)
    for number in range(FREE_OF_ADDRESS + 1):
        assert rate.wait(f"{number}@x.org", "10.0.0.1", None) == 0
    assert rate.wait("fresh@x.org", "10.0.0.1", None) > 0
    assert rate.wait("fresh@x.org", "10.0.0.2", None) == 0


@pytest.mark.usefixtures("long_waits")
def test_signing_in_starts_the_account_anew_but_frees_no_address(counters: Counters) -> None:
    rate = SignInRate(counters)
    for _ in range(FREE_OF_ADDRESS // FREE_OF_ACCOUNT):
        for _ in range(FREE_OF_ACCOUNT):
            assert rate.wait("ada@x.org", "10.0.0.1", None) == 0
        rate.succeeded("ada@x.org", "10.0.0.1", None)
    made = FREE_OF_ADDRESS - FREE_OF_ADDRESS // FREE_OF_ACCOUNT
    for number in range(FREE_OF_ADDRESS - made + 1):
        assert rate.wait(f"{number}@x.org", "10.0.0.1", None) == 0
    assert rate.wait("more@x.org", "10.0.0.1", None) > 0


@pytest.mark.usefixtures("long_waits")
def test_who_guesses_locks_out_no_browser_that_knows_the_account(counters: Counters) -> None:
    rate = SignInRate(counters)
    for _ in range(FREE_OF_ACCOUNT + 1):
        rate.wait("ada@x.org", "10.9.9.9", None)
    assert rate.wait("ada@x.org", "10.0.0.1", None) > 0
    assert [rate.wait("ada@x.org", "10.0.0.1", "her-phone") for _ in range(FREE_OF_ACCOUNT)] == [0] * 5
    rate.wait("ada@x.org", "10.0.0.1", "her-phone")
    assert rate.wait("ada@x.org", "10.0.0.1", "her-phone") > 0, "nor is such a browser free to guess"


def test_a_try_that_was_not_made_does_not_count(counters: Counters) -> None:
    rate = SignInRate(counters)
    for _ in range(FREE_OF_ADDRESS + 5):
        assert rate.wait("ada@x.org", "10.0.0.1", None) == 0
        rate.not_made("ada@x.org", "10.0.0.1", None)


@pytest.mark.usefixtures("long_waits")
def test_of_many_tries_at_the_same_moment_no_more_than_the_free_ones_and_one_are_made(
    counters: Counters,
) -> None:
    rate, made = SignInRate(counters), []
    threads = [
        threading.Thread(target=lambda: made.append(rate.wait("ada@x.org", "10.0.0.1", None) == 0))
        for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == FREE_OF_ACCOUNT + 1
