"""The job that applies roll-ups: several at once, killed at any moment, beside writers and rebuilds."""

import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from data import facts, rebuild_days, rollup_applier
from data.data_versions import Span, token
from data.engine import Database
from data.messages import Message, SaleLine, Scan
from tests.conftest import Tenant
from tests.data.day_reference import expected_of
from tests.data.rollup_rows import NIGHT, current, message, waiting

ROOT = Path(__file__).parents[2]
EVENT = UUID("00000000-0000-4000-8000-0000000000bb")
APPLIER = """
import sys
from uuid import UUID
from data import rollup_applier
from data.engine import Database
database = Database(sys.argv[1], max_size=1)
print("ready", flush=True)
for line in sys.stdin:
    rollup_applier.apply_some(database, UUID(sys.argv[2]), most=1)
    print("applied", flush=True)
"""


def messages(tenant: Tenant, count: int) -> list[Message]:
    """Sales and scans over three days, the same at every call."""
    rng = random.Random(3)
    made = []
    for number in range(count):
        at = NIGHT + timedelta(hours=rng.randint(0, 60))
        customer = UUID(int=rng.randint(1, 5))
        fact = (
            SaleLine("sale", at, 1, rng.choice([900, 4500]), "GBP", channel="web", customer=customer)
            if number % 3
            else Scan(at, f"t{rng.randint(0, 9)}", gate="A")
        )
        made.append(message(tenant.venue_id, EVENT, str(number), fact))
    return made


def test_jobs_writers_and_rebuilds_at_once_lose_and_double_nothing(
    database: Database, tenant: Tenant
) -> None:
    known = messages(tenant, 240)
    zones = {tenant.venue_id: "Europe/London"}
    written = threading.Event()

    def write(part: int) -> None:
        for start in range(part * 10, len(known), 20):
            facts.write(database, tenant.tenant_id, known[start : start + 10])

    def apply() -> None:
        while not written.is_set():
            rollup_applier.apply_some(database, tenant.tenant_id, most=2)

    def rebuild() -> None:
        while not written.is_set():
            assert rebuild_days.rebuild(database, tenant.tenant_id) == {}

    with ThreadPoolExecutor(5) as threads:
        others = [threads.submit(work) for work in (apply, apply, rebuild)]
        try:
            for writer in [threads.submit(write, part) for part in (0, 1)]:
                writer.result()
        finally:
            written.set()
        for other in others:
            other.result()
    assert current(database, tenant, [tenant.venue_id]) == expected_of(known, zones)
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    assert waiting(database, tenant) == 0
    assert current(database, tenant, [tenant.venue_id]) == expected_of(known, zones)
    assert rebuild_days.rebuild(database, tenant.tenant_id) == {}


def test_a_job_killed_again_and_again_applies_everything_once(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    known = messages(tenant, 60)
    for start in range(0, len(known), 2):
        facts.write(database, tenant.tenant_id, known[start : start + 2])
    expected = expected_of(known, {tenant.venue_id: "Europe/London"})
    rng = random.Random(5)
    with database.tenant(tenant.tenant_id) as connection:
        before = token(connection, Span((tenant.venue_id,)))
    for _ in range(4):
        job = subprocess.Popen(
            [sys.executable, "-c", APPLIER, postgres_url, str(tenant.tenant_id)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert job.stdin is not None
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
        job.stdin.write("go\n" * 30)
        job.stdin.flush()
        for _ in range(rng.randint(1, 4)):
            job.stdout.readline()
        job.kill()  # While it is busy with the next ones.
        job.communicate()
        assert current(database, tenant, [tenant.venue_id]) == expected
    left = waiting(database, tenant)
    assert left < 30
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    assert current(database, tenant, [tenant.venue_id]) == expected
    with database.tenant(tenant.tenant_id) as connection:
        assert token(connection, Span((tenant.venue_id,))) == before
    assert rebuild_days.rebuild(database, tenant.tenant_id) == {}


def test_the_job_works_for_every_tenant_until_nothing_waits(
    database: Database, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_applier, "CALM_SECONDS", 60)
    monkeypatch.setattr(rollup_applier, "HURRIED_SECONDS", 60)
    for one, count in ((tenant, 3), (other_tenant, 12)):
        for sent in messages(one, count):
            facts.write(database, one.tenant_id, [sent])
    both = {tenant.tenant_id: 3, other_tenant.tenant_id: 12}
    assert both.items() <= rollup_applier.waiting(database).items()
    assert rollup_applier.apply_waiting(database) >= 15
    assert both.keys() & rollup_applier.waiting(database).keys() == set()


def test_a_tenant_whose_sums_cannot_be_stored_keeps_nobody_waiting(
    database: Database, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_applier, "CALM_SECONDS", 60)
    with database.tenant(tenant.tenant_id) as connection:
        for _ in range(2):
            connection.execute(
                "INSERT INTO rollup_queue (tenant_id, venue_id, entry_id, days, months, increments)"
                " VALUES (%s, %s, gen_random_uuid(), ARRAY[now()], ARRAY[now()],"
                """ '{"days": {"": [{"d": 0, "v": "", "c": "GBP", "gross_minor": 9000000000000000000}]}}')""",
                [tenant.tenant_id, tenant.venue_id],
            )
    facts.write(database, other_tenant.tenant_id, messages(other_tenant, 1))
    rollup_applier.apply_waiting(database)
    left = rollup_applier.waiting(database)
    assert left[tenant.tenant_id] == 2
    assert other_tenant.tenant_id not in left
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("DELETE FROM rollup_queue WHERE tenant_id = %s", [tenant.tenant_id])


def test_the_job_leaves_the_rest_for_later_when_its_moment_is_over(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_applier, "waiting", lambda _: {tenant.tenant_id: 6})
    monkeypatch.setattr(rollup_applier, "MANY_ENTRIES", 5)
    monkeypatch.setattr(rollup_applier, "HURRIED_SECONDS", -1)
    facts.write(database, tenant.tenant_id, messages(tenant, 1))
    assert rollup_applier.apply_waiting(database) == 0
    monkeypatch.setattr(rollup_applier, "MANY_ENTRIES", 6)
    assert rollup_applier.apply_waiting(database) == 1
