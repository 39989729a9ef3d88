"""How often mails may be caused: by strangers who ask for another password, and by those who invite.

What an address of the network may ask is told to whoever asks; what goes to one e-mail is bounded without a
word, for the answer must be the same whoever has it.
"""

from __future__ import annotations

import math
from uuid import UUID

from data.counters import Counters

HOUR = 3600
ASKED_BY_ADDRESS = 20
"""Passwords that one address may ask for at once; then one more every three minutes."""
MAILS_TO_EMAIL = 3
"""Mails of a kind to one e-mail at once; then one more every twenty minutes."""
INVITED_BY_PERSON = 30


class MailRate:
    """Counts of all processes together. Safe to use from any thread; never raises for want of Redis."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def wait_to_ask(self, address: str) -> int:
        """0, or the seconds until this address may ask for a password again."""
        return self._spend("reset-address", address, ASKED_BY_ADDRESS)

    def may_ask_for(self, email: str) -> bool:
        """Whether one more mail may go to whoever has this e-mail, for a password was forgotten."""
        return not self._spend("reset-email", email.strip().lower(), MAILS_TO_EMAIL)

    def wait_to_invite(self, tenant_id: UUID, user_id: UUID, email: str) -> int:
        """0, or the seconds until this person may send an invitation there."""
        to_whom = f"{tenant_id} {email.lower()}"
        return self._spend("invite-person", str(user_id), INVITED_BY_PERSON) or self._spend(
            "invite-email", to_whom, MAILS_TO_EMAIL
        )

    def _spend(self, kind: str, who: str, an_hour: int) -> int:
        [(granted, _, seconds)] = self._counters.spend([(kind, who, HOUR / an_hour, an_hour, 1)])
        return 0 if granted else max(1, math.ceil(seconds))
