"""What an API token may, and until when; those that are there may what they always could

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "api_tokens",
        sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{send,read,write}'")),
    )
    op.add_column("api_tokens", sa.Column("expires_at", TIMESTAMP(timezone=True)))


def downgrade() -> None:
    op.drop_column("api_tokens", "expires_at")
    op.drop_column("api_tokens", "scopes")
