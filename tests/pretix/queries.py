"""The questions of `figures.py` and `scan_figures.py`: what they have in common."""

from decimal import Decimal
from typing import Any

from data.engine import TenantConnection

Json = dict[str, Any]

SNAPSHOT = """
WITH orders AS (
    SELECT code, status, testmode, document,
           (document ->> 'require_approval')::bool AS needs_approval,
           (document ->> 'total')::numeric AS total
    FROM pretix_orders WHERE tenant_id = %(tenant)s AND event = %(event)s AND status <> 'deleted'
), positions AS (
    SELECT o.code, o.testmode, (p ->> 'item')::int AS item, (p ->> 'variation')::int AS variation,
           (p ->> 'subevent')::int AS subevent, (p ->> 'price')::numeric AS gross,
           (p ->> 'tax_value')::numeric AS tax, (p ->> 'canceled')::bool AS canceled,
           EXISTS (SELECT 1 FROM pretix_events e, jsonb_array_elements(e.document -> 'items') AS i
                   WHERE e.tenant_id = %(tenant)s AND e.event = %(event)s
                   AND i ->> 'id' = p ->> 'item' AND (i ->> 'admission')::bool) AS admission,
           CASE WHEN o.status = 'c' OR (p ->> 'canceled')::bool THEN 'canceled'
                WHEN o.status = 'n' AND needs_approval THEN 'unapproved'
                WHEN o.status = 'n' THEN 'pending' WHEN o.status = 'e' THEN 'expired'
                ELSE 'paid' END AS state
    FROM orders o, jsonb_array_elements(document -> 'positions') AS p
), fees AS (
    SELECT o.code, o.testmode, o.status, (f ->> 'value')::numeric AS gross,
           (f ->> 'tax_value')::numeric AS tax, o.status = 'c' OR (f ->> 'canceled')::bool AS canceled
    FROM orders o, jsonb_array_elements(document -> 'fees') AS f
), payments AS (
    SELECT o.code, p ->> 'state' AS state, p ->> 'provider' AS provider, (p ->> 'amount')::numeric AS amount
    FROM orders o, jsonb_array_elements(document -> 'payments') AS p WHERE NOT testmode
), refunds AS (
    SELECT o.code, r ->> 'state' AS state, (r ->> 'amount')::numeric AS amount
    FROM orders o, jsonb_array_elements(document -> 'refunds') AS r WHERE NOT testmode
)
"""
LEDGER = """
WITH mine AS (
    SELECT event_id, external_id FROM events WHERE tenant_id = %(tenant)s
    AND (external_id = %(external)s OR external_id LIKE %(external)s || '/%%')
), lines AS (
    SELECT l.*, metadata ->> 'fee' AS fee, metadata ->> 'feeType' AS fee_type,
           metadata ->> 'taxRate' AS rate, nullif(split_part(external_id, '/', 3), '')::int AS subevent
    FROM ticket_sales l JOIN mine USING (event_id) WHERE tenant_id = %(tenant)s
), tickets AS (SELECT * FROM lines WHERE fee IS NULL),
fees AS (
    SELECT fee_type, fee, sum(amount_minor) AS amount_minor, sum(tax_minor) AS tax_minor
    FROM lines WHERE fee IS NOT NULL GROUP BY 1, 2 HAVING sum(amount_minor) <> 0
), scans AS (
    SELECT s.*, area::int AS list FROM ticket_scans s JOIN mine USING (event_id) WHERE tenant_id = %(tenant)s
), standing AS (
    -- An annulment knows when and where, but not always which device had let them in.
    SELECT event_id, list, ticket_id, direction, occurred_at, gate, admission, max(scanner) AS scanner
    FROM scans WHERE effect <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(effect) > 0
), void AS (
    SELECT event_id, ticket_id FROM tickets GROUP BY 1, 2
    HAVING count(*) FILTER (WHERE kind = 'cancellation') > count(*) FILTER (WHERE metadata ? 'restores')
), last AS (
    SELECT DISTINCT ON (list, ticket_id) event_id, list, ticket_id, direction FROM standing
    ORDER BY list, ticket_id, occurred_at DESC, direction
), inside AS (
    SELECT list, ticket_id FROM last WHERE direction = 'entry'
    AND NOT EXISTS (SELECT 1 FROM void v WHERE v.event_id = last.event_id AND v.ticket_id = last.ticket_id)
)
"""


class Asked:
    """One event of one source, asked by SQL."""

    def __init__(self, tenant: TenantConnection, source: str, event: str, zone: str) -> None:
        self._tenant = tenant
        external = f"pretix:{source}/{event}"
        self._with = {"tenant": tenant.tenant_id, "event": event, "external": external, "zone": zone}

    def rows(self, query: str) -> list[Json]:
        return self._tenant.rows(query, self._with)

    def one(self, query: str) -> Any:
        row = self._tenant.execute(query, self._with).fetchone()
        assert row is not None
        return row[0]

    def counts(self, query: str) -> dict[Any, Any]:
        return dict(self._tenant.execute(query, self._with).fetchall())


def money(amount: Any, divisor: int = 1) -> str:
    return f"{Decimal(amount or 0) / divisor:.2f}"


def worth(row: Json, divisor: int = 1) -> Json:
    return {
        "count": int(row["count"]),
        "gross": money(row["gross"], divisor),
        "tax": money(row["tax"], divisor),
    }
