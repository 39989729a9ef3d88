"""Websites of a venue whose pages say what is looked at there, and put into carts.

The key of a site stands in its pages for everybody to read. With it page views and carts are sent, from the
origins of the site; nothing is ever read with it.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from data.engine import Database, TenantConnection

PREFIX = "hs_"
HELD_SECONDS = 10.0
_MOST_HELD = 1_024
_HOME = ("localhost", "127.0.0.1", "[::1]")


class NameTaken(Exception):
    """The tenant has another site of this name."""


@dataclass(frozen=True, slots=True)
class Site:
    """One website. `name` is the tenant's own short name for it; `origins` as browsers write them."""

    tenant_id: UUID
    site_id: UUID
    venue_id: UUID
    name: str
    origins: frozenset[str]


def origin_of(text: str) -> str:
    """An origin as browsers write it: `https://shop.example`, with a port that is not the usual one. Plain
    http is for this machine alone. Raises ValueError."""
    parts = urlsplit(text.strip())
    host, port = (parts.hostname or "").lower(), parts.port
    host = f"[{host}]" if ":" in host else host
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if extra or not host or not host.isascii():
        raise ValueError(f"{text!r} is no origin: write https:// and the host, in ASCII, and no more")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _HOME):
        raise ValueError(f"{text!r} is not encrypted: an origin begins with https://")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def key_of(tenant_id: UUID, site_id: UUID) -> str:
    """The public key of a site: it tells whose it is before anything is looked up."""
    return PREFIX + base64.urlsafe_b64encode(tenant_id.bytes + site_id.bytes).decode().rstrip("=")


def add(tenant: TenantConnection, venue_id: UUID, name: str, origins: Sequence[str]) -> UUID:
    """Keep a website of a venue; returns its id. Raises NameTaken."""
    site_id = uuid4()
    kept = tenant.execute(
        "INSERT INTO sites (tenant_id, site_id, venue_id, name, origins) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, name) WHERE disabled_at IS NULL DO NOTHING",
        [tenant.tenant_id, site_id, venue_id, name, sorted(set(origins))],
    )
    if not kept.rowcount:
        raise NameTaken(name)
    return site_id


def remove(tenant: TenantConnection, name: str) -> UUID | None:
    """Take nothing from a website any more, within ten seconds; None when there is none of this name."""
    row = tenant.execute(
        "UPDATE sites SET disabled_at = now() WHERE tenant_id = %s AND name = %s AND disabled_at IS NULL"
        " RETURNING site_id",
        [tenant.tenant_id, name],
    ).fetchone()
    return None if row is None else row[0]


def listed(tenant: TenantConnection) -> list[dict[str, Any]]:
    """site_id, venue_id, name and origins of the tenant's sites that are not removed, by name."""
    return tenant.rows(
        "SELECT site_id, venue_id, name, origins FROM sites"
        " WHERE tenant_id = %s AND disabled_at IS NULL ORDER BY name",
        [tenant.tenant_id],
    )


class Sites:
    """Recognises sites by their keys; an answer is at most ten seconds old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, tuple[float, Site | None]] = {}
        self._changing = threading.Lock()

    def known(self, key: str) -> bool:
        """Whether this key's site was found just now: nobody is asked."""
        until, site = self._held.get(key, (0.0, None))
        return site is not None and time.monotonic() < until

    def site(self, key: str) -> Site | None:
        """Whose key this is; None for one that nobody has. Raises DatabaseUnavailable."""
        parts = _parts(key)
        if parts is None:
            return None
        until, site = self._held.get(key, (0.0, None))
        if time.monotonic() < until:
            return site
        with self._database.tenant(parts[0]) as tenant:
            site = _found(tenant, parts[1])
        with self._changing:
            if len(self._held) >= _MOST_HELD:
                # Guessed keys fill the place first: they go first, then all.
                guessed = [held for held, (_, found) in self._held.items() if found is None]
                for each in guessed or list(self._held):
                    del self._held[each]
            self._held[key] = (time.monotonic() + HELD_SECONDS, site)
        return site


def _found(tenant: TenantConnection, site_id: UUID) -> Site | None:
    row = tenant.execute(
        "SELECT venue_id, name, origins FROM sites"
        " WHERE tenant_id = %s AND site_id = %s AND disabled_at IS NULL",
        [tenant.tenant_id, site_id],
    ).fetchone()
    return None if row is None else Site(tenant.tenant_id, site_id, row[0], row[1], frozenset(row[2]))


def _parts(key: str) -> tuple[UUID, UUID] | None:
    """The tenant and the site that a key says it is of."""
    text = key.removeprefix(PREFIX)
    if text == key or len(text) != 43:
        return None
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:])
