"""kill -9 of a writer in mid-batch: what it reported is there, and sending all again repairs the rest."""

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from data import facts
from data.engine import Database
from data.messages import Message, SaleLine, Scan, message_key
from tests.conftest import Tenant
from tests.data.reference import totals_of
from tests.data.test_facts import read_totals

ROOT = Path(__file__).parents[2]
EVENT = UUID("00000000-0000-4000-8000-0000000000aa")
BATCH = 12
WRITER = """
import sys
from uuid import UUID
from data import facts
from data.engine import Database
from tests.conftest import Tenant
from tests.data.test_crash import batches
database = Database(sys.argv[1])
tenant = Tenant(UUID(sys.argv[2]), UUID(sys.argv[3]), "hall")
for number, batch in enumerate(batches(tenant)):
    if number >= int(sys.argv[4]):
        facts.write(database, tenant.tenant_id, batch)
        print(number, flush=True)
"""


def batches(tenant: Tenant) -> list[list[Message]]:
    """Forty batches of sales and scans, the same at every call."""
    rng = random.Random(11)
    doors = datetime(2026, 11, 20, 19, tzinfo=UTC)
    made = []
    for number in range(40 * BATCH):
        at = doors + timedelta(seconds=rng.randint(0, 3600))
        fact = (
            SaleLine("sale", at, 1, 4500, "GBP", ticket_id=f"t{number}")
            if number % 2
            else Scan(at, f"t{rng.randint(0, 40)}", rng.choice(["entry", "exit"]))
        )
        key = message_key("test", str(number))
        made.append(
            Message(key, "test", "test", tenant.venue_id, EVENT, str(EVENT), at, '{"as": "sent"}', (fact,))
        )
    return [made[start : start + BATCH] for start in range(0, len(made), BATCH)]


def test_a_writer_killed_again_and_again_loses_and_doubles_nothing(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    sent, reported, kills = batches(tenant), -1, 0
    while reported < len(sent) - 1:
        # It starts over one batch early: the last one may have been committed without being reported.
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, postgres_url]
            + [str(argument) for argument in (tenant.tenant_id, tenant.venue_id, max(0, reported))],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for count, line in enumerate(writer.stdout):
            reported = int(line)
            if count == 9:
                writer.send_signal(signal.SIGKILL)
                kills += 1
                break
        writer.communicate()
        _assert_kept(postgres_url, tenant, reported)
    assert kills >= 3
    everything = [message for batch in sent for message in batch]
    assert read_totals(database, tenant, EVENT) == totals_of(everything, {})
    assert set(facts.write(database, tenant.tenant_id, everything).verdicts) == {"duplicate"}


def _assert_kept(owner_url: str, tenant: Tenant, reported: int) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.tenant_id)])
        keys = {key for (key,) in connection.execute("SELECT message_key FROM messages").fetchall()}
    expected = {message.key for batch in batches(tenant)[: reported + 1] for message in batch}
    assert expected <= keys
