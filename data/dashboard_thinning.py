"""The history of boards grows thinner with age, and that of removed boards goes.

The application's role can remove no version; the worker does it as the owner of the tables, by a rule that
knows nobody's wishes: whoever uses the application cannot make a version disappear.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import psycopg

_THIN = """
WITH aged AS (
  SELECT dashboard_id, version, row_number() OVER (
    PARTITION BY dashboard_id, date_trunc(
      CASE WHEN created_at > now() - interval '7 days' THEN 'hour' ELSE 'day' END,
      created_at AT TIME ZONE 'UTC'
    ) ORDER BY version DESC
  ) AS place
  FROM dashboard_versions
  WHERE tenant_id = %(tenant)s AND name IS NULL AND created_at <= now() - interval '1 day'
)
DELETE FROM dashboard_versions kept USING aged
WHERE kept.tenant_id = %(tenant)s AND kept.dashboard_id = aged.dashboard_id AND kept.version = aged.version
  AND aged.place > 1 AND kept.version > 1
  AND NOT EXISTS (
    SELECT 1 FROM dashboards board
    WHERE board.tenant_id = %(tenant)s AND board.dashboard_id = kept.dashboard_id
      AND board.version = kept.version
  )
"""
_REMOVED = """
DELETE FROM dashboard_versions kept
WHERE kept.tenant_id = %(tenant)s AND NOT EXISTS (
  SELECT 1 FROM dashboards board
  WHERE board.tenant_id = %(tenant)s AND board.dashboard_id = kept.dashboard_id
)
"""


def thin(owner_url: str, tenants: Iterable[UUID]) -> int:
    """How many versions were removed: all of boards that are removed for good; and of the others those
    without a name that are older than a day, but for the last of each hour (UTC), and older than a week, but
    for the last of each day. The first version of a board, its newest one, and those with a name stay.

    `owner_url` is of the role that owns the tables.
    """
    removed = 0
    with psycopg.connect(owner_url) as connection:
        for tenant_id in tenants:
            with connection.transaction():
                connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
                for statement in (_REMOVED, _THIN):
                    removed += connection.execute(statement, {"tenant": tenant_id}).rowcount
    return removed
