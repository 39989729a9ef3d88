"""CSV and its relatives: what encoding and delimiter a file has, and its rows, one at a time."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ingest.files.cells import LONGEST_CELL, MOST_COLUMNS, Row, Unreadable

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252 (Western Europe)",
    "windows-1250": "Windows-1250 (Central Europe)",
    "iso-8859-15": "ISO 8859-15 (Latin 9)",
}
"""Those that may be chosen, by the names that Python has for them, too."""
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_STEP = 1 << 20
_SAMPLE = 200
"""Records by which the delimiter is found."""
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?")
"""A first line by which Excel tells itself the delimiter."""


def guess_encoding(path: Path) -> tuple[str, bool]:
    """The encoding of a file, and whether that is certain: a file that is no Unicode could be in any of many.

    Reads all of it once, in little memory: one letter at the very end may tell.
    """
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", True
        even, odd = start[0::2].count(0), start[1::2].count(0)
        if even + odd > len(start) // 4:
            return ("utf-16-le" if odd > even else "utf-16-be"), True
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while part := file.read(_STEP):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1252", False
    return "utf-8", True


def guess_delimiter(path: Path, encoding: str) -> tuple[str, bool]:
    """The delimiter that gives most rows the same number of cells, and whether no other does as well."""
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in DELIMITERS:
        try:
            with opened(path, encoding, delimiter) as source:
                if source.stated is not None:
                    return source.stated, True
                widths = Counter(len(cells) for _, cells in islice(source, _SAMPLE) if any(cells))
        except Unreadable:
            continue
        if not widths:
            raise Unreadable("no-rows", "The file is empty.")
        width, rows = widths.most_common(1)[0]
        if width > 1:
            scores[delimiter] = (round(rows / widths.total(), 2), width)
    if not scores:
        return ",", True  # A single column has none.
    best = max(scores, key=lambda delimiter: scores[delimiter])
    others = [score for delimiter, score in scores.items() if delimiter != best]
    return best, all(share < scores[best][0] or width == 1 for share, width in others)


@contextmanager
def opened(path: Path, encoding: str, delimiter: str) -> Iterator[TextRows]:
    """The rows of a text file for the length of the block."""
    with path.open("rb") as file:
        yield TextRows(file, path.stat().st_size, encoding, delimiter)


class TextRows:
    """The records of a text file. A record may go over lines where a cell in quotes does."""

    def __init__(self, file: BinaryIO, size: int, encoding: str, delimiter: str) -> None:
        self._file, self._size, self._delimiter = file, max(size, 1), delimiter
        codec = "utf-8-sig" if encoding == "utf-8" else encoding
        self._text = io.TextIOWrapper(file, codec, errors="strict", newline="")
        self._encoding = encoding
        self._first = self._line()
        found = _SEPARATOR_LINE.fullmatch(self._first)
        self.stated = found[1] if found else None
        """The delimiter that the first line states by itself."""

    @property
    def fraction(self) -> float:
        """How much of the file was read."""
        return min(1.0, self._file.tell() / self._size)

    def __iter__(self) -> Iterator[Row]:
        number = 0
        if self.stated is not None:
            number = 1
            lines = self._lines("")
        else:
            lines = self._lines(self._first)
        records = csv.reader(lines, delimiter=self._delimiter)
        while True:
            number += 1
            try:
                cells = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                raise Unreadable("broken-file", f"Row {number:,} cannot be read: {_why(error)}") from None
            if len(cells) > MOST_COLUMNS:
                raise Unreadable(
                    "too-many-columns",
                    f"Row {number:,} has more than {MOST_COLUMNS} columns: is the delimiter right?",
                )
            yield number, list(cells)

    def _lines(self, first: str) -> Iterator[str]:
        if first:
            yield first
        while line := self._line():
            yield line

    def _line(self) -> str:
        try:
            line = self._text.readline(4 * LONGEST_CELL)
        except UnicodeDecodeError:
            name = ENCODINGS.get(self._encoding, self._encoding)
            raise Unreadable(
                "not-decodable", f"The file is not in {name}. Choose another encoding."
            ) from None
        return line


def _why(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "a cell has no end. Is a quotation mark missing?"
    return f"{error}."
