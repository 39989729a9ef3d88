"""What a whole board or page can be downloaded as; `assets/export.js` does it."""

from dash import html

from widgets.attributes import marks
from widgets.icon import icon

FORMATS = (
    ("xlsx", "Excel workbook", "A sheet for each widget"),
    ("csv", "CSV files", "One for each table, in an archive"),
    ("pdf", "PDF", "As it looks, with charts as vectors"),
    ("png", "PNG", "One picture, as on the screen"),
)


def export_menu(name: str, *, kept: bool = True) -> html.Details:
    """The button and its menu; the format stands in `data-export`, and there is no widget beside it. With
    `kept` it leads to the list of one's downloads."""
    items = [
        html.Li(
            html.Button(
                html.Span([label, html.Span(sub, className="muted small")], className="menu-name"),
                type="button",
                className="menu-item",
                **marks(data_export=kind),
            )
        )
        for kind, label, sub in FORMATS
    ]
    own = html.Button("Your downloads…", type="button", className="menu-item", **marks(data_downloads=""))
    if kept:
        items.append(html.Li(own, className="menu-end"))
    return html.Details(
        [
            html.Summary(
                icon("download"),
                className="icon-button",
                title="Download",
                **marks(aria_label=f"Download {name}"),
            ),
            html.Ul(items, className="menu to-right export-menu"),
        ],
        className="switcher unless-editing",
    )
