"""What figures are made of is in the library that draws them: what is not, it leaves out without a word."""

import re
from typing import Any, get_args

import pytest

from api.static import ASSETS
from tests.widgets.test_custom import shown
from tests.widgets.test_every_widget import drawn, every_widget
from widgets.custom import Kind
from widgets.figures import Figure
from widgets.widget import Widget

LIBRARY = (ASSETS / "vendor" / "plotly.min.js").read_text()[:400]
PARTS = set(re.findall(r"\w+", LIBRARY.partition(": ")[2].partition(".")[0]))
OF_LAYOUTS = {"annotations", "grid", "images", "selections", "shapes", "sliders", "updatemenus"}
OF_AXES = {"rangeselector", "rangeslider"}
OF_TRACES = {"error_x", "error_y"}
CUSTOM = {
    "scatter": {"metrics": ["tickets_sold", "average_ticket_price"], "dimensions": ["event"]},
    "heat": {"metrics": ["tickets_sold"], "dimensions": ["weekday", "hour_of_day"]},
    "stacked": {"metrics": ["net_revenue"], "dimensions": ["week", "ticket_type"]},
    "number": {"metrics": ["net_revenue"], "dimensions": []},
}
"""Settings of kinds that one metric by days does not suit."""


def parts(figure: Figure) -> set[str]:
    """The traces and components that plotly needs to draw it; a drawn error bar counts as `errorbars`."""
    layout: dict[str, Any] = figure["layout"]
    used = {str(trace["type"]) for trace in figure["data"]} | (OF_LAYOUTS & layout.keys())
    axes = [value for name, value in layout.items() if re.fullmatch(r"[xy]axis\d*", name)]
    used |= {name for axis in axes for name in OF_AXES & axis.keys()}
    return used | {"errorbars" for trace in figure["data"] if OF_TRACES & trace.keys()}


def test_the_library_says_what_is_in_it() -> None:
    assert {"bar", "scatter", "annotations", "legend", "fx"} <= PARTS


@every_widget
def test_the_library_has_what_a_widget_is_made_of(widget: Widget[Any]) -> None:
    figure = drawn(widget).figure
    assert figure is None or parts(figure) <= PARTS


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_library_has_what_a_widget_of_ones_own_is_made_of(kind: str) -> None:
    chosen = CUSTOM.get(kind, {"metrics": ["tickets_sold"], "dimensions": ["day"]})
    found = shown(kind=kind, **chosen)
    assert found.error == ""
    assert found.figure is not None
    assert parts(found.figure) <= PARTS
