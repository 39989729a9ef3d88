"""Dashboards: making, reading, saving, versions, shares and links."""

from typing import Any

from api.dashboard_sharing import Given, NewLink
from api.dashboard_versions import NewName
from api.dashboards import PATH, ChangedBoard, Copy, NewBoard, SavedBoard
from api.reference.operation import CURSOR, FLAG, LIMIT, TEXT, Codes, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, joined
from api.shapes.boards import (
    Candidates,
    Dashboard,
    Dashboards,
    DashboardVersion,
    GivenLink,
    History,
    Links,
    PromoterLink,
    Shares,
)

_ONE = f"{PATH}/<uuid:board_id>"
_MISSING: Codes = {404: ("dashboard-not-found",)}
_NO_VERSION: Codes = {404: ("dashboard-not-found", "version-not-found")}
_INVALID: Codes = joined(_MISSING, NOT_VALID)
_TOO_MANY: Codes = {409: ("too-many-dashboards",)}
_TAGGED = {200: ("ETag",)}
_MADE = {201: ("ETag", "Location")}
_DOCUMENT: dict[str, Any] = {
    "widgets": [
        {
            "id": "sold",
            "widget": "kpi",
            "settings": {"metric": "tickets_sold"},
            "x": 0,
            "y": 0,
            "w": 4,
            "h": 2,
        }
    ],
    "filters": {"range": "30d"},
}
_GRANTEE = Parameter("grantee", TEXT, "`role:manager`, `role:analyst` or `user:<id>`.", "path", True)

DASHBOARDS = Subject(
    "Dashboards",
    "Which widgets stand where, and what they look at first. Whoever saves says in If-Match which version "
    "they saw; nothing that somebody else saved meanwhile is overwritten.",
    "dashboards",
    (
        Operation(
            "GET",
            PATH,
            "listDashboards",
            "Dashboards that you have a right to",
            {200: Dashboards},
            parameters=(LIMIT, CURSOR, Parameter("trashed", FLAG, "1 for those in the trash.")),
            problems=NOT_VALID,
        ),
        Operation(
            "POST",
            PATH,
            "createDashboard",
            "Make a dashboard",
            {201: Dashboard},
            "Of a document, of a template, or empty.",
            body=NewBoard,
            examples=({"name": "Doors"}, {"name": "Doors", "document": _DOCUMENT}, {"template": "tonight"}),
            problems=_TOO_MANY,
            headers=_MADE,
        ),
        Operation(
            "GET",
            _ONE,
            "getDashboard",
            "One dashboard with its document",
            {200: Dashboard, 304: None},
            "With If-None-Match, 304 when you have this version.",
            problems=_MISSING,
            headers=_TAGGED,
        ),
        Operation(
            "PUT",
            _ONE,
            "saveDashboard",
            "Save a dashboard",
            {200: Dashboard},
            body=SavedBoard,
            examples=({"document": _DOCUMENT},),
            problems=_MISSING,
            headers=_TAGGED,
            versioned=True,
        ),
        Operation(
            "PATCH",
            _ONE,
            "changeDashboard",
            "Rename a dashboard, name its version, move it to the trash or back",
            {200: Dashboard},
            body=ChangedBoard,
            examples=({"name": "Doors and bars"}, {"trashed": True}),
            problems=joined(_MISSING, _TOO_MANY),
            headers=_TAGGED,
            versioned=True,
        ),
        Operation(
            "DELETE",
            _ONE,
            "deleteDashboard",
            "Move a dashboard to the trash, or remove it from there for good",
            {204: None},
            parameters=(Parameter("purge", FLAG, "1 removes what is in the trash for good."),),
            problems=_INVALID,
            versioned=True,
        ),
        Operation(
            "POST",
            f"{_ONE}/duplicate",
            "duplicateDashboard",
            "Copy a dashboard",
            {201: Dashboard},
            body=Copy,
            body_needed=False,
            examples=({"name": "A second night"},),
            problems=joined(_MISSING, _TOO_MANY),
            headers=_MADE,
        ),
    ),
)

VERSIONS = Subject(
    "Versions of dashboards",
    "Every save is a version. The history tells those of one sitting as one line.",
    "dashboard_versions",
    (
        Operation(
            "GET",
            f"{_ONE}/versions",
            "listVersions",
            "The history of a dashboard",
            {200: History},
            parameters=(
                LIMIT,
                CURSOR,
                Parameter(
                    "before", {"type": "integer", "minimum": 0, "maximum": 999_999_999}, "The same as cursor."
                ),
                Parameter("every", FLAG, "1 for every single version."),
            ),
            problems=_INVALID,
        ),
        Operation(
            "POST",
            f"{_ONE}/versions",
            "nameVersion",
            "Give the present version a name",
            {201: Dashboard},
            body=NewName,
            examples=({"name": "Opening night"},),
            problems=_MISSING,
            headers=_MADE,
            versioned=True,
        ),
        Operation(
            "GET",
            f"{_ONE}/versions/<int:number>",
            "getVersion",
            "One version with its document",
            {200: DashboardVersion},
            problems=_NO_VERSION,
        ),
        Operation(
            "POST",
            f"{_ONE}/versions/<int:number>/restore",
            "restoreVersion",
            "Save a version anew as the present one",
            {200: Dashboard},
            problems=joined(_NO_VERSION, NOT_VALID),
            headers=_TAGGED,
            versioned=True,
        ),
    ),
)

SHARING = Subject(
    "Sharing dashboards",
    "Rights within the organisation, and links for people outside.",
    "dashboard_sharing",
    (
        Operation(
            "GET",
            f"{_ONE}/shares",
            "listShares",
            "Whom a dashboard is shared with",
            {200: Shares},
            problems=_MISSING,
        ),
        Operation(
            "PUT",
            f"{_ONE}/shares/<grantee>",
            "share",
            "Give a right, or change it",
            {200: Shares},
            body=Given,
            body_needed=False,
            examples=({"mayEdit": True},),
            parameters=(_GRANTEE,),
            problems=_MISSING,
        ),
        Operation(
            "DELETE",
            f"{_ONE}/shares/<grantee>",
            "unshare",
            "Take a right back",
            {200: Shares},
            parameters=(_GRANTEE,),
            problems=_INVALID,
        ),
        Operation(
            "GET",
            f"{_ONE}/candidates",
            "listCandidates",
            "Whom a dashboard can be shared with",
            {200: Candidates},
            problems=_MISSING,
        ),
        Operation(
            "GET",
            f"{_ONE}/links",
            "listLinks",
            "The links of a dashboard",
            {200: Links},
            problems=_MISSING,
        ),
        Operation(
            "POST",
            f"{_ONE}/links",
            "giveLink",
            "Give a link to somebody outside",
            {201: GivenLink},
            "Its filters name one venue or one event, and it ends by itself. The address is told this once.",
            rule="dashboard_sharing.give_link",
            body=NewLink,
            examples=(
                {
                    "label": "Promoter of the gala",
                    "filters": {"venue": "019ab3a0-0000-7000-8000-000000000001"},
                    "masked": True,
                    "expiresAt": "2027-01-31T22:00:00+00:00",
                },
            ),
            problems=joined(_MISSING, {422: ("naive-time",)}),
        ),
        Operation(
            "DELETE",
            f"{_ONE}/links/<uuid:link_id>",
            "revokeLink",
            "End a link",
            {200: PromoterLink},
            problems=_MISSING,
        ),
    ),
)
