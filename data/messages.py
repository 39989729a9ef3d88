"""The one shape in which every door hands over what it received.

A door parses its own envelope into a `Message`; the facts inside carry money in minor units with
their signs already applied, times with a zone, and people as keyed hashes. `data.facts.write`
takes nothing else. They are structs, not dataclasses: a busy door makes tens of thousands a second.
"""

import hashlib
from datetime import datetime
from typing import Literal
from uuid import UUID, SafeUUID

import msgspec

NO_EVENT = UUID(int=0)
"""Stands in the key of a venue update that concerns the whole venue."""

SaleKind = Literal["sale", "comp", "refund", "cancellation", "fee"]
Direction = Literal["entry", "exit"]


class SaleLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the ledger: signs are applied, so that totals are plain sums.

    `sale` +tickets +money · `comp` +tickets, no money · `fee` money only · `refund` −money only ·
    `cancellation` −tickets only (`comp` tells which count it lowers). A `sale` or `comp` with
    `restores` gives a cancelled ticket back its right of entry. Money is in minor units of
    `currency`; `tax_minor` is the part of `amount_minor` that is tax, with the same sign.
    """

    kind: SaleKind
    occurred_at: datetime
    quantity: int
    amount_minor: int
    currency: str
    ticket_id: str | None = None
    order_id: str | None = None
    ticket_type: str | None = None
    tax_minor: int = 0
    comp: bool = False
    admission: bool = True
    channel: str | None = None
    campaign: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    customer: UUID | None = None
    restores: bool = False
    metadata: str | None = None


class Scan(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One reading of a ticket at a door.

    `effect` is 1 for a scan that moves a person, 0 for a refused one, −1 to annul an earlier scan
    with the same ticket, time, direction and area. `area` separates doors whose entries and exits
    are counted apart (a cloakroom, an inner hall): a person is inside while any area says so.
    Without `admission` the ticket is not a person and the house count ignores it.
    """

    occurred_at: datetime
    ticket_id: str
    direction: Direction = "entry"
    effect: Literal[-1, 0, 1] = 1
    reason: str | None = None
    gate: str | None = None
    area: str = ""
    scanner: str | None = None
    admission: bool = True
    metadata: str | None = None


class PageView(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One page seen; `visitor` is a salted hash, never an address."""

    occurred_at: datetime
    path: str
    referrer: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    visitor: UUID | None = None
    metadata: str | None = None


class CartUpdate(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The present content of a cart: `quantity` tickets worth `value_minor`; `items` is JSON text."""

    occurred_at: datetime
    quantity: int
    value_minor: int
    currency: str
    customer: UUID | None = None
    items: str | None = None
    metadata: str | None = None


class SocialMention(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One post about an event. `sentiment` lies in −1…1; the text itself is not kept."""

    occurred_at: datetime
    platform: str
    kind: str | None = None
    author: UUID | None = None
    text_length: int | None = None
    reach: int = 0
    likes: int = 0
    shares: int = 0
    sentiment: float | None = None
    metadata: str | None = None


class TicketTransfer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A ticket changing hands."""

    occurred_at: datetime
    ticket_id: str
    from_customer: UUID | None = None
    to_customer: UUID | None = None
    reason: str | None = None
    successful: bool = True
    metadata: str | None = None


class InvalidAttempt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A scan, transfer or validation that was refused somewhere else."""

    occurred_at: datetime
    attempt_type: Literal["scan", "transfer", "validation"]
    ticket_id: str | None = None
    reason: str | None = None
    gate: str | None = None
    metadata: str | None = None


class VenueUpdate(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A new value (JSON text) for one field of the message's event, or of its venue without one."""

    occurred_at: datetime
    field: str
    value: str


Fact = SaleLine | Scan | PageView | CartUpdate | SocialMention | TicketTransfer | InvalidAttempt | VenueUpdate


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of a sender, resolved to a venue and an event, with the facts it states.

    `event_ref` is the sender's own name of the event: an event nobody registered gets a
    placeholder under it. `payload` is JSON text without personal data.
    """

    key: UUID
    type: str
    source: str
    venue_id: UUID
    event_id: UUID
    event_ref: str
    occurred_at: datetime
    payload: str
    facts: tuple[Fact, ...]


def message_key(source: str, identity: str) -> UUID:
    """The key under which a message is known for ever: same source and identity, same key."""
    digest = hashlib.blake2b(f"{len(source)}:{source}{identity}".encode(), digest_size=16)
    return uuid_of(digest.digest())


def uuid_of(digest: bytes) -> UUID:
    """`UUID(bytes=digest)` in half the time: two of them are made for most messages."""
    uuid = object.__new__(UUID)
    object.__setattr__(uuid, "int", int.from_bytes(digest))
    object.__setattr__(uuid, "is_safe", SafeUUID.unknown)
    return uuid
