"""How a field that is kept is described, and what the columns are for that many tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Person = Literal["customer", "visitor", "author", "inside", "staff"]
"""A keyed hash of a customer, of a day's visitor or of an author; `inside`: hashes may stand in the value;
`staff`: somebody who works with Housecount."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One table: where its rows come from, how long they stay, what its own columns are for (the shared ones
    are in SHARED), and which columns are people."""

    source: str
    stays: str
    purposes: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)

    def purpose(self, column: str) -> str:
        """What a column is for. Raises KeyError for one that nobody has described."""
        return self.purposes[column] if column in self.purposes else SHARED[column]


def of(text: str) -> dict[str, str]:
    """Lines of `column, column: purpose`."""
    lines = [line.strip() for line in text.strip().splitlines()]
    pairs = [(names, purpose) for names, _, purpose in (line.partition(": ") for line in lines)]
    return {name: purpose for names, purpose in pairs for name in names.split(", ")}


SHARED = of("""
    tenant_id: whose row it is
    venue_id: at which venue
    event_id: at which event
    series_id: of which series
    created_at: when it was made
    updated_at: when it last changed
    expires_at: when it ends
    external_id: the sender's own name of it
    name: what it is called
    zone: in which zone of the house, or which time zone
    currency: in which currency
    capacity: how many people fit
    status: what state it is in
    gate: at which door
    position: its place in lists
    message_key: which message it came with; repeats are known by it
    line: which line of the message
    occurred_at: when it happened
    received_at: when it came
    source: who sent it, or where a visitor came from
    quantity: how many tickets
    tax_minor: the tax in it
    ticket_id: which ticket
    ticket_type: which kind of ticket
    reason: why, as the sender says it, without persons
    admission: whether the ticket is a person
    metadata: what else the sender told, without persons
    code: a machine's word for it
    secret_hash: proves a secret without keeping it
    dashboard_id: which board
    document: its content
    version: counts its changes
    entries, exits, invalid, inside, inside_change, arrivals, entered, reentries: counts people at the doors
    peak, peak_at, highest, highest_at, change: how full the house was, and when
    sold, comps, cancelled, refunds, transfers, failed_transfers, attempts: counts of the ledger
    gross_minor, refunded_minor, fees_minor, net_minor: sums of the ledger
    page_views, cart_updates, mentions, reach, engagements: counts of the shop and of posts
    author_id, created_by, owner_id: which user of Housecount
    source_id: which pretix
    event: which event in pretix
    fetched_at: when it was read
    revoked_at, disabled_at: when it was ended
    testmode, revision: what pretix says of its state
    bucket, grain, minute, second, day: the span of time it sums up
""")
