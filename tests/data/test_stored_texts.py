"""What older versions stored as it came is cleaned where it lies, and no figure changes."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from data import facts, stored_texts
from data.dead_letters import DeadLetter, keep
from data.engine import Database
from data.keys import MasterKeys
from data.messages import CartUpdate, Message, PageView, SaleLine, Scan, TicketTransfer
from data.rebuild import rebuild
from data.schema import metadata
from ingest.personal_text import scrubbed
from ingest.stored import Cleaner
from tests.conftest import MASTER_KEY, Tenant
from tests.data.everything import everything, places

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MAIL, PHONE, IP = "zoe.planted@example.org", "+44 20 7946 0958", "198.51.100.23"
VISITOR = uuid4()


@pytest.fixture
def old(database: Database, tenant: Tenant) -> Tenant:
    """Rows as a version before this one could have written them."""
    event = uuid4()

    def message(fact: Any, at: datetime, **payload: Any) -> Message:
        text = json.dumps({"type": "x", "occurred_at": at.isoformat(), "ticket_id": "T-1"} | payload)
        return Message(uuid4(), "x", "rest", tenant.venue_id, event, "gala", at, text, (fact,))

    late, early = NOW - timedelta(days=1), NOW - timedelta(days=40)
    odd = json.dumps({"note": f"call {PHONE}", "buyerEmail": MAIL, "seat": "A1"})
    kept = [
        message(
            SaleLine("sale", early, 1, 1000, "GBP", campaign=f"mail {MAIL}", metadata=odd),
            early,
            clientIp=IP,
            note=f"{MAIL} {PHONE}",
            nested=[{"phone": PHONE, "colour": "red"}],
        ),
        message(Scan(late, "T-1", reason=f"see {MAIL}"), late),
        message(PageView(early, f"/u/{MAIL}", visitor=VISITOR), early, visitor_hash=str(VISITOR)),
        message(PageView(early, "/gala", visitor=VISITOR), early, visitor_hash=str(VISITOR)),
        message(CartUpdate(late, 1, 5, "GBP", items=json.dumps([{"note": IP}])), late),
        message(TicketTransfer(late, "T-1", reason=f"{IP} asked"), late),
    ]
    facts.write(database, tenant.tenant_id, kept)
    with database.tenant(tenant.tenant_id) as own:
        letter = json.dumps({"type": "ticket-scan", "note": MAIL, "seat": "A1"})
        keep(own, [DeadLetter(NOW, "rest", "x", f"for {MAIL}", f"from {IP}", letter)])
    return tenant


def test_stored_texts_are_cleaned_once_and_visitors_of_old_days_are_nobodys(
    database: Database, old: Tenant, postgres_url: str
) -> None:
    def clean() -> dict[str, int]:
        changed: dict[str, int] = {}
        for table, _, count in stored_texts.clean_all(
            postgres_url, MasterKeys([MASTER_KEY]), old.tenant_id, Cleaner(NOW + timedelta(days=400))
        ):
            changed[table] = changed.get(table, 0) + count
        return {table: count for table, count in changed.items() if count}

    with database.tenant(old.tenant_id) as own:
        assert len(places(own, [MAIL, PHONE, IP, str(VISITOR)])) > 9
    assert clean() == {
        "messages": 3,
        "dead_letters": 1,
        "ticket_sales": 1,
        "ticket_scans": 1,
        "page_views": 2,
        "cart_updates": 1,
        "ticket_transfers": 1,
    }
    for _ in rebuild(database, old.tenant_id):  # Campaigns are in the roll-ups, too.
        pass
    with database.tenant(old.tenant_id) as own:
        assert stored_texts.forget_values(own, scrubbed) == 4  # Of a day, of its month; here, everywhere.
        assert places(own, [MAIL, PHONE, IP, str(VISITOR)]) == []
        visitors = own.rows("SELECT DISTINCT visitor FROM page_views")
        assert len(visitors) == 1, "one visitor is still one"
        sale = own.rows("SELECT metadata, campaign, amount_minor FROM ticket_sales")
        payloads = own.rows("SELECT payload FROM messages WHERE payload ? 'nested'")
    assert sum(sum(step.values()) for step in rebuild(database, old.tenant_id)) == 0
    assert sale == [
        {
            "metadata": {"note": "call (phone removed)", "seat": "A1"},
            "campaign": "mail (e-mail removed)",
            "amount_minor": 1000,
        }
    ]
    assert payloads[0]["payload"]["nested"] == [{"colour": "red"}]
    again = clean()
    assert again.keys() <= {"messages", "page_views"}, "only visitors get another name"


def test_every_text_of_a_sender_is_among_those_that_are_cleaned() -> None:
    sent = {
        (table, column.name)
        for table in stored_texts.TEXTS
        for column in metadata.tables[table].columns
        if str(column.type) == "JSONB" or column.name in ("reason", "path", "referrer", "campaign", "detail")
    }
    assert sent <= {(table, name) for table, (_, names) in stored_texts.TEXTS.items() for name in names}


def test_what_is_clean_is_left_as_it_is(database: Database, tenant: Tenant, postgres_url: str) -> None:
    at = NOW - timedelta(days=1)
    fact = Scan(at, "T-1", reason="already used", metadata='{"seat":"A1"}')
    payload = (
        '{"type":"ticket-scan","ticket_id":"4111111111111111","event_id":"gala","reason":"already used"}'
    )
    message = Message(uuid4(), "x", "rest", tenant.venue_id, uuid4(), "gala", at, payload, (fact,))
    facts.write(database, tenant.tenant_id, [message])
    with database.tenant(tenant.tenant_id) as own:
        before = everything(own)
    clean = Cleaner(NOW)
    found = [*stored_texts.clean_all(postgres_url, MasterKeys([MASTER_KEY]), tenant.tenant_id, clean)]
    assert sum(changed for _, _, changed in found) == 0
    with database.tenant(tenant.tenant_id) as own:
        assert everything(own) == before


def test_the_command_says_what_it_cleaned(
    old: Tenant, database: Database, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
    }
    words = [sys.executable, "-m", "jobs", "privacy", "scrub", "--tenant", str(old.tenant_id)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout)["ticket_sales"] == {"read": 1, "changed": 1}
    with database.tenant(old.tenant_id) as own:
        assert places(own, [MAIL, PHONE, IP]) == []
