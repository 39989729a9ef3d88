"""Pending positions, counted by an index of their own

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "pretix_positions",
        sa.Column("pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    # Row-level security holds for the tables' owner too: what is known already is filled in by the
    # next look at each order.
    op.drop_index("ix_pretix_positions_tenant_id_event_id", table_name="pretix_positions")
    op.create_index(
        "ix_pretix_positions_pending",
        "pretix_positions",
        ["tenant_id", "event_id"],
        postgresql_where=sa.text("pending"),
    )


def downgrade() -> None:
    op.drop_index("ix_pretix_positions_pending", table_name="pretix_positions")
    op.create_index("ix_pretix_positions_tenant_id_event_id", "pretix_positions", ["tenant_id", "event_id"])
    op.drop_column("pretix_positions", "pending")
