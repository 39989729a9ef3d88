"""The page of one board: its head, bars that ask for decisions, the grid, and what stands in its place."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dash import dcc, html
from dash.development.base_component import Component

from components.board_grid import Slot, board_grid, nothing_yet
from components.export_menu import export_menu
from components.header import demo_mark, pill, stale_note, theme_button
from components.states import panel
from widgets.attributes import marks
from widgets.icon import icon

Problem = Literal["not-found", "not-permitted", "unreadable"]


@dataclass(frozen=True, slots=True)
class OpenBoard:
    """A board as one person sees it now: its document (as JSON), the drawn widgets in the order of the
    document, the live state that moves them, and how much this person may do (view, edit or own)."""

    board_id: str = ""
    name: str = ""
    version: int = 0
    right: str = "view"
    owner: str = ""
    saved: str = ""
    """When and by whom it was saved last, in words."""
    document: Mapping[str, Any] = field(default_factory=dict)
    slots: Sequence[Slot] = ()
    most: int = 40
    sizes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Kind of widget → columns and rows when it is added, and the fewest of both."""
    bar: Component | None = None
    state: Mapping[str, Any] | None = None
    links: bool = False
    """Whether this person may give links to people outside."""
    venue: str = ""
    """The only venue there is: links need no choice of one then."""
    demo: bool = False
    history: int | None = None
    """How many percent of the demo's evenings are published; None when all are."""
    problem: Problem | None = None
    carried: str = ""
    """The query string with which other pages look at the same."""


def board_page(board: OpenBoard, url: Mapping[str, str]) -> list[Component]:
    """The whole page; `url` has the addresses of `boards.js`, `boards.css`, `gridstack.js` and
    `pictures.json`."""
    if board.problem is not None:
        return [html.Link(rel="stylesheet", href=url["boards.css"]), *_instead(board.problem)]
    spare = board.most - len(board.slots) if board.right != "view" else 0
    return [
        html.Link(rel="stylesheet", href=url["boards.css"]),
        html.Div(
            [
                _head(board),
                html.Div(look_of(board.bar, board.state, ""), id="board-look", className="board-look"),
                stale_note(),
                html.Div(className="board-bars", **marks(data_board_bars="")),
                board_grid(board.slots, spare),
                _empty(board.right),
                dcc.Store(id="board-ask"),
                html.Span(id="board-newest", hidden=True),
                html.Span(id="held", hidden=True),
                html.Span(
                    "Drag to move, or use the arrow keys; with Shift they resize. Delete removes.",
                    id="board-keys",
                    hidden=True,
                ),
                html.Div(
                    className="visually-hidden",
                    role="status",
                    **marks(aria_live="polite", data_board_live=""),
                ),
            ],
            className="dashboard",
            **marks(
                data_script=url["boards.js"],
                data_gridstack=url["gridstack.js"],
                data_pictures=url["pictures.json"],
                data_dashboard=board.board_id,
                data_name=board.name,
                data_version=str(board.version),
                data_right=board.right,
                data_links="1" if board.links else "",
                data_venue=board.venue,
                data_document=json.dumps(board.document, separators=(",", ":"), ensure_ascii=False),
                data_sizes=json.dumps(board.sizes, separators=(",", ":")),
            ),
        ),
    ]


def _head(board: OpenBoard) -> html.Header:
    may_edit = board.right != "view"
    sub = board.saved if may_edit else f"{board.owner} shares this with you to look at"
    return html.Header(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.H1(board.name, title=board.name, **marks(data_board_name="")),
                            _bare("rename", "pencil", "Rename this board") if may_edit else None,
                            demo_mark(board.demo, board.history),
                        ],
                        className="title-row",
                    ),
                    html.Div(sub, className="muted small", **marks(data_board_sub="")),
                ],
                className="grow title",
            ),
            html.Span(
                "",
                className="save-state",
                role="status",
                **marks(data_save_state="", aria_live="polite"),
            )
            if may_edit
            else html.Span("Read only", className="mark"),
            pill() if board.state is not None else None,
            *(_editing_buttons() if may_edit else []),
            _share(board),
            export_menu(board.name),
            _menu(board),
            theme_button(),
        ],
        className="top board-head",
    )


def _editing_buttons() -> list[Component]:
    return [
        html.Div(
            [
                _bare("undo", "undo", "Undo", "Ctrl+Z"),
                _bare("redo", "redo", "Do again", "Ctrl+Shift+Z"),
            ],
            className="button-pair while-editing",
            role="group",
            **marks(aria_label="Undo and redo"),
        ),
        _button("add", "plus", "Add widget", "button-quiet while-editing"),
        _button("done", "check", "Done", "button-main while-editing"),
        _button("edit", "pencil", "Edit", "button-quiet unless-editing", title="Edit this board (E)"),
    ]


def _share(board: OpenBoard) -> Component | None:
    if board.right != "own" and not board.links:
        return None
    return _button("share", "share", "Share", "button-quiet unless-editing")


def _menu(board: OpenBoard) -> html.Details:
    may_edit = board.right != "view"
    items = [
        _item("versions", "history", "Versions"),
        _item("duplicate", "copy", "Make a copy"),
        html.A(
            [icon("screen"), html.Span("Show on a TV")],
            href=f"/tv?boards={board.board_id}",
            className="menu-item",
        ),
        _item("rename", "pencil", "Rename") if may_edit else None,
        _item("trash", "trash", "Move to trash") if board.right == "own" else None,
    ]
    return html.Details(
        [
            html.Summary(icon("more"), className="icon-button", **marks(aria_label="More about this board")),
            html.Ul([html.Li(item) for item in items if item is not None], className="menu to-right"),
        ],
        className="switcher",
    )


def _empty(right: str) -> html.Div:
    """What to do with a board without widgets; shown by the stylesheet while there are none."""
    if right == "view":
        return html.Div(nothing_yet(), className="board-empty")
    return html.Div(
        [
            html.Span(icon("grid"), className="state-icon"),
            html.H2("This board is empty"),
            html.P(
                "Add the first widget from the gallery. Drag it by its handle, pull its corner, and open its"
                " settings to choose what it shows. Everything is saved as you go.",
                className="muted",
            ),
            _button("add", "plus", "Add a widget", "button-main"),
        ],
        className="board-empty",
    )


def look_of(bar: Component | None, state: Mapping[str, Any] | None, query: str) -> html.Div:
    """What follows the address: the bar of filters, and the live state that moves the widgets, from which
    the browser goes on. `query` is the address it was drawn for."""
    live = None
    if state is not None:
        live = html.Div(
            # Another state is another element, so that the browser takes it up.
            key=f"{state['eventId']} {query}",
            className="visually-hidden",
            **marks(data_board=state["eventId"], data_state=json.dumps(state, separators=(",", ":"))),
        )
    return html.Div([bar, live], **marks(data_look=query))


def _instead(problem: Problem) -> list[Component]:
    if problem == "not-found":
        return panel(
            "grid",
            "This board is not here",
            "It is in the trash, is not shared with you, or the address was copied in part."
            " Ask the person who sent it to share the board with you.",
            back=True,
            way=("All dashboards", "/dashboards"),
        )
    if problem == "not-permitted":
        return panel(
            "lock",
            "Dashboards are not part of your role",
            "Ask the owner of your organisation if you need them.",
            back=True,
        )
    return panel(
        "warn",
        "The figures cannot be read right now",
        "The database does not answer. Your boards are safe. This page comes back by itself.",
        retry=True,
    )


def _button(action: str, picture: str, text: str, kind: str, title: str | None = None) -> html.Button:
    return html.Button(
        [icon(picture), html.Span(text)], className=kind, title=title, **marks(data_board_action=action)
    )


def _bare(action: str, picture: str, text: str, keys: str = "") -> html.Button:
    return html.Button(
        icon(picture),
        className="icon-button bare" if action == "rename" else "icon-button",
        title=f"{text} ({keys})" if keys else text,
        **marks(data_board_action=action, aria_label=text),
    )


def _item(action: str, picture: str, text: str) -> html.Button:
    return html.Button(
        [icon(picture), html.Span(text)], className="menu-item", **marks(data_board_action=action)
    )
