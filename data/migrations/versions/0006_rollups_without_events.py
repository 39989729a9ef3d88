"""Roll-ups without events, and the region of a sale

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("rollup_queue", "day_analytics", "customer_totals")
# A day has few rows in one dimension and hundreds in another: apart, a year of totals is a few pages.
DIMENSIONS = ("ticket_type", "channel", "campaign", "country", "region", "city", "price", "gate")
PARTITIONS = {
    "totals": ("",),
    "changes": ("changes",),
    **{name: (name,) for name in DIMENSIONS},
    "months": ("month", *(f"month {name}" for name in DIMENSIONS)),
}


def upgrade() -> None:
    op.create_table(
        "rollup_queue",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("days", postgresql.ARRAY(postgresql.TIMESTAMP(timezone=True)), nullable=False),
        sa.Column("months", postgresql.ARRAY(postgresql.TIMESTAMP(timezone=True)), nullable=False),
        sa.Column("increments", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "entry_id", name=op.f("pk_rollup_queue")),
    )
    op.create_table(
        "day_analytics",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sold", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("comps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("exits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("arrivals", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invalid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("page_views", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cart_updates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("mentions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reach", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engagements", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "dimension", "day", "value", "currency", name=op.f("pk_day_analytics")
        ),
        postgresql_partition_by="LIST (dimension)",
    )
    for name, dimensions in PARTITIONS.items():
        _partition(name, f"FOR VALUES IN ({', '.join(repr(dimension) for dimension in dimensions)})")
    _partition("default", "DEFAULT")
    op.create_table(
        "customer_totals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("customer", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tickets", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "customer", "currency", name=op.f("pk_customer_totals")
        ),
    )
    op.create_index(
        "ix_customer_totals_net",
        "customer_totals",
        ["tenant_id", "venue_id", "currency", sa.literal_column("net_minor DESC")],
        unique=False,
    )
    op.add_column("ticket_sales", sa.Column("region", sa.Text(), nullable=True))
    # Tenants of before may have facts that nobody rolled up; those to come start with none.
    op.add_column(
        "tenants", sa.Column("rolled_up", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("tenants", "rolled_up", server_default=sa.text("true"))
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("rollup_queue"))


def _partition(name: str, rows: str) -> None:
    op.execute(f"CREATE TABLE day_analytics_{name} PARTITION OF day_analytics {rows}")
    op.execute(f"ALTER TABLE day_analytics_{name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE day_analytics_{name} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("tenants", "rolled_up")
    op.drop_column("ticket_sales", "region")
    for table in reversed(TABLES):
        op.drop_table(table)
