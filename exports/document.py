"""What an export holds before it has a format: parts with rows, and what a reader must know beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from widgets.time_zones import NO_ZONE, ColumnLike, heading

Row = Sequence[Any]


class Column(ColumnLike, Protocol):
    """The same with the unit of its values."""

    @property
    def unit(self) -> str | None: ...


class Progress(Protocol):
    """Told now and then how many rows are written; may raise to end the writing."""

    def __call__(self, rows: int) -> None: ...


def unwatched(rows: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table with its picture: a sheet of a workbook, a file of an archive, a section of a PDF.

    Rows are as in `widgets.widget.Table`: money in minor units with a `currency` column beside it (else it is
    in the document's currency), instants with a zone, percent 0…100; a column `time_zone` is that of its
    row. `rows` may be read once only; there are `count` of them, of `total` that exist. `figure` is a plotly
    figure as a plain dict; `text` stands where there is no table at all, `photo` is a picture as a data:
    address, `error` is why there is nothing. With `empty` it would have rows, but there are none.
    `zone` is that of its times, empty where they have several, None for the document's.
    `place` is x, y, w, h on the board; parts of the same `widget` follow each other, and the first one has
    the picture. `own` are pairs as in `Document.filters` that stand above the document's.
    """

    title: str
    columns: tuple[Column, ...] = ()
    rows: Iterable[Row] = ()
    count: int = 0
    total: int = 0
    zone: str | None = None
    sub: str = ""
    summary: str = ""
    figure: Mapping[str, Any] | None = None
    text: str = ""
    error: str = ""
    empty: bool = False
    photo: str = ""
    place: tuple[int, int, int, int] = (0, 0, 12, 4)
    widget: str = ""
    own: tuple[tuple[str, str], ...] = ()

    @property
    def left_out(self) -> int:
        """How many rows exist that are not here."""
        return max(self.total - self.count, 0)

    @property
    def rows_said(self) -> str:
        """How many rows there are of how many, in words; "" of what is no table. Nothing is left out
        without being said here."""
        if not self.columns and not self.empty:
            return ""
        if self.left_out:
            return f"{self.count:,} of {self.total:,} rows: {self.left_out:,} are not in this file"
        return f"{_rows(self.count)}, all there are"

    @property
    def notes(self) -> list[str]:
        """What is said beside the rows or in their place, line by line."""
        return (self.error or self.text or self.summary).splitlines()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole export. `zone` is empty where its venues have several; `filters` are pairs of a name and a
    value in words; `exponents` are the decimal places of currencies (two where it has none)."""

    title: str
    as_of: datetime
    zone: str = "UTC"
    currency: str = ""
    organisation: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    parts: Sequence[Part] = ()
    exponents: Mapping[str, int] = field(default_factory=dict)

    def zone_of(self, part: Part) -> str:
        """The zone of a part's times; empty where they have several."""
        return self.zone if part.zone is None else part.zone

    def about(self, part: Part) -> list[tuple[str, str]]:
        """What stands above the rows of a part, as pairs of words: filters, zone, moment, count, notes."""
        lines = [("Organisation", self.organisation)] if self.organisation else []
        if part.title != self.title:
            lines.append(("From", self.title))
        lines += overlaid(self.filters, part.own)
        zone = self.zone_of(part)
        lines.append(("Time zone", heading(part.columns, zone)))
        lines.append(("As of", moment(self.as_of, zone)))
        if part.rows_said:
            lines.append(("Rows", part.rows_said))
        lines += [("" if line else "Note", note) for line, note in enumerate(part.notes)]
        return lines


def overlaid(
    filters: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Pairs of a name and a value, those of `own` in place of others of their name or at the end. What is not
    compared needs no word for it where nothing else is."""
    above = {name: value for name, value in own if value != "nothing" or name in dict(filters)}
    return tuple((dict(filters) | above).items())


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def moment(at: datetime, zone: str) -> str:
    """An instant in a zone, to the second, with its offset: "2026-10-25 01:30:00 +01:00"."""
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone or NO_ZONE))
    return f"{local:%Y-%m-%d %H:%M:%S} {offset(local)}"


def offset(local: datetime) -> str:
    """The offset from UTC of a local time: "+01:00"."""
    text = f"{local:%z}"
    return f"{text[:3]}:{text[3:5]}"
