"""The worker when things go wrong: nothing is lost, nothing counts twice."""

import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from ingest.pretix import worker
from ingest.pretix.rounds import POISON_ATTEMPTS
from ingest.pretix.worker import run_forever, run_once
from tests.pretix.captures import EVENING, FINAL, MIDDAY, Json
from tests.pretix.conftest import SECRET_KEY, House
from tests.pretix.server import Fault, serving
from tests.pretix.test_truth import webhooks

ROOT = Path(__file__).parents[2]
ORDER = {
    "organizer": "auroragroup",
    "event": "nordlicht26",
    "code": "BAAKC",
    "action": "pretix.event.order.paid",
}
DUE = "UPDATE pretix_pings SET next_attempt_at = now() - interval '1 second' WHERE tenant_id = %s"


def hurry(house: House) -> None:
    """Let every waiting ping be due, as after the wait that the queue holds it back for."""
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(DUE, [tenant.tenant_id])


def ping(house: House) -> Json:
    [row] = house.rows(
        "SELECT attempts, last_error, extract(epoch FROM next_attempt_at - now())::int AS seconds"
        " FROM pretix_pings WHERE tenant_id = %(tenant)s"
    )
    return row


def sold(house: House) -> list[Json]:
    return house.rows(
        "SELECT kind, quantity, amount_minor, tax_minor, ticket_type FROM ticket_sales"
        " WHERE tenant_id = %(tenant)s AND order_id = 'pretix:aurora:BAAKC' ORDER BY occurred_at, line"
    )


SALE = {"kind": "sale", "quantity": 1, "amount_minor": 3500, "tax_minor": 229, "ticket_type": "3-1"}


def test_a_long_outage_puts_the_ping_back_and_a_later_try_answers_it(house: House) -> None:
    house.post(ORDER)
    house.pretix.faults = [Fault(1_000, 503)]

    assert house.rounds.answer_one() is True
    assert (ping(house)["attempts"], ping(house)["last_error"]) == (1, "away: status 503")
    assert sold(house) == []

    house.pretix.faults = []
    hurry(house)
    assert (house.drain(), sold(house), house.waiting()) == (1, [SALE], 0)


def test_retry_after_is_kept_to(house: House) -> None:
    house.post(ORDER)
    house.pretix.faults = [Fault(1, 429, headers={"Retry-After": "600"})]

    house.drain()
    assert 590 <= ping(house)["seconds"] <= 600


def test_bursts_of_errors_and_limits_during_a_replay_change_no_figure(house: House) -> None:
    house.pretix.now = MIDDAY
    hooks = webhooks(MIDDAY)
    dice = random.Random(5)
    for index, (_, body) in enumerate(hooks):
        house.post(body)
        if index % 150 == 0:
            trouble = [Fault(dice.randint(1, 6), dice.choice([500, 502, 503, 504])) for _ in range(3)]
            house.pretix.faults = [*trouble, Fault(1, 429, headers={"Retry-After": "0"})]
            house.drain()
            hurry(house)
    house.pretix.faults = []
    hurry(house)
    house.drain()
    house.rounds.poll_all()

    assert house.differences("truth_midday") == {}


@pytest.mark.parametrize(
    "change",
    [
        {"code": "OTHER"},
        {"event": "lichterhaus"},
        {"status": "z"},
        {"total": "NaN"},
        {"total": "1e999999999"},
        {"total": "0.001"},
        {"total": "99999999999999999.00"},
        {"last_modified": "2026-10-10T13:38:18"},
        {"datetime": 5},
        {"positions": None},
        {"positions": [{"id": 1}]},
        {"sales_channel": "we\0b"},
        {"sales_channel": "x" * 10_000},
        {"code": "BAAKC\0"},
    ],
)
def test_a_hostile_order_is_put_off_and_writes_nothing(house: House, change: Json) -> None:
    house.post(ORDER)
    house.pretix.on_order = lambda order: order | change

    assert house.rounds.answer_one() is True
    assert ping(house)["last_error"].startswith("malformed: ")
    assert sold(house) == []
    assert house.rows("SELECT 1 FROM pretix_orders WHERE tenant_id = %(tenant)s") == []


@pytest.mark.parametrize(
    "change",
    [
        {"price": "-Infinity"},
        {"price": "12.345"},
        {"price": "1e400"},
        {"tax_rate": "1e300"},
        {"tax_rate": "-1"},
        {"item": 99_999},
        {"item": -1},
        {"id": 2**60},
        {"checkins": [{"id": 1, "datetime": "2026-11-21T20:00:00+01:00", "list": 9_999, "type": "entry"}]},
    ],
)
def test_a_hostile_position_is_put_off_and_writes_nothing(house: House, change: Json) -> None:
    house.post(ORDER)
    house.pretix.on_order = lambda o: o | {"positions": [p | change for p in o["positions"]]}

    assert house.rounds.answer_one() is True
    assert ping(house)["last_error"].startswith("malformed: ")
    assert sold(house) == []


def test_a_ping_that_never_can_be_answered_ends_among_the_dead_letters(house: House) -> None:
    house.post(ORDER)
    house.pretix.on_order = lambda order: order | {"status": "z"}
    for _ in range(POISON_ATTEMPTS):
        hurry(house)
        house.drain()

    assert house.waiting() == 0
    assert house.rows("SELECT source, code, payload FROM dead_letters WHERE tenant_id = %(tenant)s") == [
        {
            "source": "pretix:aurora",
            "code": "pretix-ping",
            "payload": '{"event": "nordlicht26", "subject": "order/BAAKC"}',
        }
    ]


def test_what_postgresql_refuses_to_store_is_poison_too(house: House) -> None:
    """Another venue of the house lists an event under this name."""
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "WITH elsewhere AS (INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency,"
            " capacity) VALUES (%(tenant)s, gen_random_uuid(), 'annexe', 'Annexe', 'Europe/Berlin', 'EUR', 9)"
            " RETURNING venue_id)"
            " INSERT INTO events (tenant_id, venue_id, event_id, external_id, name)"
            " SELECT %(tenant)s, venue_id, gen_random_uuid(), 'pretix:aurora/nordlicht26', 'Theirs'"
            " FROM elsewhere",
            {"tenant": tenant.tenant_id},
        )
    house.post(ORDER)
    for _ in range(POISON_ATTEMPTS):
        hurry(house)
        house.drain()
    house.rounds.poll_all()

    assert house.waiting() == 139  # Each of the event's orders is asked for by itself.
    [letter] = house.rows("SELECT detail FROM dead_letters WHERE tenant_id = %(tenant)s")
    assert letter == {"detail": "not storable: UniqueViolation"}
    assert house.figures("stadtlauf-fest")["orders"]["total"] == 75


def test_a_ping_about_an_event_the_token_may_not_see_waits_and_disturbs_nobody(house: House) -> None:
    house.post(ORDER | {"event": "unknown-event"})
    house.post(ORDER)

    assert house.drain() == 2
    assert sold(house) == [SALE]
    assert ping(house)["last_error"] == "forbidden: status 403"


def test_a_redirect_puts_the_ping_off_and_reaches_nobody(house: House) -> None:
    house.post(ORDER)
    with serving() as elsewhere:
        house.pretix.faults = [Fault(9, 307, path="/orders/", headers={"Location": f"{elsewhere.url}/x"})]
        house.drain()
        assert elsewhere.requests == []
    assert ping(house)["last_error"] == "malformed: status 307"


def test_an_older_answer_never_overwrites_a_newer_one(house: House) -> None:
    house.post(ORDER)
    house.drain()
    before = house.rows("SELECT last_modified, revision FROM pretix_orders WHERE tenant_id = %(tenant)s")

    older = {"last_modified": "2026-10-10T13:00:00+02:00", "status": "c"}
    house.pretix.on_order = lambda order: order | older
    house.post(ORDER)
    house.drain()

    assert sold(house) == [SALE]
    after = house.rows("SELECT last_modified, revision FROM pretix_orders WHERE tenant_id = %(tenant)s")
    assert (after, house.waiting()) == (before, 0)


def test_two_workers_at_once_change_no_figure(house: House) -> None:
    house.pretix.now = MIDDAY
    for _, body in webhooks(MIDDAY):
        house.post(body)
    # Half of the pings come once more while both are at work.
    both = [threading.Thread(target=house.drain) for _ in range(2)]
    for thread in both:
        thread.start()
    for _, body in webhooks(MIDDAY)[::2]:
        house.post(body)
    for thread in both:
        thread.join()
    house.drain()
    house.rounds.poll_all()

    assert (house.differences("truth_midday"), house.waiting()) == ({}, 0)


def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(
    house: House, postgres_url: str, tmp_path: Path
) -> None:
    """kill −9 between commit and acknowledgement, during a fetch, anywhere: the figures are the same."""
    house.pretix.now = MIDDAY
    for _, body in webhooks(MIDDAY):
        house.post(body)
    at_first = house.waiting()
    dice = random.Random(11)
    for _ in range(4):
        goal = house.waiting() - dice.randint(5, 30)
        killed = _hold_answers(house, after=35)
        process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, postgres_url, str(house.source.tenant_id)],
            cwd=ROOT,
            env=os.environ | {"SECRET_KEY": SECRET_KEY, "DATA_DIR": str(tmp_path)},
        )
        try:
            _until(partial(_is_down_to, house, goal))
        finally:
            process.kill()
            process.wait()
            killed.set()
        hurry(house)  # What it held comes back when its lease ends.
    assert 0 < house.waiting() < at_first

    house.pretix.on_order = lambda order: order
    house.drain()
    house.rounds.poll_all()

    assert (house.differences("truth_midday"), house.waiting()) == ({}, 0)


def _is_down_to(house: House, goal: int) -> bool:
    return house.waiting() <= goal


def _hold_answers(house: House, after: int) -> threading.Event:
    """Let pretix answer so many orders and no more until the event is set: however late the worker
    is killed, there is work left."""
    killed = threading.Event()
    answered = itertools.count(1)

    def answer(order: Json) -> Json:
        if next(answered) > after:
            killed.wait(120)
        return order

    house.pretix.on_order = answer
    return killed


_WORKER = """
import sys
from uuid import UUID
from config import Settings
from data.directory import Directory
from data.engine import Database
from data.keys import MasterKeys
from data.pretix import sources
from ingest.pretix.client import Pace
from ingest.pretix.rounds import Rounds
from ingest.pretix.worker import Connector

class Deaf:
    def touched(self, tenant_id, versions): pass

database = Database(sys.argv[1], master=MasterKeys(Settings().master_keys()))
with database.tenant(UUID(sys.argv[2])) as tenant:
    source = sources.by_name(tenant, "aurora")
connector = Connector(Settings(), database, Directory(database), Deaf(), Pace(requests_per_minute=1_000_000))
Rounds(connector.connect(source)).answer_all()
"""


def test_one_round_serves_every_source(house: House) -> None:
    house.post(ORDER)

    assert run_once(house.connector) >= 1
    assert house.differences("truth") == {}


def test_the_service_finds_sources_answers_pings_polls_and_stops(house: House) -> None:
    stop = threading.Event()
    service = threading.Thread(target=run_forever, args=(house.connector, stop))
    service.start()
    try:
        house.post(ORDER)
        _until(lambda: sold(house) == [SALE])
        # The first poll of a service finds what nobody pinged about.
        _until(lambda: house.figures("stadtlauf-fest")["orders"]["total"] == 75)
    finally:
        stop.set()
        service.join(timeout=60)
    assert not service.is_alive()


def test_a_source_whose_token_cannot_be_opened_is_left_alone(house: House) -> None:
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE pretix_sources SET sealed_token = 'x' WHERE tenant_id = %s", [tenant.tenant_id]
        )
    house.post(ORDER)

    run_once(house.connector)
    assert house.pretix.requests == []


def test_a_token_that_cannot_be_opened_is_said_once_until_the_source_is_connected_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "ROSTER_SECONDS", 0.02)
    reseal = "UPDATE pretix_sources SET sealed_token = %s WHERE tenant_id = %s"
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(reseal, ["x", tenant.tenant_id])
    house.post(ORDER)
    stop = threading.Event()
    service = threading.Thread(target=run_forever, args=(house.connector, stop))
    service.start()
    try:
        _until(lambda: bool(_errors(caplog)))
        time.sleep(0.5)
        assert len(_errors(caplog)) == 1
        with house.database.tenant(house.source.tenant_id) as tenant:
            tenant.execute(reseal, [house.source.sealed_token, tenant.tenant_id])
        _until(lambda: sold(house) == [SALE])
    finally:
        stop.set()
        service.join(timeout=60)
    assert not service.is_alive()


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_a_lost_refund_webhook_is_found_by_the_daily_reading_of_all_orders(house: House) -> None:
    """A refund does not change `last_modified`, so no poll for changes ever shows it."""
    house.pretix.now = EVENING
    house.rounds.poll_all()
    house.pretix.now = FINAL
    _step_until_idle(house)
    assert _refunds(house) == "1077.90"

    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE pretix_cursors SET value = '2026-01-01T00:00:00+00:00'"
            " WHERE tenant_id = %s AND resource LIKE 'recheck/%%'",
            [tenant.tenant_id],
        )
    for _ in range(3):  # One event a minute.
        _step_until_idle(house)
    assert _refunds(house) == "1116.85"


def _step_until_idle(house: House) -> None:
    rounds = house.rounds
    while rounds.step():
        pass


def _refunds(house: House) -> str:
    """What all events have given back, as the orders say."""
    events = ("nordlicht26", "lichterhaus")
    return str(sum(Decimal(house.figures(event)["cash"]["refunded_done"]) for event in events))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
