"""What the ledger must say after a set of messages, worked out the slow and obvious way.

Shares no code with `data`: it walks over lists and counts, so that a mistake there is not made twice.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from data.messages import Message, SaleLine, Scan

Buckets = dict[tuple[str, datetime], dict[str, int]]
"""(currency or gate, start of the minute) → what is not zero there."""


@dataclass
class Totals:
    """The figures of one event."""

    sold: int = 0
    comps: int = 0
    cancelled: int = 0
    refunds: int = 0
    entries: int = 0
    exits: int = 0
    invalid: int = 0
    entered: int = 0
    reentries: int = 0
    inside: int = 0
    peak: int = 0
    money: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    zones: dict[str, int] = field(default_factory=dict)
    minutes: Buckets = field(default_factory=dict)
    gates: Buckets = field(default_factory=dict)


def totals_of(messages: list[Message], zone_of_gate: dict[str, str]) -> Totals:
    """The figures after all messages; a repeated key counts once, their order not at all."""
    seen: dict[UUID, Message] = {}
    for message in messages:
        seen.setdefault(message.key, message)
    facts = [fact for message in seen.values() for fact in message.facts]
    lines = [fact for fact in facts if isinstance(fact, SaleLine)]
    scans = [fact for fact in facts if isinstance(fact, Scan)]
    totals = Totals()
    _count_lines(totals, lines)
    people = [scan for scan in scans if scan.admission]
    totals.invalid = len([scan for scan in people if scan.effect == 0])
    totals.entries = sum(scan.effect for scan in people if scan.direction == "entry")
    totals.exits = sum(scan.effect for scan in people if scan.direction == "exit")
    _count_people(totals, people, lines, zone_of_gate)
    _fill_minutes(totals, lines, people)
    _fill_gates(totals, scans)
    return totals


def _fill_minutes(totals: Totals, lines: list[SaleLine], people: list[Scan]) -> None:
    """What happened in which minute; a first entry counts where the earliest one was."""
    for line in lines:
        if line.admission:
            _put(totals.minutes, "", line.occurred_at, "comps" if line.comp else "sold", line.quantity)
            if line.kind == "cancellation":
                _put(totals.minutes, "", line.occurred_at, "cancelled", -line.quantity)
        column = {"refund": "refunded_minor", "fee": "fees_minor"}.get(line.kind, "gross_minor")
        amount = -line.amount_minor if line.kind == "refund" else line.amount_minor
        _put(totals.minutes, line.currency, line.occurred_at, column, amount)
    for scan in people:
        name = "invalid" if scan.effect == 0 else "entries" if scan.direction == "entry" else "exits"
        _put(totals.minutes, "", scan.occurred_at, name, scan.effect or 1)
    entries = [scan for scan in standing(people) if scan.direction == "entry"]
    for ticket in {scan.ticket_id for scan in entries}:
        first = min(scan.occurred_at for scan in entries if scan.ticket_id == ticket)
        _put(totals.minutes, "", first, "arrivals", 1)


def _fill_gates(totals: Totals, scans: list[Scan]) -> None:
    for scan in scans:
        name = "invalid" if scan.effect == 0 else "entries" if scan.direction == "entry" else "exits"
        if scan.gate is not None:
            _put(totals.gates, scan.gate, scan.occurred_at, name, scan.effect or 1)


def _put(buckets: Buckets, key: str, at: datetime, column: str, value: int) -> None:
    bucket = buckets.setdefault((key, at.replace(second=0, microsecond=0)), {})
    bucket[column] = bucket.get(column, 0) + value
    if bucket[column] == 0:
        del bucket[column]
    if not bucket:
        del buckets[key, at.replace(second=0, microsecond=0)]


def _count_lines(totals: Totals, lines: list[SaleLine]) -> None:
    for line in lines:
        if line.admission:
            if line.kind == "cancellation":
                totals.cancelled += -line.quantity
            if line.comp:
                totals.comps += line.quantity
            else:
                totals.sold += line.quantity
        if line.kind == "refund":
            totals.refunds += 1
        if line.amount_minor or line.tax_minor:
            gross, refunded, fees, tax = totals.money.get(line.currency, (0, 0, 0, 0))
            if line.kind == "refund":
                refunded += -line.amount_minor
            elif line.kind == "fee":
                fees += line.amount_minor
            else:
                gross += line.amount_minor
            totals.money[line.currency] = (gross, refunded, fees, tax + line.tax_minor)


def standing(scans: list[Scan]) -> list[Scan]:
    """The scans that move people, less those annulled by a scan of effect −1."""
    kept = sorted((scan for scan in scans if scan.effect == 1), key=lambda scan: scan.gate or "")
    for annulment in (scan for scan in scans if scan.effect == -1):
        for scan in kept:
            if (scan.ticket_id, scan.occurred_at, scan.direction, scan.area) == (
                annulment.ticket_id,
                annulment.occurred_at,
                annulment.direction,
                annulment.area,
            ):
                kept.remove(scan)
                break
    return kept


def _where(
    ticket: str, moment: datetime, scans: list[Scan], lines: list[SaleLine], zone_of_gate: dict[str, str]
) -> tuple[bool, str | None]:
    """(inside, zone) of a ticket just after `moment`, found by looking at everything before it."""
    voids = [li for li in lines if li.ticket_id == ticket and li.admission and li.occurred_at <= moment]
    balance = len([li for li in voids if li.kind == "cancellation"]) - len(
        [li for li in voids if li.restores]
    )
    if balance > 0:
        return False, None
    open_areas = []
    for area in {scan.area for scan in scans if scan.ticket_id == ticket}:
        before = [
            scan
            for scan in scans
            if scan.ticket_id == ticket and scan.area == area and scan.occurred_at <= moment
        ]
        # Of two scans at one instant the entry comes last.
        before.sort(
            key=lambda s: (s.occurred_at, s.direction == "entry", zone_of_gate.get(s.gate or "") or "")
        )
        if before and before[-1].direction == "entry":
            last = before[-1]
            open_areas.append((last.occurred_at, last.area, zone_of_gate.get(last.gate or "")))
    if not open_areas:
        return False, None
    return True, max(open_areas, key=lambda entry: (entry[0], entry[1]))[2]


def _count_people(
    totals: Totals, people: list[Scan], lines: list[SaleLine], zone_of_gate: dict[str, str]
) -> None:
    scans = standing(people)
    tickets = {scan.ticket_id for scan in scans}
    totals.entered = len({scan.ticket_id for scan in scans if scan.direction == "entry"})
    moments = sorted(
        {scan.occurred_at for scan in scans} | {li.occurred_at for li in lines if li.ticket_id in tickets}
    )
    for ticket in tickets:
        went_in = sorted({s.occurred_at for s in scans if s.ticket_id == ticket and s.direction == "entry"})
        own = sorted(
            (s for s in scans if s.ticket_id == ticket),
            key=lambda s: (
                s.occurred_at,
                s.direction == "entry",
                s.area,
                zone_of_gate.get(s.gate or "") or "",
            ),
        )
        open_areas: set[str] = set()
        for scan in own:
            if scan.direction == "exit":
                open_areas.discard(scan.area)
            else:
                if not open_areas and scan.occurred_at > went_in[0]:
                    totals.reentries += 1
                open_areas.add(scan.area)
        if moments:
            inside, zone = _where(ticket, moments[-1], scans, lines, zone_of_gate)
            totals.inside += inside
            if inside and zone is not None:
                totals.zones[zone] = totals.zones.get(zone, 0) + 1
    whole_seconds = sorted({moment.replace(microsecond=0) for moment in moments})
    for second in whole_seconds:
        end = second.replace(microsecond=999_999)
        count = sum(_where(ticket, end, scans, lines, zone_of_gate)[0] for ticket in tickets)
        totals.peak = max(totals.peak, count)
