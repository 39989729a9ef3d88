"""How the house lists what pretix sells: events or the dates of a series, products, capacities."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from data.pretix.registry import Registration, Series, TicketType
from ingest.pretix.documents import Event, Item, Quota, Subevent, label
from ingest.pretix.places import Place, ticket_type

Product = tuple[int, int | None]
"""(item, variation)"""
MOST_TICKETS = 2**31 - 1
"""The largest capacity the house keeps: a quota above it bounds nothing."""


def series(place: Place, tenant_id: UUID) -> Series | None:
    """What groups an event's dates; None for an event of one date."""
    event = place.document.event
    if not event.has_subevents:
        return None
    external_id = place.external_id(None)
    return Series(uuid5(tenant_id, f"series:{external_id}"), external_id, label(event.name, event.slug))


def registrations(place: Place, group: Series | None) -> list[Registration]:
    """The event itself, or each date of its series. Raises Malformed for prices that are no money."""
    event = place.document.event
    if group is None:
        return [_registration(place, event, None, None, label(event.name, event.slug))]
    return [
        _registration(
            place, date, date.id, group, f"{group.name}: {label(date.name, str(date.id))}"
        )
        for date in place.document.subevents
    ]  # fmt: skip


def _registration(
    place: Place, date: Event | Subevent, subevent: int | None, group: Series | None, name: str
) -> Registration:
    event = place.document.event
    active = date.active if isinstance(date, Subevent) else True
    return Registration(
        event_id=place.event_id(subevent),
        external_id=place.external_id(subevent),
        series_id=group.series_id if group else None,
        name=name,
        doors_at=date.date_admission or date.date_from,
        starts_at=date.date_from,
        ends_at=date.date_to,
        on_sale_at=date.presale_start or event.presale_start,
        sellable_capacity=capacity(place, subevent),
        status="on_sale" if event.live and active else "scheduled",
        ticket_types=tuple(_ticket_types(place, subevent)),
    )


def _ticket_types(place: Place, subevent: int | None) -> Iterable[TicketType]:
    quotas = _quotas(place, subevent)
    for item in place.document.items:
        name = label(item.name, f"Item {item.id}")
        for product in _products(item):
            variation = next((v for v in item.variations if v.id == product[1]), None)
            price = variation.price if variation and variation.price is not None else item.default_price
            sizes = [quota.size for quota in quotas if quota.size is not None and product in _covered(quota)]
            yield TicketType(
                ticket_type=ticket_type(*product),
                name=f"{name} / {label(variation.value, str(variation.id))}" if variation else name,
                price_minor=place.minor(price),
                currency=place.currency,
                capacity=_bound(sizes),
                admission=item.admission,
            )


def capacity(place: Place, subevent: int | None) -> int | None:
    """How many admission tickets the quotas allow in all; None when some product has no bound.

    Quotas overlap (a total and a part of it). Two covers are tried: the widest quotas, and the
    narrowest; each is an upper bound if it covers every product, and the lower of them holds.
    """
    persons = {product for item in place.document.items if item.admission for product in _products(item)}
    quotas = _quotas(place, subevent)
    on_sale = {product for quota in quotas for product in _covered(quota) & persons}
    sized = [(_covered(q) & on_sale, q.size) for q in quotas if q.size is not None and _covered(q) & on_sale]
    widest = [(c, size) for c, size in sized if not any(c < other for other, _ in sized)]
    narrowest = [(c, size) for c, size in sized if not any(other < c for other, _ in sized)]
    bounds = []
    for cover in (widest, narrowest):
        if on_sale and set().union(*(c for c, _ in cover)) == on_sale:
            smallest: dict[frozenset[Product], int] = {}
            for covered, size in cover:
                smallest[covered] = min(size, smallest.get(covered, size))
            bounds.append(sum(smallest.values()))
    return _bound(bounds)


def _bound(sizes: Iterable[int]) -> int | None:
    return min((size for size in sizes if size <= MOST_TICKETS), default=None)


def _quotas(place: Place, subevent: int | None) -> list[Quota]:
    return [quota for quota in place.document.quotas if quota.subevent == subevent]


def _products(item: Item) -> list[Product]:
    return [(item.id, v.id) for v in item.variations] if item.variations else [(item.id, None)]


def _covered(quota: Quota) -> frozenset[Product]:
    """A quota names items and, for items that have them, the variations it means."""
    return frozenset(
        {(item, variation) for item in quota.items for variation in quota.variations}
        | {(item, None) for item in quota.items}
    )
