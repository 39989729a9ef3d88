"""Check-ins as pretix reports them → scans, and −1 for those that were annulled. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from data.messages import Direction, Scan
from data.pretix.snapshots import SeenCheckin, SeenPosition
from ingest.pretix.documents import Checkin, Order, PositionCheckin
from ingest.pretix.places import Place

ANNULLED = "annulled"
AUTOMATIC = "automatic"
"""The scanner of exits that pretix writes by itself when a list closes."""
UNKNOWN_TICKET = "unknown"
"""The ticket of a scan whose code belongs to no ticket at all."""


@dataclass(frozen=True, slots=True)
class Report:
    """One check-in as somebody reported it: an order (successes only) or the list (everything)."""

    checkin_id: int
    list_id: int
    direction: Direction
    occurred_at: datetime
    successful: bool
    reason: str | None
    gate: int | None
    position_id: int | None
    scanner: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a report changes: the new state, and the scans that say so to the ledger."""

    seen: SeenCheckin
    scans: tuple[Scan, ...]


def of_list(checkins: Iterable[Checkin]) -> list[Report]:
    """The reports in an event's list of check-ins."""
    return [_report(c, c.successful, c.error_reason, c.position) for c in checkins]


def of_order(order: Order) -> list[Report]:
    """The reports in an order: check-ins that were let through and still stand."""
    return [_report(c, True, None, position.id) for position in order.positions for c in position.checkins]


def withdrawn(seen: Mapping[int, SeenCheckin], order: Order) -> list[Report]:
    """Annulments that an order shows by no longer listing a check-in that stood."""
    standing = {c.id for position in order.positions for c in position.checkins}
    owned = {position.id for position in order.positions}
    return [
        Report(
            c.checkin_id, c.list_id, _direction(c.direction), c.occurred_at, False, ANNULLED, None,
            c.position_id,
        )
        for c in seen.values()
        if c.successful and c.position_id in owned and c.checkin_id not in standing
    ]  # fmt: skip


def _report(
    c: Checkin | PositionCheckin, successful: bool, reason: str | None, position: int | None
) -> Report:
    scanner = AUTOMATIC if c.auto_checked_in else None if c.device_id is None else f"device {c.device_id}"
    return Report(
        c.id, c.list, _direction(c.type), c.datetime, successful, reason, c.gate, position, scanner
    )  # fmt: skip


def changes(
    reports: Iterable[Report],
    place: Place,
    seen: Mapping[int, SeenCheckin],
    positions: Mapping[int, SeenPosition],
    fetched_at: datetime,
) -> list[Change]:
    """What the reports change, given what was seen before and who the positions are.

    Reports older than what was seen, and check-ins of test orders, change nothing.
    """
    found = []
    for report in reports:
        before = seen.get(report.checkin_id)
        position = None if report.position_id is None else positions[report.position_id]
        if before is None:
            if position is None or not position.testmode:
                found.append(_first(report, place, position, fetched_at))
        elif before.fetched_at < fetched_at and before.successful != report.successful:
            found.append(_turned(report, place, before, fetched_at))
    return found


def _first(report: Report, place: Place, position: SeenPosition | None, fetched_at: datetime) -> Change:
    checkin_list = place.list(report.list_id)
    if checkin_list.subevent is not None:
        event_id = place.event_id(checkin_list.subevent)
    else:
        event_id = position.event_id if position else place.event_at(report.occurred_at)
    seen = SeenCheckin(
        checkin_id=report.checkin_id,
        event=place.document.event.slug,
        event_id=event_id,
        position_id=report.position_id,
        list_id=report.list_id,
        direction=report.direction,
        successful=report.successful,
        reason=report.reason,
        gate=place.gate(report.gate),
        person=(position is None or position.person) and not checkin_list.ignore_in_statistics,
        occurred_at=report.occurred_at,
        fetched_at=fetched_at,
        revision=1,
    )
    if report.reason == ANNULLED:
        # It did let somebody in for a while: the history has both, whoever looked when.
        return Change(seen, (_scan(place, report, seen, 1, None), _scan(place, report, seen, -1, ANNULLED)))
    return Change(seen, (_scan(place, report, seen, 1 if report.successful else 0, report.reason),))


def _turned(report: Report, place: Place, before: SeenCheckin, fetched_at: datetime) -> Change:
    seen = replace(
        before,
        successful=report.successful,
        reason=report.reason,
        fetched_at=fetched_at,
        revision=before.revision + 1,
    )
    return Change(seen, (_scan(place, report, seen, 1 if report.successful else -1, report.reason),))


def _scan(
    place: Place, report: Report, seen: SeenCheckin, effect: Literal[-1, 0, 1], reason: str | None
) -> Scan:
    return Scan(
        occurred_at=seen.occurred_at,
        ticket_id=UNKNOWN_TICKET if seen.position_id is None else place.ticket_id(seen.position_id),
        direction=_direction(seen.direction),
        effect=effect,
        reason=reason,
        gate=seen.gate,
        area=str(seen.list_id),
        scanner=report.scanner,
        admission=seen.person,
    )


def _direction(text: str) -> Direction:
    return "exit" if text == "exit" else "entry"
