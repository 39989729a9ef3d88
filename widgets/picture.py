"""A picture or logo of your own, kept in the board itself: nothing is fetched from anywhere."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

from dash import html
from pydantic import Field, field_validator

from widgets.asking import labelled
from widgets.parts import panel
from widgets.scope import Scope
from widgets.widget import Answers, Settings, Widget

MOST_BYTES = 150_000
_STARTS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
EXAMPLE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAYAAADimHc4AAAEV0lEQVR42u2dK47jQBCGA0Ka5wpGOcJwo9xgZR5iFGTi"
    "A4SE+wDh4UFGi5euFDRXCFmSrazakifreNrtrpe7wS+NNJHd/X9+9KOqvPr5689Ksz5+/FatVQKQALjIgLagHFSASlAF"
    "qqETT1WgElSActAWZBIAf7OfRtegC+gGerwTdGJMN9DFQsolQpFiegY6gK5jZnsAGNIVdABlsQN4Xul7UDvV9JkA+mpB"
    "e847g+tqP4Huc4wPBKDTHXTiuCuojW9CmI4AoK+GEgTVo+YY2nhEAJ2OFI8mbPOfQ8ZPLPORATz1aYe26gBsQGdM44kA"
    "dDqDNloA7LCvegYA3d2wkw6gojKeAUCnSiqAhtp8JgDdSEkMgLVdMnhEBOBhlzjW3ACMz/LBQgB0yxqGC8Ca23wBADoI"
    "aw4AF27zhQDoHkekABoJ5gsC4P1iVjHUVALAa4jqM8l6JACj2mEB2FDOcBUD+JyybDEFwFmA4a6b8twQzqEBFFIM94yK"
    "4IBQhAJgGB49WGEp1I8iEwLAUaLxM+OCqCAc5wLIpBofKDCLAkI2B0Aj2fxAkXGsEzTuq19KaCLbXTDWuZN08wPHhmIC"
    "OE0FYELF7WCajxCciwXg/m5E9K5jew3mI0VHY0HYTwHQajAfMTwdA0DrCiDTYj5yfgDJy3ioU4cEAA3AwQXAVYv5BBky"
    "GNuXowCMpqtfIYDH62jotUO5JvOJcsRCA8jHANQJADqAegzARZP5hFmSaBEUrx26JQDoAG7vABhtjx+lAL68iPud2SYA"
    "ZAC2QwBybeYTZ8qjjIQwN94TAIcN+35nygSADEA5BKBKAMgAVEMA6gSADECdAAgEUKUhKO8jqExrQLwv4SItQfMOQ/PI"
    "d8DYJ2LilyIWYv7bpQjRi3HMla1IFuPELkcLKC1GshwtckNGSHE9sg0ZUVuSCzT/2y1JMZvygkpLkm7KiwhLWbD534al"
    "sAdmCSusSh6YxRqauHDznUMTWYJzBdZ1ZgvOJQ9Pj8R85/B00gSNSMyfnKBBkqIUkfmTU5TQk/QiMt8rSQ81TbXXsBjM"
    "905TRUnUHmjc0s33TtQOfheMNHKp5s8uVRCsWIdjY5dkfJBiHUHK1Xg0XLvxQcvVzNqwn9kJjcYHL9jkXbIMoVOSDUct"
    "WTa5aJ/AYnrqi/Y5l62M2HzUspVOIYyRm49euHV0gha5+WSliwcjKCI3n7x495fy9ZGbz1a+/t8kzTYgZvPZPuDQHWRt"
    "b8EYHzt8nzAZOFiTXrhEAEYOWKWhJjIAh4Pu7GxwiTNc3g+5TTjwxq6HLMV8/k8Zep6gUH43yPiY58yTGLsxoc18GZ+z"
    "DXiyTMlISc4HnZFOmtkwjbsg0+V90pzg5MZGi7WMxre2DeaDKTBASqxmZiOHr0TLBweOq90JgIBGGZtFUtvp/m1mQtzF"
    "HivnvNKdAAgMF+xD2VoTC5vqX1lja/t3af+X298awf35H4CGxi5RyXxm/QXqbWKBRDR/5gAAAABJRU5ErkJggg=="
)


class PictureSettings(Settings):
    """The picture as a data: address, and what it shows."""

    source: str = Field(
        "",
        max_length=MOST_BYTES * 4 // 3 + 40,
        title="Picture",
        description=f"PNG, JPEG, GIF or WebP of at most {MOST_BYTES // 1000} kB.",
        json_schema_extra={"picker": "picture"},
    )
    alt: str = Field("", max_length=200, title="What it shows", description="For those who do not see it.")
    fit: Literal["contain", "cover"] = Field(
        "contain", title="Size", json_schema_extra=labelled(contain="Whole picture", cover="Fill the widget")
    )

    @field_validator("source")
    @classmethod
    def _is_a_picture(cls, source: str) -> str:
        if not source:
            return source
        kind, _, data = source.partition(";base64,")
        start = _STARTS.get(kind.removeprefix("data:"))
        if not kind.startswith("data:") or start is None:
            raise ValueError("only pictures kept in the board, as PNG, JPEG, GIF or WebP")
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise ValueError("the picture is damaged") from None
        if not content.startswith(start):
            raise ValueError(f"this is no {kind.rpartition('/')[2].upper()}")
        if len(content) > MOST_BYTES:
            raise ValueError(f"{len(content):,} bytes, at most {MOST_BYTES:,}")
        return source


def body(settings: PictureSettings, answers: Answers, scope: Scope) -> html.Div:
    """The picture, or how to get one in."""
    if not settings.source:
        return panel("image", "No picture yet", "Choose one in the settings of this widget.")
    return html.Div(html.Img(src=settings.source, alt=settings.alt), className=f"picture {settings.fit}")


WIDGET = Widget(
    name="picture",
    label="Picture",
    group="layout",
    icon="image",
    description="A logo or picture of your own, kept in the board.",
    settings=PictureSettings,
    needs=lambda settings, scope: {},
    body=body,
    summary=lambda settings, answers, scope: settings.alt or "A picture without a description",
    tables=lambda settings, answers, scope: [],
    title=lambda settings, scope: settings.alt or "Picture",
    size=(3, 2),
    smallest=(1, 1),
    no_rows="A picture has no rows for a spreadsheet.",
    example={"source": EXAMPLE, "alt": "The logo of the venue"},
)
