"""The four numbers of the night: sold, scanned in, still missing, revenue tonight."""

from itertools import accumulate

from dash import html

from components import widget_menu as menu
from widgets.attributes import marks
from widgets.figures_pages import of_tonight
from widgets.read import Readings, place, spark
from widgets.readings import State, primary_money


def kpi_row(state: State, texts: Readings, *, downloads: bool = False) -> html.Div:
    """The cards above the board, each a label, a value, a small curve and a comparison; with `downloads` they
    can be taken away."""
    arrivals = state["attendance"]["arrivals"]["counts"]
    return html.Div(
        [
            _card(
                "Scanned in",
                of_tonight("live-figure", number="entered") if downloads else "",
                [place(texts, "entered"), place(texts, "entered-of", "of")],
                [
                    place(texts, "entered-delta", f"delta {_tone(texts)}"),
                    place(texts, "entered-note", "muted"),
                ],
                spark("arrivals", list(accumulate(arrivals)), "pos"),
            ),
            _card(
                "No-shows so far",
                of_tonight("live-figure", number="missing") if downloads else "",
                [place(texts, "no-shows")],
                [place(texts, "no-shows-percent", "chip"), place(texts, "no-shows-note", "muted")],
                spark(
                    "missing",
                    [state["attendance"]["expected"] - come for come in accumulate(arrivals)],
                    "quiet",
                ),
            ),
            _card(
                "Tickets sold",
                of_tonight("live-figure", number="sold") if downloads else "",
                [place(texts, "sold"), place(texts, "sold-of", "of")],
                [place(texts, "sold-percent", "chip"), place(texts, "sold-note", "muted")],
                spark("sold", state["sales"]["trend"]["sold"]),
            ),
            _card(
                "Revenue tonight",
                of_tonight("live-figure", number="revenue") if downloads else "",
                [place(texts, "revenue"), place(texts, "revenue-more", "of")],
                [place(texts, "revenue-flow", "chip"), place(texts, "revenue-note", "muted")],
                spark("revenue", primary_money(state)["trend"]),
            ),
        ],
        className="kpis",
    )


def _card(
    label: str,
    takes: str,
    value: list[html.Span],
    foot: list[html.Span],
    curve: html.Div | None = None,
) -> html.Section:
    return html.Section(
        [
            html.Header(
                [html.H2(label, className="kpi-label"), menu.downloads(label, takes) if takes else None],
                className="kpi-head",
            ),
            html.Div([html.Div(value, className="kpi-value"), curve], className="kpi-row"),
            html.Div(foot, className="kpi-foot"),
        ],
        className="card-x kpi",
        **marks(aria_label=label),
    )


def _tone(texts: Readings) -> str:
    """More people than usual is good news, fewer is not."""
    return "neg" if texts["entered-delta"].text.startswith("▼") else "pos"
