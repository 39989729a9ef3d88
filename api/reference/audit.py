"""The audit log."""

from typing import get_args

from api import audit_log
from api.reference.operation import CURSOR, LIMIT, TEXT, UUID, Content, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID
from data.audit_entry import Door, Kind, Outcome

_MOMENT = {"type": "string", "format": "date-time"}
_ENTRIES = {
    "type": "object",
    "required": ["entries", "nextCursor"],
    "properties": {
        "entries": {"type": "array", "items": {"type": "object"}},
        "nextCursor": {"type": ["string", "null"]},
    },
}

AUDIT = Subject(
    "Audit log",
    "Who saw or changed what, through which door.",
    "audit-log",
    (
        Operation(
            "GET",
            audit_log.PATH,
            "searchAuditLog",
            "Entries, newest first",
            {200: Content({"application/json": _ENTRIES})},
            parameters=(
                Parameter("since", _MOMENT, "From this moment on."),
                Parameter("until", _MOMENT, "Before this moment."),
                Parameter("who", UUID, "Of this person, token or link."),
                Parameter("kind", {"enum": list(get_args(Kind))}, "Of people, tokens, links or others."),
                Parameter("action", TEXT, "What was done."),
                Parameter("door", {"enum": list(get_args(Door))}, "Through this door."),
                Parameter("outcome", {"enum": list(get_args(Outcome))}, "That ended so."),
                Parameter("object", TEXT, "About this, as kind:id, or about this kind."),
                Parameter("venue", UUID, "At this venue."),
                Parameter("event", UUID, "Of this event."),
                Parameter("address", TEXT, "Whose address has this in it, as GET /api/v1/exports."),
                LIMIT,
                CURSOR,
            ),
            problems=NOT_VALID,
        ),
    ),
)
