"""What a browser keeps for five minutes between being known, by an OpenID provider or by a link that set a
password, and giving the code of its second factor. It is sealed."""

from __future__ import annotations

from uuid import UUID

from api.sealed import Sealed
from data.accounts import SecondStep

KEPT_SECONDS = 300
_LENGTH = 1_500


class SecondSteps:
    """Seals and opens what the cookie holds; `key` is the secret of the installation."""

    def __init__(self, key: str) -> None:
        self._sealed = Sealed(key, "second step of a sign-in", KEPT_SECONDS, _LENGTH)

    def seal(self, step: SecondStep) -> str:
        """The step as a text."""
        return self._sealed.seal(
            [step.email, step.tenant_id.hex, step.user_id.hex, step.proof, step.identity]
        )

    def open(self, text: str) -> SecondStep | None:
        """The step; None for what is older than five minutes or not from here."""
        kept = self._sealed.open(text)
        if kept is None:
            return None
        email, tenant_id, user_id, proof, identity = kept
        return SecondStep(email, UUID(tenant_id), UUID(user_id), proof, identity)
