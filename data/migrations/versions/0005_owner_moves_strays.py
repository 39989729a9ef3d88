"""The owner moves rows out of default partitions

Forced row-level security hides them from an owner who is not a superuser; the application never
reads a partition but through its parent, whose policy is another.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARTITIONED = (
    "cart_updates",
    "invalid_attempts",
    "messages",
    "page_views",
    "social_mentions",
    "ticket_sales",
    "ticket_scans",
    "ticket_transfers",
    "venue_updates",
)


def upgrade() -> None:
    for table in PARTITIONED:
        op.execute(f"CREATE POLICY maintenance ON {table}_default TO CURRENT_USER USING (true)")


def downgrade() -> None:
    for table in PARTITIONED:
        op.execute(f"DROP POLICY maintenance ON {table}_default")
