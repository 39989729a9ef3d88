"""A board or widget as a PDF that looks like the board: cards, charts as vectors, tables, page numbers.

Set by typst from `report.typ`; words reach it as data only, so nothing anybody typed is taken for markup. A
table has at most 500 rows on paper, and says so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby, islice
from math import ceil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from exports.document import Column, Document, Part, Progress, Row, unwatched
from exports.svg import UnknownTrace, picture, spark
from exports.values import UNITS, currency_at, heading, number
from exports.words import cell, change, currency_of, fitting, measure, moment
from widgets import time_zones
from widgets.tables import ON_PAPER

if TYPE_CHECKING:
    from typst import Fonts

MEDIA_TYPE = "application/pdf"
MANY_COLUMNS = 8
TOO_MANY_COLUMNS = 11
MOST_LARGE = 3
"""Currencies that a card has in large figures; of more the first alone, the others small."""
_FOLDER = Path(__file__).parent
_FULL, _HALF = 760.0, 372.0
"""Pixels of a chart over the whole width, and of one beside another."""
_ROW = 62.0
"""Pixels for each row of the board's grid that a chart is high."""
PAPER_UNITS = {unit: word for unit, word in UNITS.items() if unit != "seconds"}
"""Lengths of time say their units themselves."""
_FILLS = ("full", "fill", "percent", "sold", "capacity")
"""In the names of percentages that say how full something is."""
_LESS_IS_BETTER = ("refund", "cancel", "invalid", "rejected", "no_show", "refused", "fees", "abandon")

Block = dict[str, Any]


def write(document: Document, file: IO[bytes], *, progress: Progress = unwatched) -> int:
    """Write it; how many rows of tables are on its pages."""
    from typst import TypstError

    widgets = [list(parts) for _, parts in groupby(document.parts, key=lambda part: part.widget or id(part))]
    alone, rows = len(widgets) == 1, 0
    blocks: list[Block] = []
    for parts in widgets:
        made = list(_blocks(document, parts, alone=alone))
        rows += sum(len(block.get("rows", ())) for block in made)
        progress(rows)
        blocks += made
    widest = max((len(block.get("columns", ())) for block in blocks), default=0)
    wide = widest > (MANY_COLUMNS if alone else TOO_MANY_COLUMNS)
    arranged = _arranged(blocks)
    try:
        content = _set(document, arranged, wide)
    except TypstError:
        # A damaged picture of somebody's own must not cost them the board.
        content = _set(document, [_without_photo(block) for block in arranged], wide)
    file.write(content)
    return rows


def _set(document: Document, blocks: list[Block], wide: bool) -> bytes:
    import typst

    return typst.compile(
        (_FOLDER / "report.typ").read_bytes(),
        sys_inputs={"data": json.dumps(_page(document, blocks, wide))},
        font_paths=_fonts(),
        format="pdf",
        timestamp=int(document.as_of.timestamp()),
    )


@cache
def _fonts() -> Fonts:
    """Ours, and those of the machine for what ours lacks: other scripts, emoji."""
    from typst import Fonts

    return Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[_FOLDER / "fonts"])


def _page(document: Document, blocks: list[Block], wide: bool) -> dict[str, Any]:
    zone = document.zone or time_zones.NO_ZONE
    times = ("Time zone", _times(document))
    if not blocks:
        blocks = [_words("", "Nothing is on this board.")]
    return {
        "title": fitting(document.title),
        "sub": "  ·  ".join(f"{name}: {fitting(value)}" for name, value in [*document.filters, times]),
        "organisation": fitting(document.organisation),
        "foot": f"As of {moment(document.as_of, ZoneInfo(zone))} {zone} · Housecount",
        "paper": "a4",
        "flipped": wide,
        "fonts": ["Inter"],
        "blocks": blocks,
    }


def _blocks(document: Document, parts: Sequence[Part], *, alone: bool) -> Iterator[Block]:
    """What one widget becomes: a card, a chart, tables or words. A chart that stands alone has its figures
    below it; on a board they are in the workbook, and the chart says so and of how many rows it is."""
    first = parts[0]
    if first.error:
        yield _words(first.title, first.error, bad=True)
    elif first.photo:
        yield _photo(first)
    elif not first.columns:
        count = [f"{first.rows_said}."] if first.empty else []
        yield _words(first.title, "\n".join([*first.notes, *count]), sub=first.sub)
    elif first.figure is None and _is_card(first):
        yield _card(document, parts)
    else:
        chart = _chart(first, alone=alone) if first.figure is not None else None
        if chart is not None:
            yield chart
        if chart is None or alone:
            for part in parts:
                yield _table(document, part)


def _chart(part: Part, *, alone: bool) -> Block | None:
    assert part.figure is not None
    half = part.place[2] <= 6
    height = min(max(part.place[3] * _ROW, 190.0), 420.0)
    try:
        svg = picture(part.figure, _FULL, height, part.title)
        small = picture(part.figure, _HALF, height, part.title) if half else ""
    except UnknownTrace:
        return None  # The table says the same.
    rows = f"{part.count:,} of {part.total:,} rows" if part.left_out else f"{part.count:,} rows"
    rows = "1 row" if part.count == part.total == 1 else rows
    elsewhere = "" if alone else " The table is in the CSV and XLSX exports."
    return {
        "kind": "chart",
        "half": half,
        "title": fitting(part.title),
        "sub": fitting(part.sub),
        "svg": svg,
        "small": small,
        "alt": part.summary or part.title,
        "note": f"{fitting(part.summary)} Drawn from {rows}.{elsewhere}".strip(),
    }


def _is_card(part: Part) -> bool:
    kinds = {column.kind for column in part.columns if column.name != "currency"}
    by_currency = any(column.name == "currency" for column in part.columns)
    return (by_currency or part.count <= MOST_LARGE) and bool(kinds) and kinds <= {"metric", "compared"}


def _card(document: Document, parts: Sequence[Part]) -> Block:
    part, at = parts[0], currency_at(parts[0].columns)
    rows = list(part.rows)
    shown = rows if len(rows) <= MOST_LARGE else rows[:1]
    names = [column.name for column in part.columns]
    index = next(i for i, column in enumerate(part.columns) if column.kind == "metric")
    column = part.columns[index]
    values = [
        measure(row[index], column.unit, document, currency_of(row, at, document), exact=False)
        for row in shown
    ]
    others = []
    for row in rows[len(shown) :]:
        code = currency_of(row, at, document)
        said = measure(row[index], column.unit, document, code, exact=True)
        others.append(said if code in said else f"{said} {code}")
    compared = f"{column.name}.compared"
    moved = (
        change(rows[0][index], rows[0][names.index(compared)], column.unit)
        if rows and compared in names
        else ""
    )
    return {
        "kind": "card",
        "title": fitting(part.title),
        "values": values or ["–"],
        "others": " · ".join(others),
        "change": moved,
        "tone": _tone(moved, column.name),
        "note": fitting(part.sub),
        "spark": _curve(parts[1:], column.name),
    }


def _tone(moved: str, name: str) -> str:
    if not moved or moved.startswith("0"):
        return "same"
    better = moved.startswith("+") != any(word in name for word in _LESS_IS_BETTER)
    return "up" if better else "down"


def _curve(parts: Sequence[Part], name: str) -> str:
    for part in parts:
        names = [column.name for column in part.columns]
        if name in names and part.columns[0].kind == "time":
            found = [number(row[names.index(name)]) for row in part.rows]
            known = [float(value) for value in found if value is not None]
            return spark(known, 120, 36) if len(known) > 2 else ""
    return ""


def _table(document: Document, part: Part) -> Block:
    zone_of, at = time_zones.zones_of(part.columns, document.zone_of(part)), currency_at(part.columns)
    rows = [_line(document, part.columns, row, zone_of(row), at) for row in islice(part.rows, ON_PAPER)]
    numbers = [column.unit is not None or column.kind == "number" for column in part.columns]
    texts = [
        not numeric and column.kind == "text" for numeric, column in zip(numbers, part.columns, strict=True)
    ]
    return {
        "kind": "table",
        "title": fitting(part.title),
        "sub": fitting(part.sub),
        "columns": [
            {
                "label": heading(column, PAPER_UNITS),
                "right": numeric,
                "wide": wide and column.name != "currency",
            }
            for column, numeric, wide in zip(part.columns, numbers, texts, strict=True)
        ],
        "rows": rows,
        "note": _shown(part, len(rows)) + _own_times(document, part),
        "size": 8.5 if len(part.columns) <= MANY_COLUMNS else 7.5 if len(part.columns) <= 10 else 6.5,
    }


def _line(
    document: Document, columns: Sequence[Column], row: Row, zone: ZoneInfo, at: int | None
) -> list[str | dict[str, Any]]:
    """A row in words; its currency stands `at` a column."""
    currency = currency_of(row, at, document)
    return [
        _metered(value, column, cell(value, column, document, zone, currency))
        for value, column in zip(row, columns, strict=True)
    ]


def _metered(value: Any, column: Column, words: str) -> str | dict[str, Any]:
    """How full something is also as a small bar."""
    share = number(value) if column.unit == "percent" else None
    if share is None or not any(word in column.name for word in _FILLS):
        return words
    return {"words": words, "part": min(max(share / 100, 0), 1)}


def _shown(part: Part, here: int) -> str:
    """How many rows are on paper, of how many; nothing is left out without being said."""
    total = max(part.total, part.count)
    if here < total:
        return f"The first {here:,} of {total:,} rows. CSV and XLSX exports hold more."
    return "1 row, all there is." if here == 1 else f"{here:,} rows, all there are."


def _times(document: Document) -> str:
    """By whose clock the times are: those of all tables, or of the document where they differ."""
    said = {time_zones.heading(each.columns, document.zone_of(each)) for each in document.parts}
    return said.pop() if len(said) == 1 else time_zones.heading((), document.zone)


def _own_times(document: Document, part: Part) -> str:
    """By whose clock the times of a table are, where that is not what stands above all of them."""
    said = time_zones.heading(part.columns, document.zone_of(part))
    return "" if said == _times(document) else f" Time zone: {said}."


def _words(title: str, text: str, *, sub: str = "", bad: bool = False) -> Block:
    return {"kind": "words", "title": fitting(title), "sub": fitting(sub), "text": text, "bad": bad}


def _photo(part: Part) -> Block:
    content = base64.b64decode(part.photo.partition(",")[2])
    height = min(max(part.place[3] * 45, 60), 300)
    words = part.summary or part.title
    title = fitting(part.title)
    return {"kind": "photo", "title": title, "sub": "", "data": list(content), "height": height, "alt": words}


def _without_photo(block: Block) -> Block:
    if block["kind"] != "photo":
        return block
    return _words(block["title"], f"A picture that cannot be read: {block['alt']}")


def _arranged(blocks: Sequence[Block]) -> list[Block]:
    """Cards side by side, small charts in pairs, everything else over the whole width."""
    found: list[Block] = []
    cards: list[Block] = []
    for block in [*blocks, {"kind": "end"}]:
        if block["kind"] == "card":
            cards.append(block)
            continue
        if cards:
            found += _decks(cards)
            cards = []
        last = found[-1] if found else {}
        if block.get("half") and last.get("half"):
            pair = [each | {"svg": each["small"], "small": ""} for each in (last, block)]
            found[-1] = {"kind": "pair", "blocks": pair}
        elif block["kind"] != "end":
            found.append(block)
    for block in found:
        block.pop("small", None)  # It stands alone, over the whole width.
    return found


def _decks(cards: list[Block]) -> Iterator[Block]:
    """Rows of cards, evenly filled: five are three and two."""
    rows = ceil(len(cards) / 4)
    across = ceil(len(cards) / rows)
    for start in range(0, len(cards), across):
        row = cards[start : start + across]
        height = 55 + max(18 * (len(card["values"]) - 1) + 10 * _wraps(card, across) for card in row)
        yield {"kind": "cards", "cards": row, "across": max(across, 3), "height": height}


def _wraps(card: Block, across: int) -> int:
    """How many lines more than one the words below a card's number take."""
    room = {4: 32, 3: 44}.get(across, 44)
    return (len(card["change"]) + len(card["note"])) // room + -(-len(card["others"]) // room)
