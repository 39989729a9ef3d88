"""Commands find a tenant by its slug, also one without a venue

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from data.security import permit_job

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(permit_job("tenants"))


def downgrade() -> None:
    op.execute("DROP POLICY job ON tenants")
