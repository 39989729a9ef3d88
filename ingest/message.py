"""A sender's JSON object becomes a `Message`: placed, timed, checked, without personal data."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from data.directory import Directory, Venue
from data.messages import NO_EVENT, Message, message_key
from ingest.fields import called, text
from ingest.kinds import Kind, Stated, camel
from ingest.money import plain_amounts
from ingest.named_people import people_named, without_named
from ingest.personal_text import scrubbed
from ingest.privacy import is_personal, without_persons
from ingest.refusal import Refused
from ingest.sales import PURCHASE, REFUND
from ingest.social import SOCIAL
from ingest.sorting import sort_out
from ingest.tickets import ATTEMPT, SCAN, TRANSFER
from ingest.timestamps import instant
from ingest.venue_updates import UPDATE
from ingest.website import CART, PAGE_VIEW

KINDS: dict[str, Kind] = {
    kind.type: kind for kind in (PURCHASE, REFUND, SCAN, TRANSFER, ATTEMPT, CART, PAGE_VIEW, UPDATE, SOCIAL)
}
SOURCE = "rest"
LARGEST_MESSAGE = 64 * 1024
MOST_ASKED = 100
"""Events of one request that PostgreSQL is asked for by themselves: bad ones must not take long."""

# Numbers stay exact in what is stored: 12.50 is kept as the number 12.50.
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_SHORT = 1_000
_IDENTIFIERS = ("event_id", "ticket_id", "order_id", "message_id")
VISITOR = "visitor_hash"
_THING = "id"
"""Fields we know are free text or identify something; of the latter only addresses are taken out."""


class MessageReader:
    """Reads the messages of one request (or one batch of any door) of one tenant.

    It remembers the venues and events it has met, so use a new one for the next request.
    """

    def __init__(
        self, directory: Directory, tenant_id: UUID, received_at: datetime, source: str = SOURCE
    ) -> None:
        self._directory = directory
        self._tenant_id = tenant_id
        self._received_at = received_at
        self._source = source
        self._places: dict[tuple[str | None, str | None], tuple[Venue, UUID, str]] = {}
        self._venues: dict[UUID, Venue] = {}  # By event.
        self._asked = 0

    def read(self, raw: Mapping[str, Any], kind: Kind) -> Message:
        """The message that `raw` (a decoded JSON object, decimals as Decimal) states.

        Raises Refused, with the field in the sender's spelling; DatabaseUnavailable when the
        tenant's venues have to be read and PostgreSQL is away.
        """
        try:
            return self._read(raw, kind)
        except Refused as refusal:
            field = refusal.field
            if field is not None and field not in raw and field in kind.names.values():
                refusal.field = _as_sent(raw, kind, field)
            raise

    def _read(self, raw: Mapping[str, Any], kind: Kind) -> Message:
        fields, extra = sort_out(raw, kind)
        _take_out_named(raw, kind, fields, extra)
        self._hash_addresses(fields)
        venue, event_id, event_ref = self._place(fields, kind)
        at, stated_time = self._moment(fields, kind, venue)
        if kind.people:
            self._hash_people(fields, kind, at)
        payload = _fit_to_store(fields, extra, kind)
        message_id = text(fields, "message_id")
        source = text(fields, "source") or self._source
        if message_id is not None:
            key = message_key(source, f"{kind.type} {message_id}")
        elif stated_time or kind.happens_once(fields):
            key = message_key(source, f"{kind.type} {self._content(raw, kind, at)}")
        else:
            key = uuid4()
        stated = Stated(
            at,
            venue,
            event_id is not NO_EVENT,
            self._received_at,
            _ENCODER.encode(extra).decode() if extra else None,
        )
        facts = kind.facts(fields, stated)
        return Message(key, kind.type, source, venue.venue_id, event_id, event_ref, at, payload, facts)

    def identity(self, raw: Mapping[str, Any], kind: Kind) -> UUID | None:
        """The key under which a refused message without an id would be known, so far as it can be told: what
        is refused time and again is one message. None where its id, or nothing, tells it apart."""
        sent = {kind.names.get(name, name): value for name, value in raw.items() if value is not None}
        time = next((name for name in kind.times if name in sent), None)
        if sent.get("message_id") not in (None, "") or (time is None and not kind.happens_once(sent)):
            return None
        only, at = self._directory.only_venue(self._tenant_id), self._received_at
        source = sent["source"] if type(sent.get("source")) is str else self._source
        try:
            if time is not None:
                at = instant(sent[time], time, only.zone if only else ZoneInfo("UTC"), at)
            return message_key(source, f"{kind.type} {self._content(raw, kind, at)}")
        except (Refused, RecursionError, OverflowError, ValueError):
            return None

    def _content(self, raw: Mapping[str, Any], kind: Kind, at: datetime) -> UUID:
        """A keyed digest of all that was sent, whatever the spelling and order of its fields, of its
        time (the same instant in another zone) and of its amounts (12.5 and "12.50").

        Personal fields count too: two people who buy the same at the same second are two sales. They
        are nowhere else by then, and the digest says nothing without the tenant's key; that of a visitor's
        doings nothing without the salt of the day, so what is repeated days later without an id counts again.
        """
        sent = {kind.names.get(name, name): value for name, value in raw.items() if value is not None}
        time = next((name for name in kind.times if name in sent), None)
        if time is not None:
            sent[time] = at.astimezone(UTC).isoformat()
        try:
            content = _CANONICAL.encode(plain_amounts(sent) | {"type": kind.type})
        except UnicodeEncodeError as error:
            raise Refused("not-unicode", "A text holds half a character.", None, error.object) from None
        if VISITOR in kind.people.values():
            return self._visitor(content, at)
        return self._directory.digest(self._tenant_id, content)

    def _visitor(self, content: bytes, at: datetime) -> UUID:
        return self._directory.visitor(self._tenant_id, content, at, self._received_at)

    def storable(self, raw: Mapping[str, Any], kind: Kind | None) -> str:
        """JSON text of a refused message, fit to be kept and to be read again: people are hashed."""
        fields: dict[str, Any] = {}
        extra: dict[str, Any] = dict(raw)
        try:
            if kind is not None:
                fields, extra = sort_out(raw, kind)
                _take_out_named(raw, kind, fields, extra)
                self._hash_addresses(fields)
                self._hash_people(fields, kind, self._received_at)
            return _ENCODER.encode(without_persons(fields | extra)).decode()
        except (Refused, UnicodeEncodeError, RecursionError):
            # What cannot be stored as it is, is kept by the names of its fields.
            names = {_plain(name) for name in raw if not is_personal(name)}
            return _ENCODER.encode({"fields": sorted(names - {""})}).decode()

    def _place(self, fields: dict[str, Any], kind: Kind) -> tuple[Venue, UUID, str]:
        """Venue, event id and the sender's name of the event ("" and NO_EVENT without one)."""
        venue_ref = text(fields, "venue_id")
        event_ref = called(fields, "event_id")
        place = self._places.get((venue_ref, event_ref))
        if place is None:
            place = self._places[venue_ref, event_ref] = self._look_up(venue_ref, event_ref)
        if event_ref is None and kind.event_needed:
            raise Refused("missing-field", "This field is required.", "event_id")
        return place

    def _look_up(self, venue_ref: str | None, event_ref: str | None) -> tuple[Venue, UUID, str]:
        tenant_id = self._tenant_id
        event_id, event = NO_EVENT, None
        if event_ref is not None:
            event_id = self._directory.event_id(tenant_id, event_ref)
            event = self._directory.event(tenant_id, str(event_id))
            if event_id == NO_EVENT:
                raise Refused("missing-field", "The nil uuid names no event.", "event_id")
        if venue_ref is not None:
            venue = self._directory.venue(tenant_id, venue_ref) or self._directory.venue(
                tenant_id, venue_ref.lower()
            )
            if venue is None:
                raise Refused("unknown-venue", "There is no such venue.", "venue_id", venue_ref)
            if event is not None and event.venue_id != venue.venue_id:
                raise Refused("other-venue", "This event is at another venue.", "venue_id", venue_ref)
        elif event is not None:
            venue = self._directory.venue(tenant_id, str(event.venue_id))
        else:
            venue = self._directory.only_venue(tenant_id) or self._venue_of_a_young(event_id)
        if venue is None:
            raise Refused("missing-field", "Needed unless the event is known.", "venue_id")
        if event_ref is not None:
            self._venues[event_id] = venue
        return venue, event_id, event_ref or ""

    def _venue_of_a_young(self, event_id: UUID) -> Venue | None:
        """Where an event is that was met just now: earlier in this request, or in one before it."""
        venue = self._venues.get(event_id)
        if venue is None and event_id is not NO_EVENT and self._asked < MOST_ASKED:
            self._asked += 1
            event = self._directory.event_now(self._tenant_id, str(event_id))
            if event is not None:
                venue = self._directory.venue(self._tenant_id, str(event.venue_id))
        return venue

    def _moment(self, fields: dict[str, Any], kind: Kind, venue: Venue) -> tuple[datetime, bool]:
        """When it happened, and whether the sender said so; the time of receipt otherwise."""
        for name in kind.times:
            value = fields.get(name)
            if value is not None:
                return instant(value, name, venue.zone, self._received_at), True
        return self._received_at, False

    def _hash_addresses(self, fields: dict[str, Any]) -> None:
        """Identifiers that are e-mail addresses are kept as keyed hashes: different ones stay different."""
        for name in _IDENTIFIERS:
            value = fields.get(name)
            if type(value) is str and "@" in value:
                fields[name] = str(self._directory.customer(self._tenant_id, value))

    def _hash_people(self, fields: dict[str, Any], kind: Kind, at: datetime) -> None:
        """Put keyed hashes in the place of people; a visitor's differs from day to day."""
        for hashed in kind.people.values():
            if hashed in fields:
                fields[hashed] = _given_hash(fields, hashed)
        for name, hashed in kind.people.items():
            if name in fields:
                person = text(fields, name)
                del fields[name]
                if person is None:
                    continue
                if hashed == VISITOR:
                    fields[hashed] = self._visitor(person.encode(), at)
                    continue
                if hashed == "author_hash":
                    person = f"{fields.get('platform')} {person}"
                fields[hashed] = self._directory.customer(self._tenant_id, person)


def kind_of(raw: Mapping[str, Any], doors: tuple[Kind, ...] = ()) -> Kind:
    """The kind of a message by its `type`; a door for certain kinds takes the first of them by default."""
    value = raw.get("type")
    if value is None:
        for name in ("messageType", "message_type", "eventType", "event_type"):
            value = raw.get(name, value)
    if value is None and doors:
        return doors[0]
    if value is None:
        raise Refused("missing-field", "This field is required.", "type")
    if type(value) is not str:
        raise Refused("wrong-type", "A text is expected.", "type", value)
    kind = KINDS.get(known_type(value) or "")
    allowed = doors or tuple(KINDS.values())
    if kind not in allowed:
        names = ", ".join(one.type for one in allowed)
        raise Refused("unknown-type", f"One of: {names}.", "type", value)
    return kind


def known_type(name: str) -> str | None:
    """The message type that this name means: its own, with underscores, or a short one."""
    if name in KINDS:
        return name
    name = name.replace("_", "-")
    name = _SHORT_TYPES.get(name, name)
    return name if name in KINDS else None


_SHORT_TYPES = {
    "sale": "ticket-purchase",
    "purchase": "ticket-purchase",
    "refund": "ticket-refund",
    "scan": "ticket-scan",
    "transfer": "ticket-transfer",
}


def sender_id(raw: Mapping[str, Any]) -> str | None:
    """The sender's own id of a message, as far as it has a usable one."""
    for name in ("id", "messageId", "message_id", "eventMessageId", "event_message_id"):
        value = raw.get(name)
        if type(value) is str or type(value) is int:
            return str(value)[:200]
    return None


def _take_out_named(
    raw: Mapping[str, Any], kind: Kind, fields: dict[str, Any], extra: dict[str, Any]
) -> None:
    """Take whom the message names in fields of persons out of its free text, in place."""
    named = people_named(raw, kind.names)
    if named is not None:
        fields.update({name: without_named(fields[name], named) for name in kind.free if name in fields})
        extra.update(without_named(extra, named))


def _fit_to_store(fields: dict[str, Any], extra: dict[str, Any], kind: Kind) -> str:
    """The payload's JSON text; cleans `fields` and `extra` in place where a closer look is needed."""
    for name in kind.free:
        value = fields.get(name)
        if type(value) is str:
            fields[name] = scrubbed(value)
    try:
        payload = _ENCODER.encode(fields | extra if extra else fields).decode()
        # A short text without any of these marks cannot hold anything that has to be taken out.
        if (
            len(payload) < _SHORT
            and "@" not in payload
            and "\\u0000" not in payload
            and "E+" not in payload
            and "E-" not in payload
        ):
            return payload
        for name, value in fields.items():
            fields[name] = without_persons(value, name, 2, _THING)
        clean = without_persons(extra)
        extra.clear()
        extra.update(clean)
        payload = _ENCODER.encode(fields | extra).decode()
    except UnicodeEncodeError as error:
        raise Refused("not-unicode", "A text holds half a character.", None, error.object) from None
    if len(payload) > LARGEST_MESSAGE:
        longest = max(fields | extra, key=lambda name: len(str((fields | extra)[name])))
        raise Refused("message-too-large", f"At most {LARGEST_MESSAGE:,} characters.", longest)
    return payload


def _given_hash(fields: dict[str, Any], name: str) -> UUID:
    """A hash of ours that came back with a message which is read again."""
    try:
        return UUID(str(fields[name]))
    except ValueError:
        raise Refused("wrong-type", "A hash is a uuid.", name, fields[name]) from None


def _as_sent(raw: Mapping[str, Any], kind: Kind, name: str) -> str:
    """The sender's spelling of a canonical name, in camelCase when it is not there."""
    for given in raw:
        if kind.names.get(given) == name:
            return given
    return camel(name)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "", name, flags=re.ASCII)[:80]
