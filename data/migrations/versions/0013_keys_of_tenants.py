"""Keys of tenants, locked by a master key

Keys that are still plain in `tenants` are locked by the worker when it starts: migrations have no master key.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("tenant_id", "purpose", name=op.f("pk_tenant_keys")),
    )
    for statement in protect("tenant_keys"):
        op.execute(statement)
    op.alter_column("tenants", "customer_key", nullable=True)


def downgrade() -> None:
    """Fails while a tenant's key is locked: who drops it, loses every customer of that tenant."""
    op.alter_column("tenants", "customer_key", nullable=False)
    op.drop_table("tenant_keys")
