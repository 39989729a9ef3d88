"""Writing what was fetched: the snapshot and the ledger's difference in one transaction.

One writer per source at a time, so what is compared stays true until it is written. An answer that
was requested earlier never overwrites what a later request brought.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from data import door_counts, rollup_tables
from data.archived import COMMAND
from data.conflicts import retried
from data.directory import Directory
from data.engine import Database, TenantConnection
from data.facts import Written, write_within
from data.messages import Fact, Message, message_key
from data.pretix import ledger, queue, registry, snapshots
from data.pretix.queue import Ping
from data.pretix.snapshots import SeenOrder, SeenPosition
from data.pretix.sources import Source
from data.services import Live
from ingest.pretix import listing, orders, scans
from ingest.pretix.documents import Checkin, EventDocument, Malformed, Order, decode, encode
from ingest.pretix.places import Place

DELETED = "deleted"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Book:
    """The house's books as one source writes them. All methods raise DatabaseUnavailable."""

    database: Database
    directory: Directory
    live: Live
    source: Source

    def place(self, document: EventDocument) -> Place:
        """Where the things of this event belong."""
        tenant_id = self.source.tenant_id
        return Place(
            self.source.name,
            document,
            lambda external_id: self.directory.event_id(tenant_id, external_id),
            self.source.gates,
        )

    def event(self, slug: str) -> EventDocument | None:
        """The last fetched description of an event."""
        with self.database.tenant(self.source.tenant_id) as tenant:
            kept = snapshots.event(tenant, self.source.source_id, slug)
        return decode(kept[0], EventDocument) if kept else None

    def keep_event(self, document: EventDocument, fetched_at: datetime, ping: Ping | None = None) -> None:
        """List an event in the house and remember its description."""
        place = self.place(document)
        group = listing.series(place, self.source.tenant_id)
        found = listing.registrations(place, group)

        def work(tenant: TenantConnection) -> None:
            registry.register(tenant, self.source.venue_id, group, found)
            registry.name_gates(tenant, self.source.venue_id, {n: n for n in self.source.gates.values()})
            snapshots.keep_event(
                tenant, self.source.source_id, document.event.slug, encode(document), fetched_at
            )
            self._strike(tenant, ping)

        self._alone(work)
        self.directory.forget(self.source.tenant_id)

    def keep_order(self, order: Order, place: Place, fetched_at: datetime, ping: Ping | None = None) -> bool:
        """Bring the ledger to what an order says; False when something newer is known already.

        Raises Unknown for numbers that the event's description does not have.
        """

        def work(tenant: TenantConnection) -> Written | None:
            seen = snapshots.order(tenant, self.source.source_id, order.code)
            newer = seen is None or (seen.last_modified, seen.fetched_at) <= (order.last_modified, fetched_at)
            if newer and seen is not None and seen.last_modified == order.last_modified:
                # Nothing has changed, and what the ledger lacks of it may be archived: not to be sold again.
                newer = ledger.is_whole(tenant, order.datetime)
            written = self._post(tenant, order, place, fetched_at, seen) if newer else None
            self._strike(tenant, ping)
            return written

        return self._tell(self._alone(work))

    def keep_deleted(self, code: str, place: Place, fetched_at: datetime, ping: Ping | None = None) -> None:
        """Take back what the ledger says of an order that pretix no longer has."""

        def work(tenant: TenantConnection) -> Written | None:
            seen = snapshots.order(tenant, self.source.source_id, code)
            written = None
            if seen is not None and seen.status != DELETED and seen.fetched_at < fetched_at:
                last = decode(seen.document, Order)
                empty = msgspec.structs.replace(last, status="c", positions=[], fees=[])
                written = self._post(tenant, empty, place, fetched_at, seen, status=DELETED)
            self._strike(tenant, ping)
            return written

        self._tell(self._alone(work))

    def strangers(self, checkins: Iterable[Checkin]) -> list[int]:
        """The positions of check-ins that no fetched order has."""
        wanted = sorted({c.position for c in checkins if c.position is not None})
        with self.database.tenant(self.source.tenant_id) as tenant:
            known = snapshots.positions(tenant, self.source.source_id, "", wanted)
        return [number for number in wanted if number not in known]

    def keep_checkins(self, checkins: Sequence[Checkin], place: Place, fetched_at: datetime) -> None:
        """Post new check-ins and annulments; those of positions nobody knows are left out for now."""

        def work(tenant: TenantConnection) -> Written:
            numbers = [c.position for c in checkins if c.position is not None]
            positions = snapshots.positions(tenant, self.source.source_id, "", numbers)
            reports = scans.of_list(c for c in checkins if c.position is None or c.position in positions)
            seen = snapshots.checkins(tenant, self.source.source_id, [c.id for c in checkins])
            changed = scans.changes(reports, place, seen, positions, fetched_at)
            written = self._write(tenant, self._scan_messages(place, changed))
            snapshots.keep_checkins(tenant, self.source.source_id, [change.seen for change in changed])
            for change in changed:
                position = positions.get(change.seen.position_id or -1)
                if change.seen.successful and position is not None and not position.valid:
                    # A door let in what is not good for entry: the order's next fetch settles that.
                    queue.put(tenant, self.source.source_id, position.event, f"order/{position.code}")
            return written

        self._tell(self._alone(work))

    def _alone(self, work: Callable[[TenantConnection], Result]) -> Result:
        """Do `work` in one transaction as the source's only writer; again if it lost against another's."""

        def transaction() -> Result:
            with self.database.tenant(self.source.tenant_id) as tenant:
                snapshots.lock(tenant, self.source.source_id)
                return work(tenant)

        return retried(transaction)

    def _tell(self, written: Written | None) -> bool:
        """Tell the live path what was written; False for nothing."""
        if written is not None:
            self.live.touched(self.source.tenant_id, written.versions)
        return written is not None

    def _post(
        self,
        tenant: TenantConnection,
        order: Order,
        place: Place,
        fetched_at: datetime,
        seen: SeenOrder | None,
        status: str | None = None,
    ) -> Written:
        source_id = self.source.source_id
        if not ledger.is_whole(tenant, order.datetime):
            raise Malformed(
                f"sales since {order.datetime:%Y-%m} are archived, and without them no change can be told:"
                f" {COMMAND} ticket_sales {order.datetime:%Y-%m}"
            )
        known = snapshots.positions(tenant, source_id, order.code, [p.id for p in order.positions])
        order = _without_moved(order, known, fetched_at)
        tickets = {place.ticket_id(position.id) for position in order.positions}
        own = tickets | {place.ticket_id(p.position_id) for p in known.values() if p.code == order.code}
        held = [
            balance
            for balance in ledger.balances(
                tenant, self.source.venue_id, place.order_id(order.code), sorted(tickets)
            )
            if balance.ticket_id is None or balance.ticket_id in own
        ]
        lines = orders.difference(order, place, held)
        revision = (seen.revision if seen else 0) + bool(lines)
        positions = {p.id: _seen_position(order, p.id, place, fetched_at) for p in order.positions}
        reports = scans.of_order(order)
        before = snapshots.checkins(
            tenant, source_id, [r.checkin_id for r in reports], [p.id for p in order.positions]
        )
        reports += scans.withdrawn(before, order)
        changed = scans.changes(reports, place, before, positions, fetched_at)
        messages = [
            self._message(
                f"order/{source_id}/{order.code}/{revision}/{event_id}",
                "pretix-order",
                event_id,
                order.last_modified,
                {"order": order.code, "status": status or order.status},
                facts,
            )
            for event_id, facts in lines.items()
        ]
        written = self._write(tenant, messages + self._scan_messages(place, changed))
        snapshots.keep_order(
            tenant,
            source_id,
            SeenOrder(
                order.code,
                place.document.event.slug,
                status or order.status,
                order.testmode,
                order.last_modified,
                fetched_at,
                revision,
                encode(order),
            ),
        )
        gone = [
            p.position_id for p in known.values() if p.code == order.code and p.position_id not in positions
        ]
        snapshots.drop_positions(tenant, source_id, gone)
        snapshots.keep_positions(tenant, source_id, positions.values())
        snapshots.keep_checkins(tenant, source_id, [change.seen for change in changed])
        return self._show_pending(tenant, written, known.values(), positions.values())

    def _show_pending(
        self,
        tenant: TenantConnection,
        written: Written,
        before: Iterable[SeenPosition],
        after: Iterable[SeenPosition],
    ) -> Written:
        """Raise the version of events whose tickets that wait for payment changed, and nothing else did."""
        waited, wait = ({(p.position_id, p.event_id) for p in some if p.pending} for some in (before, after))
        changed = {(self.source.venue_id, event_id) for _, event_id in waited ^ wait}
        touched = rollup_tables.touch(tenant, changed - written.versions.keys())
        return replace(written, versions=written.versions | touched)

    def _write(self, tenant: TenantConnection, messages: Sequence[Message]) -> Written:
        """Post messages. Raises Malformed when an event turns out to be another venue's."""
        if not messages:
            return Written([])
        written = write_within(tenant, messages)
        if "other_venue" in written.verdicts:
            raise Malformed("the event is registered at another venue")
        door_counts.add_within(tenant, f"pretix:{self.source.name}", written.verdicts, datetime.now(UTC))
        return written

    def _scan_messages(self, place: Place, changed: Iterable[scans.Change]) -> list[Message]:
        return [
            self._message(
                # The number is pretix's own: a source that was removed and added again repeats nothing.
                f"checkin/{change.seen.checkin_id}/{change.seen.revision}",
                "pretix-checkin",
                change.seen.event_id,
                change.seen.occurred_at,
                {"checkin": change.seen.checkin_id, "list": change.seen.list_id, "event": change.seen.event},
                change.scans,
            )
            for change in changed
        ]

    def _message(
        self,
        identity: str,
        kind: str,
        event_id: UUID,
        occurred_at: datetime,
        payload: dict[str, object],
        facts: Sequence[Fact],
    ) -> Message:
        name = f"pretix:{self.source.name}"
        return Message(
            key=message_key(name, identity),
            type=kind,
            source=name,
            venue_id=self.source.venue_id,
            event_id=event_id,
            event_ref=str(event_id),
            occurred_at=occurred_at,
            payload=json.dumps(payload),
            facts=tuple(facts),
        )

    def _strike(self, tenant: TenantConnection, ping: Ping | None) -> None:
        if ping is not None:
            queue.done(tenant, self.source.source_id, ping)


def _without_moved(order: Order, known: dict[int, SeenPosition], fetched_at: datetime) -> Order:
    """The order without positions that a later answer showed in another order (a split)."""

    def is_here(number: int) -> bool:
        seen = known.get(number)
        return seen is None or seen.code == order.code or seen.fetched_at <= fetched_at

    return msgspec.structs.replace(order, positions=[p for p in order.positions if is_here(p.id)])


def _seen_position(order: Order, number: int, place: Place, fetched_at: datetime) -> SeenPosition:
    position = next(p for p in order.positions if p.id == number)
    return SeenPosition(
        position_id=number,
        code=order.code,
        event=place.document.event.slug,
        event_id=place.event_id(position.subevent),
        person=place.is_person(position),
        valid=orders.is_valid(order, position),
        testmode=order.testmode,
        pending=place.is_person(position) and orders.is_pending(order, position),
        fetched_at=fetched_at,
    )
