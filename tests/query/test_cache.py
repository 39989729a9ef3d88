"""Answers kept in Redis: the same as read anew, until something they depend on changes."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from data import answer_store, query, rollup_applier, rollup_queue
from data.access import Access
from data.answer_store import AnswerStore
from data.answers import Answer
from data.engine import Database
from data.metric_query import MetricQuery
from data.query import attempt, run
from data.query_error import QueryError
from tests.conftest import Tenant
from tests.live.night import Night, open_night

NOW = datetime(2026, 5, 20, 20, 7, 30, tzinfo=UTC)
DOORS = datetime(2026, 5, 20, 19, 0, tzinfo=UTC)
MONTH = {"metrics": ["tickets_sold", "net_revenue"], "range": {"last": 30}}
BEFORE = {"metrics": ["tickets_sold"], "range": {"from": "2026-05-01", "to": "2026-05-10"}}
PEOPLE = {"metrics": ["arrivals", "inside"], "dimensions": ["5min"], "range": {"last": 2, "unit": "hour"}}
NIGHTS = {"metrics": ["event_tickets"], "dimensions": ["event"], "range": {"named": "today"}}


class Count:
    """Counts as Prometheus does."""

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1) -> None:
        self.value += amount


@dataclass(frozen=True)
class Asking:
    """A night, asked through a pool that keeps answers."""

    night: Night
    database: Database
    hits: Count
    misses: Count

    def ask(self, *bodies: dict[str, Any], access: Access | None = None, now: datetime = NOW) -> list[Answer]:
        """The answers."""
        queries = [MetricQuery.model_validate(body) for body in bodies]
        with self.database.tenant(self.night.tenant_id, snapshot=True) as tenant:
            return run(tenant, access or Access(self.night.tenant_id), queries, now)

    def counted(self) -> tuple[float, float]:
        """Hits and misses since the last time."""
        counted = (self.hits.value, self.misses.value)
        self.hits.value = self.misses.value = 0
        return counted


@pytest.fixture
def asking(postgres_url: str, redis_url: str, tenant: Tenant) -> Iterator[Asking]:
    hits, misses = Count(), Count()
    with (
        closing(Database(postgres_url, max_size=12)) as database,
        closing(AnswerStore(redis_url, f"test-{uuid4().hex}", hits, misses)) as store,
    ):
        database.answers = store
        night = open_night(database, tenant.tenant_id, tenant.venue_id, DOORS)
        night.sell(3, NOW - timedelta(days=3))
        night.sell(2, NOW - timedelta(minutes=2), 1000)
        yield Asking(night, database, hits, misses)


def test_people_who_came_before_the_day_and_the_end_of_their_event_make_another_answer(
    asking: Asking,
) -> None:
    night, before = asking.night, {"metrics": ["inside"], "range": {"from": "2026-05-20", "to": "2026-05-21"}}

    def counted() -> Any:
        return asking.ask(before)[0].rows[0][0]

    assert counted() == 0
    night.enter(3, NOW - timedelta(days=5))
    assert counted() == 3, "they came days before, and the event is tonight"
    with asking.database.tenant(night.tenant_id) as tenant:
        tenant.execute(
            "UPDATE events SET ends_at = %s WHERE tenant_id = %s AND event_id = %s",
            [NOW - timedelta(days=4), tenant.tenant_id, night.event_id],
        )
        rollup_queue.put_structure(tenant, [night.venue_id])
    assert counted() == 0, "it was over long before"
    night.leave(1, NOW - timedelta(minutes=1), first=5)  # After the numbers of five tickets sold.
    assert counted() == 2


def test_what_was_asked_before_is_not_read_again(asking: Asking) -> None:
    first = asking.ask(MONTH, BEFORE, PEOPLE, NIGHTS)
    assert asking.counted() == (0, 4)
    assert asking.ask(MONTH, BEFORE, PEOPLE, NIGHTS) == first
    assert asking.counted() == (4, 0)
    assert [answer.rows for answer in first[:2]] == [[("GBP", 5, 9500)], [(0,)]]


def test_a_sale_makes_new_what_it_touches_and_nothing_else(asking: Asking) -> None:
    asking.ask(MONTH, BEFORE, NIGHTS)
    asking.counted()
    asking.night.sell(1, NOW - timedelta(minutes=1), 500)
    month, before, nights = asking.ask(MONTH, BEFORE, NIGHTS)
    assert asking.counted() == (1, 2)
    assert (month.rows, before.rows) == ([("GBP", 6, 10000)], [(0,)])
    assert [row[-1] for row in nights.rows] == [6]


def test_a_late_sale_of_another_day_makes_its_own_day_new(asking: Asking) -> None:
    asking.ask(MONTH, BEFORE)
    asking.counted()
    asking.night.sell(4, datetime(2026, 5, 7, 12, tzinfo=UTC))
    assert [answer.rows[0][-2:] for answer in asking.ask(MONTH, BEFORE)] == [(9, 19500), (4,)]
    assert asking.counted() == (0, 2)


def test_the_job_that_applies_rollups_leaves_answers_as_they_are(asking: Asking) -> None:
    first = asking.ask(MONTH, BEFORE, NIGHTS)
    asking.counted()
    while rollup_applier.apply_some(asking.database, asking.night.tenant_id):
        pass
    assert asking.ask(MONTH, BEFORE, NIGHTS) == first
    assert asking.counted() == (3, 0)


def test_a_change_of_the_programme_makes_everything_of_the_venue_new(asking: Asking) -> None:
    asking.ask(NIGHTS)
    with asking.database.tenant(asking.night.tenant_id) as tenant:
        tenant.execute(
            "UPDATE events SET name = 'Renamed' WHERE tenant_id = %s AND event_id = %s",
            [tenant.tenant_id, asking.night.event_id],
        )
        rollup_queue.put_structure(tenant, [asking.night.venue_id])
    assert asking.ask(NIGHTS)[0].names == {"event": {str(asking.night.event_id): "Renamed"}}


def test_names_of_places_are_looked_up_again_only_when_the_programme_changed(asking: Asking) -> None:
    def called(last: int) -> dict[str, dict[str, str]]:
        """Of another span each time, so that no answer is known."""
        entries = {"metrics": ["gate_entries"], "dimensions": ["gate"], "range": {"last": last}}
        return asking.ask(entries)[0].names

    def rename(name: str) -> None:
        tenant.execute("UPDATE gates SET name = %s WHERE tenant_id = %s", [name, tenant.tenant_id])

    asking.night.enter(1, NOW)
    with asking.database.tenant(asking.night.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO gates (tenant_id, venue_id, gate, name) VALUES (%s, %s, 'north', 'North')",
            [tenant.tenant_id, asking.night.venue_id],
        )
        rollup_queue.put_structure(tenant, [asking.night.venue_id])
    assert called(3) == {"gate": {"north": "North"}}
    with asking.database.tenant(asking.night.tenant_id) as tenant:
        rename("Without a word")
    assert called(4) == {"gate": {"north": "North"}}
    asking.night.enter(1, NOW)
    assert called(5) == {"gate": {"north": "North"}}
    with asking.database.tenant(asking.night.tenant_id) as tenant:
        rename("Nord")
        rollup_queue.put_structure(tenant, [asking.night.venue_id])
    assert called(6) == {"gate": {"north": "Nord"}}
    while rollup_applier.apply_some(asking.database, asking.night.tenant_id):
        pass
    assert called(7) == {"gate": {"north": "Nord"}}


def test_whoever_sees_less_gets_another_answer(asking: Asking) -> None:
    own = Access(asking.night.tenant_id)
    assert asking.ask(MONTH)[0].rows == [("GBP", 5, 9500)]
    assert asking.ask(MONTH, access=replace(own, masked=True))[0].rows == [("GBP", 5, None)]
    assert asking.ask(MONTH, access=replace(own, venues=frozenset()))[0].rows != [("GBP", 5, 9500)]
    assert asking.ask(MONTH, access=replace(own, user_id=uuid4()))[0].rows == [("GBP", 5, 9500)]
    assert asking.counted() == (1, 3)


def test_an_answer_that_has_moments_goes_on_with_the_clock(asking: Asking) -> None:
    asking.ask(PEOPLE, MONTH)
    later = NOW + timedelta(minutes=5)
    people, month = asking.ask(PEOPLE, MONTH, now=later)
    assert asking.counted() == (1, 3)
    assert people.rows[-1][0] == datetime(2026, 5, 20, 20, 10, tzinfo=UTC)
    assert (month.as_of, month.rows) == (later, [("GBP", 5, 9500)])


def test_many_who_ask_at_once_make_one_find_it_out(asking: Asking) -> None:
    together = threading.Barrier(8)

    def ask(_: int) -> list[Answer]:
        together.wait()
        return asking.ask(MONTH, BEFORE)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    hits, misses = asking.counted()
    assert all(answer == answers[0] for answer in answers)
    assert misses == 2
    assert hits <= 14


@pytest.fixture
def elsewhere(postgres_url: str, redis_url: str, asking: Asking) -> Iterator[Asking]:
    """The same night, asked in another process as far as the store can tell."""
    hits, misses = Count(), Count()
    assert asking.database.answers is not None
    with (
        closing(Database(postgres_url, max_size=12)) as database,
        closing(AnswerStore(redis_url, asking.database.answers.prefix, hits, misses)) as store,
    ):
        database.answers = store
        yield Asking(asking.night, database, hits, misses)


def test_of_several_processes_one_finds_it_out(asking: Asking, elsewhere: Asking) -> None:
    together = threading.Barrier(8)

    def ask(number: int) -> list[Answer]:
        together.wait()
        # Each of them has a question of its own, too, that another one wants.
        return (asking, elsewhere)[number % 2].ask(
            *((MONTH, BEFORE, NIGHTS) if number % 4 < 2 else (NIGHTS, MONTH))
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(found[0] == answers[0][0] for found in answers[::4] + answers[1::4])
    assert asking.misses.value + elsewhere.misses.value == 3


def test_who_waits_for_another_process_gets_its_answer(
    asking: Asking, elsewhere: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, finish = threading.Event(), threading.Event()
    slow = query._found_out

    def found_out(*args: Any) -> Any:
        started.set()
        finish.wait(5)
        return slow(*args)

    monkeypatch.setattr(query, "_found_out", found_out)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asking.ask, MONTH)
        started.wait(5)
        second = pool.submit(elsewhere.ask, MONTH)
        time.sleep(0.2)
        assert not second.done()
        finish.set()
        assert first.result() == second.result()
    assert (asking.counted(), elsewhere.counted()) == ((0, 1), (1, 0))


def test_nobody_waits_long_for_a_process_that_died(
    asking: Asking, elsewhere: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_store, "CLAIM_SECONDS", 0.5)
    dead = asking.database.answers
    assert dead is not None
    claim, claimed = AnswerStore.claim, []

    def last_act(store: AnswerStore, keys: list[str]) -> Any:
        if store is not dead:
            claim(dead, keys)  # It claims, and is never heard of again.
            claimed.extend(keys)
        return claim(store, keys)

    monkeypatch.setattr(AnswerStore, "claim", last_act)
    begun = time.monotonic()
    assert elsewhere.ask(MONTH)[0].rows == [("GBP", 5, 9500)]
    assert 0.4 < time.monotonic() - begun < 4
    assert (len(claimed), elsewhere.counted()) == (1, (0, 1))


def test_a_question_without_an_answer_fails_every_time(asking: Asking) -> None:
    wrong = MetricQuery(metrics=("tickets_solt",))
    right = MetricQuery.model_validate(MONTH)
    for _ in range(2):
        with asking.database.tenant(asking.night.tenant_id) as tenant:
            found = attempt(tenant, Access(asking.night.tenant_id), [wrong, right], NOW)
        assert isinstance(found[0], QueryError)
        assert isinstance(found[1], Answer)
    assert asking.counted() == (1, 1)


def test_without_redis_every_answer_is_read(postgres_url: str, asking: Asking) -> None:
    hits, misses = Count(), Count()
    with closing(AnswerStore("redis://127.0.0.1:1/0", "test", hits, misses)) as store:
        asking.database.answers = store
        assert [asking.ask(MONTH)[0].rows for _ in range(2)] == [[("GBP", 5, 9500)]] * 2
    assert (hits.value, misses.value) == (0, 2)
