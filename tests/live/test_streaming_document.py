"""docs/streaming.md against a real night: every example is something that is really said."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.live.conftest import Socket, open_socket
from tests.live.night import Night
from tests.live.served import Served
from tests.live.test_stream import scan

DOCUMENT = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]
SENT = [example for example in EXAMPLES if "subscribe" in example.get("type", "")]
RECEIVED = [example for example in EXAMPLES if "type" in example and example not in SENT]
ANSWERED = [example for example in EXAMPLES if "type" not in example]


def shape(value: Any) -> Any:
    """Keys and kinds of a value; a list has the shapes of its elements, null fits everything."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    if value is None:
        return None
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def fits(example: Any, real: Any) -> bool:
    """Whether the example could have been this; each element of its lists must be like a real one."""
    if example is None or real is None:
        return True
    if isinstance(example, dict) and isinstance(real, dict):
        return example.keys() == real.keys() and all(fits(example[key], real[key]) for key in example)
    if isinstance(example, list) and isinstance(real, list):
        return all(any(fits(item, other) for other in real) for item in example)
    return bool(example == real)


@pytest.fixture
def furnished(night: Night) -> Night:
    """The night of a venue with a gate, a zone and a usual curve, of which much is sold."""
    keys = {"t": night.tenant_id, "v": night.venue_id, "e": night.event_id}
    with night.database.tenant(night.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO gates (tenant_id, venue_id, gate, name, zone)"
            " VALUES (%(t)s, %(v)s, 'north', 'N', 'floor')",
            keys,
        )
        tenant.execute(
            "INSERT INTO zones (tenant_id, venue_id, zone, name, capacity)"
            " VALUES (%(t)s, %(v)s, 'floor', 'F', 9)",
            keys,
        )
        tenant.execute(
            "INSERT INTO usual_arrivals (tenant_id, venue_id, event_id, bucket_minutes, first_offset_minutes,"
            " shares, peak_offset_minutes, peak_share, comparables, computed_at)"
            " VALUES (%(t)s, %(v)s, %(e)s, 5, 0, '{0.5,1}', 10, 0.9, %(c)s, now())",
            keys | {"c": [uuid4()]},
        )
    now = datetime.now(UTC)
    night.sell(190, now - timedelta(hours=1))
    night.sell(200, now)
    night.enter(5, now - timedelta(minutes=1))
    night.mention(2, now - timedelta(hours=1))
    return night


def happenings(served: Served, token: str, night: Night, client: Socket) -> list[dict[str, Any]]:
    """Everything the server says while tickets, scans and talk come in."""
    messages = [client.subscribe(uuid4()), client.subscribe(night.event_id)]
    scan(served, token, night, "first")
    messages.append(client.until("activity-update"))
    # The snapshot of a night under way has marks and alerts, which the first publication has recorded.
    client.send({"type": "unsubscribe-event", "eventId": str(night.event_id)})
    messages.append(client.subscribe(night.event_id))
    night.sell(210, datetime.now(UTC))
    night.mention(30, datetime.now(UTC))
    scan(served, token, night, "second")
    wanted = {example["type"] for example in RECEIVED}
    while wanted - {message["type"] for message in messages}:
        messages.append(client.receive())
    return messages


def test_every_message_that_is_documented_is_really_sent(
    served: Served, token: str, furnished: Night
) -> None:
    with open_socket(served, token) as client:
        messages = happenings(served, token, furnished, client)
    strange = [
        example
        for example in RECEIVED
        if not any(fits(shape(example), shape(message)) for message in messages if _alike(example, message))
    ]
    assert strange == []
    assert {message["type"] for message in messages} - {example["type"] for example in RECEIVED} <= {
        "sale-update",
        "revenue-update",
        "attendance-update",
    }


def _alike(example: dict[str, Any], message: dict[str, Any]) -> bool:
    return bool(example["type"] == message["type"])


def test_every_type_and_code_that_is_documented_is_in_the_tables_and_in_the_source() -> None:
    source = "".join((Path(__file__).parents[2] / "api" / name).read_text() for name in _SPEAKING)
    types = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)
    assert len(types) == 12
    assert [name for name in types if f'"{name}"' not in source] == []


_SPEAKING = ("updates.py", "subscriptions.py", "sockets.py", "stream.py")


def test_every_documented_message_of_a_client_is_understood(
    served: Served, token: str, furnished: Night
) -> None:
    assert [example["type"] for example in SENT] == [
        "subscribe-event",
        "unsubscribe-event",
        "subscribe-venue",
    ]
    ids = {"eventId": str(furnished.event_id), "venueId": str(furnished.venue_id)}
    with open_socket(served, token) as client:
        for example in SENT:
            client.send(example | {name: ids[name] for name in ids if name in example})
        answers = [client.receive(), client.receive()]
    assert [(answer["type"], answer["eventId"]) for answer in answers] == [("snapshot", ids["eventId"])] * 2


def test_the_documented_answers_of_the_rest_routes_are_given(
    served: Served, token: str, furnished: Night
) -> None:
    section, venue, series = ANSWERED
    headers = {"Authorization": f"Bearer {token}"}
    one = httpx.get(f"{served.url}/api/v1/realtime/social/{furnished.event_id}", headers=headers).json()
    url = f"{served.url}/api/v1/analytics/real-time/revenue"
    other = httpx.get(url, params={"venue_id": str(furnished.venue_id)}, headers=headers).json()
    assert fits(shape(section), shape(one))
    assert fits(shape(venue), shape(other))
    with furnished.database.tenant(furnished.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO series (tenant_id, venue_id, series_id, name) VALUES (%s, %s, %s, 'Winter')",
            [furnished.tenant_id, furnished.venue_id, series["seriesId"]],
        )
    url = f"{served.url}/api/v1/analytics/real-time/attendance"
    third = httpx.get(url, params={"series_id": series["seriesId"]}, headers=headers).json()
    assert fits(shape(series), shape(third))
