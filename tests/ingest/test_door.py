"""A batch is read as far as it is written: what comes later stays bytes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest

from data.dead_letters import DeadLetterBox
from data.directory import Directory
from data.engine import Database
from data.facts import Verdict
from data.messages import Message
from data.services import Live, Writer
from ingest.decoding import message_object
from ingest.door import Door
from tests.conftest import Tenant


def test_a_batch_is_read_a_transaction_at_a_time(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = [0]
    read_before: list[tuple[int, int]] = []

    def counted(body: bytes) -> dict[str, Any]:
        read[0] += 1
        return message_object(body)

    def commit(_: Database, __: Live, ___: UUID, messages: Sequence[Message]) -> list[Verdict]:
        read_before.append((read[0], len(messages)))
        return ["accepted"] * len(messages)

    monkeypatch.setattr("ingest.door.message_object", counted)
    monkeypatch.setattr("ingest.door.commit", commit)
    now = datetime.now(UTC).isoformat()
    parts = [
        json.dumps(
            {"type": "ticket-scan", "eventId": "gala", "ticketId": f"t-{n}", "timestamp": now}
        ).encode()
        for n in range(2_500)
    ]
    parts[1_200] = b"{"
    nobody = cast(Any, None)
    taken = Door(
        database, Directory(database), cast(Writer, nobody), cast(Live, nobody), DeadLetterBox(database)
    ).batch(tenant.tenant_id, parts)
    assert read_before == [(1_000, 1_000), (2_000, 999), (2_500, 500)]
    assert [outcome.index for outcome in taken] == list(range(2_500))
    assert [outcome.index for outcome in taken if outcome.status != "accepted"] == [1_200]
