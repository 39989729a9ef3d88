"""New values for a venue or one of its events: capacity, status, times."""

from typing import Any

import msgspec

from data.messages import Fact, VenueUpdate
from data.venue_updates import EVENT_STATUS
from ingest.fields import Fields, count, required_text, text
from ingest.kinds import Kind, Stated, camel, spelt
from ingest.refusal import Refused
from ingest.timestamps import FURTHEST, instant

_MOST_PEOPLE = 2**31 - 1
_COUNTS = ("capacity", "physical_capacity", "holds")
_TIMES = ("doors_at", "starts_at", "ends_at", "on_sale_at")
_TEXTS = ("status", "name")
_OF_EVENTS = frozenset((*_TIMES, "physical_capacity", "holds", "name"))


def _update(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    values = dict(fields)
    single = "field" in fields
    if single:
        name = required_text(fields, "field")
        if "value" not in fields:
            raise Refused("missing-field", "This field is required.", "value")
        name = UPDATE.names.get(name, name)
        if name not in (*_COUNTS, *_TIMES, *_TEXTS):
            raise Refused("not-a-choice", f"One of: {', '.join(_FIELDS)}.", "field", fields["field"])
        values = {name: fields["value"]}
    try:
        facts = tuple(
            VenueUpdate(stated.at, camel(name), _json(values, name, stated))
            for name in (*_COUNTS, *_TIMES, *_TEXTS)
            if values.get(name) is not None
        )
    except Refused as refusal:
        refusal.field = "value" if single else refusal.field
        raise
    if not facts:
        raise Refused("missing-field", f"An update has at least one of: {', '.join(_FIELDS)}.")
    return facts


def _json(values: dict[str, Any], name: str, stated: Stated) -> str:
    """The checked value as JSON text; times are in UTC."""
    if name in _OF_EVENTS and not stated.has_event:
        raise Refused("missing-field", f"{camel(name)} belongs to an event.", "event_id")
    value: object
    if name in _COUNTS:
        value = count(values, name, most=_MOST_PEOPLE)
    elif name in _TIMES:
        value = instant(values[name], name, stated.venue.zone, stated.received_at, ahead=FURTHEST)
    else:
        value = text(values, name)
        if name == "status" and stated.has_event and value not in EVENT_STATUS:
            raise Refused("not-a-choice", f"One of: {', '.join(sorted(EVENT_STATUS))}.", name, value)
    return msgspec.json.encode(value).decode()


_FIELDS = tuple(camel(name) for name in (*_COUNTS, *_TIMES, *_TEXTS))

UPDATE = Kind(
    "venue-update",
    spelt("field", "value", "updated_at", *_COUNTS, *_TIMES, *_TEXTS),
    _update,
    times=("updated_at", "occurred_at"),
    event_needed=False,
)
