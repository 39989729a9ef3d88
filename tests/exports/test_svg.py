"""Figures become pictures: the marks stand where the values say, and nothing in a figure gets out of them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from exports.svg import UnknownTrace, picture, spark

NS = "{http://www.w3.org/2000/svg}"


def drawn(*traces: dict[str, Any], **layout: Any) -> ElementTree.Element:
    margin = {"l": 50, "r": 10, "t": 20, "b": 30}
    return parsed(picture({"data": list(traces), "layout": {"margin": margin, **layout}}, 460, 250))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # Our own.


def boxes(svg: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """x, y, width, height of every rectangle that is seen."""
    return [
        tuple(round(float(node.attrib[name]), 1) for name in ("x", "y", "width", "height"))  # type: ignore[misc]
        for node in svg.iter(f"{NS}rect")
        if "fill" in node.attrib
    ]


def lines(svg: ElementTree.Element) -> list[str]:
    return [node.attrib["d"] for node in svg.iter(f"{NS}path") if node.attrib.get("stroke") == "#3b5bdb"]


def words(svg: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in svg.iter(f"{NS}text")]


def test_a_line_goes_through_its_points_and_breaks_at_a_gap() -> None:
    trace = {"type": "scatter", "mode": "lines", "x": [0, 1, 2, 3, 4], "y": [0, 10, None, 5, 0]}

    svg = drawn(trace, xaxis={"range": [0, 4]}, yaxis={"range": [0, 10]})

    assert lines(svg) == ["M50.00 220.00L150.00 20.00", "M350.00 120.00L450.00 220.00"]


def test_bars_begin_at_zero_and_stand_on_their_category() -> None:
    trace = {"type": "bar", "x": ["a", "b"], "y": [10, -5]}

    svg = drawn(trace, yaxis={"range": [-10, 10]}, bargap=0.5)

    assert boxes(svg) == [(100.0, 20.0, 100.0, 100.0), (300.0, 120.0, 100.0, 50.0)]
    assert words(svg)[-2:] == ["a", "b"]


def test_stacked_bars_lie_upon_each_other_and_the_axis_reaches_their_sum() -> None:
    svg = drawn(
        {"type": "bar", "x": ["a"], "y": [10]},
        {"type": "bar", "x": ["a"], "y": [30]},
        barmode="stack",
        bargap=0,
        yaxis={"rangemode": "tozero"},
    )

    low, high = boxes(svg)
    assert low[1] == pytest.approx(high[1] + high[3], abs=0.1)
    assert high[3] == pytest.approx(3 * low[3], abs=0.2)
    assert high[1] > 20


def test_bars_beside_each_other_share_the_room() -> None:
    svg = drawn(
        {"type": "bar", "x": ["a"], "y": [10]},
        {"type": "bar", "x": ["a"], "y": [10]},
        bargap=0.5,
        yaxis={"range": [0, 10]},
    )

    assert boxes(svg) == [(150.0, 20.0, 100.0, 200.0), (250.0, 20.0, 100.0, 200.0)]


def test_lying_bars_grow_to_the_right_and_have_their_words() -> None:
    trace = {"type": "bar", "orientation": "h", "x": [5, 10], "y": ["a", "b"], "text": ["5", "10"]}

    svg = drawn(trace, xaxis={"range": [0, 10], "visible": False}, yaxis={"autorange": "reversed"}, bargap=0)

    assert [(box[0], box[2]) for box in boxes(svg)] == [(50.0, 200.0), (50.0, 400.0)]
    assert boxes(svg)[0][1] < boxes(svg)[1][1]
    assert {"5", "10"} <= set(words(svg))


def test_a_heat_map_has_a_cell_for_every_value_that_is_known() -> None:
    svg = drawn({"type": "heatmap", "x": ["a", "b"], "y": ["c"], "z": [[0, None]]})

    assert len(boxes(svg)) == 1


def test_a_fall_hangs_each_step_on_the_last() -> None:
    trace = {
        "type": "waterfall",
        "x": ["Gross", "Refunds", "Net"],
        "y": [100, -40, 0],
        "measure": ["absolute", "relative", "total"],
    }

    gross, refunds, net = boxes(drawn(trace, yaxis={"range": [0, 100]}))

    assert (gross[1], gross[3]) == (20.0, 200.0)
    assert (refunds[1], refunds[3]) == (20.0, 80.0)
    assert (net[1], net[3]) == (100.0, 120.0)


def test_polygons_are_filled_and_closed_and_keep_their_proportions() -> None:
    square = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1, 1, 0],
        "y": [0, 0, 1, 1],
        "fill": "toself",
        "fillcolor": "#ff0000",
    }

    hidden = {"visible": False, "range": [0, 1]}
    svg = drawn(square, xaxis=hidden, yaxis={**hidden, "scaleanchor": "x"})

    (shape,) = [node.attrib["d"] for node in svg.iter(f"{NS}path") if node.attrib.get("fill") == "#ff0000"]
    numbers = [float(number) for number in re.findall(r"[\d.]+", shape)]
    assert shape.endswith("Z")
    assert numbers[2] - numbers[0] == pytest.approx(numbers[1] - numbers[5], abs=0.05)


def test_days_and_given_labels_stand_on_the_axes() -> None:
    trace = {"type": "scatter", "mode": "lines", "x": ["2026-10-30", "2026-11-02"], "y": [0, 100_000]}

    svg = drawn(trace, yaxis={"tickvals": [0, 100_000], "ticktext": ["£0", "£1k"]})

    assert words(svg) == ["£0", "£1k", "30 Oct", "31 Oct", "1 Nov", "2 Nov"]


def test_marks_and_their_words_are_drawn() -> None:
    shape = {"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "yref": "paper", "line": {"dash": "dot"}}
    note = {"x": 1, "y": 1, "yref": "paper", "yanchor": "bottom", "text": "Doors &lt;now&gt;<br><b>open</b>"}

    svg = drawn(
        {"type": "scatter", "x": [0, 2], "y": [0, 1]},
        xaxis={"range": [0, 2]},
        shapes=[shape],
        annotations=[note],
    )

    assert any(node.attrib["d"].startswith("M250.00 220.00L250.00 20.00") for node in svg.iter(f"{NS}path"))
    assert {"Doors <now>", "open"} <= set(words(svg))


def test_nothing_in_a_figure_becomes_markup() -> None:
    evil = '"/><script>alert(1)</script>\x00'

    svg = drawn(
        {"type": "bar", "x": [evil], "y": [1], "name": evil, "marker": {"color": evil}, "text": [evil]},
        {"type": "bar", "x": [evil], "y": [1], "name": "b"},
        showlegend=True,
        xaxis={"title": {"text": evil}},
    )

    assert {node.tag.removeprefix(NS) for node in svg.iter()} == {"svg", "rect", "text", "path", "clipPath"}


def test_what_cannot_be_drawn_is_named() -> None:
    with pytest.raises(UnknownTrace, match="violin"):
        drawn({"type": "violin"})


def test_a_figure_without_values_is_an_empty_plane() -> None:
    assert boxes(drawn({"type": "bar", "x": [], "y": []})) == []
    assert lines(drawn()) == []


def test_a_small_curve_spans_its_box() -> None:
    svg = parsed(spark([1.0, 3.0, 2.0], 100, 34))

    assert [node.attrib["d"] for node in svg.iter(f"{NS}path")] == [
        "M0.00 32.00L50.00 2.00L100.00 17.00L100.00 34.00L0.00 34.00Z",
        "M0.00 32.00L50.00 2.00L100.00 17.00",
    ]
