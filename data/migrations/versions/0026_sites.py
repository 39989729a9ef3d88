"""Websites whose pages are counted

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origins", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "site_id", name=op.f("pk_sites")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"],
            ["venues.tenant_id", "venues.venue_id"],
            name=op.f("fk_sites_venues"),
        ),
    )
    op.create_index(
        op.f("ix_sites_name"),
        "sites",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("disabled_at IS NULL"),
    )
    for statement in protect("sites"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("sites")
