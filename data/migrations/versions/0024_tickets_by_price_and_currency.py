"""Tickets in bands of price by the currency they were paid in

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BANDS = "dimension IN ('price', 'month price')"
# What was counted under no currency is counted anew. Of archived months it stays: their lines are in files.
_FORGET = f"""
DELETE FROM day_analytics d WHERE {_BANDS} AND currency = ''
  AND NOT EXISTS (SELECT FROM archives a WHERE a.tenant_id = d.tenant_id)
"""
_BEHIND = f"""
UPDATE tenants SET rolled_up = false WHERE EXISTS (
    SELECT FROM day_analytics d WHERE d.tenant_id = tenants.tenant_id AND {_BANDS})
"""


def upgrade() -> None:
    _as_owner(_BEHIND, _FORGET)


def downgrade() -> None:
    _as_owner(_BEHIND)


def _as_owner(*statements: str) -> None:
    """Run them with every tenant's rows in sight, which the owner does not see otherwise."""
    tables = ("tenants", "archives", "day_analytics")
    for table in tables:
        op.execute(f"CREATE POLICY upgrade ON {table} TO CURRENT_USER USING (true)")
    for statement in statements:
        op.execute(statement)
    for table in tables:
        op.execute(f"DROP POLICY upgrade ON {table}")
