"""What a row of a spreadsheet is made of, and why a whole file cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal
from typing import Literal, Protocol

Cell = str | Decimal | datetime | time | bool | None
"""CSV has texts only. Excel has numbers (exact, as it shows them), its dates and times of day without a zone,
and booleans. None is an empty cell."""
Row = tuple[int, list[Cell]]
"""The row's number as spreadsheets show it, from 1, and its cells; empty ones at the end may be missing."""

MOST_COLUMNS = 200
LONGEST_CELL = 32_767
"""Characters of a cell: Excel has no longer ones."""

Trouble = Literal[
    "unknown-format",
    "not-decodable",
    "broken-file",
    "too-large",
    "too-many-columns",
    "cell-too-long",
    "no-rows",
    "no-sheet",
]


class Unreadable(Exception):
    """A file, or its rest, cannot be read; the text tells the person why, and what to do."""

    def __init__(self, code: Trouble, text: str) -> None:
        super().__init__(text)
        self.code: Trouble = code


class RowSource(Protocol):
    """The rows of a file, once, from the first to the last. Iterating raises Unreadable."""

    @property
    def fraction(self) -> float:
        """How much of the file was read, from 0 to 1."""
        ...

    def __iter__(self) -> Iterator[Row]: ...


def is_empty(cell: Cell) -> bool:
    """Whether there is nothing in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def plain(cell: Cell) -> str:
    """A cell as the text that a person would read in it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return cell.strip() if isinstance(cell, str) else cell.strftime("%H:%M:%S")
