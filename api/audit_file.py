"""Entries of the audit log as a file: all that are found, in constant memory, with what they were found by.

The file is whole before its first byte leaves, so that one which breaks off half-way is no file at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from api.audit_asked import Asked
from api.audit_words import filters_said, said
from data.answers import Column
from data.audit_entry import Kept
from data.audit_search import AT_A_TIME, count, every, names
from data.engine import TenantConnection
from exports import csv, xlsx
from exports.document import Document, Part
from exports.names import file_name

TITLE = "Audit log"
MOST = {"csv": 500_000, "xlsx": 50_000}
"""Entries of one file; of more, the head of the file says how many are not in it."""
MEDIA_TYPES = {"csv": csv.MEDIA_TYPE, "xlsx": xlsx.MEDIA_TYPE}
COLUMNS = (
    Column("time", "Time", "time"),
    *(
        Column(name, label, "text")
        for name, label in (
            ("who", "Who"),
            ("kind", "Kind"),
            ("who_id", "Who: id"),
            ("session", "Session"),
            ("action", "Action"),
            ("outcome", "Ended"),
            ("status", "Status"),
            ("object", "What"),
            ("venue", "Venue"),
            ("venue_id", "Venue: id"),
            ("event", "Event"),
            ("event_id", "Event: id"),
            ("door", "Door"),
            ("address", "Address"),
            ("request", "Request id"),
            ("more", "More"),
            ("entry", "Entry"),
            ("hash", "Hash"),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file from its first byte, what it is called, and how many entries it has of how many."""

    content: IO[bytes]
    name: str
    count: int
    total: int


def written(
    tenant: TenantConnection,
    asked: Asked,
    kind: str,
    organisation: str,
    places: Mapping[UUID, str],
    folder: Path,
) -> File:
    """The file of a snapshot's entries. Raises DatabaseUnavailable, OSError when there is no room."""
    as_of, total = datetime.now(UTC), count(tenant, asked.wanted)
    most = MOST[kind]
    found = islice(every(tenant, asked.wanted), most)
    called = names(tenant, [asked.wanted.who])
    part = Part(TITLE, COLUMNS, _rows(tenant, found, places), min(total, most), total, asked.zone.key)
    filters = tuple((label, value) for _, label, value in filters_said(asked, called, places))
    document = Document(
        TITLE, as_of, asked.zone.key, organisation=organisation, filters=filters, parts=(part,)
    )
    content = TemporaryFile(dir=folder)  # noqa: SIM115  # The answer closes it.
    try:
        if kind == "xlsx":
            xlsx.write(document, content, scratch=folder)
        else:
            csv.write(document, content)
    except BaseException:
        content.close()
        raise
    content.seek(0)
    return File(content, file_name(_words(asked), as_of, asked.zone.key, kind), part.count, total)


def _words(asked: Asked) -> list[str]:
    """What the name of the file says of its filters: what was done, by what kind, and the days."""
    wanted = asked.wanted
    days = [
        f"{word} {at.astimezone(asked.zone):%Y-%m-%d}"
        for word, at in (("from", wanted.since), ("until", wanted.until))
        if at
    ]
    return ["audit log", *filter(None, (wanted.action, wanted.kind, wanted.outcome)), *days]


def _rows(
    tenant: TenantConnection, found: Iterator[Kept], places: Mapping[UUID, str]
) -> Iterable[tuple[Any, ...]]:
    while some := list(islice(found, AT_A_TIME)):
        called = names(tenant, (each.entry.actor.id for each in some))
        for each in some:
            yield _row(each, called, places)


def _row(kept: Kept, called: Mapping[UUID, str], places: Mapping[UUID, str]) -> tuple[Any, ...]:
    entry, actor = kept.entry, kept.entry.actor
    detail = dict(entry.detail)
    status, address = detail.pop("status", None), detail.pop("address", None)
    return (
        kept.recorded_at,
        called.get(actor.id) if actor.id else None,
        actor.kind,
        actor.id,
        actor.session_id,
        entry.action,
        entry.outcome,
        status,
        entry.object or None,
        places.get(entry.venue_id) if entry.venue_id else None,
        entry.venue_id,
        places.get(entry.event_id) if entry.event_id else None,
        entry.event_id,
        entry.door,
        address,
        entry.request_id or None,
        "; ".join(f"{name}: {said(value)}" for name, value in sorted(detail.items())) or None,
        f"{kept.lane}-{kept.seq}",
        kept.hash.hex(),
    )
