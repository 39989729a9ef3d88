"""How often somebody may try to sign in: after a few failures each further try waits, longer every time.

An account and an address are counted apart, whether the account exists or not. A browser that has signed in
to an account before is counted for itself, so that strangers who guess lock out nobody but themselves
(OWASP, "Slow down online guessing attacks with device cookies").
"""

from __future__ import annotations

from data.counters import Counters

FREE_OF_ACCOUNT = 5
FREE_OF_ADDRESS = 50
"""Failures before tries of one address have to wait: a whole office may come from one."""
SHORTEST_WAIT_SECONDS = 2
LONGEST_WAIT_SECONDS = 900
REMEMBERED_SECONDS = 24 * 3600
"""Failures are forgotten this long after the last one."""


class SignInRate:
    """Tries to sign in, all processes together. Safe to use from any thread; never raises."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def wait(self, email: str, address: str, device: str | None) -> int:
        """0 when this try may be made: it counts as a failure until `succeeded` or `not_made` is told. Else
        the seconds until the next one may be made. `device` names a browser that knows this account."""
        kept = _account(email, device)
        for kind, who in (kept, ("sign-in-address", address)):
            left = self._counters.taken(f"{kind}-wait", who)
            if left:
                return left
        return self._try(*kept, FREE_OF_ACCOUNT) or self._try("sign-in-address", address, FREE_OF_ADDRESS)

    def succeeded(self, email: str, address: str, device: str | None, tries: int = 1) -> None:
        """The try, of so many steps, was no failure: the account starts anew, the address as it was."""
        kind, who = _account(email, device)
        self._counters.forget((kind, who), (f"{kind}-wait", who))
        for _ in range(tries):
            self._counters.uncount("sign-in-address", address)

    def not_made(self, email: str, address: str, device: str | None) -> None:
        """The password was not even looked at."""
        self._counters.uncount(*_account(email, device))
        self._counters.uncount("sign-in-address", address)

    def _try(self, kind: str, who: str, free: int) -> int:
        tried = self._counters.count(kind, who, REMEMBERED_SECONDS)
        if tried <= free:
            return 0
        seconds = min(SHORTEST_WAIT_SECONDS * 2 ** min(tried - free - 1, 20), LONGEST_WAIT_SECONDS)
        # Of several at the same moment one takes the place.
        left = self._counters.take(f"{kind}-wait", who, seconds)
        if left:
            self._counters.uncount(kind, who)
        return left


def _account(email: str, device: str | None) -> tuple[str, str]:
    email = email.strip().lower()
    return ("sign-in-device", f"{device} {email}") if device else ("sign-in-account", email)
