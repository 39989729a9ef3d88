"""What came through each door

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import protect

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "doors",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("first_at", _AT, nullable=False),
        sa.Column("last_message_at", _AT, nullable=True),
        sa.Column("last_refused_at", _AT, nullable=True),
        *_counts("accepted", "duplicates", "rejected"),
        sa.PrimaryKeyConstraint("tenant_id", "door", name=op.f("pk_doors")),
    )
    op.create_table(
        "door_minutes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("minute", _AT, nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        *_counts("accepted", "duplicates", "rejected", "lag_ms"),
        sa.PrimaryKeyConstraint("tenant_id", "minute", "door", name=op.f("pk_door_minutes")),
    )
    for table in ("doors", "door_minutes"):
        for statement in protect(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("door_minutes")
    op.drop_table("doors")
