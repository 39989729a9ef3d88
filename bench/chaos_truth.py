"""What was sent, counted by itself, and where the ledger says otherwise."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.harness import Server, Tenant
from data.engine import Database
from data.live import read_state
from data.rebuild import rebuild

COUNTED = ("entries", "exits", "invalid", "inside", "page_views", "cart_updates", "mentions", "transfers",
           "failed_transfers", "lines", "money_minor")  # fmt: skip
_TOTALS = ", ".join(f"t.{name}" for name in COUNTED[:9])
_EVENTS = f"""
SELECT e.external_id, {_TOTALS}, coalesce(s.lines, 0), coalesce(s.money, 0)
FROM event_totals t JOIN events e USING (tenant_id, event_id)
LEFT JOIN (
    SELECT event_id, count(*) AS lines, sum(amount_minor) AS money FROM ticket_sales
    WHERE tenant_id = %(tenant)s AND kind IN ('sale', 'comp') GROUP BY event_id
) s ON s.event_id = e.event_id
WHERE t.tenant_id = %(tenant)s
"""


@dataclass
class Truth:
    """What the messages say, each once: their ids by type, and what is counted of each event."""

    ids: set[tuple[str, str]]
    events: dict[str, dict[str, int]]

    @property
    def messages(self) -> int:
        """How many there are."""
        return len(self.ids)

    @classmethod
    def of(cls, bodies: Sequence[bytes]) -> Truth:
        """Counted one by one."""
        ids: set[tuple[str, str]] = set()
        events: dict[str, _Event] = defaultdict(_Event)
        for body in bodies:
            message = json.loads(body)
            key = message["type"], message["id"]
            if key not in ids:
                ids.add(key)
                events[message["eventId"]].add(message)
        return cls(ids, {ref: event.counts() for ref, event in events.items()})


@dataclass
class _Event:
    sums: Counter[str] = field(default_factory=Counter)
    moves: dict[str, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))
    void: set[str] = field(default_factory=set)

    def add(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ticket-purchase":
                self.sums["lines"] += len(message["positions"])
                self.sums["money_minor"] += sum(_minor(each["amount"]) for each in message["positions"])
            case "ticket-refund" if message.get("partial"):
                pass  # Some of the money, and the ticket is kept.
            case "ticket-refund":
                self.void.add(message["ticketId"])
            case "ticket-scan" if not message["isValid"]:
                self.sums["invalid"] += 1
            case "ticket-scan":
                entry = message["direction"] == "entry"
                self.sums["entries" if entry else "exits"] += 1
                self.moves[message["ticketId"]].append((message["scannedAt"], entry))
            case "ticket-transfer":
                self.sums["transfers"] += 1
                self.sums["failed_transfers"] += not message["isSuccessful"]
            case "page-view" | "cart-update" | "social" as kind:
                names = {"page-view": "page_views", "cart-update": "cart_updates", "social": "mentions"}
                self.sums[names[kind]] += 1

    def counts(self) -> dict[str, int]:
        """Inside is whose last valid scan is an entry, of tickets that were not given back."""
        inside = sum(max(moves)[1] for ticket, moves in self.moves.items() if ticket not in self.void)
        return {name: self.sums[name] for name in COUNTED} | {"inside": inside}


def _minor(amount: str) -> int:
    whole, _, cents = amount.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0") or 0)


def lost_and_doubled(database: Database, tenant: Tenant, truth: Truth) -> tuple[int, int]:
    """Messages that are not in the ledger, and those that are there more than once or were never sent."""
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute(
            "SELECT type, payload ->> 'message_id' FROM messages WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchall()
    there = Counter(rows)
    lost = len(truth.ids - there.keys())
    doubled = sum(n - 1 for n in there.values()) + len(there.keys() - truth.ids)
    return lost, doubled


def wrong_events(database: Database, tenant: Tenant, truth: Truth) -> list[str]:
    """Counts of events that differ from those made here."""
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute(_EVENTS, {"tenant": tenant.tenant_id}).fetchall()
    found = {ref: dict(zip(COUNTED, map(int, counts), strict=True)) for ref, *counts in rows}
    wrong = []
    for ref in sorted(truth.events.keys() | found.keys()):
        expected, is_ = truth.events.get(ref, {}), found.get(ref, {})
        different = [
            f"{n} {is_.get(n)} instead of {expected.get(n)}" for n in COUNTED if is_.get(n) != expected.get(n)
        ]
        if different:
            wrong.append(f"{ref}: {', '.join(different)}")
    return wrong


def wrong_live(database: Database, server: Server, tenant: Tenant, truth: Truth) -> list[str]:
    """Events whose live figures, as the API has them from Redis, are not those of PostgreSQL."""
    wrong = []
    for ref in sorted(truth.events):
        request = urllib.request.Request(  # noqa: S310
            f"{server.url}/api/v1/realtime/state/{ref}",
            headers={"Authorization": f"Bearer {tenant.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            shown = json.loads(answer.read())
        with database.tenant(tenant.tenant_id, snapshot=True) as connection:
            row = connection.execute(
                "SELECT event_id FROM events WHERE tenant_id = %s AND external_id = %s",
                [tenant.tenant_id, ref],
            ).fetchone()
            state = read_state(connection, row[0]) if row else None
        there = None if state is None else state["attendance"]["inside"]
        if shown["attendance"]["inside"] != there:
            wrong.append(f"{ref}: live {shown['attendance']['inside']} inside instead of {there}")
    return wrong


def wrong_rollups(database: Database, tenant: Tenant) -> list[str]:
    """Rows of roll-ups that a rebuild from the facts had to correct."""
    corrected = sum(rebuild(database, tenant.tenant_id), Counter[str]())
    return [f"roll-ups: {n} rows of {table} were not what the facts say" for table, n in corrected.items()]
