"""Transfers and refused attempts by time, and the activity of an event day by day

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from data.security import APP_ROLE

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NEW = {
    "event_totals": ("failed_transfers",),
    "venue_analytics": ("transfers", "failed_transfers", "attempts"),
}
# With the rights of whoever reads it: the policies of the tables below hold for the view as well.
_VIEW = """
CREATE VIEW analytics_stats WITH (security_invoker = true) AS
SELECT a.tenant_id, a.venue_id, a.event_id, (a.bucket AT TIME ZONE v.zone)::date AS date,
       a.entries + a.exits + a.invalid AS scan_count, a.transfers AS transfer_count,
       a.attempts AS invalid_attempt_count, a.entries + a.exits AS valid_scan_count,
       a.invalid AS invalid_scan_count, a.transfers - a.failed_transfers AS successful_transfer_count,
       a.failed_transfers AS failed_transfer_count, t.updated_at AS last_updated
FROM venue_analytics a
JOIN venues v ON v.tenant_id = a.tenant_id AND v.venue_id = a.venue_id
JOIN event_totals t ON t.tenant_id = a.tenant_id AND t.venue_id = a.venue_id AND t.event_id = a.event_id
WHERE a.grain = 'daily' AND a.currency = ''
  AND (a.entries <> 0 OR a.exits <> 0 OR a.invalid <> 0 OR a.transfers <> 0 OR a.attempts <> 0)
"""
_BEHIND = """
UPDATE tenants SET rolled_up = false WHERE EXISTS (
    SELECT FROM event_totals t WHERE t.tenant_id = tenants.tenant_id AND (t.transfers > 0 OR t.attempts > 0))
"""


def upgrade() -> None:
    for table, columns in _NEW.items():
        for name in columns:
            op.add_column(
                table, sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
            )
    op.execute(_VIEW)
    op.execute(f"GRANT SELECT ON analytics_stats TO {APP_ROLE}")
    # The rebuild at the end of an upgrade counts what came before; until here the owner sees no rows.
    for table in ("tenants", "event_totals"):
        op.execute(f"CREATE POLICY upgrade ON {table} TO CURRENT_USER USING (true)")
    op.execute(_BEHIND)
    for table in ("tenants", "event_totals"):
        op.execute(f"DROP POLICY upgrade ON {table}")


def downgrade() -> None:
    op.execute("DROP VIEW analytics_stats")
    for table, columns in _NEW.items():
        for name in columns:
            op.drop_column(table, name)
