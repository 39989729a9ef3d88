"""The list of dashboards: a card with a picture of its layout for each, and templates to begin with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import dcc, html
from dash.development.base_component import Component

from components.board_grid import outline
from components.header import theme_button
from components.states import panel
from widgets.attributes import marks
from widgets.icon import icon

Box = tuple[int, int, int, int, str]
"""x, y, w, h and the icon of a widget."""


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A board as the list shows it; `right` is view, edit or own."""

    board_id: str
    name: str
    owner: str
    mine: bool
    right: str
    shared: bool
    updated: str
    updated_exact: str
    version: int
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A template as the gallery of templates shows it."""

    name: str
    label: str
    description: str
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class BoardList:
    """What the page of dashboards has to show."""

    cards: Sequence[BoardCard] = ()
    templates: Sequence[TemplateCard] = ()
    trash: bool = False
    trashed: int = 0
    """How many boards of this person lie in the trash."""
    problem: Literal["not-permitted", "unreadable"] | None = None


def board_list(boards: BoardList, url: Mapping[str, str]) -> list[Component]:
    """The whole page; `url` has the addresses of `boards.js` and `boards.css`."""
    style = html.Link(rel="stylesheet", href=url["boards.css"])
    if boards.problem is not None:
        return [style, *_instead(boards.problem)]
    body = _trash(boards) if boards.trash else _all(boards)
    return [
        style,
        html.Div(
            [_head(boards), *body],
            className="dashboards",
            **marks(data_script=url["boards.js"], data_board_list="", data_templates=_templates_json(boards)),
        ),
    ]


def _head(boards: BoardList) -> html.Header:
    count = len(boards.cards)
    words = f"{count} board{'' if count == 1 else 's'}" if count else "Lay out your own boards"
    if boards.trash:
        words = "What lies here can be restored, or removed for good"
    there = (
        dcc.Link("All dashboards", href="/dashboards", className="button-quiet")
        if boards.trash
        else dcc.Link(
            [icon("trash"), html.Span(f"Trash ({boards.trashed})")],
            href="/dashboards?show=trash",
            className="button-quiet",
        )
        if boards.trashed
        else None
    )
    new = (
        None
        if boards.trash
        else html.Button(
            [icon("plus"), html.Span("New dashboard")],
            className="button-main",
            **marks(data_list_action="new"),
        )
    )
    return html.Header(
        [
            html.Div(
                [
                    html.Div([html.H1("Trash" if boards.trash else "Dashboards")], className="title-row"),
                    html.Div(words, className="muted small"),
                ],
                className="grow title",
            ),
            _finder() if count > _MANY else None,
            there,
            new,
            theme_button(),
        ],
        className="top board-head",
    )


def _all(boards: BoardList) -> list[Component]:
    if boards.cards:
        return [html.Ul([_card(card) for card in boards.cards], className="board-cards")]
    return [
        html.Div(
            [
                html.H2("Start with a template"),
                html.P(
                    "Each is a board of its own to change as you like: drag, resize, configure, share."
                    " Or start with an empty one.",
                    className="muted",
                ),
            ],
            className="list-intro",
        ),
        html.Ul([_template(template) for template in boards.templates], className="board-cards"),
    ]


def _trash(boards: BoardList) -> list[Component]:
    if boards.cards:
        return [html.Ul([_card(card, trashed=True) for card in boards.cards], className="board-cards")]
    return [
        html.Div(
            [html.Span(icon("trash"), className="state-icon"), html.H2("The trash is empty")],
            className="board-empty shown",
        )
    ]


def _card(card: BoardCard, *, trashed: bool = False) -> html.Li:
    who = "You" if card.mine else card.owner
    name: Component = (
        html.Span(card.name)
        if trashed
        else dcc.Link(card.name, href=f"/dashboards/{card.board_id}", className="card-link")
    )
    return html.Li(
        [
            html.Div(outline(card.boxes), className="card-picture"),
            html.Div(
                [
                    html.Div([html.H2(name, title=card.name), _badge(card)], className="card-name"),
                    html.Div(
                        [
                            html.Span(who),
                            html.Span(card.updated, title=card.updated_exact),
                            html.Span(f"version {card.version}"),
                        ],
                        className="card-facts muted small num",
                    ),
                ],
                className="grow",
            ),
            _trashed_menu() if trashed else _menu(card),
        ],
        className="board-card",
        **marks(data_board_card=card.board_id, data_card_name=card.name),
    )


def _badge(card: BoardCard) -> Component | None:
    if card.right == "view":
        return html.Span("Read only", className="mark")
    if card.shared:
        return html.Span("Shared", className="mark")
    return None


def _menu(card: BoardCard) -> html.Details:
    own = card.right == "own"
    return _more(
        card.name,
        [
            _item("duplicate", "copy", "Make a copy"),
            _item("rename", "pencil", "Rename") if card.right != "view" else None,
            _item("trash", "trash", "Move to trash") if own else None,
        ],
    )


def _trashed_menu() -> html.Div:
    return html.Div(
        [
            html.Button("Restore", className="button-quiet", **marks(data_card_action="restore")),
            html.Button(
                icon("close"),
                className="icon-button bare",
                title="Remove for good",
                **marks(data_card_action="purge", aria_label="Remove for good"),
            ),
        ],
        className="card-buttons",
    )


def _more(name: str, items: Sequence[Component | None]) -> html.Details:
    return html.Details(
        [
            html.Summary(
                icon("more"), className="icon-button bare", **marks(aria_label=f"More about {name}")
            ),
            html.Ul([html.Li(item) for item in items if item is not None], className="menu to-right"),
        ],
        className="switcher",
    )


def _item(action: str, picture: str, text: str) -> html.Button:
    return html.Button(
        [icon(picture), html.Span(text)], className="menu-item", **marks(data_card_action=action)
    )


def _template(template: TemplateCard) -> html.Li:
    return html.Li(
        [
            html.Div(outline(template.boxes), className="card-picture"),
            html.Div(
                [
                    html.H2(
                        html.Button(
                            template.label, className="card-link", **marks(data_template=template.name)
                        )
                    ),
                    html.Div(template.description, className="muted small"),
                ],
                className="grow",
            ),
        ],
        className="board-card template",
    )


def _templates_json(boards: BoardList) -> str:
    templates: list[dict[str, Any]] = [
        {
            "name": template.name,
            "label": template.label,
            "description": template.description,
            "boxes": list(template.boxes),
        }
        for template in boards.templates
    ]
    return json.dumps(templates, separators=(",", ":"), ensure_ascii=False)


def _finder() -> html.Div:
    """`assets/dashboards.js` puts a field for typing in here."""
    return html.Div(className="list-finder", **marks(data_list_finder=""))


def _instead(problem: str) -> list[Component]:
    if problem == "not-permitted":
        return panel(
            "lock",
            "Dashboards are not part of your role",
            "Ask the owner of your organisation if you need them.",
            back=True,
        )
    return panel(
        "warn",
        "Your dashboards cannot be read right now",
        "The database does not answer. They are safe. This page comes back by itself.",
        retry=True,
    )


_MANY = 6
"""From more boards than this on, there is a field to find one by its name."""
