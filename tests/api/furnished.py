"""A tenant with one of everything that has an id, each called by a word that nobody else uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask

from app import SERVICES
from data import letter_jobs, letters, webhook_outbox, webhooks
from data.access import Access
from data.dead_letters import DeadLetter, keep
from data.engine import Database
from data.invitations import invite
from data.letters import Wanted
from data.mail_links import MailLinks
from data.tokens import create_token
from data.users import add_user
from tests.api.caller import PASSWORD, Caller, person
from tests.api.test_exports import finish
from tests.conftest import Tenant
from tests.live.night import open_night

WIDGET = {"id": "a", "widget": "kpi", "settings": {"metric": "tickets_sold", "span": "all"}}


@dataclass(frozen=True)
class Furnished:
    """Its ids by what they are of; `word` stands in every name."""

    tenant: Tenant
    word: str
    ids: dict[str, str]
    owner: Caller


def furnish(server: Flask, database: Database, tenant: Tenant, word: str) -> Furnished:
    """Fill a tenant: a night with sales and people inside, a board, a link to it, a note, and an export."""
    now = datetime.now(UTC).replace(microsecond=0)
    ref = f"ref-{uuid4()}"
    night = open_night(database, tenant.tenant_id, tenant.venue_id, now)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE events SET name = %s, external_id = %s WHERE tenant_id = %s",
            [f"{word} night", ref, tenant.tenant_id],
        )
        connection.execute(
            "UPDATE venues SET name = %s WHERE tenant_id = %s", [f"{word} hall", tenant.tenant_id]
        )
    night.sell(7, now - timedelta(minutes=5))
    night.enter(3, now - timedelta(minutes=1))
    owner = person(server, database, tenant, "owner", f"{word} owner")
    board = owner.json(
        "POST", "/api/v1/dashboards", {"name": f"{word} board", "document": {"widgets": [WIDGET]}}
    )
    path = f"/api/v1/dashboards/{board['id']}"
    until = (now + timedelta(days=1)).isoformat()
    locked = {"event": str(night.event_id)}
    link: Any = owner.json(
        "POST", f"{path}/links", {"label": f"{word} link", "expiresAt": until, "filters": locked}
    )
    note: Any = owner.json(
        "POST",
        "/api/v1/annotations",
        {"text": f"{word} note", "at": now.isoformat(), "event_id": str(night.event_id)},
    )
    asked = {"format": "csv", "title": f"{word} figures", "query": {"metrics": ["tickets_sold"]}}
    export: Any = owner.json("POST", "/api/v1/exports", asked)
    if export["status"] == "waiting":
        assert finish(server, tenant, export["id"])
    with database.tenant(tenant.tenant_id) as connection:
        create_token(connection, f"{word} token", ["read"])
        [(token,)] = connection.execute(
            "SELECT token_id FROM api_tokens WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchall()
        eyes = Access(tenant.tenant_id, "owner", UUID(int=5))
        links, guest = MailLinks(server.extensions[SERVICES].settings.signing_key()), f"{word} guest"
        invitation = invite(
            connection, eyes, links, f"{uuid4()}@example.org", guest, "analyst", "all", [], now
        )
        note_of = DeadLetter(now, "rest", "not-json", None, f"{word} detail", f"{word} payload")
        keep(connection, [note_of])
        [letter] = letters.search(connection, Wanted(), limit=1)
        job = letter_jobs.create(connection, "discard", Wanted(until=now), None, now)
        unregistered = uuid4()
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, registered)"
            " VALUES (%s, %s, %s, %s, false)",
            [tenant.tenant_id, tenant.venue_id, unregistered, f"{word} stray"],
        )
        user = add_user(connection, f"{uuid4()}@example.org", f"{word} analyst", "analyst", PASSWORD)
        webhook, _ = webhooks.add(connection, f"https://{word.lower()}.example/", f"{word} webhook", [], ())
        message = webhook_outbox.put_test(connection, webhook.webhook_id, now)
    upload: Any = owner.client.post(
        f"/api/v1/imports?kind=sales&source={word}&name={word}.csv",
        data=f"{word},Sold at,Price\n1,2,3".encode(),
        headers=dict(owner.headers),
    ).json
    ids = {
        "venue": str(tenant.venue_id),
        "event": str(night.event_id),
        "ref": ref,
        "board": str(board["id"]),
        "link": str(link["id"]),
        "note": str(note["id"]),
        "export": str(export["id"]),
        "import": str(upload["id"]),
        "user": str(user),
        "token": str(token),
        "invitation": str(invitation),
        "letter": str(letter.letter_id),
        "job": str(job.job_id),
        "webhook": str(webhook.webhook_id),
        "message": str(message),
        "unregistered": str(unregistered),
        "tenant": str(tenant.tenant_id),
    }
    assert all(UUID(value) for name, value in ids.items() if name != "ref")
    return Furnished(tenant, word, ids, owner)
