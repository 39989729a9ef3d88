"""Queues of more kinds than RabbitMQ's

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAMES = ("exchange", "queue", "dead_exchange")
_TO_PLACE = """
UPDATE queue_sources
SET place = jsonb_build_object('exchange', exchange, 'queue', queue, 'dead_exchange', dead_exchange)
"""
_FROM_PLACE = """
UPDATE queue_sources
SET exchange = place ->> 'exchange', queue = place ->> 'queue', dead_exchange = place ->> 'dead_exchange'
"""


def upgrade() -> None:
    op.add_column("queue_sources", sa.Column("place", postgresql.JSONB(), nullable=True))
    _for_all(_TO_PLACE)
    op.alter_column("queue_sources", "place", nullable=False)
    for name in _NAMES:
        op.drop_column("queue_sources", name)


def downgrade() -> None:
    for name in _NAMES:
        op.add_column("queue_sources", sa.Column(name, sa.Text(), nullable=True))
    # The version before knows none of the others, and would read them as if they were RabbitMQ's.
    _for_all("DELETE FROM queue_sources WHERE kind <> 'rabbitmq'", _FROM_PLACE)
    for name in _NAMES:
        op.alter_column("queue_sources", name, nullable=False)
    op.drop_column("queue_sources", "place")


def _for_all(*statements: str) -> None:
    """The owner of the table sees no rows either, until a policy lets it."""
    op.execute("CREATE POLICY moved ON queue_sources TO CURRENT_USER USING (true) WITH CHECK (true)")
    for statement in statements:
        op.execute(statement)
    op.execute("DROP POLICY moved ON queue_sources")
