"""Invitations, forgotten passwords, and the mails for both

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)
_TABLES = ("invitations", "password_resets", "reset_requests", "mails")


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'analyst', 'door', 'promoter')", name=op.f("ck_invitations_role")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_invitations_email_lower")),
        sa.CheckConstraint("reach IN ('all', 'venues', 'events')", name=op.f("ck_invitations_reach")),
        sa.PrimaryKeyConstraint("tenant_id", "invitation_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_invitations_tenant_id_email")),
    )
    op.create_table(
        "password_resets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("reset_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "reset_id", name=op.f("pk_password_resets")),
    )
    op.create_index(op.f("ix_password_resets_tenant_id_user_id"), "password_resets", ["tenant_id", "user_id"])
    op.create_table(
        "reset_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", name=op.f("pk_reset_requests")),
    )
    op.create_table(
        "mails",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("next_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("finished_at", _AT, nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'sent', 'written', 'failed')", name=op.f("ck_mails_status")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "mail_id", name=op.f("pk_mails")),
    )
    for table in _TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("mails"))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
