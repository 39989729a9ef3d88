"""Reading a source's whole history, page by page, so that it can stop anywhere and go on there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from data.pretix import snapshots
from ingest.pretix.documents import Event
from ingest.pretix.sync import OVERLAP, Sync, now

RESOURCES = ("orders", "checkins")
DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come: `total` objects in all, `done` of them written, and what is being read."""

    what: str
    done: int
    total: int


def backfill(sync: Sync) -> Iterator[Progress]:
    """Read every order and check-in of every event; yields after each page.

    What an earlier, interrupted run has read is not read again, unless that run came to its end.
    Raises what `Client` raises, and DatabaseUnavailable; then run it again.
    """
    events = sync.events()
    counts = {(e.slug, kind): sync.count("events", e.slug, kind) for e in events for kind in RESOURCES}
    total, done = sum(counts.values()), 0
    for event in sorted(events, key=lambda event: event.date_from):
        if _cursor(sync, event.slug, "orders") is None:
            sync.event(event.slug)
        for kind in RESOURCES:
            before = done
            for read in _read(sync, event, kind):
                done = min(before + read, before + counts[event.slug, kind])
                yield Progress(f"{event.slug} {kind}", done, total)
            done = before + counts[event.slug, kind]
            yield Progress(f"{event.slug} {kind}", done, total)
    _end(sync, events)


def _read(sync: Sync, event: Event, kind: str) -> Iterator[int]:
    """Write the pages of one resource that are still missing; yields how many objects lie behind us."""
    place = _cursor(sync, event.slug, kind)
    if place == DONE:
        return
    count, _, start = (place or "0 ").partition(" ")
    read = int(count)
    path = ("events", event.slug, kind)
    if kind == "orders":
        for orders, asked, made in sync.pages(*path, start=start or None):
            _begin(sync, made or asked)
            sync.keep_orders(orders.results, asked)
            read += len(orders.results)
            _note(sync, event.slug, kind, f"{read} {orders.next}" if orders.next else DONE)
            yield read
    else:
        for checkins, asked, _ in sync.pages(*path, start=start or None):
            sync.keep_checkins(event.slug, checkins.results, asked)
            read += len(checkins.results)
            _note(sync, event.slug, kind, f"{read} {checkins.next}" if checkins.next else DONE)
            yield read


def _begin(sync: Sync, moment: datetime) -> None:
    """Remember when the first page was made: what changes from then on is the polls' to find."""
    with sync.book.database.tenant(sync.book.source.tenant_id) as tenant:
        source_id = sync.book.source.source_id
        if snapshots.cursor(tenant, source_id, "backfill") is None:
            snapshots.move_cursor(tenant, source_id, "backfill", moment.isoformat())


def _end(sync: Sync, events: list[Event]) -> None:
    """Let the polls begin where the back-fill began, and the next back-fill from the start."""
    with sync.book.database.tenant(sync.book.source.tenant_id) as tenant:
        source_id = sync.book.source.source_id
        began = snapshots.cursor(tenant, source_id, "backfill")
        polled = snapshots.cursor(tenant, source_id, "orders")
        start = datetime.fromisoformat(began) - OVERLAP if began else now()
        if polled is None or start < datetime.fromisoformat(polled):
            snapshots.move_cursor(tenant, source_id, "orders", start.isoformat())
        snapshots.move_cursor(tenant, source_id, "backfill", None)
        for event in events:
            for kind in RESOURCES:
                snapshots.move_cursor(tenant, source_id, f"backfill/{event.slug}/{kind}", None)


def _cursor(sync: Sync, slug: str, kind: str) -> str | None:
    with sync.book.database.tenant(sync.book.source.tenant_id) as tenant:
        return snapshots.cursor(tenant, sync.book.source.source_id, f"backfill/{slug}/{kind}")


def _note(sync: Sync, slug: str, kind: str, value: str) -> None:
    with sync.book.database.tenant(sync.book.source.tenant_id) as tenant:
        snapshots.move_cursor(tenant, sync.book.source.source_id, f"backfill/{slug}/{kind}", value)
