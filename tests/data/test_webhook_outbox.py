"""What happens in the house is put down for webhooks by whoever writes it, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from data import dead_letters, exports, facts, milestones, webhooks
from data.access import Access
from data.dead_letters import DeadLetter
from data.engine import Database
from data.export_request import ExportRequest
from data.live import read_state
from data.messages import SaleLine
from data.webhook_document import PATH, with_events
from data.webhook_events import CATALOGUE, explained, written
from tests.conftest import Tenant
from tests.data.rollup_rows import message
from tests.live.night import open_night

NOW = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture
def webhook(database: Database, tenant: Tenant) -> webhooks.Webhook:
    with database.tenant(tenant.tenant_id) as connection:
        return webhooks.add(connection, "https://shop.example/", "", [], ())[0]


def told(database: Database, tenant: Tenant) -> list[dict[str, Any]]:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute("SELECT body FROM webhook_messages ORDER BY type, created_at").fetchall()
    return [json.loads(body) for (body,) in rows]


def record(database: Database, tenant: Tenant, event_id: Any, at: datetime) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        state = read_state(connection, event_id, at)
        assert state is not None
        milestones.record(connection, state)


def test_marks_that_sales_and_people_pass_are_told_once(
    database: Database, tenant: Tenant, webhook: webhooks.Webhook
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    night = open_night(database, tenant.tenant_id, tenant.venue_id, now)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE events SET physical_capacity = 10, sellable_capacity = 10 WHERE tenant_id = %s",
            [tenant.tenant_id],
        )
    night.sell(10, now - timedelta(minutes=5))
    night.enter(8, now - timedelta(minutes=1))
    for _ in range(2):
        record(database, tenant, night.event_id, now)
    found = told(database, tenant)
    marks = {(each["type"], each["data"].get("percent"), each["data"].get("level")) for each in found}
    assert marks >= {
        ("event.sold_out", None, None),
        ("event.milestone_reached", 90, None),
        ("capacity.reached", 80, "amber"),
    }
    [sold_out] = [each["data"] for each in found if each["type"] == "event.sold_out"]
    assert sold_out["eventId"] == str(night.event_id)
    assert sold_out["sold"] == 10
    assert len(found) == len(marks)


def test_an_event_that_nobody_registered_is_told_when_the_first_message_of_it_comes(
    database: Database, tenant: Tenant, webhook: webhooks.Webhook
) -> None:
    event_id = uuid4()
    for key in ("one", "two"):
        sale = SaleLine("sale", NOW, 2, 9000, "GBP")
        facts.write(database, tenant.tenant_id, [message(tenant.venue_id, event_id, key, sale)])
    [only] = told(database, tenant)
    assert (only["type"], only["data"]["eventId"]) == ("event.unregistered", str(event_id))


def test_of_refused_messages_the_first_of_an_hour_is_told_for_each_sender_and_reason(
    database: Database, tenant: Tenant, webhook: webhooks.Webhook
) -> None:
    def letter(source: str, code: str, at: datetime) -> DeadLetter:
        return DeadLetter(at, source, code, "venueId", "not told", '{"not": "told"}')

    for _ in range(2):
        with database.tenant(tenant.tenant_id) as connection:
            letters = [letter("token:Bar", "unknown-venue", NOW + timedelta(minutes=n)) for n in (0, 9, 31)]
            dead_letters.keep(connection, [*letters, letter("token:Bar", "too-old", NOW)])
    found = [each["data"] for each in told(database, tenant)]
    hours = [(each["code"], each["firstAt"]) for each in found]
    assert sorted(hours) == [("too-old", "2026-11-20T19:30:00Z"), ("unknown-venue", "2026-11-20T19:30:00Z")]
    with database.tenant(tenant.tenant_id) as connection:
        dead_letters.keep(connection, [letter("token:Bar", "too-old", NOW + timedelta(hours=1))])
    assert len(told(database, tenant)) == 3
    assert "not told" not in str(told(database, tenant))


def test_a_file_that_is_ready_or_failed_is_told(
    database: Database, tenant: Tenant, webhook: webhooks.Webhook, tmp_path: Path
) -> None:
    eyes = Access(tenant.tenant_id, "owner", uuid4())
    what = ExportRequest.model_validate({"format": "csv", "query": {"metrics": ["tickets_sold"]}})
    with database.tenant(tenant.tenant_id) as connection:
        made = [exports.create(connection, eyes, what, "sales.csv", timedelta(hours=1)) for _ in range(2)]
        good, bad = (exports.claim(connection, each.export_id) for each in made)
        assert good is not None
        assert bad is not None
        draft = tmp_path / "draft"
        draft.write_text("a")
        assert exports.finish(connection, good, (1, 1), "sales.csv", 1, draft, tmp_path / "file")
        assert exports.fail(connection, bad, "No room.")
        assert not exports.fail(connection, good, "Too late.")
    found = {each["type"]: each["data"] for each in told(database, tenant)}
    assert found == {
        "export.ready": {
            "exportId": str(good.export_id),
            "format": "csv",
            "fileName": "sales.csv",
            "bytes": 1,
        },
        "export.failed": {
            "exportId": str(bad.export_id),
            "format": "csv",
            "fileName": "sales.csv",
            "error": "No room.",
        },
    }


def test_without_a_webhook_nothing_is_put_down(database: Database, tenant: Tenant) -> None:
    sale = SaleLine("sale", NOW, 2, 9000, "GBP")
    facts.write(database, tenant.tenant_id, [message(tenant.venue_id, uuid4(), "one", sale)])
    assert told(database, tenant) == []


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_every_type_says_what_it_is_and_shows_itself(name: str) -> None:
    kind = CATALOGUE[name]
    body = json.loads(written(kind(**kind.example), NOW))
    assert (body["type"], list(body)) == (name, ["type", "timestamp", "data"])
    assert explained(name).endswith(".")


def test_the_document_lists_every_event() -> None:
    text = PATH.read_text()
    assert text == with_events(text), "write it again: python -m data.webhook_document"
