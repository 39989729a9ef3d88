"""What a widget can ask for beside metrics, and the answers to everything a board needs in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from data.access import Access
from data.engine import TenantConnection
from data.event_list import described, listed
from data.export_privacy import leaving
from data.live import read_state, tonight
from data.live_masking import without_money
from data.live_state import EventState
from data.metric_query import Between, MetricQuery
from data.noted import Noted, noted
from data.query import attempt


@dataclass(frozen=True, slots=True)
class LiveNight:
    """The live state of an event (`data.live_state.compose`); without one, of the one on at `venue`.

    None when there is no event on. Where money is masked there is none in it (`data.live_masking`).
    """

    event: UUID | None = None
    venue: UUID | None = None


@dataclass(frozen=True, slots=True)
class EventList:
    """Events as dicts, the next ones first: eventId, name, venueId, venueName, seriesName, zone, status,
    phase (live, next, over), doorsAt, startsAt, endsAt (ISO 8601), sold, comps, held, capacity (0 for none),
    remaining, percentSold, entered, peak, and `revenue`, a list of {currency, netMinor}: one for each
    currency, none for those who may not see money."""

    venue: UUID | None = None
    phase: str = "upcoming"
    """`upcoming`, `past` or `all`."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes in the time that a question looks at, or around a night: a list of `data.noted.Noted`."""

    of: MetricQuery | LiveNight


Need = MetricQuery | LiveNight | EventList | Notes


def answer(tenant: TenantConnection, access: Access, needs: Sequence[Need], now: datetime) -> list[object]:
    """What every need gets, in their order: an `Answer`, a live state, a list of events or notes. A need
    that has no answer has its QueryError in its place; customers have their names of the day. Raises
    DatabaseUnavailable."""
    queries = list(dict.fromkeys(need for need in needs if isinstance(need, MetricQuery)))
    found = leaving(tenant, attempt(tenant, access, queries, now), now)
    answers: dict[Need, object] = dict(zip(queries, found, strict=True))
    for need in needs:
        if need not in answers and isinstance(need, LiveNight):
            answers[need] = live_night(tenant, access, need, now)
        if need not in answers and isinstance(need, EventList):
            events = listed(tenant, access, now, venue=need.venue, phase=need.phase, limit=need.limit)
            answers[need] = [described(event, now) for event in events]
    noting = dict.fromkeys(need for need in needs if isinstance(need, Notes))
    answers |= _notes(tenant, access, noting, answers, now)
    return [answers[need] for need in needs]


def _notes(
    tenant: TenantConnection,
    access: Access,
    needs: Iterable[Notes],
    answers: Mapping[Need, object],
    now: datetime,
) -> dict[Need, object]:
    """The notes of each; none around a night that is not among the answers."""
    spans = {
        need: _around(answers.get(need.of)) if isinstance(need.of, LiveNight) else need.of for need in needs
    }
    asked = {need: span for need, span in spans.items() if span is not None}
    found: dict[Need, object] = dict(
        zip(asked, noted(tenant, access, list(asked.values()), now), strict=True)
    )
    return {need: [] for need in spans} | found


def notes_around(tenant: TenantConnection, access: Access, night: EventState, now: datetime) -> list[Noted]:
    """The notes in the hours before and after the doors of a live state, at its event and its venue."""
    span = _around(night)
    return [] if span is None else noted(tenant, access, [span], now)[0]


def _around(night: object) -> MetricQuery | None:
    """A question about the hours before and after the doors of a live state."""
    event = night["event"] if isinstance(night, dict) else {}
    doors = event.get("doorsAt") or event.get("startsAt")
    if doors is None or not isinstance(night, dict):
        return None
    at = datetime.fromisoformat(doors)
    span = Between(start=at - timedelta(hours=24), end=at + timedelta(hours=36))
    return MetricQuery(metrics=("entries",), range=span, events=(UUID(night["eventId"]),))


def live_night(tenant: TenantConnection, access: Access, need: LiveNight, now: datetime) -> EventState | None:
    """The live state that a reader may see; None when there is none. Raises DatabaseUnavailable."""
    event = need.event or _event_on(tenant, access, need.venue, now)
    if event is None or (access.events is not None and event not in access.events):
        return None
    state = read_state(tenant, event, now)
    if state is None or (access.venues is not None and UUID(state["venueId"]) not in access.venues):
        return None
    return without_money(state) if access.masked else state


def _event_on(tenant: TenantConnection, access: Access, venue: UUID | None, now: datetime) -> UUID | None:
    """The event that is on, or the next one, at this venue or at the first that has one under way."""
    venues = [venue] if venue is not None else _venues(tenant, access)
    next_ones: list[UUID] = []
    for own in venues:
        for event in tonight(tenant, own, now):
            event_id = UUID(event["eventId"])
            if access.events is not None and event_id not in access.events:
                continue
            if event["phase"] == "live":
                return event_id
            next_ones.append(event_id)
    return next_ones[0] if next_ones else None


def _venues(tenant: TenantConnection, access: Access) -> list[UUID]:
    rows = tenant.execute(
        "SELECT venue_id FROM venues WHERE tenant_id = %s ORDER BY name, venue_id", [tenant.tenant_id]
    )
    return [venue for (venue,) in rows.fetchall() if access.venues is None or venue in access.venues]
