"""A whole file as batches of messages: read once, in little memory, what is wrong beside what is right."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from data.competitors import CompetitorEvent
from data.directory import Directory, Venue
from data.import_eyes import Reach
from data.import_seen import Seen
from data.imports import Import, RowError
from data.messages import Message, message_key
from ingest.fields import called, count, text
from ingest.files.cells import Cell, is_empty
from ingest.files.columns import targets
from ingest.files.detect import read_headings, rows_of
from ingest.files.layout import Layout
from ingest.files.rows import OWN_ID, RowReader, as_message
from ingest.kinds import camel
from ingest.message import KINDS, MessageReader
from ingest.money import currency_code, minor_amount
from ingest.personal_text import scrubbed
from ingest.refusal import Refused
from ingest.timestamps import FURTHEST, instant

BATCH = 1_000
"""Rows that are written in one transaction."""


@dataclass(slots=True)
class Batch:
    """Rows from `first` to `last`, and what became of them. `progress` is percent of the file."""

    first: int
    last: int = 0
    rows: int = 0
    messages: list[tuple[int, Message]] = field(default_factory=list)
    competitors: list[CompetitorEvent] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    repeated: int = 0
    progress: int = 0


class FileReader:
    """Reads the file of one import, for one attempt."""

    def __init__(
        self, directory: Directory, tenant_id: UUID, found: Import, layout: Layout, reach: Reach
    ) -> None:
        self._directory, self._tenant_id = directory, tenant_id
        self._found, self._layout, self._reach = found, layout, reach
        self._source = f"file:{found.source}"
        self._now = datetime.now(UTC)
        self._messages = MessageReader(directory, tenant_id, self._now, self._source)
        self._labels = {target.name: target.label for target in targets(found.kind).values()}

    def batches(self, path: Path, after: int = 0) -> Generator[Batch]:
        """The rows behind row `after`, in their order, so many at a time. Raises Unreadable, Refused for a
        layout that does not fit, DatabaseUnavailable."""
        with closing(Seen()) as seen, rows_of(path, self._layout) as source:
            rows = iter(source)
            headings = read_headings(rows, self._layout)
            reader = RowReader(self._found.kind, self._layout, headings, self._digest, seen)
            batch = Batch(after + 1)
            for number, cells in rows:
                if all(map(is_empty, cells)):
                    continue
                self._take(reader, batch, number, cells, number <= after)
                if batch.rows >= BATCH:
                    batch.progress = min(99, int(100 * source.fraction))
                    yield batch
                    batch = Batch(batch.last + 1)
            if batch.rows:
                batch.progress = 99
                yield batch

    def _take(self, reader: RowReader, batch: Batch, number: int, cells: list[Cell], done: bool) -> None:
        """Read a row; one that is `done` is read for the sake of those that are its repetitions."""
        fields: dict[str, Any] = {}
        try:
            fields = reader.read(cells)
            if done:
                return
            batch.repeated += reader.repeated
            if self._found.kind == "competitors":
                batch.competitors.append(self._competitor(fields))
            else:
                batch.messages.append((number, self._message(number, fields)))
        except Refused as refusal:
            if done:
                return
            batch.errors.append(self._error(number, refusal, reader))
        batch.rows += 1
        batch.last = number

    def _digest(self, content: bytes) -> UUID:
        return self._directory.digest(self._tenant_id, content)

    def _message(self, number: int, fields: dict[str, Any]) -> Message:
        kind, members = as_message(self._found.kind, fields)
        if self._found.kind == "events":  # Of two rows about an event the lower one holds.
            members["updated_at"] = (self._now + timedelta(microseconds=number)).isoformat()
        message = self._messages.read(members, KINDS[kind])
        if not self._reach.holds(message.venue_id):
            raise Refused("unknown-venue", "There is no such venue.", "venue_id", fields.get("venue_id"))
        if not self._reach.holds(message.venue_id, message.event_id):
            raise Refused("other-venue", "This event is not yours.", "event_id", fields.get("event_id"))
        return message

    def _competitor(self, fields: dict[str, Any]) -> CompetitorEvent:
        venue = self._venue(text(fields, "venue_id"))
        currency = currency_code(fields.get("currency"), venue.currency)
        own = text(fields, OWN_ID)
        name = called(fields, "name")
        if name is None:
            raise Refused("missing-field", "This field is required.", "name")
        starts = instant(fields["starts_at"], "starts_at", venue.zone, self._now, ahead=FURTHEST)
        ends = None
        if "ends_at" in fields:
            ends = instant(fields["ends_at"], "ends_at", venue.zone, self._now, ahead=FURTHEST)
            if not timedelta(0) <= ends - starts <= timedelta(days=366):
                raise Refused("contradiction", "It ends before it starts, or a year later.", "ends_at", ends)
        lowest, highest = (minor_amount(fields, each, currency) for each in ("price_from", "price_to"))
        if lowest is not None and highest is not None and highest < lowest:
            raise Refused("contradiction", "The highest price is below the lowest.", "price_to", highest)
        return CompetitorEvent(
            message_key(self._source, f"competitor {own}"),
            venue.venue_id,
            name,
            starts,
            currency,
            called(fields, "place"),
            called(fields, "city"),
            ends,
            count(fields, "capacity", most=2**31 - 1),
            lowest,
            highest,
            called(fields, "genre"),
        )

    def _venue(self, ref: str | None) -> Venue:
        if ref is None:
            venue = self._directory.only_venue(self._tenant_id)
        else:
            venue = self._directory.venue(self._tenant_id, ref)
        if venue is None or not self._reach.holds(venue.venue_id):
            said = "There is no such venue." if ref else "Needed, as there are several venues."
            raise Refused("unknown-venue", said, "venue_id", ref)
        return venue

    def _error(self, number: int, refusal: Refused, reader: RowReader) -> RowError:
        """What is wrong with a row, for people: without persons, by the heading of the column."""
        name = refusal.field
        known = next((each for each in self._labels if name in (each, camel(each))), None)
        heading = reader.heading_of.get(known) if known else None
        value = refusal.value
        if known in reader.personal:
            value = None
        elif value is not None:
            value = scrubbed(value)
        shown = heading or (self._labels[known] if known else name)
        return RowError(number, refusal.code, shown and scrubbed(shown), value, scrubbed(refusal.detail))
