"""CloudEvents over HTTP as the specification's own SDK writes them, and as no SDK would."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from werkzeug.test import TestResponse

from data.engine import Database
from tests.api.door import House, Sender
from tests.conftest import Tenant

ONE, BATCH = "/api/v1/analytics/events", "/api/v1/ingest/batch"
AT = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
SALE = {"ticketId": "T-1", "eventId": "gala", "amount": 12.5, "currency": "GBP"}
STRUCTURED, IN_BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def event(data: dict[str, Any] | None = None, **attributes: Any) -> CloudEvent:
    own = {
        "id": "4711",
        "source": "https://shop.example.org/orders",
        "type": "ticket-purchase",
        "time": AT,
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes=own | attributes, data=SALE if data is None else data)


def posted(sender: Sender, message: HTTPMessage, path: str = ONE) -> TestResponse:
    return sender.post(path, message.body, message.headers)


def kept(database: Database, tenant: Tenant) -> list[tuple[Any, ...]]:
    """What stands in the ledger: source, type and time of each message."""
    with database.tenant(tenant.tenant_id) as own:
        return own.execute(
            "SELECT source, type, occurred_at FROM messages WHERE tenant_id = %s ORDER BY source, type",
            [tenant.tenant_id],
        ).fetchall()


@pytest.mark.parametrize("written", [to_structured_event, to_binary_event])
def test_an_event_of_the_sdk_is_a_message_and_the_same_one_when_it_comes_again_in_any_mode(
    sender: Sender, database: Database, tenant: Tenant, written: Any
) -> None:
    answer = posted(sender, written(event()))
    assert (answer.status_code, answer.json) == (202, {"status": "accepted", "id": "4711"})
    for again in (to_structured_event, to_binary_event):
        assert posted(sender, again(event())).json == {"status": "duplicate", "id": "4711"}
        assert posted(sender, again(event(source="https://elsewhere.example.org"))).status_code == 202
    rows = kept(database, tenant)
    assert rows == [
        ("https://elsewhere.example.org", "ticket-purchase", AT),
        ("https://shop.example.org/orders", "ticket-purchase", AT),
    ]


def test_a_batch_of_events_has_a_verdict_for_each(sender: Sender, house: House) -> None:
    events = [json.loads(to_structured_event(event(id=str(number))).body) for number in range(3)]
    events.insert(1, {**events[0], "id": "bad", "data": {"eventId": "gala", "amount": -1, "ticketId": "T"}})
    events.append({**events[0]})
    answer = sender.post(BATCH, json.dumps(events).encode(), {"Content-Type": IN_BATCH})
    assert answer.status_code == 202
    told = answer.json
    assert told is not None
    assert [each["status"] for each in told["verdicts"]] == [
        "accepted",
        "rejected",
        "accepted",
        "accepted",
        "duplicate",
    ]
    assert (told["verdicts"][1]["id"], told["verdicts"][1]["field"]) == ("bad", "amount")
    assert house.dead_letters.flush()


@pytest.mark.parametrize("path", [ONE, BATCH])
def test_the_batch_address_takes_single_events_too(sender: Sender, path: str) -> None:
    for number, written in enumerate((to_structured_event, to_binary_event)):
        answer = posted(sender, written(event(id=f"{path} {number}")), path)
        assert answer.status_code == 202, answer.text
        told = answer.json
        assert told is not None
        assert told.get("accepted", 1) == 1


def test_types_may_begin_with_an_organisation_and_attributes_may_be_in_any_script(
    sender: Sender, database: Database, tenant: Tenant
) -> None:
    scan = {"ticketId": "T-1", "eventId": "gala", "scannedAt": "2026-11-21T20:00:00Z"}
    for written in (to_structured_event, to_binary_event):
        own = event(scan, type="org.example.ticket-scan", source="/tür/日本", id=written.__name__)
        assert posted(sender, written(own)).status_code == 202
    assert (
        kept(database, tenant) == [("/tür/日本", "ticket-scan", datetime(2026, 11, 21, 20, tzinfo=UTC))] * 2
    )


def test_data_in_base64_is_read_and_what_the_envelope_says_wins(
    sender: Sender, database: Database, tenant: Tenant
) -> None:
    inner = SALE | {"id": "inner", "source": "inner", "type": "refund", "timestamp": "2026-11-20T08:00:00Z"}
    body = json.loads(to_structured_event(event()).body)
    del body["data"]
    body["data_base64"] = base64.b64encode(json.dumps(inner).encode()).decode()
    answer = sender.post(ONE, json.dumps(body).encode(), {"Content-Type": STRUCTURED})
    assert (answer.status_code, answer.json) == (202, {"status": "accepted", "id": "4711"})
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert kept(database, tenant) == [("https://shop.example.org/orders", "ticket-purchase", at)]


WHOLE = json.loads(to_structured_event(event()).body)
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"specversion": "0.3"}, "not-a-choice", "specversion"),
    ({"specversion": None}, "not-a-choice", "specversion"),
    ({"id": None}, "missing-field", "id"),
    ({"id": ""}, "missing-field", "id"),
    ({"id": 7}, "wrong-type", "id"),
    ({"source": None}, "missing-field", "source"),
    ({"type": None}, "missing-field", "type"),
    ({"type": "com.example.nothing"}, "unknown-type", "type"),
    ({"data": None}, "missing-field", "data"),
    ({"data": [1]}, "wrong-type", "data"),
    ({"data": None, "data_base64": "%%%"}, "not-json", "data_base64"),
    ({"data": None, "data_base64": 7}, "not-json", "data_base64"),
    ({"data_base64": "e30="}, "contradiction", "data_base64"),
    ({"datacontenttype": "application/xml"}, "unsupported-media-type", "datacontenttype"),
    ({"time": "tomorrow"}, "bad-timestamp", "timestamp"),
    ({"source": "x" * 300}, "text-too-long", "source"),
]


@pytest.mark.parametrize(("change", "code", "field"), WRONG, ids=lambda each: str(each)[:40])
def test_an_envelope_that_is_not_one_is_refused_by_name_and_kept(
    sender: Sender,
    house: House,
    database: Database,
    tenant: Tenant,
    change: dict[str, Any],
    code: str,
    field: str,
) -> None:
    answer = sender.post(ONE, json.dumps(WHOLE | change).encode(), {"Content-Type": STRUCTURED})
    told = answer.json
    assert told is not None
    assert (told["code"], told["field"]) == (code, field)
    assert answer.status_code == {"not-json": 400, "unsupported-media-type": 415}.get(code, 422)
    assert house.dead_letters.flush()
    with database.tenant(tenant.tenant_id) as own:
        letters = own.execute(
            "SELECT code, field FROM dead_letters WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchall()
    assert letters == [(code, field)]


def test_headers_that_make_no_event_are_refused(sender: Sender) -> None:
    message = to_binary_event(event())
    for change, code in [
        ({"ce-id": ""}, "missing-field"),
        ({"ce-specversion": "2.0"}, "not-a-choice"),
        ({"ce-source": "%ff"}, "not-unicode"),
    ]:
        answer = sender.post(ONE, message.body, message.headers | change)
        assert answer.json is not None
        assert (answer.status_code, answer.json["code"]) == (422 if code != "not-unicode" else 400, code)


def test_a_batch_does_not_fit_through_the_door_for_one(sender: Sender) -> None:
    answer = sender.post(ONE, b"[]", {"Content-Type": IN_BATCH})
    assert (answer.status_code, answer.json and answer.json["code"]) == (415, "unsupported-media-type")
