"""What is read of pretix's answers, and nothing else: these fields are the whitelist.

Names, e-mail addresses, phone numbers, answers, addresses, secrets and customers have no field
here, so the decoder drops them before anything can keep them. Types and bounds are checked by the
decoder too: whatever answers in pretix's name cannot put surprises into the database.
Source: pretix REST API 2026.8, resources orders, checkins, events, subevents, items, quotas,
checkinlists.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Slug = Annotated[str, Meta(max_length=50, pattern=r"^[a-zA-Z0-9._-]+$")]
Code = Annotated[str, Meta(max_length=16, pattern=r"^[A-Z0-9]+$")]
Word = Annotated[str, Meta(max_length=190, pattern=r"^[^\x00-\x1f\x7f]*$")]
Instant = Annotated[datetime, Meta(tz=True)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Translated = dict[str, str] | str | None

Row = TypeVar("Row")
Document = TypeVar("Document")


class Malformed(Exception):
    """An answer that is not what pretix answers."""


class PositionCheckin(Struct, frozen=True):
    """A successful check-in as an order lists it."""

    id: Number
    datetime: Instant
    list: Number
    type: Word
    auto_checked_in: bool = False
    gate: Number | None = None
    device_id: Number | None = None


class Position(Struct, frozen=True):
    """One line of an order. Amounts are gross, in major units."""

    id: Number
    item: Number
    price: Decimal
    tax_rate: Decimal
    tax_value: Decimal
    variation: Number | None = None
    addon_to: Number | None = None
    subevent: Number | None = None
    canceled: bool = False
    checkins: list[PositionCheckin] = []


class Fee(Struct, frozen=True):
    """A fee of an order."""

    id: Number
    fee_type: Word
    value: Decimal
    tax_rate: Decimal
    tax_value: Decimal
    internal_type: Word = ""
    canceled: bool = False


class Payment(Struct, frozen=True):
    """A payment towards an order."""

    local_id: Number
    state: Word
    amount: Decimal
    provider: Word | None = None
    created: Instant | None = None
    payment_date: Instant | None = None


class Refund(Struct, frozen=True):
    """Money given back."""

    local_id: Number
    state: Word
    amount: Decimal
    provider: Word | None = None
    created: Instant | None = None
    execution_date: Instant | None = None


class Order(Struct, frozen=True):
    """An order with all its positions and fees, the cancelled ones too.

    `status` is n (pending), p (paid), e (expired) or c (cancelled).
    """

    code: Code
    event: Slug
    status: Annotated[str, Meta(pattern=r"^[npec]$")]
    testmode: bool
    datetime: Instant
    last_modified: Instant
    total: Decimal
    positions: list[Position]
    fees: list[Fee]
    payments: list[Payment]
    refunds: list[Refund]
    require_approval: bool = False
    valid_if_pending: bool = False
    sales_channel: Word | None = None
    cancellation_date: Instant | None = None


class Checkin(Struct, frozen=True):
    """A scan as the event's list of check-ins has it, refused and annulled ones too."""

    id: Number
    successful: bool
    list: Number
    datetime: Instant
    created: Instant
    type: Annotated[str, Meta(pattern=r"^(entry|exit)$")]
    position: Number | None = None
    error_reason: Word | None = None
    auto_checked_in: bool = False
    gate: Number | None = None
    device_id: Number | None = None


class OwnedPosition(Struct, frozen=True):
    """A position fetched by its number, to learn which order it is in."""

    id: Number
    order: Code


class Event(Struct, frozen=True):
    """An event, or the frame of a series of dates."""

    slug: Slug
    name: Translated
    currency: Currency
    timezone: Word
    date_from: Instant
    live: bool = True
    testmode: bool = False
    has_subevents: bool = False
    date_to: Instant | None = None
    date_admission: Instant | None = None
    presale_start: Instant | None = None


class Subevent(Struct, frozen=True):
    """One date of a series."""

    id: Number
    name: Translated
    date_from: Instant
    active: bool = True
    date_to: Instant | None = None
    date_admission: Instant | None = None
    presale_start: Instant | None = None


class Variation(Struct, frozen=True):
    """A variation of a product."""

    id: Number
    value: Translated
    price: Decimal | None = None


class Item(Struct, frozen=True):
    """A product."""

    id: Number
    name: Translated
    admission: bool
    default_price: Decimal
    variations: list[Variation] = []


class Quota(Struct, frozen=True):
    """How many of some products can be sold; size None is unlimited."""

    id: Number
    size: Number | None
    items: list[Number]
    variations: list[Number] = []
    subevent: Number | None = None


class CheckinList(Struct, frozen=True):
    """A door's list. Entries on one that is ignored in statistics (a cloakroom) bring nobody inside."""

    id: Number
    name: Word
    subevent: Number | None = None
    all_products: bool = True
    limit_products: list[Number] = []
    include_pending: bool = False
    ignore_in_statistics: bool = False


class EventDocument(Struct, frozen=True):
    """Everything about an event that its orders and check-ins refer to."""

    event: Event
    subevents: list[Subevent]
    items: list[Item]
    quotas: list[Quota]
    lists: list[CheckinList]


class Page(Struct, Generic[Row], frozen=True):
    """One page of a list; `next` is the absolute address of the following one."""

    count: Number
    results: list[Row]
    next: Annotated[str, Meta(max_length=2_000)] | None = None


def decode(raw: bytes | str | msgspec.Raw, kind: type[Document]) -> Document:
    """The document in `raw`. Raises Malformed, naming the place but never quoting the content."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Malformed(f"{kind}: {error}"[:300]) from None


def encode(document: Struct) -> str:
    """JSON text of the kept fields."""
    return msgspec.json.encode(document).decode()


def label(name: Translated, fallback: str) -> str:
    """One readable name out of pretix's translations: English, else any."""
    if isinstance(name, dict):
        name = name.get("en") or next((text for text in name.values() if text), None)
    cleaned = "".join(character for character in name or "" if character.isprintable()).strip()
    return cleaned[:200] or fallback
