"""Dashboards, their versions, shares and links."""

from typing import Any, Literal, TypedDict

from api.shapes.values import Cursor, Id, Moment
from data.board_rights import Right
from data.dashboard_links import State


class Who(TypedDict):
    """A person, or the token of a program."""

    id: Id
    name: str


class Outline(TypedDict):
    """Where a widget stands: columns of 12 and rows."""

    widget: str
    x: int
    y: int
    w: int
    h: int


class PlacedWidget(TypedDict):
    """A widget on a dashboard; `phone` is its place in the one column of a phone."""

    id: str
    widget: str
    title: str
    settings: dict[str, Any]
    x: int
    y: int
    w: int
    h: int
    phone: int


class DashboardDocument(TypedDict):
    """Everything about a dashboard but its name and its rights; `filters` is what it looks at first."""

    widgets: list[PlacedWidget]
    filters: dict[str, str | list[str]]


class BoardHead(TypedDict):
    """What a list and a single dashboard both tell; `right` is that of whoever asks."""

    id: Id
    name: str
    version: int
    right: Right
    owner: Who
    shared: bool
    savedBy: str
    createdAt: Moment
    updatedAt: Moment
    trashedAt: Moment | None


class ListedDashboard(BoardHead):
    """A dashboard in a list, with the outline of its layout."""

    outline: list[Outline]


class Dashboard(BoardHead):
    """A dashboard with its document."""

    document: DashboardDocument


class Dashboards(TypedDict):
    """A page of dashboards, the newest first."""

    dashboards: list[ListedDashboard]
    nextCursor: Cursor


class HistoryLine(TypedDict):
    """A version of a dashboard, as it stood at the end of a sitting that began with version `first`."""

    version: int
    first: int
    name: str | None
    summary: str
    author: Who
    createdAt: Moment
    beganAt: Moment


class History(TypedDict):
    """A page of versions, the newest first."""

    versions: list[HistoryLine]
    nextCursor: Cursor


class DashboardVersion(HistoryLine):
    """One version with its document."""

    document: DashboardDocument


class GivenRight(TypedDict):
    """Whom a dashboard is shared with: `grantee` is `role:<role>` or `user:<id>`."""

    grantee: str
    kind: Literal["role", "user"]
    name: str
    mayEdit: bool


class Shares(TypedDict):
    """All rights given to a dashboard."""

    shares: list[GivenRight]


class Grantee(TypedDict):
    """Somebody a dashboard can be shared with; `detail` is the e-mail of a person."""

    grantee: str
    kind: Literal["role", "user"]
    name: str
    detail: str


class Candidates(TypedDict):
    """Everybody a dashboard can be shared with."""

    candidates: list[Grantee]


class LockedFilter(TypedDict):
    """What a link locks in words: "Channel", and all its values."""

    name: str
    values: list[str]


class PromoterLink(TypedDict):
    """A link for somebody outside; its address is told once, when it is given. `locked` says in words what
    `filters` lock."""

    id: Id
    label: str
    filters: dict[str, str | list[str]]
    locked: list[LockedFilter]
    masked: bool
    state: State
    createdBy: str
    createdAt: Moment
    expiresAt: Moment
    revokedAt: Moment | None
    views: int
    lastViewedAt: Moment | None


class GivenLink(PromoterLink):
    """A new link with its address, which nobody can read again."""

    url: str


class Links(TypedDict):
    """All links of a dashboard, also those that ended."""

    links: list[PromoterLink]
