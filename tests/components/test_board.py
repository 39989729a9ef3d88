"""The board as components and as HTML."""

import json
import re

from dash import dcc, html

from components.board import Night, Problem, board, problem
from components.document import app_script, document, inline, with_first_paint
from components.markup import markup
from tests.components.states import busy_night, untouched
from widgets.arrivals import MARK_COLOUR, arrivals_figure
from widgets.figures_pages import TONIGHT


def test_the_arrivals_figure_of_a_short_night() -> None:
    state = busy_night()
    state["asOf"] = "2026-11-20T18:56:00Z"
    state["event"] |= {"doorsAt": "2026-11-20T18:55:00Z"}
    state["attendance"]["arrivals"] = {
        "bucketMinutes": 5,
        "from": "2026-11-20T18:50:00Z",
        "counts": [4, 1],
        "usual": [3.0, 60.5, 12.0],
        "comparables": 2,
    }
    assert arrivals_figure(state) == {
        "data": [
            {
                "type": "bar",
                "x": [2.5, 7.5],
                "y": [4, 1],
                "width": 3.9000000000000004,
                "customdata": [
                    "18:50 to 18:55<br><b>4</b> arrivals",
                    "18:55 to 19:00<br><b>1</b> arrivals",
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
                "marker": {"cornerradius": 2, "opacity": [1.0, 0.5]},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": [2.5, 7.5, 12.5],
                "y": [3.0, 60.5, 12.0],
                "customdata": ["usually 3", "usually 61", "usually 12"],
                "hovertemplate": "%{customdata}<extra></extra>",
                "line": {"width": 1.75, "dash": "dot"},
            },
        ],
        "layout": {
            "margin": {"l": 36, "r": 12, "t": 18, "b": 26},
            "showlegend": False,
            "hovermode": "x unified",
            "dragmode": False,
            "xaxis": {
                "range": [0, 15],
                "showgrid": False,
                "fixedrange": True,
                "ticklabelstandoff": 6,
                "tickvals": [10],
                "ticktext": ["19:00"],
            },
            "yaxis": {"rangemode": "tozero", "nticks": 5, "fixedrange": True, "ticklabelstandoff": 6},
            "shapes": [
                {
                    "type": "line",
                    "x0": 5.0,
                    "x1": 5.0,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"width": 1, "dash": "dot", "color": MARK_COLOUR},
                }
            ],
            "annotations": [
                {
                    "x": 5.0,
                    "xref": "x",
                    "yref": "paper",
                    "showarrow": False,
                    "font": {"size": 11},
                    "y": 1,
                    "yanchor": "bottom",
                    "text": "Doors",
                }
            ],
            "meta": {
                "zone": state["event"]["zone"],
                "time": {
                    "grain": "minute",
                    "from": "2026-11-20T18:50:00Z",
                    "until": "2026-11-20T19:05:00+00:00",
                    "to": 15,
                    "grows": True,
                },
            },
        },
    }


def test_the_hour_that_an_autumn_night_has_twice_stays_two_hours() -> None:
    state = busy_night()
    state["event"] |= {"doorsAt": None, "startsAt": None}
    state["attendance"]["arrivals"] |= {"from": "2026-10-25T00:00:00Z", "counts": [1] * 36, "usual": None}
    axis = arrivals_figure(state)["layout"]["xaxis"]
    assert axis["tickvals"] == [0, 30, 60, 90, 120, 150, 180]
    assert axis["ticktext"] == ["01:00", "01:30", "01:00", "01:30", "02:00", "02:30", "03:00"]


def test_the_first_paint_has_every_figure_and_the_whole_state() -> None:
    state = busy_night()
    page = markup(board(state, html.Div()))
    for text in (">871<", ">£6,413<", ">Gate C<", ">Stalled<", ">Demo<", "Northern Lights Tour", ">854<"):
        assert text in page
    attribute = re.search(r'data-state="([^"]*)"', page)
    assert attribute
    assert json.loads(attribute[1].replace("&quot;", '"').replace("&#x27;", "'")) == state


def test_an_event_nobody_registered_is_marked_so() -> None:
    page = markup(board(untouched(), html.Div()))
    assert ">Unregistered<" in page
    assert ">Demo<" not in page
    assert "No gate has scanned yet." in page
    assert "Nothing has happened yet." in page


def test_every_part_of_the_night_can_be_taken_away_by_those_who_may() -> None:
    page = markup(board(busy_night(), html.Div()))
    found = re.findall(r'data-export="(\w+)" data-widget-id="([^"]*)"', page)
    parts = ["live-figure-0-0", "live-figure-3-0", "live-figure-6-0", "live-figure-9-0"]
    parts += ["house-count-0-2", "arrivals-4-2", "gate-flow-0-6", "sales-pace-6-6", "feed-0-10"]
    assert found == [(kind, part) for part in parts for kind in ("csv", "xlsx", "pdf", "png")]
    assert set(parts) <= {placed.id for placed in TONIGHT.widgets}
    assert "data-export" not in markup(board(busy_night(), html.Div(), downloads=False))


def test_markup_escapes_what_people_have_typed() -> None:
    node = html.Div(["<b>", html.Span('a"b', title='"><script>')], className="x", id="gone")
    assert markup(node) == (
        '<div class="x">&lt;b&gt;<span title="&quot;&gt;&lt;script&gt;">a&quot;b</span></div>'
    )


def test_markup_of_links_graphs_and_styles() -> None:
    tree = [
        dcc.Link("Tonight", href="/", className="on"),
        dcc.Graph(figure={}),
        html.Td(colSpan=2, hidden=True, style={"--share": "5"}),
    ]
    assert markup(tree) == (
        '<a href="/" class="on">Tonight</a><div class="fill"></div>'
        '<td colspan="2" hidden style="--share:5"></td>'
    )


def test_each_problem_has_its_own_words() -> None:
    names: tuple[Problem, ...] = ("no-event", "unknown-event", "unreadable", "not-permitted")
    said = {name: markup(problem(Night(problem=name, venue="The Hall"))) for name in names}
    assert "No event at The Hall yet" in said["no-event"]
    assert 'href="/"' in said["unknown-event"]
    assert "data-retry" in said["unreadable"]
    assert "not part of your role" in said["not-permitted"]
    assert [name for name, page in said.items() if "data-retry" in page] == ["unreadable"]


def test_the_document_has_its_scripts_in_the_order_in_which_they_run() -> None:
    page = document(lambda name: f"/assets/1/{name}", "set();", "/dash.js")
    order = [
        "<script>set();</script>",
        "stylesheet",
        '<script defer src="/assets/1/app.js">',
        '<script defer src="/assets/1/plotly.js" data-charts>',
        '<link rel="preload" href="/dash.js" as="script"',
        "{%renderer%}",
    ]
    assert [part for part in sorted(order, key=page.index) if page.count(part) == 1] == order


def test_the_first_paint_is_put_in_once_and_nothing_is_left_without_one() -> None:
    page = document(lambda name: name, "", "")
    assert '<div id="first-paint"><p>1</p></div>' in with_first_paint(page, "<p>1</p>")
    assert "first-paint" not in with_first_paint(page, "")


def test_only_a_page_with_charts_has_their_script() -> None:
    page = document(lambda name: name, "", "")
    assert "data-charts" not in with_first_paint(page, "<p>1</p>")
    assert "data-charts" in with_first_paint(page, '<div class="fill"></div>')


def test_of_dashs_scripts_those_of_callbacks_stay_in_the_page() -> None:
    scripts = (
        '<script src="/dash/x.js"></script>\n<script src="/dash/y.js"></script>\n<script>\none();\n</script>'
    )
    assert inline(scripts) == "<script>\none();\n</script>"
    assert 'data-src="/dash/joined.js"' in app_script("/dash/joined.js")
