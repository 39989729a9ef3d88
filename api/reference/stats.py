"""Ticket activity: how many scans, transfers and refused attempts, and each of them."""

from typing import Any

from api.reference.operation import TEXT, Operation, Parameter, Subject
from api.shapes.stats import ActivityDays, InvalidAttempts, TicketScans, TicketStats, TicketTransfers
from api.stats import MOST, PATHS, USUAL

_PATH, _ALIAS = PATHS
_WHICH = "The id of an event, or the sender's own name of it."
_EVENT = Parameter("event_id", TEXT, _WHICH, required=True)
_LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST},
    f"How many at most; {USUAL} when not said.",
)


def _list(part: str, name: str, summary: str, answer: Any, rule: str = "stats-rows") -> Operation:
    return Operation(
        "GET",
        f"{_PATH}/{part}",
        name,
        summary,
        {200: answer},
        rule=rule,
        parameters=(_EVENT, _LIMIT),
        problems={400: ("bad-parameters",), 404: ("event-not-found",)}
        | ({422: ("archived",)} if rule == "stats-rows" else {}),
        aliases=(f"{_ALIAS}/{part}",),
    )


STATS = Subject(
    "Ticket activity",
    "Scans, transfers and refused attempts, each and in sum. People and tickets have names of the day.",
    "stats",
    (
        Operation(
            "GET",
            _PATH,
            "getTicketStats",
            "How often tickets were scanned, handed on and refused",
            {200: TicketStats},
            "Of one event, or of all that you may see together: then `event_id` is null.",
            parameters=(Parameter("event_id", TEXT, _WHICH),),
            problems={400: ("bad-parameters",), 404: ("event-not-found",)},
            aliases=(_ALIAS,),
        ),
        _list("scans", "listTicketScans", "The latest scans of an event", TicketScans),
        _list("transfers", "listTicketTransfers", "The latest transfers of an event", TicketTransfers),
        _list(
            "invalid-attempts",
            "listInvalidAttempts",
            "The latest refused attempts of an event",
            InvalidAttempts,
        ),
        _list("days", "listTicketStatsDays", "The same counts day by day", ActivityDays, "stats"),
    ),
)
