"""The form by which a person says how a file is read: what it offers, and what was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from data.access import Access
from data.directory import Directory
from data.imports import Import
from ingest.files import xlsx
from ingest.files.cells import Unreadable, is_empty, plain
from ingest.files.columns import FOR_ALL, targets
from ingest.files.detect import Proposal
from ingest.files.layout import QUESTIONS, Layout, Question
from ingest.files.text_file import DELIMITERS, ENCODINGS
from ingest.files.values import MARKED
from ingest.refusal import Refused

MOST_EVENTS = 500
_DECIMALS = {"point": "Point: 1,234.50", "comma": "Comma: 1.234,50"}
_DATES = {
    "iso": "Year first: 2026-11-21",
    "day-first": "Day first: 21/11/2026",
    "month-first": "Month first: 11/21/2026",
    "serial": "Excel’s day numbers: 46347",
}
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its first values, and what it is taken for."""

    place: int
    heading: str
    samples: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers and has chosen. `unsure` are the questions that the file leaves open, each with
    the words that ask it."""

    is_text: bool
    encodings: Options
    delimiters: Options
    sheets: Sequence[str]
    decimals: Options
    dates: Options
    chosen: Mapping[str, str]
    unsure: Mapping[str, str]
    columns: Sequence[Column]
    meanings: Options
    venues: Options
    events: Options
    constants: Sequence[str]


def choices_of(
    directory: Directory,
    access: Access,
    found: Import,
    proposal: Proposal,
    path: Path,
    typed: Mapping[str, str],
) -> Choices:
    """The form for a file; `typed` is what was chosen in it just now, if it comes back."""
    layout = proposal.layout
    known = targets(found.kind)
    questions: dict[str, str] = {each: _question(each, proposal) for each in layout.unsure}
    chosen = {
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "sheet": layout.sheet or "",
        "header": str(layout.header),
        "decimal": layout.decimal,
        "dates": layout.dates,
    }
    chosen |= dict.fromkeys(questions, "") | {name: layout.constants.get(name, "") for name in FOR_ALL}
    chosen |= {name: value for name in chosen if (value := typed.get(name)) is not None}
    venues = [
        (venue.external_id or str(venue.venue_id), venue.name)
        for venue in directory.venues(access.tenant_id)
        if access.sees_venue(venue.venue_id)
    ]
    return Choices(
        layout.format == "csv",
        list(ENCODINGS.items()),
        [(mark, name.capitalize()) for mark, name in DELIMITERS.items()],
        _sheets(path, layout),
        list(_DECIMALS.items()),
        list(_DATES.items()),
        chosen,
        questions,
        list(_columns(proposal, typed)),
        [(target.name, target.label) for target in known.values()],
        venues if len(venues) > 1 else [],
        _events(directory, access),
        [name for name in FOR_ALL if name in known and (name != "venue_id" or len(venues) > 1)],
    )


def asked_layout(before: Layout, proposal: Proposal | None, typed: Mapping[str, str]) -> Layout:
    """The layout that the form says. What is unsure and was not chosen stays so. Raises Refused."""
    headings = proposal.headings if proposal is not None else []
    columns: dict[str, str] = {}
    for place, heading in enumerate(headings):
        meant = typed.get(f"column-{place}", "")
        if meant and meant in columns.values():
            raise Refused("contradiction", "Two columns cannot mean the same: choose one of them.", meant)
        if meant:
            columns[heading] = meant
    header = typed.get("header", str(before.header))
    if not (header.isascii() and header.isdecimal() and 1 <= int(header[:8]) <= 1_000_000):
        raise Refused("number-out-of-range", "The row of headings is a number, from 1.", "header", header)
    said: dict[str, object] = {
        name: typed[name]
        for name in ("encoding", "delimiter", "decimal", "dates", "sheet")
        if typed.get(name) and (before.format == "csv" or name not in ("encoding", "delimiter"))
    }
    constants = {name: value for name in FOR_ALL if (value := typed.get(name, "").strip())}
    unsure = tuple(each for each in before.unsure if each not in said)
    raw = msgspec.structs.asdict(before) | said
    raw |= {"header": int(header), "columns": columns, "constants": constants, "unsure": unsure}
    try:
        return msgspec.convert(raw, Layout, from_attributes=True)
    except msgspec.ValidationError as error:
        raise Refused("not-a-choice", f"This cannot be chosen: {error}.", "layout") from None


def _question(question: Question, proposal: Proposal) -> str:
    """What the file leaves open, asked with what stands in it."""
    if question == "dates":
        for text in _texts(proposal):
            found = MARKED.match(text)
            if found and int(found[1]) <= 12 and int(found[3]) <= 12:
                first, second = int(found[1]), int(found[3])
                one, other = f"{first} {_MONTHS[second - 1]}", f"{second} {_MONTHS[first - 1]}"
                return f"{found[0]} in this file: {one} or {other}?"
        return "How are dates written in this file?"
    if question == "decimal":
        for text in _texts(proposal):
            bare = text.strip(" €$£-+")
            whole, mark, part = bare.partition("," if "," in bare else ".")
            if mark and whole.isdecimal() and part.isdecimal() and len(part) == 3:
                return f"{bare} in this file: {whole}{part} or a little more than {whole}?"
        return "Which mark stands before cents in this file?"
    if question == "encoding":
        return "Are the letters of this file right below? If not, choose another encoding and look again."
    assert question in QUESTIONS
    return "Which mark stands between the columns of this file?"


def _texts(proposal: Proposal) -> Iterator[str]:
    meant = [proposal.headings.index(heading) for heading in proposal.layout.columns]
    for _, cells in proposal.rows:
        for place in meant:
            if place < len(cells) and isinstance(cell := cells[place], str):
                yield cell.strip()


def _columns(proposal: Proposal, typed: Mapping[str, str]) -> Iterator[Column]:
    for place, heading in enumerate(proposal.headings):
        cells = [cells[place] for _, cells in proposal.rows if place < len(cells)]
        samples = list(dict.fromkeys(plain(cell)[:40] for cell in cells if not is_empty(cell)))
        chosen = typed.get(f"column-{place}", proposal.layout.columns.get(heading, ""))
        yield Column(place, heading, " · ".join(samples[:3]), chosen)


def _sheets(path: Path, layout: Layout) -> list[str]:
    if layout.format != "xlsx":
        return []
    try:
        return xlsx.sheets(path)
    except (OSError, Unreadable):
        return []


def _events(directory: Directory, access: Access) -> Options:
    found = [
        event
        for event in directory.events(access.tenant_id)
        if access.sees_event(event.venue_id, event.event_id)
    ]
    found.sort(key=lambda event: event.doors_at or event.starts_at or event.created_at, reverse=True)
    return [(event.external_id or str(event.event_id), event.name) for event in found[:MOST_EVENTS]]
