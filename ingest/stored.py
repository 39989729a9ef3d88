"""What is stored already, cleaned of persons by the rules for what comes in."""

import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from data.messages import uuid_of
from ingest.personal_text import scrubbed
from ingest.privacy import without_persons
from ingest.refusal import Refused

_SALTED = timedelta(days=4)
"""Younger visitors have a salt that ends by itself."""
_VISITOR = "visitor_hash"
_HASHES = ("customer_hash", "from_customer_hash", "to_customer_hash", "author_hash", _VISITOR)
_OURS = frozenset((*_HASHES, "type", "message_id", "event_id", "venue_id", "field", "value", "name"))
"""Members of a stored message that are ours, or mean a thing of the house."""


class Cleaner:
    """Cleans rows of `data.stored_texts`. Visitors of older days get a name from a key that this object alone
    has and that ends with it: they stay as many as they were, and nobody can find out who they were."""

    def __init__(self, now: datetime) -> None:
        self._before = now - _SALTED
        self._key = secrets.token_bytes(32)

    def __call__(self, table: str, row: dict[str, Any], at: datetime) -> dict[str, Any]:
        """The columns that have to change, with their new values."""
        changes = {}
        for column, value in row.items():
            if value is None:
                continue
            cleaned = self._cleaned(table, column, value, at)
            if cleaned != value:
                changes[column] = cleaned
        return changes

    def _cleaned(self, table: str, column: str, value: Any, at: datetime) -> Any:
        if isinstance(value, UUID):
            return self._renamed(value) if at < self._before else value
        if table == "dead_letters" and column == "payload":
            return self._letter(value)
        if isinstance(value, str):
            return scrubbed(value)
        if table == "messages":
            return self._message(value, at)
        return _fit(value)

    def _message(self, payload: dict[str, Any], at: datetime) -> dict[str, Any]:
        own = {name: value for name, value in payload.items() if name in _OURS}
        rest = _fit({name: value for name, value in payload.items() if name not in _OURS})
        cleaned = {
            name: own[name] if name in own else rest[name] for name in payload if name in own or name in rest
        }
        if _VISITOR in cleaned and at < self._before:
            cleaned[_VISITOR] = str(self._renamed(UUID(str(cleaned[_VISITOR]))))
        return cleaned

    def _letter(self, payload: str) -> str:
        """A refused message as text: what is JSON stays JSON."""
        try:
            decoded = json.loads(payload)
        except ValueError:
            return scrubbed(payload)
        if not isinstance(decoded, dict):
            return scrubbed(payload)
        cleaned = self._message(decoded, self._before)
        return payload if cleaned == decoded else json.dumps(cleaned, ensure_ascii=False)

    def _renamed(self, visitor: UUID) -> UUID:
        return uuid_of(hmac.digest(self._key, visitor.bytes, "sha256")[:16])


def _fit(value: Any) -> Any:
    try:
        return without_persons(value)
    except Refused:
        return {}
