"""Fetching what a ping, a poll or the back-fill asks for, and handing it to the book."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from msgspec import Raw

from data.engine import REFUSALS
from data.pretix import snapshots
from data.pretix.queue import Ping
from ingest.pretix.aside import Aside
from ingest.pretix.book import Book
from ingest.pretix.client import Client, Forbidden, Missing
from ingest.pretix.documents import (
    Checkin,
    CheckinList,
    Event,
    EventDocument,
    Item,
    Malformed,
    Order,
    OwnedPosition,
    Page,
    Quota,
    Subevent,
    decode,
)
from ingest.pretix.places import Place, Unknown

ORDERS = "orders"
OVERLAP = timedelta(seconds=60)
"""Read again at every poll: pretix dates a change before the transaction that makes it commits."""
CHECKIN_OVERLAP = timedelta(minutes=10)
Result = TypeVar("Result")
Row = TypeVar("Row")
UNBOOKABLE = (Malformed, *REFUSALS)
"""What is wrong with one thing of pretix's, and not with pretix or with us."""


def now() -> datetime:
    """The time at which a request starts: of two answers, the later request's is the newer one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Sync:
    """One source, ready to be asked. All methods raise what `Client` raises, and DatabaseUnavailable."""

    book: Book
    client: Client

    @cached_property
    def aside(self) -> Aside:
        """Where rows go that cannot be booked."""
        return Aside(self.book.database, self.book.source)

    def close(self) -> None:
        """Close the connections to pretix."""
        self.client.close()

    def answer(self, ping: Ping) -> None:
        """Fetch what a ping is about and write it; the ping is struck off in the same transaction."""
        kind, _, code = ping.subject.partition("/")
        if kind == "order":
            self.order(ping.event, code, ping)
        else:
            self.event(ping.event, ping)

    def event(self, slug: str, ping: Ping | None = None) -> EventDocument:
        """Fetch an event with everything its orders refer to, and list it in the house."""
        asked = now()
        path = ("events", slug)
        event = self.client.one(Event, *path)
        if event.slug != slug:
            raise Malformed("an event that was not asked for")
        document = EventDocument(
            event,
            self.client.all(Subevent, *path, "subevents") if event.has_subevents else [],
            self.client.all(Item, *path, "items"),
            self.client.all(Quota, *path, "quotas"),
            self.client.all(CheckinList, *path, "checkinlists"),
        )
        self.book.keep_event(document, asked, ping)
        return document

    def order(self, event: str, code: str, ping: Ping | None = None) -> None:
        """Fetch one order and bring the ledger to what it says; an order that is gone is taken back."""
        asked = now()
        try:
            order = self.client.order(Order, event, code)
        except Missing:
            self._with_place(event, lambda place: self.book.keep_deleted(code, place, asked, ping))
            return
        if (order.event, order.code) != (event, code):
            raise Malformed("an order that was not asked for")
        self._keep(order, asked, ping)

    def poll_orders(self, since: datetime | None = None) -> int:
        """Fetch all orders changed since the last poll (or `since`); returns how many.

        Changes that send no webhook come in this way. Without `since` the first poll of a source
        begins an hour back: older history is the back-fill's.
        """
        start = since or self._cursor(ORDERS) or now() - timedelta(hours=1)
        generated: datetime | None = None
        count = 0
        pages = self.client.pages(Raw, ORDERS, modified_since=start.isoformat())
        for page, asked, page_generated in _timed(pages):
            generated = generated or page_generated
            self.keep_orders(page.results, asked)
            count += len(page.results)
        if generated is not None:
            self._move(ORDERS, generated - OVERLAP)
        return count

    def poll_checkins(self, event: str, everything: bool = False) -> int:
        """Fetch an event's new check-ins, refused ones too; returns how many were looked at.

        An annulment does not make a check-in new: `everything` finds those.
        """
        resource = f"checkins/{event}"
        last = self._cursor(resource)
        query = {}
        if last is not None and not everything:
            query = {"created_since": (last - CHECKIN_OVERLAP).isoformat()}
        count = 0
        for page, asked, _ in _timed(self.client.pages(Raw, "events", event, "checkins", **query)):
            kept = self.keep_checkins(event, page.results, asked)
            last = max([c.created for c in kept] + ([last] if last else []), default=None)
            count += len(page.results)
        if last is not None:
            self._move(resource, last)
        return count

    def recheck_orders(self, event: str) -> Iterator[None]:
        """Fetch all orders of an event again; yields after each page.

        A refund or a second payment alone does not change an order's `last_modified`: if its
        webhook is lost, nothing but this finds it.
        """
        for page, asked, _ in _timed(self.client.pages(Raw, "events", event, ORDERS)):
            self.keep_orders(page.results, asked)
            yield

    def pages(
        self, *path: str, start: str | None = None
    ) -> Iterator[tuple[Page[Raw], datetime, datetime | None]]:
        """The pages of a list from `start` on if given, each with the time at which it was asked for
        and the time that pretix says it was made. Rows are not looked at yet."""
        return _timed(self.client.pages(Raw, *path, start=start))

    def count(self, *path: str) -> int:
        """How many rows a list has."""
        return next(self.client.pages(Raw, *path, page_size="1"))[0].count

    def keep_checkins(self, event: str, rows: Sequence[Raw], asked: datetime) -> list[Checkin]:
        """Write a page of check-ins; orders of tickets nobody has seen yet are fetched first.

        Returns those that could be read. What cannot be booked is set aside.
        """
        found: list[tuple[Raw, Checkin]] = []
        for row in rows:
            try:
                found.append((row, decode(row, Checkin)))
            except Malformed as error:
                self.aside.checkin(event, row, error)
        checkins = [checkin for _, checkin in found]
        for number in self.book.strangers(checkins):
            if number in self.book.strangers(checkins):  # Its order may have come with another one.
                self._owner(event, number)
        self.known_event(event)  # What is wrong with the event is wrong with no check-in.
        try:
            self._book_checkins(event, checkins, asked)
        except UNBOOKABLE:
            for row, checkin in found:
                try:
                    self._book_checkins(event, [checkin], asked)
                except UNBOOKABLE as error:
                    self.aside.checkin(event, row, error)
        return checkins

    def events(self) -> list[Event]:
        """All events the token may see."""
        return self.client.all(Event, "events")

    def known_event(self, slug: str) -> EventDocument:
        """The description of an event, fetched if it never was."""
        return self.book.event(slug) or self.event(slug)

    def keep_orders(self, rows: Sequence[Raw], asked: datetime) -> None:
        """Write a page of orders; what cannot be booked is set aside."""
        for row in rows:
            try:
                self._keep(decode(row, Order), asked)
            except (*UNBOOKABLE, Forbidden, Missing) as error:
                self.aside.order(row, error)

    def _owner(self, event: str, number: int) -> None:
        path = ("events", event, "orderpositions", str(number))
        try:
            owned = self.client.one(OwnedPosition, *path, include_canceled_positions="true")
        except (Missing, Malformed):
            return
        try:
            self.order(event, owned.order)
        except UNBOOKABLE as error:
            self.aside.ask(event, owned.order, error)

    def _book_checkins(self, event: str, checkins: Sequence[Checkin], asked: datetime) -> None:
        self._with_place(event, lambda place: self.book.keep_checkins(checkins, place, asked))

    def _keep(self, order: Order, asked: datetime, ping: Ping | None = None) -> None:
        self._with_place(order.event, lambda place: self.book.keep_order(order, place, asked, ping))

    def _with_place(self, event: str, write: Callable[[Place], Result]) -> Result:
        """Write with what is known of the event; fetch its description anew if that is not enough."""
        try:
            return write(self.book.place(self.known_event(event)))
        except Unknown:
            try:
                return write(self.book.place(self.event(event)))
            except Unknown as unknown:
                raise Malformed(
                    f"an order or check-in refers to an {unknown} that does not exist"
                ) from unknown

    def _cursor(self, resource: str) -> datetime | None:
        with self.book.database.tenant(self.book.source.tenant_id) as tenant:
            value = snapshots.cursor(tenant, self.book.source.source_id, resource)
        return datetime.fromisoformat(value) if value else None

    def _move(self, resource: str, moment: datetime) -> None:
        with self.book.database.tenant(self.book.source.tenant_id) as tenant:
            snapshots.move_cursor(tenant, self.book.source.source_id, resource, moment.isoformat())


def _timed(
    pages: Iterator[tuple[Page[Row], datetime | None]],
) -> Iterator[tuple[Page[Row], datetime, datetime | None]]:
    """Pages with the time at which each was asked for."""
    while True:
        asked = now()
        found = next(pages, None)
        if found is None:
            return
        yield found[0], asked, found[1]
