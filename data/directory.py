"""What a door must know to place a message: the tenant's venues and events, held for a few seconds."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from datetime import time as local_time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from data import tenant_keys
from data.access import Access
from data.engine import Database, TenantConnection
from data.messages import uuid_of
from data.query_names import NAMED, PLACES, ask
from data.tenant_keys import customer_key
from data.visitor_salts import VisitorSalts

HOLD_SECONDS = 5.0
ASKED_A_SECOND = 4
"""Names not held of which PostgreSQL is asked for one tenant: nobody makes it work by inventing names."""


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue with its zone, currency and the local time at which its business day starts."""

    venue_id: UUID
    external_id: str | None
    name: str
    zone: ZoneInfo
    currency: str
    business_day_starts: local_time
    capacity: int
    amber_percent: int
    red_percent: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event as senders name it; times carry a zone. Without being `registered` it is known by messages."""

    event_id: UUID
    venue_id: UUID
    external_id: str | None
    name: str
    doors_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    registered: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Page:
    """One tenant as it was read at `read_at` (monotonic seconds)."""

    read_at: float
    customer_key: bytes
    venues: tuple[Venue, ...]
    by_venue_ref: dict[str, Venue]
    by_event_ref: dict[str, Event]
    events: tuple[Event, ...]
    aliases: dict[str, UUID]


class Directory:
    """Venues and events by the names senders use: our uuid or the sender's own id.

    Answers are at most five seconds old. All methods raise DatabaseUnavailable when a tenant has
    to be read and PostgreSQL is away; LookupError for a tenant that does not exist.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._salts = VisitorSalts(database)
        self._pages: dict[UUID, _Page] = {}
        self._reading: defaultdict[UUID, threading.Lock] = defaultdict(threading.Lock)
        self._asked: defaultdict[UUID, deque[float]] = defaultdict(lambda: deque(maxlen=ASKED_A_SECOND))

    def venue(self, tenant_id: UUID, ref: str) -> Venue | None:
        """The venue with this uuid or external id; None for an unknown one and for another tenant's."""
        return self._page(tenant_id).by_venue_ref.get(ref)

    def venues(self, tenant_id: UUID) -> tuple[Venue, ...]:
        """All venues of the tenant by name."""
        return self._page(tenant_id).venues

    def only_venue(self, tenant_id: UUID) -> Venue | None:
        """The venue of a tenant that has just one, else None."""
        venues = self._page(tenant_id).venues
        return venues[0] if len(venues) == 1 else None

    def event(self, tenant_id: UUID, ref: str) -> Event | None:
        """The event with this uuid or external id, registered or placeholder, else None."""
        return self._page(tenant_id).by_event_ref.get(ref)

    def events(self, tenant_id: UUID) -> tuple[Event, ...]:
        """All events of the tenant, in no order."""
        return self._page(tenant_id).events

    def find_event(self, tenant_id: UUID, ref: str) -> Event | None:
        """`event`, or `event_now` of a name that is not held, as long as few such names are asked for."""
        found = self.event(tenant_id, ref)
        if found is not None or not _writable(ref):
            return found
        asked, now = self._asked[tenant_id], time.monotonic()
        if len(asked) == ASKED_A_SECOND and now - asked[0] < 1:
            return None
        asked.append(now)
        return self.event_now(tenant_id, ref)

    def event_now(self, tenant_id: UUID, ref: str) -> Event | None:
        """`event` as PostgreSQL knows it at this moment: an event may be younger than what is held.

        It costs a statement; ask before refusing a message for want of its event.
        """
        with self._database.tenant(tenant_id) as tenant:
            there = tenant.execute(
                "SELECT 1 FROM events WHERE tenant_id = %s AND event_id = %s",
                [tenant_id, self.event_id(tenant_id, ref)],
            ).fetchone()
        if there is not None:
            self.forget(tenant_id)
        return self.event(tenant_id, ref)

    def event_id(self, tenant_id: UUID, ref: str) -> UUID:
        """The id under which facts of `ref` are kept.

        An unknown event gets an id that follows from its name alone, so that any two processes
        which meet it at the same moment agree without asking. One that was matched to another event keeps
        this id for the writer, who sends it on.
        """
        page = self._page(tenant_id)
        alias = page.aliases.get(ref)
        if alias is not None:
            return alias
        known = page.by_event_ref.get(ref)
        if known is not None:
            return known.event_id
        try:
            return UUID(ref)
        except ValueError:
            return uuid5(tenant_id, ref)

    def customer(self, tenant_id: UUID, user_id: str) -> UUID:
        """The tenant's keyed hash of a customer: stable within the tenant, meaningless outside."""
        return self.digest(tenant_id, user_id.encode())

    def digest(self, tenant_id: UUID, content: bytes) -> UUID:
        """A digest of `content` under the tenant's key: nobody without the key can guess at the content."""
        return uuid_of(tenant_keys.digest(self._page(tenant_id).customer_key, content))

    def visitor(self, tenant_id: UUID, content: bytes, happened: datetime, received: datetime) -> UUID:
        """A digest of a visitor, or of what one did, that holds for the day it happened (UTC) and can be
        followed by nobody once the day's salt is destroyed. Raises Unsealable, too."""
        return self._salts.digest(tenant_id, content, happened, received)

    def called(self, access: Access, dimension: str, values: Iterable[str]) -> dict[str, str]:
        """Value → name, of venues, events, series, gates, zones and ticket types that these eyes may see, by
        one statement at most; without a name it is missing."""
        tenant_id, wanted = access.tenant_id, frozenset(values)
        venues = {venue.venue_id: venue.name for venue in self.venues(tenant_id)}
        if access.venues is not None:
            venues = {venue: name for venue, name in venues.items() if venue in access.venues}
        if dimension == "venue":
            return {str(venue): name for venue, name in venues.items() if str(venue) in wanted}
        if dimension == "event":
            found = (event for event in self.events(tenant_id) if str(event.event_id) in wanted)
            return {
                str(event.event_id): event.name
                for event in found
                if event.venue_id in venues and (access.events is None or event.event_id in access.events)
            }
        if dimension not in NAMED:
            return {}
        if dimension not in PLACES:
            wanted = frozenset(value for value in wanted if _is_id(value))
        with self._database.tenant(tenant_id) as tenant:
            return dict(ask(tenant, (dimension, frozenset(venues), wanted)).fetchall())

    def forget(self, tenant_id: UUID) -> None:
        """Read the tenant anew at the next question: call it after changing venues or events."""
        self._pages.pop(tenant_id, None)

    def _page(self, tenant_id: UUID) -> _Page:
        page = self._pages.get(tenant_id)
        if page is not None and time.monotonic() - page.read_at < HOLD_SECONDS:
            return page
        reading = self._reading[tenant_id]  # Its own, so that no tenant waits for another one's rows.
        if not reading.acquire(blocking=page is None):
            assert page is not None
            return page  # Somebody is reading it anew; what we have will do until then.
        try:
            held = self._pages.get(tenant_id)
            if held is not None and held is not page:
                return held
            with self._database.tenant(tenant_id) as tenant:
                self._pages[tenant_id] = fresh = _read(tenant)
            return fresh
        finally:
            reading.release()


def _read(tenant: TenantConnection) -> _Page:
    key = customer_key(tenant)
    venues = tuple(
        Venue(**row | {"zone": ZoneInfo(row["zone"])})
        for row in tenant.rows(
            "SELECT venue_id, external_id, name, zone, currency, business_day_starts, capacity,"
            " amber_percent, red_percent FROM venues WHERE tenant_id = %s ORDER BY name, venue_id",
            [tenant.tenant_id],
        )
    )
    events = [
        Event(**row)
        for row in tenant.rows(
            "SELECT event_id, venue_id, external_id, name, doors_at, starts_at, ends_at, registered,"
            " created_at FROM events WHERE tenant_id = %s",
            [tenant.tenant_id],
        )
    ]
    of_id = {event.event_id: event for event in events}
    aliases = [
        (event_id, ref, of_id[real])
        for event_id, ref, real in tenant.execute(_ALIASES, [tenant.tenant_id]).fetchall()
        if real in of_id
    ]
    matched = {ref: event for event_id, name, event in aliases for ref in _refs(name, event_id)}
    return _Page(
        time.monotonic(),
        key,
        venues,
        {ref: venue for venue in venues for ref in _refs(venue.external_id, venue.venue_id)},
        {ref: event for event in events for ref in _refs(event.external_id, event.event_id)} | matched,
        tuple(events),
        {ref: event_id for event_id, name, _ in aliases for ref in _refs(name, event_id)},
    )


_ALIASES = (
    "SELECT event_id, ref, real_event_id FROM event_aliases"
    " WHERE tenant_id = %s AND status IN ('moving', 'matched')"
)


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _writable(text: str) -> bool:
    """Whether it has a form in UTF-8: half a surrogate pair has none, so nothing is called so."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refs(external_id: str | None, own_id: UUID) -> list[str]:
    """Our own id is listed last: it wins over an external id that happens to look like it."""
    return [ref for ref in (external_id, str(own_id)) if ref]
