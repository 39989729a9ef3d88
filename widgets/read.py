"""Places on the board: elements whose text, width or level the browser keeps up to date.

`data-read` names a reading (its text and title are replaced), `data-list` a list that is drawn
anew, `data-spark` a small curve, `data-meter` a bar or ring.
"""

from collections.abc import Mapping, Sequence

from dash import html

from widgets.attributes import marks
from widgets.readings import Reading

Readings = Mapping[str, Reading]


def place(texts: Readings, name: str, class_name: str = "") -> html.Span:
    """The text of one reading, kept up to date by its name."""
    reading = texts[name]
    return html.Span(reading.text, className=class_name, title=reading.title or None, **marks(data_read=name))


def spark(name: str, values: Sequence[float], class_name: str = "") -> html.Div:
    """A small curve of `values`, drawn by the browser; decoration beside a number that says it all."""
    points = ",".join(f"{value:g}" for value in values)
    return html.Div(
        className=f"spark {class_name}".strip(),
        **marks(data_spark=points, data_spark_of=name, aria_hidden="true"),
    )


def bar(percent: float | None, class_name: str = "") -> html.Div:
    """A horizontal bar filled to `percent` (0 to 100; more is drawn full)."""
    width = min(100.0, max(0.0, percent or 0.0))
    return html.Div(
        html.Div(className=class_name, style={"width": f"{width:g}%"}),
        className="bar",
        **marks(aria_hidden="true"),
    )
