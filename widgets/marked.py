"""Text with a few marks as components: headings, lists, bold, italic, code, links. No HTML, no pictures.

What is written comes out as text or as one of the elements below, never as markup of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dash import html
from dash.development.base_component import Component

_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?P<bold>[^*\n]+)\*\*|(?<!\w)[*_](?P<italic>[^*_\n]+)[*_](?!\w)"
    r"|\[(?P<text>[^\]\n]+)\]\((?P<href>[^)\s]+)\)"
)
_SAFE = re.compile(r"(https?://|mailto:|/(?!/))", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*+]|(?P<number>\d{1,9})[.)])\s+(?P<text>.*)")
_HEADING = re.compile(r"(#{1,4})\s+(.*)")


def marked(text: str) -> list[Component]:
    """The blocks of a text: paragraphs, headings, lists, quotes, rules."""
    return list(_blocks(text.replace("\r\n", "\n").split("\n")))


def _blocks(lines: list[str]) -> Iterator[Component]:
    index = 0
    while index < len(lines):
        line = lines[index]
        heading, item = _HEADING.fullmatch(line.strip()), _ITEM.fullmatch(line)
        if not line.strip():
            index += 1
        elif heading:
            yield html.H3(inline(heading[2]), className=f"md-h{len(heading[1])}")
            index += 1
        elif re.fullmatch(r"\s*([-*_])(\s*\1){2,}\s*", line):
            yield html.Hr()
            index += 1
        elif item:
            items, index = _items(lines, index)
            yield (html.Ol if item["number"] else html.Ul)(items)
        elif line.lstrip().startswith(">"):
            quoted, index = _while(lines, index, lambda each: each.lstrip().startswith(">"))
            yield html.Blockquote(inline(" ".join(each.lstrip()[1:].strip() for each in quoted)))
        else:
            words, index = _while(lines, index, _plain)
            yield html.P(inline("\n".join(words)))


def _plain(line: str) -> bool:
    special = _HEADING.fullmatch(line.strip()) or _ITEM.fullmatch(line) or line.lstrip().startswith(">")
    return bool(line.strip()) and not special


def _while(lines: list[str], index: int, holds: object) -> tuple[list[str], int]:
    assert callable(holds)
    start = index
    index += 1
    while index < len(lines) and holds(lines[index]):
        index += 1
    return lines[start:index], index


def _items(lines: list[str], index: int) -> tuple[list[Component], int]:
    items: list[Component] = []
    while index < len(lines) and (found := _ITEM.fullmatch(lines[index])):
        items.append(html.Li(inline(found["text"])))
        index += 1
    return items, index


def inline(text: str) -> list[str | Component]:
    """A line's words and marks. A link to anything but the web, mail or this site stays text."""
    parts: list[str | Component] = []
    at = 0
    for found in _INLINE.finditer(text):
        parts += _lines(text[at : found.start()])
        at = found.end()
        if found["code"]:
            parts.append(html.Code(found["code"]))
        elif found["bold"]:
            parts.append(html.Strong(inline(found["bold"])))
        elif found["italic"]:
            parts.append(html.Em(inline(found["italic"])))
        elif _SAFE.match(found["href"]):
            away: dict[str, Any] = (
                {"target": "_blank", "rel": "noopener noreferrer"} if found["href"][0] != "/" else {}
            )
            parts.append(html.A(found["text"], href=found["href"], **away))
        else:
            parts.append(found[0])
    return parts + _lines(text[at:])


def _lines(text: str) -> list[str | Component]:
    """Text with its line breaks."""
    parts: list[str | Component] = []
    for index, line in enumerate(text.split("\n")):
        parts += [html.Br(), line] if index else [line]
    return [part for part in parts if part != ""]


def plain(text: str) -> str:
    """The same as bare words, for reading aloud."""
    bare = _INLINE.sub(lambda m: m["code"] or m["bold"] or m["italic"] or m["text"] or "", text)
    return " ".join(re.sub(r"(?m)^\s*(#{1,4}|[-*+>]|\d+[.)])\s+", "", bare).split())
