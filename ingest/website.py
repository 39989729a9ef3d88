"""What a visitor does on the ticket shop: pages seen, carts filled. Cookieless: ids are hashed by day."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from data.messages import CartUpdate, Fact, PageView
from ingest.fields import LONGEST_ADDRESS, Fields, count, items, required_text, text
from ingest.kinds import Kind, Stated, spelt
from ingest.money import currency_code, minor_amount
from ingest.refusal import Refused

MOST_ITEMS = 1_000

_UTM = ("utm_source", "utm_medium", "utm_campaign")
_LINE_ENDS = re.compile(r"[\r\n\t]+")
_PLAIN_PATH = re.compile(r"(?:/[\w.~-]+)+/?", re.ASCII)
"""An address in which there is nothing to take out."""


def _without_queries(fields: dict[str, Any]) -> None:
    """Keep the campaign a link was marked with, and nothing else of its query: it may hold anything."""
    for name in ("path", "referrer"):
        value = fields.get(name)
        if type(value) is not str or len(value) > LONGEST_ADDRESS or _PLAIN_PATH.fullmatch(value):
            continue
        try:
            # The parser would leave line ends out, and so glue together what stood on both sides.
            parts = urlsplit(_LINE_ENDS.sub(" ", value))
            marked = dict(parse_qsl(parts.query, max_num_fields=100, errors="replace"))
        except ValueError:
            raise Refused("wrong-type", "This is not an address.", name, value) from None
        host = parts.netloc.rpartition("@")[2]
        fields[name] = parts._replace(query="", fragment="", netloc=host).geturl()
        if name == "path":
            for utm in _UTM:
                if utm in marked:
                    fields.setdefault(utm, marked[utm])


def _page_view(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    return (
        PageView(
            stated.at,
            required_text(fields, "path", LONGEST_ADDRESS),
            text(fields, "referrer", LONGEST_ADDRESS),
            text(fields, "utm_source"),
            text(fields, "utm_medium"),
            text(fields, "utm_campaign") or text(fields, "campaign"),
            fields.get("visitor_hash"),
            stated.metadata,
        ),
    )


def _cart(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    currency = currency_code(fields.get("currency"), stated.venue.currency)
    entries = items(fields, "items", MOST_ITEMS)
    quantity = count(fields, "quantity")
    if quantity is None:
        quantity = sum(_quantity(entry, index) for index, entry in enumerate(entries or ()))
    return (
        CartUpdate(
            stated.at,
            quantity,
            minor_amount(fields, "cart_value", currency) or 0,
            currency,
            fields.get("customer_hash"),
            None if entries is None else _ENCODER.encode(entries).decode(),
            stated.metadata,
        ),
    )


def _quantity(entry: dict[str, Any], index: int) -> int:
    try:
        quantity = count(entry, "quantity")
    except Refused as refusal:
        refusal.field = f"items[{index}].quantity"
        raise
    return 1 if quantity is None else quantity


_ENCODER = msgspec.json.Encoder(decimal_format="number")

PAGE_VIEW = Kind(
    "page-view",
    spelt(
        "path referrer campaign visitor_hash viewed_at utm_source utm_medium utm_campaign",
        visitor_id="anonymous_id session_id",
        user_id="",
    ),
    _page_view,
    times=("viewed_at", "occurred_at"),
    people={"user_id": "visitor_hash", "visitor_id": "visitor_hash"},
    prepare=_without_queries,
    free=("path", "referrer", "campaign", "utm_source", "utm_medium", "utm_campaign"),
    event_needed=False,
)
CART = Kind(
    "cart-update",
    spelt(
        "items quantity cart_value cart_value_minor currency customer_hash updated_at",
        user_id="customer_id",
    ),
    _cart,
    times=("updated_at", "occurred_at"),
    people={"user_id": "customer_hash"},
)
