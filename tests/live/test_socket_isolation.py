"""Two tenants, every role, over sockets: with the other's ids in any frame nobody learns anything.

What an id of the other tenant is answered must be word for word what an id of nothing is answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from data.engine import Database
from data.grants import put_grants
from data.users import Role
from tests.conftest import Tenant, new_tenant
from tests.live.conftest import Socket, open_socket
from tests.live.night import Night, open_night
from tests.live.served import Served, sign_in, token_of

ROLES: tuple[Role, ...] = get_args(Role)
NOBODY = {
    "event": str(UUID(int=0xABCDEF, version=4)),
    "ref": "ref-of-nobody",
    "venue": str(UUID(int=0xABCDEE, version=4)),
    "hall": "hall-of-nobody",
}
FRAMES: list[dict[str, Any]] = [
    {"type": "subscribe-event", "eventId": "{event}"},
    {"type": "subscribe-event", "eventId": "{ref}"},
    {"type": "subscribe-event", "eventId": "{event}", "seq": 1},
    {"type": "subscribe-event", "eventId": "{venue}"},
    {"type": "subscribe-venue", "venueId": "{venue}"},
    {"type": "subscribe-venue", "venueId": "{hall}"},
    {"type": "subscribe-venue", "venueId": "{event}"},
    {"type": "unsubscribe-event", "eventId": "{event}"},
    {"type": "unsubscribe-event", "eventId": "{ref}"},
    {"type": "subscribe-event", "eventId": "{event}", "venueId": "{venue}", "tenantId": "{tenant}"},
]
"""Every place of a frame in which an id may come."""


def furnished(database: Database, postgres_url: str, name: str) -> tuple[Tenant, Night, dict[str, str]]:
    tenant = new_tenant(postgres_url)
    night = open_night(database, tenant.tenant_id, tenant.venue_id)
    hall = f"hall-{tenant.venue_id}"
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE events SET name = %s WHERE tenant_id = %s", [name, tenant.tenant_id])
        connection.execute(
            "UPDATE venues SET external_id = %s WHERE tenant_id = %s", [hall, tenant.tenant_id]
        )
    ids = {
        "event": str(night.event_id),
        "ref": f"night-{night.event_id}",
        "venue": str(tenant.venue_id),
        "hall": hall,
        "tenant": str(tenant.tenant_id),
    }
    return tenant, night, ids


@pytest.fixture(scope="module")
def ours(database: Database, postgres_url: str) -> tuple[Tenant, Night, dict[str, str]]:
    return furnished(database, postgres_url, "Linden")


@pytest.fixture(scope="module")
def theirs(database: Database, postgres_url: str) -> tuple[Tenant, Night, dict[str, str]]:
    return furnished(database, postgres_url, "Harlequin")


@pytest.fixture(scope="module")
def callers(
    served: Served, database: Database, ours: tuple[Tenant, Night, dict[str, str]]
) -> Iterator[dict[str, Socket]]:
    """A socket of everybody of our tenant: a person of each role, who sees what there is, and a program."""
    tenant, night, _ = ours
    with ExitStack() as stack:
        sockets: dict[str, Socket] = {}
        for role in ROLES:
            cookie = sign_in(database, served, tenant, role)
            if role == "promoter":
                with database.tenant(tenant.tenant_id) as connection:
                    [user] = connection.rows(
                        "SELECT user_id FROM users WHERE tenant_id = %s AND role = 'promoter'",
                        [tenant.tenant_id],
                    )
                    put_grants(connection, user["user_id"], "events", [night.event_id])
            headers = {"Cookie": cookie, "Origin": served.url}
            sockets[role] = stack.enter_context(open_socket(served, headers=headers))
        sockets["program"] = stack.enter_context(open_socket(served, token_of(database, tenant)))
        yield sockets


def asked(caller: Socket, frame: Mapping[str, Any], ids: Mapping[str, str]) -> list[str]:
    """All that a frame with these ids is answered, up to the answer to a question that comes after it; the
    ids that were sent are left out."""
    text = json.dumps(frame)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    caller.connection.send(text)
    caller.send({"type": "subscribe-event", "eventId": "the-end"})
    answers = list[str]()
    while True:
        answer = caller.receive()
        if answer.get("eventId") == "the-end":
            return answers
        if answer["type"] != "alive":
            said = json.dumps(answer, sort_keys=True)
            for value in sorted(ids.values(), key=len, reverse=True):
                said = said.replace(value, "<id>")
            answers.append(said)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: " ".join(map(str, frame.values())))
def test_no_frame_leads_to_anything_of_another_tenant(
    callers: dict[str, Socket],
    theirs: tuple[Tenant, Night, dict[str, str]],
    frame: dict[str, Any],
) -> None:
    _, night, ids = theirs
    for role, caller in callers.items():
        for _ in range(2):  # Once read, and once from what is held.
            nothing = asked(caller, frame, NOBODY | {"tenant": ids["tenant"]})
            found = asked(caller, frame, ids)
            assert found == nothing, role
            assert "Harlequin" not in str(found), role
    night.enter(1, datetime.now(UTC))
    for role, caller in callers.items():
        assert asked(caller, {"type": "unsubscribe-event", "eventId": "{event}"}, NOBODY) == [], role


def test_the_same_frames_lead_everybody_to_what_is_their_own(
    callers: dict[str, Socket], ours: tuple[Tenant, Night, dict[str, str]]
) -> None:
    _, _, ids = ours
    for role, caller in callers.items():
        for frame in FRAMES[:2]:
            [snapshot] = asked(caller, frame, ids)
            assert '"type": "snapshot"' in snapshot, role
            assert asked(caller, {"type": "unsubscribe-event", "eventId": "{event}"}, ids) == [], role
