"""People may be limited to venues or events

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from data.security import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("reach", sa.Text(), server_default=sa.text("'all'"), nullable=False))
    op.create_check_constraint(op.f("ck_users_reach"), "users", "reach IN ('all', 'venues', 'events')")
    op.create_table(
        "user_grants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('venues', 'events')", name=op.f("ck_user_grants_kind")),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "kind", "place_id", name=op.f("pk_user_grants")),
    )
    for statement in protect("user_grants"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("user_grants")
    op.drop_constraint(op.f("ck_users_reach"), "users")
    op.drop_column("users", "reach")
