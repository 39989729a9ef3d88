"""All of the API, in the order in which it is read."""

from collections.abc import Iterator

from api.reference.audit import AUDIT
from api.reference.boards import DASHBOARDS, SHARING, VERSIONS
from api.reference.figures import QUESTIONS, ROWS, WIDGETS
from api.reference.imports import IMPORTS
from api.reference.live import LIVE, STREAM
from api.reference.messages import MESSAGES, WEBHOOKS
from api.reference.operation import Operation, Subject
from api.reference.own import REFERENCE
from api.reference.running import EXPORTS, HEALTH, NOTES
from api.reference.sources import LETTERS, MATCHES, SOURCES
from api.reference.stats import STATS
from api.reference.webhooks import OUTGOING
from api.rules import RULES, Rule

SUBJECTS = (
    MESSAGES,
    LIVE,
    STREAM,
    QUESTIONS,
    ROWS,
    STATS,
    WIDGETS,
    DASHBOARDS,
    VERSIONS,
    SHARING,
    NOTES,
    EXPORTS,
    SOURCES,
    IMPORTS,
    LETTERS,
    MATCHES,
    AUDIT,
    OUTGOING,
    WEBHOOKS,
    HEALTH,
    REFERENCE,
)
_DOOR = Rule("permitted", "", None, "send-messages")
"""The door for messages stands before the application and asks for itself (`api/ingest.py`)."""


def rule_named(name: str) -> Rule:
    """The rule of this name in `api/rules.py`. Raises KeyError."""
    return _DOOR if name == MESSAGES.rule else RULES[name]


def operations() -> Iterator[tuple[Subject, Operation, str]]:
    """Every operation at each of its addresses, aliases included, as Flask writes them."""
    for subject in SUBJECTS:
        for operation in subject.operations:
            for path in (operation.path, *operation.aliases):
                yield subject, operation, path
