"""Doors, and what was refused at them."""

from api import dead_letters, event_matches, sources
from api.dead_letters import Handled, ReplayedAs
from api.event_matches import MatchedTo
from api.reference.operation import CURSOR, LIMIT, TEXT, Codes, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, REFUSALS, joined
from api.shapes.sources import (
    EventMatch,
    EventMatches,
    LettersJob,
    RefusedMessage,
    RefusedMessages,
    SeenSources,
    Settled,
    SettledMany,
    UnregisteredEvents,
    UnregisteredWithSuggestions,
)
from data.letters import STATES
from ingest.message import KINDS

_MOMENT = {"type": "string", "format": "date-time"}
_LETTER = f"{dead_letters.PATH}/<uuid:letter_id>"
_NO_LETTER: Codes = {404: ("letter-not-found",)}

SOURCES = Subject(
    "Sources",
    "The doors by which messages come in: how each is, what came through it and what was refused.",
    "sources",
    (
        Operation(
            "GET",
            sources.PATH,
            "listSources",
            "Every door, and how it is now",
            {200: SeenSources},
        ),
    ),
)

LETTERS = Subject(
    "Refused messages",
    "What came and could not be counted. Replaying goes through the writer of all messages: it counts once.",
    "dead-letters",
    (
        Operation(
            "GET",
            dead_letters.PATH,
            "searchRefusedMessages",
            "Refused messages, newest first",
            {200: RefusedMessages},
            "Those that nobody has dealt with, unless `state` says otherwise.",
            parameters=(
                Parameter("state", {"enum": [*STATES, "all"]}, "What became of them."),
                Parameter("door", TEXT, "Through this door."),
                Parameter("reason", TEXT, "For this reason, by its code."),
                Parameter("type", {"enum": list(KINDS)}, "Of this type."),
                Parameter("since", _MOMENT, "From this moment on."),
                Parameter("until", _MOMENT, "Before this moment."),
                LIMIT,
                CURSOR,
            ),
            problems=NOT_VALID,
        ),
        Operation(
            "GET", _LETTER, "getRefusedMessage", "One of them", {200: RefusedMessage}, problems=_NO_LETTER
        ),
        Operation(
            "POST",
            f"{_LETTER}/replay",
            "replayRefusedMessage",
            "Replay it, as it was kept or edited",
            {200: Settled},
            "With a `payload` that one is taken, checked as at the door: its id, its source and hashes of "
            "people have to stay as they were. Once it has been handled, nothing is done.",
            body=ReplayedAs,
            body_needed=False,
            problems=joined(NOT_VALID, _NO_LETTER, REFUSALS),
        ),
        Operation(
            "POST",
            f"{_LETTER}/discard",
            "discardRefusedMessage",
            "Lay it aside; it stays to be looked at",
            {200: Settled},
            problems=_NO_LETTER,
        ),
        Operation(
            "POST",
            f"{dead_letters.PATH}/bulk",
            "handleRefusedMessages",
            "Replay or discard several, or all that match",
            {200: SettledMany, 202: LettersJob},
            "With `ids` it is done at once; with `filters` it is a job, whose address is in `Location`.",
            body=Handled,
            examples=({"action": "replay", "filters": {"reason": "unknown-venue"}},),
            problems=joined(NOT_VALID, {409: ("too-many-jobs",)}),
            headers={202: ("Location",)},
        ),
        Operation(
            "GET",
            f"{dead_letters.PATH}/bulk/<uuid:job_id>",
            "getRefusedMessagesJob",
            "How far a job is",
            {200: LettersJob},
            problems={404: ("job-not-found",)},
        ),
    ),
)

_STRAY = f"{event_matches.PATH}/<uuid:unregistered_id>"
_NO_EVENT: Codes = {404: ("event-not-found",)}
_NOT_MATCHABLE: Codes = {409: ("not-matchable",)}

MATCHES = Subject(
    "Unregistered events",
    "Events that messages name and nobody entered. Which one is meant, a person says: what came moves there, "
    "and what comes goes there.",
    "event-matches",
    (
        Operation(
            "GET",
            event_matches.PATH,
            "listUnregisteredEvents",
            "Those that were named last first",
            {200: UnregisteredEvents},
            parameters=(LIMIT, CURSOR),
            problems=NOT_VALID,
        ),
        Operation(
            "GET",
            _STRAY,
            "getUnregisteredEvent",
            "One of them, and which events may be meant",
            {200: UnregisteredWithSuggestions},
            problems=_NO_EVENT,
        ),
        Operation(
            "POST",
            f"{_STRAY}/match",
            "matchUnregisteredEvent",
            "Say which event is meant",
            {202: EventMatch},
            "An event of the same venue that somebody registered. What comes from now on goes there; what "
            "came is moved in the background, with every figure right at every moment.",
            body=MatchedTo,
            problems=joined(NOT_VALID, _NO_EVENT, _NOT_MATCHABLE),
        ),
        Operation(
            "GET",
            event_matches.MATCHES,
            "listEventMatches",
            "What was matched",
            {200: EventMatches},
        ),
        Operation(
            "POST",
            f"{event_matches.MATCHES}/<uuid:unregistered_id>/undo",
            "undoEventMatch",
            "Take a match back, to the last message",
            {202: EventMatch},
            problems=joined({404: ("match-not-found",)}, _NOT_MATCHABLE),
        ),
    ),
)
