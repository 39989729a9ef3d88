"""What every kind of sink does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from data.engine import TenantConnection
from data.sink_rows import Copied


class NotTaken(Exception):
    """The sink did not take it now; the text says why, without secrets."""


class SinkKind(Protocol):
    """One sink that is open."""

    payload: bool
    """Whether it needs what was sent."""

    def prepare(self, tenant: TenantConnection, found: Sequence[Copied]) -> Sequence[Any]:
        """What these messages come to, read in the transaction that read them."""
        ...

    def send(self, prepared: Sequence[Any]) -> None:
        """Hand it over; what was there already is replaced by the same. Raises NotTaken."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
