"""Events that nobody registered, matched to real ones

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "event_aliases",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "event_id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("venue_id", "real_event_id")),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'moving'"), nullable=False),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("placeholder", "before")),
        sa.Column("notes", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
            for name in ("version", "moved")
        ),
        sa.Column("matched_by", sa.Uuid(), nullable=True),
        sa.Column("matched_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_event_aliases")),
        sa.CheckConstraint(
            "status IN ('moving', 'matched', 'undoing')", name=op.f("ck_event_aliases_status")
        ),
    )
    op.create_table(
        "moved_messages",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "event_id", "message_key")),
        sa.Column("occurred_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", "message_key", name=op.f("pk_moved_messages")),
    )
    for table in ("event_aliases", "moved_messages"):
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("event_aliases"))
    op.create_index(
        "ix_events_unregistered",
        "events",
        ["tenant_id", "created_at", "event_id"],
        postgresql_where=sa.text("NOT registered"),
    )


def downgrade() -> None:
    op.drop_index("ix_events_unregistered", "events")
    op.drop_table("moved_messages")
    op.drop_table("event_aliases")
