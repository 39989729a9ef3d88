"""Salts of visitors, one a day

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from data.security import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visitor_salts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", name=op.f("pk_visitor_salts")),
    )
    for statement in protect("visitor_salts"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("visitor_salts")
