"""Keys by which services sign their requests, and what these used up

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.Column("expires_at", _AT, nullable=True),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "signed_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", "nonce_hash", name=op.f("pk_signed_requests")),
    )
    op.create_index(
        op.f("ix_signed_requests_tenant_id_expires_at"), "signed_requests", ["tenant_id", "expires_at"]
    )
    for table in ("signing_keys", "signed_requests"):
        for statement in protect(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("signed_requests")
    op.drop_table("signing_keys")
