"""Refused messages by their door, and what became of them

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)
_OPEN = sa.text("replayed_at IS NULL AND discarded_at IS NULL")


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("door", sa.Text(), server_default=sa.text("''"), nullable=False))
    for name, kind in (
        ("type", sa.Text()),
        ("identity", sa.Uuid()),
        ("discarded_at", _AT),
        ("handled_by", sa.Uuid()),
        ("outcome", sa.Text()),
    ):
        op.add_column("dead_letters", sa.Column(name, kind, nullable=True))
    op.add_column(
        "dead_letters", sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    # The owner of the table sees no rows either, until a policy lets it.
    op.execute("CREATE POLICY moved ON dead_letters TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute("UPDATE dead_letters SET door = source")
    op.execute("DROP POLICY moved ON dead_letters")
    op.drop_index("ix_dead_letters_tenant_id_received_at", "dead_letters")
    key = ["tenant_id", "received_at", "dead_letter_id"]
    op.create_index("ix_dead_letters_tenant_id_received_at_dead_letter_id", "dead_letters", key)
    op.create_index("ix_dead_letters_open", "dead_letters", key, postgresql_where=_OPEN)
    op.create_index(
        "ix_dead_letters_open_door",
        "dead_letters",
        ["tenant_id", "door", *key[1:]],
        postgresql_where=_OPEN,
    )
    op.create_table(
        "letter_jobs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
            for name in ("total", "done", "accepted", "duplicates", "refused", "discarded")
        ),
        sa.Column("cursor_at", _AT, nullable=True),
        sa.Column("cursor_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", name=op.f("pk_letter_jobs")),
        sa.CheckConstraint("action IN ('replay', 'discard')", name=op.f("ck_letter_jobs_action")),
        sa.CheckConstraint("status IN ('waiting', 'running', 'done')", name=op.f("ck_letter_jobs_status")),
    )
    for statement in protect("letter_jobs"):
        op.execute(statement)
    op.execute(permit_job("letter_jobs"))


def downgrade() -> None:
    op.drop_table("letter_jobs")
    for name in ("ix_dead_letters_open_door", "ix_dead_letters_open"):
        op.drop_index(name, "dead_letters")
    op.drop_index("ix_dead_letters_tenant_id_received_at_dead_letter_id", "dead_letters")
    op.create_index("ix_dead_letters_tenant_id_received_at", "dead_letters", ["tenant_id", "received_at"])
    for name in ("edited", "outcome", "handled_by", "discarded_at", "identity", "type", "door"):
        op.drop_column("dead_letters", name)
