"""Messages into the ledger, where one that PostgreSQL refuses must not take its neighbours with it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from data import facts
from data.engine import REFUSALS, Database
from data.facts import Verdict
from data.messages import Message
from data.services import Live

log = logging.getLogger(__name__)


class NotStorable(Exception):
    """PostgreSQL refused this very message although the door let it pass; its neighbours are not affected."""


MOST_ATTEMPTS = 64
"""Transactions spent on finding the messages at fault: two of a thousand take forty."""


@dataclass
class _Search:
    """How often it was tried, and what PostgreSQL said first."""

    attempts: int = 0
    error: Exception | None = None


def commit(
    database: Database, live: Live, tenant_id: UUID, messages: Sequence[Message]
) -> list[Verdict | NotStorable]:
    """Commit messages, tell the live path, and return a verdict for each.

    One transaction, unless PostgreSQL refuses a message: then halves are tried until the one at
    fault stands alone, or until it was tried often enough, and what is left is not stored together.
    Raises DatabaseUnavailable; what was committed before it is found as duplicate when the sender
    tries again.
    """
    search = _Search()
    verdicts = _commit(database, live, tenant_id, messages, search)
    if search.error is not None:
        refused = sum(isinstance(verdict, NotStorable) for verdict in verdicts)
        log.error(
            "PostgreSQL refused %d of %d messages that the door let pass",
            refused,
            len(messages),
            exc_info=search.error,
        )
    return verdicts


def _commit(
    database: Database, live: Live, tenant_id: UUID, messages: Sequence[Message], search: _Search
) -> list[Verdict | NotStorable]:
    if search.attempts >= MOST_ATTEMPTS:
        return [NotStorable(f"one of its neighbours was refused: {search.error}") for _ in messages]
    search.attempts += 1
    try:
        written = facts.write(database, tenant_id, messages)
    except REFUSALS as error:
        search.error = search.error or error
        if len(messages) == 1:
            return [NotStorable(str(error).splitlines()[0])]
        middle = len(messages) // 2
        return [
            verdict
            for half in (messages[:middle], messages[middle:])
            for verdict in _commit(database, live, tenant_id, half, search)
        ]
    if written.versions:
        live.touched(tenant_id, written.versions)
    return list(written.verdicts)
