"""The document about all widgets, from what they are: `python -m widgets > docs/widgets.md`."""

from __future__ import annotations

import sys
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from widgets.registry import GROUP_LABELS, GROUPS, WIDGETS
from widgets.widget import Settings, Widget

HEAD = """# Widgets

Made by `python -m widgets > docs/widgets.md` from what the widgets say of themselves; a test holds it
current. Each is one file in `widgets/`, shows its unit, range, zone and the moment of its figures, can be
read as a table, downloaded, and says in one sentence what there is to see. On a board a widget is placed
as `{"id": "a", "widget": "kpi", "title": "", "settings": {"metric": "net_revenue"}, "x": 0, "y": 0, "w":
3, "h": 2}`; `GET /api/v1/widgets` lists them. All of them with sample figures are at `/gallery`.

Where a widget has a time range or a comparison, `board` means: as chosen above the board.
"""

TAIL = """
## How to add one

1. A file in `widgets/` that defines `WIDGET` (`widgets/widget.py` says what belongs to it) is a widget:
   the registry, the gallery, the settings form, the REST list, exports and this document follow from it.
   `widgets/ticket_type_mix.py` is a short one, `widgets/booking_curve.py` has a chart.
2. `settings` is a frozen pydantic model; titles, descriptions and bounds of its fields become the form.
   Use `widgets.chosen.Metric` and `Dimension` for names of the catalogue, `Ranged` or `Compared` of
   `widgets/asking.py` for time, and refuse in a validator what cannot be drawn, in words for people.
3. `needs` asks (`question(…)`), `body`, `summary` and `tables` are pure functions of the answers. Money
   that is not for the reader is gone before they see it; use `widgets.masking.require` where nothing is
   left to draw without it.
4. Figures are plain dicts made with `widgets/figures.py`: `customdata` is what hovering says and the raw
   value that a click filters by, `layout.meta.filter` the dimension. Texts of senders go through `hover`
   or `html.escape`.
5. `tests/widgets/test_every_widget.py` draws it empty, failed, masked, hostile and as a table without
   being told to.
"""


def document() -> str:
    """The whole of docs/widgets.md."""
    parts = [HEAD, f"\n{len(WIDGETS)} widgets:\n"]
    for group in GROUPS:
        found = [widget for widget in WIDGETS.values() if widget.group == group]
        parts.append(f"\n## {GROUP_LABELS[group]}\n")
        parts += [_widget(widget) for widget in found]
    return "".join(parts) + TAIL


def _widget(widget: Widget[Any]) -> str:
    size, least = "×".join(map(str, widget.size)), "×".join(map(str, widget.smallest))
    facts = [f"`{widget.name}`", f"{size} columns and rows, at least {least}"]
    facts += ["follows the night live"] if widget.live else []
    facts += ["chart"] if widget.figure is not None else []
    lines = [f"\n### {widget.label}\n\n{widget.description} ({'; '.join(facts)})\n"]
    fields = widget.settings.model_fields
    if fields:
        lines.append("\n| setting | | default |\n|---|---|---|\n")
        lines += [_row(name, info) for name, info in fields.items()]
    return "".join(lines)


def _row(name: str, info: FieldInfo) -> str:
    words = ": ".join(part for part in (info.title, info.description) if part)
    choices = _choices(info)
    told = f"{words}{'. ' if choices and not words.endswith('.') else ' ' if choices else ''}{choices}"
    return f"| `{name}` | {_cell(told)} | {_default(info)} |\n"


def _choices(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(info.annotation))
    picker = info.json_schema_extra.get("picker") if isinstance(info.json_schema_extra, dict) else None
    if picker == "event":
        return "The id of an event"
    return f"A {picker} of the catalogue" if picker in ("metric", "dimension") else ""


def _default(info: FieldInfo) -> str:
    value = info.get_default(call_default_factory=True)
    if isinstance(value, Settings):
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if value in ("", ()):
        return ""
    return f"`{text}`" if "\n" not in text and len(text) < 40 else "an example"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(document())
