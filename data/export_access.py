"""Through whose eyes an export reads, asked again when it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from data.access import Access
from data.engine import TenantConnection
from data.exports import Export
from data.eyes_now import eyes_now
from data.permissions import roles_with
from data.tokens import is_subject


class CreatorGone(Exception):
    """Whoever asked for it may no longer see it; the text says why."""


def access_of(tenant: TenantConnection, export: Export) -> Access:
    """Through whose eyes an export reads: what the person was shown when they asked and would be shown now,
    if they still are somebody. Of another issuer's services nothing is kept to ask: they were let in when
    they asked, and for them that holds as long as the export. Raises CreatorGone."""
    ended = is_subject(export.created_by) and export.expires_at <= datetime.now(UTC)
    now = None if ended else eyes_now(tenant, export.created_by)
    if now is None or now.role not in roles_with("export"):
        raise CreatorGone("Whoever asked for it may no longer see these figures.")
    kept = export.request["access"]
    return replace(
        now,
        venues=both(_ids(kept["venues"]), now.venues),
        events=both(_ids(kept["events"]), now.events),
        masked=bool(kept["masked"]),
    )


def both(one: frozenset[UUID] | None, other: frozenset[UUID] | None) -> frozenset[UUID] | None:
    """What both of them grant; None grants all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _ids(kept: list[str] | None) -> frozenset[UUID] | None:
    return None if kept is None else frozenset(map(UUID, kept))
