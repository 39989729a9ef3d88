"""What Segment's libraries send: calls of their HTTP API become page views and carts.

A call is `{"type", "messageId", "timestamp", "event", "properties", "context", …}`. Of who called only a hash
is made (`userId`, `anonymousId`); traits, addresses and what a browser says of itself are not read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from ingest.refusal import Refused

SOURCE = "segment"
PAGE = "page"
TRACK = "track"
CARTS = frozenset(("Product Added", "Cart Viewed", "Cart Updated", "Checkout Started"))
"""Names of the events that say what is in a cart, as Segment's e-commerce specification has them."""
_OTHERS = frozenset(("identify", "alias", "group", "screen"))
_KEPT = frozenset(("type", "event", "messageId", "timestamp", "properties"))
"""What is kept of a call that is refused, after the cleaning that every message gets."""
_MOST_COMMAS_PER_CALL = 400

Visitor = Callable[[bytes, datetime], UUID]
"""The day's hash of a visitor, from who it is and when."""


class Sent(msgspec.Struct):
    """The body of a batch."""

    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815
    writeKey: Any = None  # noqa: N815
    context: Any = None


class _Named(msgspec.Struct):
    type: Any = None
    event: Any = None


_SENT = msgspec.json.Decoder(Sent)
_NAMED = msgspec.json.Decoder(_Named)


class Call(NamedTuple):
    """One call of a batch: its bytes, and its place there."""

    place: int
    body: bytes


def sent(body: bytes, most: int) -> Sent:
    """The batch in the body of a request, its calls still text. Raises Refused for the body as a whole."""
    if body.count(b",") > most * _MOST_COMMAS_PER_CALL:
        raise Refused("too-many-messages", f"At most {most:,} calls.")
    try:
        found = _SENT.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(
            "wrong-type", f"A batch is an object with a list named batch: {error}.", "batch"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("not-json", f"This is not JSON: {error}") from None
    except RecursionError:
        raise Refused("too-deep", "The nesting is too deep.") from None
    if len(found.batch) > most:
        raise Refused("too-many-messages", f"At most {most:,} calls.", "batch", len(found.batch))
    return found


def of_use(batch: Sent) -> list[Call]:
    """The calls to be read: those of kinds that say nothing of a page or a cart are passed over unread."""
    calls = [Call(index, bytes(raw)) for index, raw in enumerate(batch.batch)]
    return [call for call in calls if not _is_other(call.body)]


def _is_other(body: bytes) -> bool:
    try:
        named = _NAMED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # It is refused, with the reason, when it is read.
    if named.type == TRACK:
        return isinstance(named.event, str) and named.event not in CARTS
    return isinstance(named.type, str) and named.type in _OTHERS


class Reading:
    """Takes our messages out of the calls of one batch, received at `received_at`."""

    def __init__(self, batch: Sent, received_at: datetime, visitor: Visitor) -> None:
        self._context = batch.context if isinstance(batch.context, dict) else {}
        self._received_at = received_at
        self._visitor = visitor
        sent_at = _moment(batch.sentAt)
        self._skew = None if sent_at is None else received_at - sent_at
        """How far the sender's clock is behind ours; None when it did not say what it read."""

    def message(self, call: dict[str, Any]) -> dict[str, Any]:
        """The message that a call means. Raises Refused; `call`, which is then kept, has lost who called."""
        who = {name: call.get(name) for name in ("userId", "anonymousId")}
        context = call.get("context")
        for name in call.keys() - _KEPT:
            del call[name]
        message_id = call.get("messageId")
        if message_id is None or message_id == "":
            raise Refused(
                "missing-field", "By its messageId a call is known when it comes again.", "messageId"
            )
        message = {"id": message_id, "timestamp": self._time(call)}
        properties = _object(call, "properties")
        if call.get("type") == PAGE:
            around = self._context | _object({"context": context}, "context")
            return message | _page(who, properties, around)
        if call.get("type") != TRACK:
            raise Refused("unknown-type", f"One of: {PAGE}, {TRACK}.", "type", call.get("type"))
        if call.get("event") not in CARTS:
            raise Refused("not-a-choice", "A track call names its event.", "event", call.get("event"))
        return message | _cart(properties) | self._customer(who, message["timestamp"])

    def _time(self, call: Mapping[str, Any]) -> Any:
        """When it happened by our clock; what is no time stays as it is, and is refused later."""
        value = call.get("timestamp")
        at = _moment(value)
        if at is None:
            return self._received_at.isoformat() if value is None else value
        try:
            return (at if self._skew is None else at + self._skew).isoformat()
        except OverflowError:
            return value

    def _customer(self, who: Mapping[str, Any], timestamp: Any) -> dict[str, Any]:
        """Whose cart it is: a customer's, or that of somebody who has a name for this day only."""
        if who["userId"] is not None:
            return {"userId": who["userId"]}
        anonymous = who["anonymousId"]
        if anonymous is None:
            return {}
        at = _moment(timestamp) or self._received_at
        return {"customerHash": str(self._visitor(str(anonymous).encode(errors="replace"), at))}


class SiteReading(Reading):
    """The same for calls of pages, which can be anybody's: a visitor is a browser at an address on this day,
    the venue is that of the site, and nobody makes up events."""

    def __init__(
        self,
        batch: Sent,
        received_at: datetime,
        visitor: Visitor,
        browser: str,
        venue: str,
        is_event: Callable[[str], bool],
    ) -> None:
        super().__init__(batch, received_at, visitor)
        self._browser, self._venue, self._is_event = browser, venue, is_event

    def message(self, call: dict[str, Any]) -> dict[str, Any]:
        """The message that a call means. Raises Refused; a page of an event that is not known counts as one
        of the venue's."""
        call["userId"], call["anonymousId"] = None, self._browser
        message = super().message(call) | {"venueId": self._venue}
        event = message.get("eventId")
        if isinstance(event, str | int) and not self._is_event(str(event)):
            if message["type"] != "page-view":
                raise Refused("not-a-choice", "The venue knows no such event.", "eventId", event)
            del message["eventId"]
        return message


def _page(
    who: Mapping[str, Any], properties: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    page = _object(context, "page")
    path, search, url, referrer = (
        properties.get(name) or page.get(name) for name in ("path", "search", "url", "referrer")
    )
    if isinstance(path, str) and isinstance(search, str):
        path += ("&" if "?" in path else "?") + search.lstrip("?")
    campaign = _object(context, "campaign")
    utm = {f"utm_{name}": campaign.get(given) for name, given in _CAMPAIGN.items()}
    visitor = who["anonymousId"]
    return {
        "type": "page-view",
        "path": url if path is None else path,
        "referrer": referrer,
        "anonymousId": who["userId"] if visitor is None else visitor,
        **_placed(properties),
        **utm,
    }


_CAMPAIGN = {"source": "source", "medium": "medium", "campaign": "name"}


def _cart(properties: Mapping[str, Any]) -> dict[str, Any]:
    products = properties.get("products")
    if products is None:
        products = [properties]
    if not isinstance(products, list) or not all(isinstance(one, dict) for one in products):
        raise Refused("wrong-type", "Products are a list of objects.", "properties.products", products)
    place = _placed(properties) or next(filter(None, map(_placed, products)), {})
    if any(_placed(one).get("eventId", place.get("eventId")) != place.get("eventId") for one in products):
        raise Refused("contradiction", "A call is about the cart of one event.", "properties.products")
    worth = next((properties[name] for name in ("value", "total", "revenue") if properties.get(name)), None)
    if worth is None:
        worth = sum((_worth(one) for one in products), Decimal(0))
    return {
        "type": "cart-update",
        "items": [_item(one) for one in products],
        "cartValue": worth,
        "currency": properties.get("currency"),
        **place,
    }


def _item(product: Mapping[str, Any]) -> dict[str, Any]:
    kind = next((product[name] for name in ("product_id", "productId", "sku") if product.get(name)), None)
    quantity = product.get("quantity")
    if isinstance(quantity, str) and len(quantity) < 10 and quantity.isascii() and quantity.isdecimal():
        quantity = int(quantity)  # Attributes of a page are texts.
    item = {
        "ticketTypeId": kind,
        "quantity": 1 if quantity is None else quantity,
        "price": product.get("price"),
    }
    return {name: value for name, value in item.items() if value is not None}


def _worth(product: Mapping[str, Any]) -> Decimal:
    price, quantity = product.get("price"), product.get("quantity")
    try:
        return Decimal(str(price or 0)) * Decimal(str(1 if quantity is None else quantity))
    except ArithmeticError:
        raise Refused("not-a-number", "A price is a number.", "properties.price", price) from None


def _placed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of which event and venue it is, as far as it says."""
    found = {}
    for ours, names in (("eventId", ("eventId", "event_id")), ("venueId", ("venueId", "venue_id"))):
        value = next((given[name] for name in names if given.get(name)), None)
        if value is not None:
            found[ours] = value
    return found


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("wrong-type", "This is an object.", name, value)
    return value


def _moment(value: object) -> datetime | None:
    """The instant in an ISO 8601 text, UTC where it names no offset; None for anything else."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
