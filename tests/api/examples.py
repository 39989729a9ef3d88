"""The examples of the reference, made to be sent: a tenant they fit, and addresses that lead somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from api.reference.document import openapi_path
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
    return made


def sent(example: Any) -> Any:
    """The example as it is sent today: its link ends tomorrow."""
    if isinstance(example, dict) and "expiresAt" in example:
        return example | {"expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    return example
