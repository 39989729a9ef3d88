"""The frame of every page: navigation at the side, on a phone at the bottom, and who is signed in."""

from collections.abc import Sequence
from typing import NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.icon import icon


class Viewer(NamedTuple):
    """The signed-in person as the frame shows them, and the token that lets them sign out. `pages` are the
    names of those they may open, `exports` is whether they may download figures, `audit` whether they may
    read the audit log, `sources` whether they may see the doors, `imports` whether they may import files."""

    name: str
    organisation: str
    csrf: str
    pages: frozenset[str]
    exports: bool = False
    audit: bool = False
    sources: bool = False
    imports: bool = False


class Tab(NamedTuple):
    """A place to go to: an address, or an anchor on this page; `short` is its name in a narrow bar."""

    icon: str
    label: str
    href: str
    short: str = ""


PAGES = {
    "tonight": Tab("pulse", "Tonight", "/"),
    "dashboards": Tab("grid", "Dashboards", "/dashboards", "Boards"),
    "sales": Tab("ticket", "Sales", "/sales"),
    "attendance": Tab("gate", "Attendance & doors", "/attendance", "Doors"),
}
"""Name of a page → where the navigation has it, in its order."""


def places(viewer: Viewer) -> list[Tab]:
    """The pages that this person may open."""
    return [tab for name, tab in PAGES.items() if name in viewer.pages]


def shell(
    content: Sequence[Component],
    viewer: Viewer,
    *,
    current: str,
    carried: str = "",
) -> html.Div:
    """The page: `current` is the address of the page shown, `carried` the query string with which the other
    pages look at the same."""
    return html.Div(
        [
            html.A("Skip to the figures", href="#main", className="skip"),
            _side(viewer, current, carried),
            html.Main(list(content), className="main", id="main", tabIndex="-1"),
            _tabs(viewer, current, carried),
            html.Div(
                id="announcer", className="visually-hidden", **marks(aria_live="assertive", role="alert")
            ),
        ],
        className="shell",
    )


def _link(tab: Tab, label: str, at: str, name: str, carried: str) -> dcc.Link:
    """To a page, with what is looked at; `assets/board_page.js` keeps it true on a board."""
    return dcc.Link(
        [icon(tab.icon), html.Span(label)],
        href=f"{tab.href}?{carried}" if carried else tab.href,
        className=name,
        id={"at": at, "i": tab.href, "t": "place"},
    )


def _apart(viewer: Viewer, name: str) -> list[html.A]:
    """To the pages that stand apart from the figures, for those who may open them."""
    there = [
        (viewer.imports, "sheet", "Imports", "/imports"),
        (viewer.sources, "plug", "Sources", "/sources"),
        (viewer.audit, "list", "Audit log", "/audit"),
    ]
    return [
        html.A([icon(mark), html.Span(label)], href=href, className=name, title=label)
        for may_open, mark, label, href in there
        if may_open
    ]


def _side(viewer: Viewer, current: str, carried: str) -> html.Aside:
    links = [
        _link(tab, tab.label, "side", _class("nav-item", tab.href == current), carried)
        for tab in places(viewer)
    ]
    initials = "".join(word[0] for word in viewer.name.split()[:2]).upper()
    return html.Aside(
        [
            html.Div(
                [
                    html.Span(className="logo", **marks(aria_hidden="true")),
                    html.Span("Housecount", className="brand"),
                ],
                className="brandrow",
            ),
            html.Nav([*links, *_apart(viewer, "nav-item")], **marks(aria_label="Pages")),
            html.Div(
                [
                    html.A(
                        [
                            html.Span(initials, className="avatar", **marks(aria_hidden="true")),
                            _who(viewer, "grow who-name"),
                        ],
                        href="/account",
                        className="who-link grow",
                        title="Your account",
                    ),
                    sign_out(viewer),
                ],
                className="who",
            ),
        ],
        className="side",
        **marks(aria_label="Housecount"),
    )


def _who(viewer: Viewer, name: str) -> html.Div:
    return html.Div(
        [html.Div(viewer.name), html.Div(viewer.organisation, className="muted small")], className=name
    )


def sign_out(viewer: Viewer) -> html.Form:
    """A form, because signing out changes something: a link could be followed by a prefetch."""
    return html.Form(
        html.Button(
            icon("exit"),
            type="submit",
            name="csrf",
            value=viewer.csrf,
            className="icon-button bare",
            title="Sign out",
            **marks(aria_label="Sign out"),
        ),
        action="/logout",
        method="POST",
    )


def strip(sections: Sequence[Tab]) -> html.Nav:
    """The parts of a long page, for a phone: one tap down to each."""
    return html.Nav(
        [html.A(tab.label, href=tab.href) for tab in sections],
        className="strip",
        **marks(aria_label="On this page"),
    )


def _tabs(viewer: Viewer, current: str, carried: str) -> html.Nav:
    """The phone's bar: up to four pages, and the rest behind the fifth place."""
    own = places(viewer)
    links = [
        _link(tab, tab.short or tab.label, "tabs", _class("tab", tab.href == current), carried)
        for tab in own[:4]
    ]
    more = [_link(tab, tab.label, "tabs", "menu-item", carried) for tab in own[4:]]
    return html.Nav(
        [
            *links,
            html.Details(
                [
                    html.Summary([icon("more"), html.Span("More")], className="tab"),
                    html.Div(
                        [
                            *more,
                            *_apart(viewer, "menu-item"),
                            html.Div(
                                [
                                    html.A(
                                        _who(viewer, "grow"),
                                        href="/account",
                                        className="who-link grow",
                                        title="Your account",
                                    ),
                                    sign_out(viewer),
                                ],
                                className="who-row",
                            ),
                        ],
                        className="menu",
                    ),
                ],
                className="switcher more",
            ),
        ],
        className="tabs",
        **marks(aria_label="Main pages"),
    )


def _class(name: str, on: bool) -> str:
    return f"{name} on" if on else name
