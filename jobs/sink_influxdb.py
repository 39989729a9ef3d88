"""Minutes of the ledger, in InfluxDB's line protocol, to any /api/v2/write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from data.engine import TenantConnection
from data.sink_rows import AMOUNTS, COUNTS, Copied, minutes
from data.sinks import Sink
from jobs.line_protocol import line
from jobs.sink_kind import NotTaken

MEASUREMENT = "housecount"
TIMEOUT_SECONDS = 30.0


class InfluxDB:
    """One place that takes lines."""

    payload = False

    def __init__(self, sink: Sink) -> None:
        self._place, self._secret = sink.place, sink.secret

    def prepare(self, tenant: TenantConnection, found: Sequence[Copied]) -> list[str]:
        """A line for each minute and currency that these messages fell into, with its present sums."""
        return lines(tenant.tenant_id, minutes(tenant, found))

    def send(self, prepared: Sequence[Any]) -> None:
        """Write them. Raises NotTaken."""
        if not prepared:
            return
        token = self._secret.get("token")
        try:
            answer = httpx.post(
                f"{self._secret['url'].rstrip('/')}/api/v2/write",
                params={"org": self._place["org"], "bucket": self._place["bucket"], "precision": "s"},
                headers={"Authorization": f"Token {token}"} if token else {},
                content="\n".join(prepared).encode(),
                timeout=TIMEOUT_SECONDS,
            )
        except httpx.HTTPError as error:
            raise NotTaken(f"It cannot be reached: {type(error).__name__}.") from None
        if not answer.is_success:
            raise NotTaken(f"It answered {answer.status_code}: {answer.text[:200]}")

    def close(self) -> None:
        """Nothing is kept open."""


def lines(tenant_id: UUID, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Counts in a line without a currency, amounts in one with it."""
    found = []
    for row in rows:
        tags = {"tenant": str(tenant_id), "venue": row["venue"], "event": row["event"]}
        names = AMOUNTS if row["currency"] else COUNTS
        fields = {name: int(row[name]) for name in names}
        second = int(row["bucket"].timestamp())
        found.append(line(MEASUREMENT, tags | {"currency": row["currency"]}, fields, second))
    return found
