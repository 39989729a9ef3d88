"""API tokens: shown once, kept as a hash, known for at most 30 seconds after their end."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from data import tokens
from data.engine import Database
from data.tokens import Sender, Tokens, create_token, list_tokens, revoke_token, token_is_valid
from tests.conftest import Tenant


@pytest.fixture
def token(database: Database, tenant: Tenant) -> str:
    with database.tenant(tenant.tenant_id) as connection:
        return create_token(connection, "till", ["send", "read", "write"])


def test_a_token_names_its_sender(database: Database, tenant: Tenant, token: str) -> None:
    sender = Tokens(database).sender(token)
    assert sender is not None
    assert sender == Sender(tenant.tenant_id, sender.token_id, "till", frozenset({"send", "read", "write"}))


def test_a_token_ends_when_it_was_told_to(database: Database, tenant: Tenant) -> None:
    now = datetime.now(UTC)
    with database.tenant(tenant.tenant_id) as connection:
        over = create_token(connection, "over", ["send"], now - timedelta(seconds=1))
        lasting = create_token(connection, "lasting", ["send"], now + timedelta(days=1))
        assert (token_is_valid(connection, over), token_is_valid(connection, lasting)) == (False, True)
    assert Tokens(database).sender(over) is None
    found = Tokens(database).sender(lasting)
    assert found is not None
    assert found.scopes == {"send"}


def test_only_a_hash_of_the_secret_is_kept(database: Database, tenant: Tenant, token: str) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows("SELECT * FROM api_tokens WHERE tenant_id = %s", [tenant.tenant_id])
    assert token[3:] not in repr(row)
    assert len(row["secret_hash"]) == hashlib.sha256().digest_size


@pytest.mark.parametrize("bad", ["", "hc_", "x" * 67, "hc_" + "é" * 64, "hc_" + "A" * 64, "hc_" + "!" * 64])
def test_what_is_no_token_names_nobody(database: Database, bad: str) -> None:
    assert Tokens(database).sender(bad) is None


def test_a_token_of_one_tenant_is_none_of_another(
    database: Database, tenant: Tenant, other_tenant: Tenant, token: str
) -> None:
    with database.tenant(other_tenant.tenant_id) as connection:
        assert not token_is_valid(connection, token)
        assert list_tokens(connection) == []
    with database.tenant(tenant.tenant_id) as connection:
        assert token_is_valid(connection, token)
        assert [row["name"] for row in list_tokens(connection)] == ["till"]


def test_a_revoked_token_is_forgotten_when_its_time_is_over(
    database: Database, tenant: Tenant, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Tokens(database)
    sender = known.sender(token)
    assert sender is not None
    with database.tenant(tenant.tenant_id) as connection:
        assert revoke_token(connection, sender.token_id)
        assert not revoke_token(connection, sender.token_id)
        assert not revoke_token(connection, uuid4())
        assert not token_is_valid(connection, token)
    assert known.sender(token) == sender
    later = time.monotonic() + tokens.HELD_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert known.sender(token) is None


def test_guessed_tokens_do_not_push_out_the_real_ones(
    database: Database, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_MOST_HELD", 4)
    known = Tokens(database)
    sender = known.sender(token)
    for letter in "ABCDEFGH":
        assert known.sender("hc_" + letter * 64) is None
    assert [held.sender for held in known._held.values()].count(sender) == 1
    assert len(known._held) <= 4


def test_use_is_noted_to_the_minute(database: Database, tenant: Tenant, token: str) -> None:
    Tokens(database).sender(token)
    with database.tenant(tenant.tenant_id) as connection:
        [first] = list_tokens(connection)
    Tokens(database).sender(token)
    with database.tenant(tenant.tenant_id) as connection:
        [second] = list_tokens(connection)
    assert first["last_used_at"] is not None
    assert second["last_used_at"] == first["last_used_at"]
