"""Webhooks, what they have to tell, and what became of it

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)
_TABLES = ("webhooks", "webhook_messages", "webhook_deliveries", "webhook_attempts")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_previous", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", _AT, nullable=True),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("resume_at", _AT, nullable=True),
        sa.Column("delivered_at", _AT, nullable=True),
        sa.CheckConstraint("reason IN ('by-hand', 'gone', 'failing')", name=op.f("ck_webhooks_reason")),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_messages",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_webhook_messages")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("next_at", _AT, nullable=False),
        sa.Column("claimed_until", _AT, nullable=True),
        sa.Column("expires_at", _AT, nullable=True),
        sa.Column("finished_at", _AT, nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_status")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id", "message_id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_waiting"),
        "webhook_deliveries",
        ["next_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_tenant_id_webhook_id_created_at"),
        "webhook_deliveries",
        ["tenant_id", "webhook_id", "created_at"],
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "webhook_id", "message_id", "number", name=op.f("pk_webhook_attempts")
        ),
    )
    for table in _TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("webhook_deliveries"))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
