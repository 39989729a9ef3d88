"""What the ledger ought to say about an order, and the lines that make it say so. Pure functions."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from data.messages import SaleKind, SaleLine
from data.pretix.ledger import Balance
from ingest.pretix.documents import Order, Position
from ingest.pretix.places import Place, tax_rate, ticket_type

Ticket = tuple[UUID, str]
"""(event_id, ticket_id): the right of entry is kept for each event by itself."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What makes two balances different ones; a change of any of these is a reversal and a new line."""

    event_id: UUID
    ticket_id: str | None
    fee: str | None
    ticket_type: str | None
    comp: bool
    admission: bool
    currency: str
    tax_rate: str


@dataclass(frozen=True, slots=True)
class Worth:
    """Tickets and money of one balance, in minor units."""

    quantity: int = 0
    amount_minor: int = 0
    tax_minor: int = 0


def is_sold(order: Order, position: Position) -> bool:
    """Whether a position counts as sold: pretix counts those of paid orders."""
    return order.status == "p" and not position.canceled and not order.testmode


def is_pending(order: Order, position: Position) -> bool:
    """Whether a position waits for its payment; what waits for somebody's consent does not."""
    waiting = order.status == "n" and not order.require_approval
    return waiting and not position.canceled and not order.testmode


def is_valid(order: Order, position: Position) -> bool:
    """Whether a door lets a position in; some orders are good for entry before they are paid."""
    waiting = order.status == "n" and order.valid_if_pending and not order.require_approval
    return not position.canceled and (order.status == "p" or waiting)


def paid_at(order: Order) -> datetime:
    """When an order became a sale: its latest payment that went through, else when it was placed."""
    made = [p.payment_date for p in order.payments if p.state in _PAID and p.payment_date is not None]
    return max([order.datetime, *made])


def was_paid(order: Order) -> bool:
    """Whether an order that is not (fully) paid now has once been: its payments went through."""
    made = [p.amount for p in order.payments if p.state in _PAID]
    return bool(made) and sum(made) >= order.total


def desired(order: Order, place: Place) -> dict[Particulars, Worth]:
    """What the ledger should come to: every sold ticket and every fee of a paid order.

    Raises Malformed for amounts anywhere in the order that are no money.
    """
    paid_and_given_back = [p.amount for p in order.payments] + [r.amount for r in order.refunds]
    for amount in [order.total, *paid_and_given_back]:
        place.minor(amount)
    wanted = {}
    for position in order.positions:
        if is_sold(order, position):
            wanted[_ticket(position, place)] = _worth(position, place)
    if order.status == "p" and not order.testmode:
        for fee in order.fees:
            if not fee.canceled:
                key = Particulars(
                    _fees_event(order, place), None, str(fee.id), None, False, False,
                    place.currency, tax_rate(fee.tax_rate),
                )  # fmt: skip
                wanted[key] = Worth(0, place.minor(fee.value), place.minor(fee.tax_value))
    return wanted


def difference(order: Order, place: Place, ledger: Sequence[Balance]) -> dict[UUID, list[SaleLine]]:
    """The lines, by event, that take the ledger from what it says to what it should say.

    A price cut or a cancellation gives value back (`refund`); when the money itself moves is
    another matter, which the order's payments and refunds tell.
    """
    wanted = desired(order, place)
    held = {_particulars(balance): _held(balance) for balance in ledger}
    draft = _Draft(order, place, first=not held)
    for balance in ledger:
        if balance.ticket_id is not None:
            draft.voids[balance.event_id, balance.ticket_id] += balance.voids
    for key, worth in held.items():
        if key not in wanted:
            draft.move(key, worth, Worth())
    for key, worth in wanted.items():
        draft.move(key, held.get(key, Worth()), worth)
    known = {key.ticket_id for key in chain(held, wanted)}
    for position in order.positions:
        if place.ticket_id(position.id) not in known and not order.testmode and was_paid(order):
            # Sold and taken back before anybody looked: both belong into the history.
            key, worth = _ticket(position, place), _worth(position, place)
            draft.move(key, Worth(), worth)
            draft.first = False
            draft.move(key, worth, Worth())
            draft.first = not held
    for position in order.positions:
        draft.settle_entry(position)
    return draft.lines


class _Draft:
    """Lines under construction. `voids` is the right of entry as the ledger and these lines have it."""

    def __init__(self, order: Order, place: Place, first: bool) -> None:
        self.order = order
        self.place = place
        self.first = first
        self.voids: Counter[Ticket] = Counter()
        self.lines: dict[UUID, list[SaleLine]] = {}

    def move(self, key: Particulars, before: Worth, after: Worth) -> None:
        """Add the lines from one worth to another."""
        quantity = after.quantity - before.quantity
        amount = after.amount_minor - before.amount_minor
        tax = after.tax_minor - before.tax_minor
        if key.fee is not None:
            if amount or tax:
                self._add("fee", key, 0, amount, tax)
            return
        if quantity < 0:
            self._add("cancellation", key, quantity, 0, 0)
            quantity = 0
        if quantity > 0 or amount > 0 or (tax and not amount):
            self._add("comp" if key.comp else "sale", key, quantity, amount, tax)
        elif amount < 0:
            self._add("refund", key, 0, amount, tax)

    def settle_entry(self, position: Position) -> None:
        """Take the right of entry from a position that a door let in all the same, or give it back."""
        key = _ticket(position, self.place)
        ticket = (key.event_id, self.place.ticket_id(position.id))
        if is_valid(self.order, position):
            if self.voids[ticket] > 0:
                self._add("comp" if key.comp else "sale", key, 0, 0, 0)
        elif self.voids[ticket] == 0 and any(self._misplaced(c.list) for c in position.checkins):
            self._add("cancellation", key, 0, 0, 0)

    def _misplaced(self, checkin_list: int) -> bool:
        return not (self.order.status == "n" and self.place.list(checkin_list).include_pending)

    def _add(self, kind: SaleKind, key: Particulars, quantity: int, amount: int, tax: int) -> None:
        ticket = (key.event_id, key.ticket_id or "")
        restores = kind in {"sale", "comp"} and self.voids[ticket] > 0 and (quantity > 0 or not amount)
        if kind == "cancellation":
            self.voids[ticket] += 1
        elif restores:
            self.voids[ticket] -= 1
        metadata = {"taxRate": key.tax_rate}
        if key.fee is not None:
            metadata |= {"fee": key.fee, "feeType": _fee_type(self.order, key.fee)}
        if restores:
            metadata |= {"restores": "yes"}
        line = SaleLine(
            kind=kind,
            occurred_at=self._moment(quantity, amount),
            quantity=quantity,
            amount_minor=amount,
            currency=key.currency,
            ticket_id=key.ticket_id,
            order_id=self.place.order_id(self.order.code),
            ticket_type=key.ticket_type,
            tax_minor=tax,
            comp=key.comp,
            admission=key.admission,
            channel=self.order.sales_channel,
            restores=restores,
            metadata=json.dumps(metadata),
        )
        self.lines.setdefault(key.event_id, []).append(line)

    def _moment(self, quantity: int, amount: int) -> datetime:
        if self.first and (quantity > 0 or amount > 0):
            return paid_at(self.order)
        if self.order.status == "c" and self.order.cancellation_date is not None:
            return self.order.cancellation_date
        return self.order.last_modified


_PAID = frozenset({"confirmed", "refunded"})


def _ticket(position: Position, place: Place) -> Particulars:
    return Particulars(
        place.event_id(position.subevent),
        place.ticket_id(position.id),
        None,
        ticket_type(position.item, position.variation),
        position.price == 0,
        place.is_person(position),
        place.currency,
        tax_rate(position.tax_rate),
    )


def _worth(position: Position, place: Place) -> Worth:
    return Worth(1, place.minor(position.price), place.minor(position.tax_value))


def _fees_event(order: Order, place: Place) -> UUID:
    """Fees belong to a whole order: to the date of its first position, which nothing ever moves.

    The position itself may move to another date, and the fee then moves with it.
    """
    first = min(order.positions, key=lambda position: position.id, default=None)
    return place.event_id(first.subevent if first else None)


def _fee_type(order: Order, number: str) -> str:
    found: Iterable[str] = (f"{f.fee_type}:{f.internal_type}" for f in order.fees if str(f.id) == number)
    return next(iter(found), "")


def _particulars(balance: Balance) -> Particulars:
    return Particulars(*(getattr(balance, name) for name in Particulars.__dataclass_fields__))


def _held(balance: Balance) -> Worth:
    return Worth(balance.quantity, balance.amount_minor, balance.tax_minor)
