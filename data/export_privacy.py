"""Customers as they leave the house: under a name that holds for one day only.

Inside, a customer is a keyed hash that never changes. What is taken away is hashed again with a key of the
day (UTC), so that two days' exports cannot be joined by it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast
from uuid import UUID

from data.answers import Answer
from data.engine import TenantConnection
from data.tenant_keys import customer_key

CUSTOMER = "customer"
_TICKET_LENGTH = 10
Rename = Callable[[Any], Any]
Found = TypeVar("Found")


def renaming(tenant: TenantConnection, now: datetime) -> Rename:
    """What gives a customer the name of this day; None stays None."""
    return renaming_with(customer_key(tenant), now.astimezone(UTC).date())


def renaming_with(key: bytes, day: date) -> Rename:
    """The same from the tenant's key and a day."""
    of_day = hmac.digest(key, f"export {day.isoformat()}".encode(), "sha256")

    def rename(customer: Any) -> Any:
        if not isinstance(customer, str | UUID) or customer in ("", "other"):
            return customer
        return _name(of_day, str(customer))

    return rename


@lru_cache(maxsize=20_000)
def _name(of_day: bytes, customer: str) -> str:
    """Remembered, as the same boards are asked for again and again."""
    return str(UUID(bytes=hmac.digest(of_day, customer.encode(), "sha256")[:16]))


def ticket_name(digest: Callable[[bytes], UUID], day: date, ticket: str) -> str:
    """The name of a ticket on this day; `digest` is the tenant's keyed one."""
    return digest(f"{day.isoformat()}\x00ticket\x00{ticket}".encode()).hex[:_TICKET_LENGTH]


def leaving(tenant: TenantConnection, answers: Sequence[Found], now: datetime) -> list[Found]:
    """Answers as they leave the house: customers under their names of this day, all else as it is."""
    if not any(isinstance(each, Answer) and _places(each) for each in answers):
        return list(answers)
    rename = renaming(tenant, now)
    return [
        cast(Found, without_customers(each, rename)) if isinstance(each, Answer) else each for each in answers
    ]


def without_customers(answer: Answer, rename: Rename) -> Answer:
    """The answer with its customers renamed."""
    places = _places(answer)
    if not places:
        return answer
    rows = answer.rows
    for place in places:
        rows = [(*row[:place], rename(row[place]), *row[place + 1 :]) for row in rows]
    return replace(answer, rows=rows)


def _places(answer: Answer) -> list[int]:
    return [index for index, column in enumerate(answer.columns) if column.name == CUSTOMER]
