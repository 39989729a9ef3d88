"""What lies in carts

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("customer", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "customer", name=op.f("pk_carts")),
    )
    op.create_index(
        op.f("ix_carts_tenant_id_venue_id_event_id_updated_at"),
        "carts",
        ["tenant_id", "venue_id", "event_id", "updated_at"],
    )
    op.create_index(
        op.f("ix_pretix_positions_tenant_id_event_id"), "pretix_positions", ["tenant_id", "event_id"]
    )
    for statement in protect("carts"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_pretix_positions_tenant_id_event_id"), table_name="pretix_positions")
    op.drop_table("carts")
