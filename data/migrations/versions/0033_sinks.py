"""Other databases that the ledger is copied to

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sinks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sink_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("at_key", sa.Uuid(), nullable=False),
        sa.Column("ready_until", _AT, nullable=False),
        sa.Column("mark_at", _AT, nullable=True),
        sa.Column("mark_number", sa.BigInteger(), nullable=True),
        sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", _AT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", _AT, nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sink_id", name=op.f("pk_sinks")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_sinks_tenant_id_name")),
    )
    for statement in protect("sinks"):
        op.execute(statement)
    op.execute(permit_job("sinks"))


def downgrade() -> None:
    op.drop_table("sinks")
