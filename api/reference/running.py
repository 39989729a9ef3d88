"""Notes, exports, and whether the process works."""

from api import exports, notes
from api.exports import MEDIA_TYPES
from api.notes import ChangedNote, NewNote
from api.reference.operation import CURSOR, LIMIT, UUID, Codes, Content, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, QUESTION, joined
from api.shapes.figures import Annotation, Annotations
from api.shapes.running import Alive, Health, Ready, ShownExport, ShownExports, SocketHealth
from data.export_request import ExportRequest
from data.notes import MOST

_NOTE = f"{notes.PATH}/<uuid:note_id>"
_NO_NOTE: Codes = {404: ("annotation-not-found",)}
_EXPORT = f"{exports.PATH}/<uuid:export_id>"
_NO_EXPORT: Codes = {404: ("export-not-found",)}
_MOMENT = {"type": "string", "format": "date-time"}
_IDS = {"type": "array", "items": UUID}

NOTES = Subject(
    "Annotations",
    "Notes on the time axis.",
    "notes",
    (
        Operation(
            "GET",
            notes.PATH,
            "listAnnotations",
            "Notes of some venues or events",
            {200: Annotations},
            parameters=(
                Parameter("from", _MOMENT, "The first moment."),
                Parameter("to", _MOMENT, "The moment before which they end."),
                Parameter("venue_id", _IDS, "Of these venues."),
                Parameter("event_id", _IDS, "Of these events."),
                Parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST}, "How many at most."),
                CURSOR,
            ),
            problems=NOT_VALID,
        ),
        Operation(
            "POST",
            notes.PATH,
            "addAnnotation",
            "Write a note",
            {201: Annotation},
            "At an event, or at a venue as a whole.",
            body=NewNote,
            examples=(
                {
                    "text": "Box office closed early",
                    "at": "2026-11-20T19:30:00+00:00",
                    "venueId": "019ab3a0-0000-7000-8000-000000000001",
                },
            ),
            headers={201: ("Location",)},
        ),
        Operation("GET", _NOTE, "getAnnotation", "One note", {200: Annotation}, problems=_NO_NOTE),
        Operation(
            "PATCH",
            _NOTE,
            "changeAnnotation",
            "Change a note",
            {200: Annotation},
            body=ChangedNote,
            examples=({"text": "Box office closed at seven"},),
            problems=_NO_NOTE,
        ),
        Operation("DELETE", _NOTE, "removeAnnotation", "Remove a note", {204: None}, problems=_NO_NOTE),
    ),
)

EXPORTS = Subject(
    "Exports",
    "Files of dashboards, pages, widgets, questions and rows. Small ones are there at once, others are "
    "written in the background.",
    "exports",
    (
        Operation(
            "POST",
            exports.PATH,
            "createExport",
            "Ask for a file",
            {201: ShownExport, 202: ShownExport},
            "201 when it is there already, 202 when it is being written.",
            body=ExportRequest,
            examples=(
                {"format": "csv", "query": {"metrics": ["tickets_sold"], "dimensions": ["day"]}},
                {"format": "xlsx", "widget": "kpi", "settings": {"metric": "tickets_sold"}},
            ),
            problems=joined(QUESTION, {404: ("dashboard-not-found",), 429: ("too-many-exports",)}),
            headers={201: ("Location",), 202: ("Location",), 429: ("Retry-After",)},
        ),
        Operation(
            "GET",
            exports.PATH,
            "listExports",
            "Your exports",
            {200: ShownExports},
            "Everybody's for an owner and with the scope `write`.",
            parameters=(LIMIT, CURSOR),
            problems=NOT_VALID,
        ),
        Operation("GET", _EXPORT, "getExport", "One export", {200: ShownExport}, problems=_NO_EXPORT),
        Operation(
            "DELETE",
            _EXPORT,
            "cancelExport",
            "Cancel an export, or remove its file",
            {204: None},
            "Another caller's only as an owner, or with the scope `write`.",
            problems=_NO_EXPORT,
        ),
        Operation(
            "GET",
            f"{_EXPORT}/file",
            "downloadExport",
            "The file",
            {
                200: Content(dict.fromkeys(MEDIA_TYPES.values())),
                206: Content(dict.fromkeys(MEDIA_TYPES.values())),
                304: None,
            },
            problems=joined(
                _NO_EXPORT,
                {
                    409: ("export-not-done",),
                    410: ("export-expired",),
                    416: ("requested-range-not-satisfiable",),
                },
            ),
        ),
    ),
)

HEALTH = Subject(
    "Health",
    "For load balancers and Prometheus.",
    "health",
    (
        Operation(
            "GET",
            "/health",
            "getHealth",
            "Whether each part works",
            {200: Health, 503: Health},
            rule="health/health",
        ),
        *(
            Operation(
                "GET", f"/{name}", f"get{name.title()}", "Whether the process lives", {200: Alive}, rule=rule
            )
            for name, rule in (("live", "health/live"), ("livez", "health/livez"))
        ),
        *(
            Operation(
                "GET",
                f"/{name}",
                f"get{name.title()}",
                "Whether PostgreSQL answers",
                {200: Ready, 503: Ready},
                rule=rule,
            )
            for name, rule in (("ready", "health/ready"), ("readyz", "health/readyz"))
        ),
        Operation(
            "GET",
            "/ws-health",
            "getSocketHealth",
            "Whether sockets work",
            {200: SocketHealth, 503: SocketHealth},
            rule="health/ws-health",
        ),
        Operation(
            "GET",
            "/metrics",
            "getMetrics",
            "Metrics in Prometheus's text format",
            {200: Content({"text/plain": None})},
            "Also on a port of its own.",
            rule="health/metrics",
        ),
    ),
)
