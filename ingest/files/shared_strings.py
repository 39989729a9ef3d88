"""The texts of an Excel file, which its cells name by number: on disk, for there may be millions of them."""

from __future__ import annotations

import os
import tempfile
from array import array
from functools import lru_cache
from pathlib import Path

from ingest.files.cells import LONGEST_CELL, Unreadable
from ingest.files.zip_parts import BROKEN, Parts

NAME = "xl/sharedStrings.xml"
_HELD = 8_192
"""Texts held in memory: the same few stand in most cells."""
_WIDTH = 8


class SharedStrings:
    """Number → text. Two files without names hold them; they are gone with this object."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self._texts = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._places = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self.count = 0
        if parts.has(NAME):
            self._fill(parts)
        self._texts.flush()
        self._places.flush()
        self.get = lru_cache(_HELD)(self._get)
        """The text of this number. Raises Unreadable when there is none."""

    def close(self) -> None:
        """Let go of both files."""
        self._texts.close()
        self._places.close()

    def _fill(self, parts: Parts) -> None:
        pieces: list[str] = []
        within = {"t": False, "rPh": False}
        at = 0
        self._places.write(_packed(0))

        def start(name: str, _: dict[str, str]) -> None:
            if name == "si":
                pieces.clear()
            elif name in within:
                within[name] = True

        def text(piece: str) -> None:
            if within["t"] and not within["rPh"]:  # What is in rPh says how a text is read aloud.
                pieces.append(piece)

        def end(name: str) -> None:
            nonlocal at
            if name == "si":
                whole = "".join(pieces)
                if len(whole) > LONGEST_CELL:
                    raise Unreadable("cell-too-long", f"A cell has more than {LONGEST_CELL:,} characters.")
                at += self._texts.write(whole.encode("utf-8", "replace"))
                self._places.write(_packed(at))
                self.count += 1
            elif name in within:
                within[name] = False

        for _ in parts.parse(NAME, start, end, text):
            if sum(map(len, pieces)) > LONGEST_CELL:
                raise Unreadable("cell-too-long", f"A cell has more than {LONGEST_CELL:,} characters.")

    def _get(self, number: int) -> str:
        if not 0 <= number < self.count:
            raise Unreadable("broken-file", BROKEN)
        places = array("Q")
        places.frombytes(os.pread(self._places.fileno(), 2 * _WIDTH, number * _WIDTH))
        return os.pread(self._texts.fileno(), places[1] - places[0], places[0]).decode()


def _packed(place: int) -> bytes:
    return array("Q", [place]).tobytes()
