"""A text of your own on the board."""

from __future__ import annotations

from dash import html
from pydantic import Field

from widgets.marked import marked, plain
from widgets.widget import Settings, Widget


class NoteSettings(Settings):
    """The text, with a few marks."""

    text: str = Field(
        "Write something here.",
        max_length=8000,
        title="Text",
        description="**bold**, *italic*, # heading, - list, [words](https://…). HTML is shown as text.",
        json_schema_extra={"picker": "text"},
    )


EXAMPLE = """## Tonight
- Doors **19:00**, support at 20:00
- Balcony opens at 70% standing

Questions: [duty manager](mailto:duty@example.com)"""

WIDGET = Widget(
    name="note",
    label="Text",
    group="layout",
    icon="text",
    description="Your own words with headings, lists and links, for briefings and explanations.",
    settings=NoteSettings,
    needs=lambda settings, scope: {},
    body=lambda settings, answers, scope: html.Div(marked(settings.text), className="md scroll"),
    summary=lambda settings, answers, scope: plain(settings.text)[:300] or "An empty note",
    tables=lambda settings, answers, scope: [],
    title=lambda settings, scope: "Note",
    size=(3, 3),
    smallest=(2, 1),
    example={"text": EXAMPLE},
)
