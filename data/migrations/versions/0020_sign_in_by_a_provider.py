"""Sign-in by an OpenID provider

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_identity, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column("by_provider", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "provider_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("linked_at", _AT, nullable=True),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_provider_links")),
        sa.UniqueConstraint("tenant_id", "identity", name=op.f("uq_provider_links_tenant_id_identity")),
    )
    op.create_index(op.f("ix_provider_links_identity"), "provider_links", ["identity"])
    for statement in protect("provider_links"):
        op.execute(statement)
    op.execute(permit_identity())


def downgrade() -> None:
    op.drop_table("provider_links")
    op.drop_column("sessions", "by_provider")
