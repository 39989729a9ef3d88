"""Queues that messages are read from

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "queue_sources",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("dead_exchange", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("seen_at", _AT, nullable=True),
        sa.Column("last_message_at", _AT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", _AT, nullable=True),
        _count("accepted"),
        _count("duplicates"),
        _count("rejected"),
        sa.PrimaryKeyConstraint("tenant_id", "source_id", name=op.f("pk_queue_sources")),
    )
    op.create_index(
        op.f("ix_queue_sources_name"),
        "queue_sources",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("disabled_at IS NULL"),
    )
    for statement in protect("queue_sources"):
        op.execute(statement)
    op.execute(permit_job("queue_sources"))


def downgrade() -> None:
    op.drop_table("queue_sources")
