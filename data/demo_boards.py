"""The demo's dashboards: one of each template, and two notes on the time axis."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from data import dashboards
from data.access import Access
from data.board_templates import TEMPLATES
from data.engine import TenantConnection
from data.notes import add_note

NOTES = (
    (timedelta(days=12), "Spring programme announced"),
    (timedelta(days=5), "Web shop down from 14:10 to 14:40"),
)
"""How long ago, and what happened."""


def add_demo_boards(tenant: TenantConnection, email: str, venue_id: UUID, now: datetime) -> None:
    """Make them as the user with this e-mail, if the tenant never had a board; purged ones stay away."""
    user = tenant.execute(
        "SELECT user_id FROM users WHERE tenant_id = %s AND email = %s", [tenant.tenant_id, email]
    ).fetchone()
    known = tenant.execute(
        "SELECT 1 FROM dashboard_versions WHERE tenant_id = %s LIMIT 1", [tenant.tenant_id]
    ).fetchone()
    if user is None or known is not None:
        return
    access = Access(tenant.tenant_id, "owner", user[0])
    # The first template is made last: lists have the newest board first.
    for template in list(TEMPLATES.values())[::-1]:
        origin = f"Template {template.label}"
        dashboards.create(tenant, access, template.label, template.document, origin=origin)
    for ago, text in NOTES:
        add_note(tenant, access, text=text, at=now - ago, venue=venue_id)
