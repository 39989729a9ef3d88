"""The audit log, and how far each of its lanes has come

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEXES = (
    ("tenant_id", "lane", "seq"),
    ("tenant_id", "actor_id", "recorded_at"),
    ("tenant_id", "object", "recorded_at"),
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "recorded_at", "lane", "seq", name=op.f("pk_audit_log")),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    for columns in _INDEXES:
        op.create_index(op.f(f"ix_audit_log_{'_'.join(columns)}"), "audit_log", list(columns))
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "recorded_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("to_timestamp(0)"),
            nullable=False,
        ),
        sa.Column("floor_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("floor_hash", sa.LargeBinary(), nullable=True),
        sa.Column("floor_seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "lane", name=op.f("pk_audit_heads")),
    )
    op.execute("CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT")
    op.execute("ALTER TABLE audit_log_default ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_log_default FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY maintenance ON audit_log_default TO CURRENT_USER USING (true)")
    for table in ("audit_log", "audit_heads"):
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("audit_heads"))


def downgrade() -> None:
    op.drop_table("audit_heads")
    op.drop_table("audit_log")
