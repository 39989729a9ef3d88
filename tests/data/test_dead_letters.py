"""Refused messages are kept without making anybody wait."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import dead_letters
from data.dead_letters import LONGEST_PAYLOAD, DeadLetter, DeadLetterBox
from data.embedded import postgres_server
from data.engine import Database
from data.migrations import run
from tests.conftest import Tenant, new_tenant

AT = datetime(2026, 11, 21, 20, tzinfo=UTC)


def letter(number: int, payload: str = "{}") -> DeadLetter:
    return DeadLetter(AT, "rest", "unknown-type", "type", f"letter {number}", payload)


def kept(database: Database, tenant: Tenant) -> list[str]:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.rows(
            "SELECT detail FROM dead_letters WHERE tenant_id = %s ORDER BY detail", [tenant.tenant_id]
        )
    return [row["detail"] for row in rows]


def test_letters_are_kept_by_tenant_with_bounded_payloads(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    box = DeadLetterBox(database)
    box.put(tenant.tenant_id, [letter(1, "x" * (LONGEST_PAYLOAD + 1)), letter(2)])
    box.put(other_tenant.tenant_id, [letter(3)])
    assert box.flush()
    box.close()
    assert kept(database, tenant) == ["letter 1", "letter 2"]
    assert kept(database, other_tenant) == ["letter 3"]
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT received_at, source, code, field, detail, payload, replayed_at FROM dead_letters"
            " WHERE tenant_id = %s AND detail = 'letter 1'",
            [tenant.tenant_id],
        )
    assert row == {
        "received_at": AT,
        "source": "rest",
        "code": "unknown-type",
        "field": "type",
        "detail": "letter 1",
        "payload": "x" * LONGEST_PAYLOAD,
        "replayed_at": None,
    }


def test_letters_wait_while_the_server_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "_RETRY_SECONDS", 0.1)
    server = postgres_server(tmp_path)
    server.start()
    run.upgrade(server.url)
    tenant = new_tenant(server.url)
    database = Database(server.url)
    box = DeadLetterBox(database)
    try:
        server.stop()
        box.put(tenant.tenant_id, [letter(1), letter(2)])
        assert not box.flush(3.0)
        server.start()
        assert box.flush(20.0)
        assert kept(database, tenant) == ["letter 1", "letter 2"]
    finally:
        box.close()
        database.close()
        server.stop()


def test_a_flood_is_bounded(database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "MOST_WAITING", 10)
    box = DeadLetterBox(database)
    box.put(tenant.tenant_id, [letter(number) for number in range(10, 100)])
    assert box.flush()
    box.close()
    assert kept(database, tenant) == [f"letter {number}" for number in range(10, 20)]


def test_long_letters_are_bounded_by_their_length_together(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "MOST_CHARACTERS", 100)
    box = DeadLetterBox(database)
    box.put(tenant.tenant_id, [letter(number, "x" * 40) for number in range(1, 5)] + [letter(5)])
    assert box.flush()
    box.put(tenant.tenant_id, [letter(6, "x" * 100)])
    assert box.flush()
    box.close()
    assert kept(database, tenant) == ["letter 1", "letter 2", "letter 5", "letter 6"]
