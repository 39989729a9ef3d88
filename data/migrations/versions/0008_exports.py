"""Exports

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("exports",)


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_exports_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "export_id", name=op.f("pk_exports")),
    )
    op.create_index(
        op.f("ix_exports_tenant_id_created_by_created_at"),
        "exports",
        ["tenant_id", "created_by", "created_at"],
        unique=False,
    )
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("exports"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
