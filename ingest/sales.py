"""Purchases and refunds: one message becomes the plus and minus lines of the ledger."""

from collections.abc import Mapping
from typing import Any

from data.messages import Fact, SaleLine
from ingest.fields import Fields, count, flag, items, text, texts
from ingest.kinds import Kind, Stated, camel, spelt
from ingest.money import currency_code, minor_amount
from ingest.refusal import Refused

MOST_POSITIONS = 1_000

_LINE = (
    "ticket_id ticket_type amount amount_minor quantity fee fee_minor tax tax_minor comp admission partial"
)
_OF_TICKETS = ("ticket_id", "ticket_type")
_OF_ORDERS = ("order_id", "channel", "campaign", "country", "region", "city")
_LINE_NAMES = {form: name for name in _LINE.split() for form in (name, camel(name))}


def _purchase(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    currency, common = _order(fields, stated)
    lines: list[Fact] = []
    if "positions" not in fields:
        _sell(fields, currency, common, lines)
        return tuple(lines)
    for position, path in _positions(fields):
        try:
            _sell(position, currency, common, lines)
        except Refused as refusal:
            raise _within(refusal, path) from None
    _charge(fields, currency, common, lines)
    _agree(fields, currency, lines)
    return tuple(lines)


def _agree(fields: Fields, currency: str, lines: list[Fact]) -> None:
    """Beside positions an order may state their total, with or without fees, and nothing else of a line."""
    if "ticket_id" in fields:
        raise Refused("contradiction", "With positions, each names its own ticket.", "ticket_id")
    total = minor_amount(fields, "amount", currency)
    sold = [line for line in lines if isinstance(line, SaleLine)]
    tickets = sum(line.amount_minor for line in sold if line.kind != "fee")
    if total is not None and total not in (tickets, sum(line.amount_minor for line in sold)):
        raise Refused(
            "contradiction", "The amount is not the positions' sum.", "amount", fields.get("amount")
        )


def _sell(position: Fields, currency: str, common: dict[str, Any], lines: list[Fact]) -> None:
    """Add the line of one position, and of its fee."""
    amount = minor_amount(position, "amount", currency)
    comp = flag(position, "comp", False)
    if amount is None:
        if not comp:
            raise Refused("missing-field", "A sale has an amount, or is a comp.", "amount")
        amount = 0
    elif comp and amount:
        raise Refused("contradiction", "A comp has no amount.", "amount", position.get("amount"))
    tax = minor_amount(position, "tax", currency) or 0
    if tax > amount:
        raise Refused("contradiction", "The tax is a part of the amount.", "tax", position.get("tax"))
    quantity = count(position, "quantity", least=1)
    lines.append(
        SaleLine(
            kind="comp" if comp else "sale",
            quantity=1 if quantity is None else quantity,
            amount_minor=amount,
            tax_minor=tax,
            comp=comp,
            admission=flag(position, "admission", True),
            currency=currency,
            **texts(position, _OF_TICKETS),
            **common,
        )
    )
    _charge(position, currency, common, lines)


def _charge(fields: Fields, currency: str, common: dict[str, Any], lines: list[Fact]) -> None:
    """Add the line of a fee, which comes on top of the amount."""
    fee = minor_amount(fields, "fee", currency)
    if fee:
        lines.append(
            SaleLine(
                kind="fee",
                quantity=0,
                amount_minor=fee,
                currency=currency,
                **texts(fields, _OF_TICKETS),
                **common,
            )
        )


def _refund(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    currency, common = _order(fields, stated)
    lines: list[Fact] = []
    if "positions" not in fields:
        _give_back(fields, currency, common, lines)
    else:
        for position, path in _positions(fields):
            try:
                _give_back(position, currency, common, lines)
            except Refused as refusal:
                raise _within(refusal, path) from None
    if not lines:
        raise Refused("missing-field", "A refund gives back an amount, tickets or both.", "amount")
    return tuple(lines)


def _give_back(position: Fields, currency: str, common: dict[str, Any], lines: list[Fact]) -> None:
    """Add the lines of one position: money given back, tickets given back, or both."""
    ticket_id = text(position, "ticket_id")
    amount = (minor_amount(position, "amount", currency) or 0) + (
        minor_amount(position, "fee", currency) or 0
    )
    tax = minor_amount(position, "tax", currency) or 0
    if tax > amount:
        raise Refused("contradiction", "The tax is a part of the amount.", "tax", position.get("tax"))
    partial = flag(position, "partial", False)
    quantity = count(position, "quantity")
    if quantity is None:
        quantity = 1 if ticket_id and not partial else 0
    elif partial and quantity:
        raise Refused("contradiction", "A partial refund returns no ticket.", "quantity", quantity)
    shared = common | {
        **texts(position, _OF_TICKETS),
        "comp": flag(position, "comp", False),
        "admission": flag(position, "admission", True),
        "currency": currency,
    }
    if amount:
        lines.append(SaleLine(kind="refund", quantity=0, amount_minor=-amount, tax_minor=-tax, **shared))
    if quantity:
        lines.append(SaleLine(kind="cancellation", quantity=-quantity, amount_minor=0, **shared))


def _order(fields: Fields, stated: Stated) -> tuple[str, dict[str, Any]]:
    """The currency, and what every line of the message shares."""
    currency = currency_code(fields.get("currency"), stated.venue.currency)
    common: dict[str, Any] = texts(fields, _OF_ORDERS)
    common["occurred_at"] = stated.at
    if len(common.get("country", "")) == 2:
        common["country"] = common["country"].upper()
    if "utm_campaign" in fields and "campaign" not in common:
        common["campaign"] = text(fields, "utm_campaign")
    if "customer_hash" in fields:
        common["customer"] = fields["customer_hash"]
    if stated.metadata is not None:
        common["metadata"] = stated.metadata
    return currency, common


def _positions(fields: Fields) -> list[tuple[Fields, str]]:
    """Each position with its path; whether it is a comp may be said for the whole order."""
    positions = items(fields, "positions", MOST_POSITIONS)
    if not positions:
        raise Refused("missing-field", "An order has at least one position.", "positions")
    order = {"comp": fields["comp"]} if "comp" in fields else {}
    return [
        (
            order | {_LINE_NAMES[name]: value for name, value in position.items() if name in _LINE_NAMES},
            f"positions[{index}].",
        )
        for index, position in enumerate(positions)
    ]


def _within(refusal: Refused, path: str) -> Refused:
    if refusal.field:
        refusal.field = path + camel(refusal.field)
    return refusal


def _names_what_was_sold(fields: Mapping[str, Any]) -> bool:
    """A ticket or an order is sold, and given back, once."""
    return bool(fields.get("ticket_id") or fields.get("order_id"))


_NAMES = spelt(
    _LINE,
    "order_id positions currency channel campaign utm_campaign country region city",
    user_id="customer_id buyer_id",
    customer_hash="",
)
_PEOPLE = {"user_id": "customer_hash"}

PURCHASE = Kind(
    "ticket-purchase",
    _NAMES | spelt("purchased_at", sold_at=""),
    _purchase,
    times=("purchased_at", "sold_at", "occurred_at"),
    people=_PEOPLE,
    free=("campaign", "utm_campaign", "channel"),
    happens_once=_names_what_was_sold,
)
REFUND = Kind(
    "ticket-refund",
    _NAMES | spelt("refunded_at", "cancelled_at"),
    _refund,
    times=("refunded_at", "cancelled_at", "occurred_at"),
    people=_PEOPLE,
    free=("campaign", "utm_campaign", "channel"),
    happens_once=_names_what_was_sold,
)
