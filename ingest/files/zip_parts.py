"""The parts of an Excel file, which is a ZIP archive: only what a spreadsheet needs, and no bombs."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from ingest.files.cells import Unreadable

LARGEST_PART = 4 << 30
HARMLESS_PART = 64 << 20
"""Bytes of a part that may be packed as tightly as it can be."""
MOST_PACKED = 150
"""How many times its packed size a larger part may have: the rows of real sheets reach 40."""
MOST_PARTS = 10_000
_STEP = 64 * 1024

BROKEN = "The file is damaged, or no Excel file. Save it once more, as .xlsx or as CSV."
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Parts:
    """The archive. Every reading raises Unreadable for what is damaged or too large."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise Unreadable("broken-file", BROKEN) from None
        self._names = {info.filename.lstrip("/").lower(): info for info in self._archive.infolist()}
        if len(self._names) > MOST_PARTS:
            raise Unreadable("too-large", "The file has too many parts to be a spreadsheet.")

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def has(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return name.lower() in self._names

    def chunks(self, name: str) -> Iterator[tuple[bytes, float]]:
        """The unpacked bytes of a part, bit by bit, each with how much of the part is read then."""
        info = self._names.get(name.lower())
        if info is None or info.flag_bits & 1:
            raise Unreadable("broken-file", BROKEN)
        packed = max(info.compress_size, 1)
        if info.file_size > LARGEST_PART or (
            info.file_size > HARMLESS_PART and info.file_size > MOST_PACKED * packed
        ):
            raise Unreadable("too-large", "Unpacked the file would be too large: it is not read.")
        done = 0
        try:
            with self._archive.open(info) as part:  # It gives no more than the size that is stated.
                while chunk := part.read(_STEP):
                    done += len(chunk)
                    yield chunk, done / max(info.file_size, 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
            raise Unreadable("broken-file", BROKEN) from None

    def parse(self, name: str, start: Start, end: End, text: Text) -> Iterator[float]:
        """Go through the XML of a part; yields how much of it is read, after each bit. Names come without
        their namespaces. What declares a document type, with which entities could be made, is refused."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse
        try:
            for chunk, fraction in self.chunks(name):
                parser.Parse(chunk, False)
                yield fraction
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable("broken-file", BROKEN) from None
        yield 1.0

    def read(self, name: str, start: Start) -> None:
        """Go through a small part of which only the elements' attributes matter."""
        for _ in self.parse(name, start, lambda name: None, lambda text: None):
            pass


def _refuse(*_: object) -> None:
    raise Unreadable("broken-file", BROKEN)
