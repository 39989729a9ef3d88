"""The examples of the reference, made to be sent: a tenant they fit, and addresses that lead somewhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from api import imports
from api.reference.document import openapi_path
from app import SERVICES
from data.keys import MasterKeys
from ingest.files.upload import folder_of
from jobs.importing import Tools, work
from tests.api.caller import Caller
from tests.conftest import Tenant

VENUE = UUID("019ab3a0-0000-7000-8000-000000000001")
"""The venue of the examples."""


def tenant_of_examples(postgres_url: str) -> Tenant:
    """A tenant whose venue is that of the examples."""
    tenant = Tenant(uuid4(), VENUE, "hall")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant.tenant_id),))
        connection.execute(
            "INSERT INTO tenants (tenant_id, slug, name, demo, customer_key)"
            " VALUES (%s, %s, 'Test', false, %s)",
            (tenant.tenant_id, f"example-{tenant.tenant_id}", b"k" * 32),
        )
        connection.execute(
            """INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency,
                                   business_day_starts, capacity, amber_percent, red_percent, status)
               VALUES (%s, %s, 'hall', 'Hall', 'Europe/London', 'GBP', '06:00', 1000, 80, 95, 'active')""",
            (tenant.tenant_id, tenant.venue_id),
        )
    return tenant


def path_to(program: Caller, path: str) -> str:
    """The address with something that is there in each of its places."""
    made = (
        openapi_path(path)
        .replace("{grantee}", "role:manager")
        .replace("{name}", "kpi")
        .replace("{number}", "1")
    )
    if "{board_id}" in made:
        board = program.json("POST", "/api/v1/dashboards", {"name": "Here"})
        made = made.replace("{board_id}", board["id"])
    if "{note_id}" in made:
        note = {"text": "Here", "at": "2026-11-20T19:30:00Z", "venueId": str(VENUE)}
        made = made.replace("{note_id}", program.json("POST", "/api/v1/annotations", note)["id"])
    if "{webhook_id}" in made:
        webhook = {"url": "https://hooks.example.com/"}
        made = made.replace("{webhook_id}", program.json("POST", "/api/v1/webhooks", webhook)["id"])
    if "{letter_id}" in made:
        made = made.replace("{letter_id}", a_letter(program))
    if "{unregistered_id}" in made:
        made = made.replace("{unregistered_id}", an_unregistered_event(program))
    if "{message_id}" in made:
        tested = program.json("POST", made.partition("/deliveries/")[0] + "/test")
        made = made.replace("{message_id}", tested["id"])
    if made == imports.PATH:
        made += "?kind=sales&source=till"  # What it has to be told.
    if "{import_id}" in made:
        made = made.replace("{import_id}", an_import(program, made.rpartition("/")[2]))
    return made


def a_letter(program: Caller) -> str:
    """The id of a message that was refused."""
    refused = {"type": "ticket-scan", "ticketId": "T-1", "timestamp": "2026-11-20T19:30:00Z"}
    program("POST", "/api/v1/analytics/events", refused)
    for _ in range(200):  # It is kept beside the answer.
        letters = program.json("GET", "/api/v1/dead-letters")["letters"]
        if letters:
            return str(letters[0]["id"])
        time.sleep(0.05)
    raise AssertionError


def an_unregistered_event(program: Caller) -> str:
    """The id of an event of which tickets were sold before anybody registered it."""
    sale = {"type": "ticket-purchase", "eventId": "stray", "amount": 5, "ticketId": "T-stray"}
    program.json("POST", "/api/v1/analytics/events", sale | {"timestamp": "2025-11-20T19:30:00Z"})
    return str(program.json("GET", "/api/v1/unregistered-events")["events"][0]["id"])


def an_import(program: Caller, step: str) -> str:
    """The id of an import with which this may be done."""
    header = {"Content-Type": "text/csv"}
    rows = b"Event,Sold at,Price\nGala,2025-11-21 19:30,12.50\n"
    answer = program.client.post(
        f"{imports.PATH}?kind=sales&source=till", data=rows, headers=dict(program.headers) | header
    )
    assert answer.json is not None
    found = UUID(answer.json["id"])
    services = program.client.application.extensions[SERVICES]
    tools = Tools(
        services.database,
        services.directory,
        services.live,
        folder_of(services.settings.data_dir),
        services.settings.database_url,
        MasterKeys(services.settings.master_keys()),
    )
    for before in STEPS.get(step, ()):
        program.json("POST", f"{imports.PATH}/{found}/{before}")
        if step != "cancel":
            with services.database.job("imports") as connection:
                [(tenant_id,)] = connection.execute(
                    "SELECT tenant_id FROM imports WHERE import_id = %s", [found]
                ).fetchall()
            assert work(tools, tenant_id, found)
    return str(found)


STEPS = {"run": ("check",), "cancel": ("check",), "undo": ("check", "run")}
"""What comes before a step."""


def sent(example: Any) -> Any:
    """The example as it is sent today: its link ends tomorrow."""
    if isinstance(example, dict) and "expiresAt" in example:
        return example | {"expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    return example
