"""Handshakes of the live socket in the audit log: who was refused and why, and what followed from which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from data.audit_entry import HOUSE
from data.engine import Database
from data.tokens import create_token
from tests.api.test_audit import Log
from tests.conftest import Tenant
from tests.live.conftest import open_socket
from tests.live.night import Night
from tests.live.served import House, Served, build, fresh_prefix, served_here, sign_in, until
from tests.live.test_stream import closing, refusal


@pytest.fixture(scope="module")
def small(postgres_url: str, redis_url: str) -> Iterator[tuple[House, Served]]:
    """A house in which nobody has more than two sockets."""
    house = build(postgres_url, redis_url, redis_prefix=fresh_prefix(), max_sockets_per_caller=2)
    with served_here(house) as served:
        yield house, served
    house.close()


def told(log: Log) -> list[tuple[Any, ...]]:
    """Of each new entry who did it, through which door, as what, how it ended and why."""
    return [
        (entry["actor_kind"], entry["door"], entry["action"], entry["outcome"], entry["detail"].get("reason"))
        for entry in log.new()
    ]


def test_a_known_caller_who_is_refused_is_recorded_with_the_reason(
    small: tuple[House, Served], database: Database, tenant: Tenant
) -> None:
    _, served = small
    with database.tenant(tenant.tenant_id) as connection:
        sends = create_token(connection, "gate", ["send"])
    cookie = sign_in(database, served, tenant)
    log = Log(database, tenant.tenant_id)
    assert refusal(served, additional_headers={"Authorization": f"Bearer {sends}"})[0] == 403
    assert told(log) == [("token", "socket", "see-night", "refused", "not-permitted")]
    evil = "https://evil.example"
    assert refusal(served, additional_headers={"Cookie": cookie}, origin=evil)[0] == 403
    assert told(log) == [("person", "socket", "see-night", "refused", "foreign-origin")]


def test_strangers_are_recorded_in_the_chain_of_no_tenant_once_in_a_while_and_without_their_address(
    small: tuple[House, Served], database: Database, tenant: Tenant
) -> None:
    _, served = small
    log, house = Log(database, tenant.tenant_id), Log(database, HOUSE)
    for _ in range(3):
        assert refusal(served)[0] == 401
        assert refusal(served, additional_headers={"Authorization": "Bearer hc_nothing"})[0] == 401
    with open_socket(served, headers={"Origin": served.url}) as client:
        assert closing(client)[0] == 4401
    until(lambda: len(house.peek()) >= 3, "the refusals to be recorded")
    new = house.new()
    assert sorted((each["actor_kind"], each["outcome"], each["detail"]["reason"]) for each in new) == [
        ("stranger", "refused", "invalid-token"),
        ("stranger", "refused", "missing-token"),
        ("stranger", "refused", "session-ended"),
    ]
    assert "127.0.0.1" not in str(new)
    assert "hc_nothing" not in str(new)
    assert log.new() == []


def test_nobody_has_more_sockets_than_their_share_and_the_refusal_is_recorded(
    small: tuple[House, Served], database: Database, tenant: Tenant, token: str, night: Night
) -> None:
    house, served = small
    cookies = [sign_in(database, served, tenant), sign_in(database, served, tenant, "door")]
    mine = {"Cookie": cookies[0], "Origin": served.url}
    with open_socket(served, headers=mine), open_socket(served, headers=mine):
        until(lambda: house.hub.sockets == 2, "both to be in")
        log = Log(database, tenant.tenant_id)
        status, body = refusal(served, additional_headers={"Cookie": cookies[0]}, origin=served.url)
        assert (status, body["code"]) == (429, "too-many-sockets")
        assert told(log) == [("person", "socket", "see-night", "refused", "too-many-sockets")]
        with (
            open_socket(served, headers={"Cookie": cookies[1], "Origin": served.url}) as door,
            open_socket(served, token) as program,
        ):
            for client in (door, program):
                assert client.subscribe(night.event_id)["type"] == "snapshot"
    until(lambda: house.hub.sockets == 0, "all to leave")
    with open_socket(served, headers=mine) as client:
        assert client.subscribe(night.event_id)["type"] == "snapshot"


def test_what_a_socket_follows_is_recorded_under_the_request_that_opened_it(
    small: tuple[House, Served], database: Database, tenant: Tenant, token: str, night: Night
) -> None:
    _, served = small
    log = Log(database, tenant.tenant_id)
    headers = {"X-Request-Id": f"opened-{uuid4().hex}", "Authorization": f"Bearer {token}"}
    with open_socket(served, headers=headers) as client:
        client.subscribe(night.event_id)
        client.send({"type": "subscribe-venue", "venueId": str(tenant.venue_id)})
        until(lambda: len(log.peek()) == 3, "all to be recorded")
    new = log.new()
    assert [entry["object"] for entry in new] == ["", f"event:{night.event_id}", f"venue:{tenant.venue_id}"]
    assert {entry["request_id"] for entry in new} == {headers["X-Request-Id"]}
    assert isinstance(new[0]["actor_id"], UUID)
