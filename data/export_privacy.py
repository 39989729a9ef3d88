"""Customers as they leave the house: under a name that holds for one day only.

Inside, a customer is a keyed hash that never changes. What is taken away is hashed again with a key of the
day (UTC), so that two days' exports cannot be joined by it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from data.answers import Answer
from data.engine import TenantConnection

CUSTOMER = "customer"
Rename = Callable[[Any], Any]


def renaming(tenant: TenantConnection, now: datetime) -> Rename:
    """What gives a customer the name of this day; None stays None."""
    row = tenant.execute(
        "SELECT customer_key FROM tenants WHERE tenant_id = %s", [tenant.tenant_id]
    ).fetchone()
    assert row is not None
    return renaming_with(bytes(row[0]), now.astimezone(UTC).date())


def renaming_with(key: bytes, day: date) -> Rename:
    """The same from the tenant's key and a day."""
    of_day = hmac.digest(key, f"export {day.isoformat()}".encode(), "sha256")

    def rename(customer: Any) -> Any:
        if not isinstance(customer, str | UUID) or customer in ("", "other"):
            return customer
        return str(UUID(bytes=hmac.digest(of_day, str(customer).encode(), "sha256")[:16]))

    return rename


def without_customers(answer: Answer, rename: Rename) -> Answer:
    """The answer with its customers renamed."""
    places = [index for index, column in enumerate(answer.columns) if column.name == CUSTOMER]
    if not places:
        return answer
    rows = [
        tuple(rename(value) if index in places else value for index, value in enumerate(row))
        for row in answer.rows
    ]
    return replace(answer, rows=rows)
