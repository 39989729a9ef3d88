"""Messages into the ledger, where one that PostgreSQL refuses must not take its neighbours with it."""

import logging
from collections.abc import Sequence
from uuid import UUID

from data import facts
from data.engine import REFUSALS, Database
from data.facts import Verdict
from data.messages import Message
from data.services import Live

log = logging.getLogger(__name__)


class NotStorable(Exception):
    """PostgreSQL refused this very message although the door let it pass; its neighbours are not affected."""


def commit(
    database: Database, live: Live, tenant_id: UUID, messages: Sequence[Message]
) -> list[Verdict | NotStorable]:
    """Commit messages, tell the live path, and return a verdict for each.

    One transaction, unless PostgreSQL refuses a message: then halves are tried until the one at
    fault stands alone. Raises DatabaseUnavailable; what was committed before it is found as
    duplicate when the sender tries again.
    """
    try:
        written = facts.write(database, tenant_id, messages)
    except REFUSALS as error:
        if len(messages) == 1:
            log.exception("PostgreSQL refused a message that the door let pass")
            return [NotStorable(str(error).splitlines()[0])]
        middle = len(messages) // 2
        return [
            verdict
            for half in (messages[:middle], messages[middle:])
            for verdict in commit(database, live, tenant_id, half)
        ]
    if written.versions:
        live.touched(tenant_id, written.versions)
    return list(written.verdicts)
