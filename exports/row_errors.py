"""Rows of an uploaded file that are not taken, as a CSV file for whoever puts them right."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from exports.csv import BOM
from exports.values import harmless

HEADINGS = ("Row", "Column", "Value", "What is wrong")


def written(errors: Iterable[tuple[int, str | None, str | None, str]], left_out: int = 0) -> bytes:
    """The file: of each row its number, the column, what stood there and what is wrong. Of those that are
    left out the last line says how many."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(HEADINGS)
    for row, column, value, detail in errors:
        out.writerow((row, harmless(column or ""), harmless(value or ""), harmless(detail)))
    if left_out:
        out.writerow(("", "", "", f"And {left_out:,} more rows, which are not listed."))
    return f"{BOM}{text.getvalue()}".encode("utf-8", "replace")
