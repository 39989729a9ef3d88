"""Visitors of the shop: a name for a day, from a salt of that day that is destroyed two days after it.

While a day's salt is there, the same visitor has the same hash all day. When it is gone nobody, with every
key of the house and the visitor's own id, can find out which hash was whose, or join two days by it.
"""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg

from data import tenant_keys
from data.engine import Database, TenantConnection
from data.keys import new_key
from data.messages import uuid_of
from data.tenants import list_tenants

KEPT_DAYS = 2
"""A day's salt lives until 48 hours after the end of the day (UTC)."""
_PURPOSE = "visitor salt"


class VisitorSalts:
    """The salts of the days that still have one, made as they are needed, held by this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[tuple[UUID, date], bytes] = {}
        self._today = date.min

    def digest(self, tenant_id: UUID, content: bytes, happened: datetime, received: datetime) -> UUID:
        """The hash of a visitor, or of what a visitor did, on the day it happened.

        What is told later than a day after, or of the future, is hashed with the salt of the day on which
        it came: one more name, and as hard to follow. Raises DatabaseUnavailable, Unsealable.
        """
        day, today = happened.astimezone(UTC).date(), received.astimezone(UTC).date()
        if today != self._today:
            self._today = today
            self._held = {key: salt for key, salt in self._held.items() if key[1] >= _oldest(today)}
        of = day if today - timedelta(days=1) <= day <= today else today
        salt = self._held.get((tenant_id, of))
        if salt is None:
            salt = self._held[tenant_id, of] = self._read(tenant_id, of)
        return _digest(salt, day, content)

    def _read(self, tenant_id: UUID, day: date) -> bytes:
        with self._database.tenant(tenant_id) as tenant:
            sealed = tenant_keys.seal(tenant, _PURPOSE, new_key())
            tenant.execute(
                "INSERT INTO visitor_salts (tenant_id, day, sealed) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [tenant_id, day, sealed],
            )
            row = tenant.execute(
                "SELECT sealed FROM visitor_salts WHERE tenant_id = %s AND day = %s", [tenant_id, day]
            ).fetchone()
            assert row is not None
            return tenant_keys.unseal(tenant, _PURPOSE, bytes(row[0]))


def visitors(tenant: TenantConnection, visitor: bytes) -> list[UUID]:
    """The names of a visitor on the days whose salts are still there, to find what is kept of one."""
    rows = tenant.execute("SELECT day, sealed FROM visitor_salts WHERE tenant_id = %s", [tenant.tenant_id])
    return [
        _digest(tenant_keys.unseal(tenant, _PURPOSE, bytes(sealed)), day, visitor) for day, sealed in rows
    ]


def destroy(database: Database, owner_url: str, now: datetime) -> int:
    """Destroy the salts whose time is over, in the table's file too; how many. Raises DatabaseUnavailable."""
    gone = 0
    for known in list_tenants(database):
        with database.tenant(known["tenant_id"]) as tenant:
            gone += tenant.execute(
                "DELETE FROM visitor_salts WHERE tenant_id = %s AND day < %s",
                [tenant.tenant_id, _oldest(now.astimezone(UTC).date())],
            ).rowcount
    if gone:
        # A deleted row stays readable on its page, also after VACUUM; this writes the few that live to a new
        # file and removes the old one. The write-ahead log, copies and blocks of the disk are not reached.
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("VACUUM (FULL) visitor_salts")
    return gone


def _digest(salt: bytes, day: date, content: bytes) -> UUID:
    return uuid_of(hmac.digest(salt, f"{day} ".encode() + content, "sha256")[:16])


def _oldest(today: date) -> date:
    return today - timedelta(days=KEPT_DAYS)
