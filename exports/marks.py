"""The elements of an SVG picture: text that cannot break out of it, colours that are colours, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

TEXT, STRONG, GRID = "#5b6474", "#171a21", "#e7e9ee"
COLOURS = ("#3b5bdb", "#475467", "#c2410c", "#7048e8", "#0a7350", "#e8890c", "#1098ad", "#ae3ec9")
FONT = "Inter"
GLYPH = 0.56
"""Mean width of a letter of our font, as a part of its size."""

_HEX = re.compile(r"#[0-9a-fA-F]{3,8}")
_RGB = re.compile(r"rgba?\(([\d.\s,%]+)\)")
_TAG = re.compile(r"<(/?)([a-zA-Z]+)[^<>]*>")
_NAMES = {"white": "#ffffff", "black": "#000000", "grey": "#808080", "gray": "#808080", "red": "#d6392e"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
Colour = tuple[int, int, int, float]


def colour(given: Any, otherwise: str = COLOURS[0]) -> Colour:
    """A colour as red, green, blue and opacity; `otherwise` for what is none."""
    text = str(given or "").strip()
    text = _NAMES.get(text, text)
    if _HEX.fullmatch(text):
        digits = text[1:]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) in (6, 8):
            parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
            return (parts[0], parts[1], parts[2], parts[3] / 255 if len(parts) == 4 else 1.0)
    if (found := _RGB.fullmatch(text)) and len(numbers := found[1].replace("%", "").split(",")) in (3, 4):
        red, green, blue = (min(255, round(float(number))) for number in numbers[:3])
        return (red, green, blue, float(numbers[3]) if len(numbers) == 4 else 1.0)
    if text in ("transparent", "none"):
        return (255, 255, 255, 0.0)
    return colour(otherwise)


def between(scale: Sequence[tuple[float, Colour]], share: float) -> Colour:
    """A colour of a scale, `share` of the way."""
    share = min(max(share, 0.0), 1.0)
    for (low, first), (high, second) in pairwise(scale):
        if share <= high:
            part = (share - low) / (high - low) if high > low else 0.0
            red, green, blue = (round(a + (b - a) * part) for a, b in zip(first[:3], second[:3], strict=True))
            return (red, green, blue, first[3] + (second[3] - first[3]) * part)
    return scale[-1][1]


def scale_of(given: Any) -> list[tuple[float, Colour]]:
    """The colour scale of a figure; ours for one that is only named."""
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) > 1:
        return [(float(at), colour(name)) for at, name in given]
    return [(0.0, colour("#eef1fd")), (1.0, colour("#3b5bdb"))]


def fill(of: Colour, opacity: float = 1.0) -> str:
    """The attributes of a filled element."""
    return _paint("fill", of, opacity)


def stroke(of: Colour, width: float, dash: Any = None, opacity: float = 1.0) -> str:
    """The attributes of a line; `dash` is plotly's word for it."""
    lengths = {"dot": (1.2, 2.4), "dash": (5, 3), "dashdot": (5, 2.5, 1.2, 2.5), "longdash": (9, 4)}.get(
        str(dash)
    )
    dashes = f' stroke-dasharray="{" ".join(f"{max(width, 1) * n:.1f}" for n in lengths)}"' if lengths else ""
    return f'{_paint("stroke", of, opacity)} stroke-width="{width:.2f}"{dashes}'


def _paint(what: str, of: Colour, opacity: float) -> str:
    clear = of[3] * opacity
    extra = f' {what}-opacity="{clear:.3f}"' if clear < 1 else ""
    return f'{what}="#{of[0]:02x}{of[1]:02x}{of[2]:02x}"{extra}'


def path(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """The `d` of a path through points."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + ("Z" if closed else "")


def smooth(points: Sequence[tuple[float, float]]) -> str:
    """The `d` of a soft curve through points (Catmull-Rom, which never leaves them)."""
    if len(points) < 3:
        return path(points)
    d = f"M{points[0][0]:.2f} {points[0][1]:.2f}"
    for index in range(len(points) - 1):
        before, a, b = points[max(index - 1, 0)], points[index], points[index + 1]
        after = points[min(index + 2, len(points) - 1)]
        first = (a[0] + (b[0] - before[0]) / 6, a[1] + (b[1] - before[1]) / 6)
        second = (b[0] - (after[0] - a[0]) / 6, b[1] - (after[1] - a[1]) / 6)
        d += f"C{first[0]:.2f} {first[1]:.2f} {second[0]:.2f} {second[1]:.2f} {b[0]:.2f} {b[1]:.2f}"
    return d


def rectangle(x0: float, y0: float, x1: float, y1: float, attributes: str, radius: float = 0) -> str:
    """A rectangle between two corners."""
    left, right = sorted((x0, x1))
    top, bottom = sorted((y0, y1))
    width, height = right - left, bottom - top
    rounded = f' rx="{min(radius, width / 2, height / 2):.1f}"' if radius and width and height else ""
    place = f'x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}"'
    return f"<rect {place}{rounded} {attributes}/>"


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 11,
    of: str = TEXT,
    anchor: str = "start",
    bold: bool = False,
    angle: float = 0,
) -> str:
    """A line of text; `y` is its base line."""
    turned = f' transform="rotate({angle:.0f} {x:.1f} {y:.1f})"' if angle else ""
    weight = ' font-weight="600"' if bold else ""
    clean = escape(_CONTROL.sub("", words))
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor={quoteattr(anchor)}'
        f" {fill(colour(of, TEXT))}{weight}{turned}>{clean}</text>"
    )


def lines_of(markup: Any) -> list[tuple[str, bool]]:
    """The lines of plotly's pseudo HTML, each with whether it is bold; no other tag is taken for one."""
    found = []
    for line in re.split(r"<br\s*/?>", str(markup or "")):
        bold = any(tag.lower() in ("b", "strong") for slash, tag in _TAG.findall(line) if not slash)
        found.append((unescape(_TAG.sub("", line)).replace("\n", " "), bold))
    return found


def width_of(words: str, size: float) -> float:
    """About how wide a text is."""
    return len(words) * size * GLYPH


def shorten(words: str, size: float, room: float) -> str:
    """A text that fits: with an ellipsis where it had to be cut."""
    most = max(int(room / (size * GLYPH)), 2)
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def each(given: Any, index: int, otherwise: Any = None) -> Any:
    """A property of a point that may be given once for all or for each."""
    if isinstance(given, list | tuple):
        return given[index] if index < len(given) else otherwise
    return otherwise if given is None else given


def nested(of: Mapping[str, Any], *names: str) -> Any:
    """A property deep in a figure, None where there is none."""
    found: Any = of
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def title(words: str) -> str:
    """What the picture is called, for those who hear it."""
    return f"<title>{escape(_CONTROL.sub('', words))}</title>" if words else ""
