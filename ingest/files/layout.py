"""How a file is to be read: what was found out about it, and what a person confirmed."""

from __future__ import annotations

from typing import Literal

import msgspec

Format = Literal["csv", "xlsx"]
Decimal = Literal["point", "comma"]
Dates = Literal["iso", "day-first", "month-first", "serial"]
Question = Literal["encoding", "delimiter", "decimal", "dates"]
QUESTIONS: tuple[Question, ...] = ("encoding", "delimiter", "decimal", "dates")


class Layout(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What turns the bytes of a file into rows, and its rows into messages.

    `columns` is heading → name of what it is (see `ingest.files.columns`), `constants` what is the same for
    all rows. What is in `unsure` has to be confirmed before anything is written: the file does not tell.
    """

    format: Format
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    header: int = 1
    """The number of the row that has the headings."""
    decimal: Decimal = "point"
    dates: Dates = "iso"
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    unsure: tuple[Question, ...] = ()

    def given(self) -> list[str]:
        """Everything that a row says."""
        return [*self.columns.values(), *self.constants]


def to_json(layout: Layout) -> str:
    """JSON text of it."""
    return msgspec.json.encode(layout).decode()


def from_json(text: str | bytes) -> Layout:
    """The layout in JSON text. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=Layout)
