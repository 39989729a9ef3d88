"""What pretix said

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "pretix_sources",
    "pretix_pings",
    "pretix_events",
    "pretix_orders",
    "pretix_positions",
    "pretix_checkins",
    "pretix_cursors",
)


def upgrade() -> None:
    op.create_table(
        "pretix_sources",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("organizer", sa.Text(), nullable=False),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("gates", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _instant("created_at", nullable=False, default="now()"),
        _instant("disabled_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"],
            ["venues.tenant_id", "venues.venue_id"],
            name=op.f("fk_pretix_sources_venues"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source_id", name=op.f("pk_pretix_sources")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_pretix_sources_tenant_id_name")),
    )
    _of_source(
        "pretix_pings",
        (sa.Column("event", sa.Text(), nullable=False), sa.Column("subject", sa.Text(), nullable=False)),
        sa.Column("pings", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _instant("received_at", nullable=False, default="now()"),
        _instant("next_attempt_at", nullable=False, default="now()"),
        sa.Column("last_error", sa.Text(), nullable=True),
        index="next_attempt_at",
    )
    _of_source(
        "pretix_events",
        (sa.Column("event", sa.Text(), nullable=False),),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        _instant("fetched_at", nullable=False),
    )
    _of_source(
        "pretix_orders",
        (sa.Column("code", sa.Text(), nullable=False),),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("testmode", sa.Boolean(), nullable=False),
        _instant("last_modified", nullable=False),
        _instant("fetched_at", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        index="event",
    )
    _of_source(
        "pretix_positions",
        (sa.Column("position_id", sa.BigInteger(), nullable=False),),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Boolean(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("testmode", sa.Boolean(), nullable=False),
        _instant("fetched_at", nullable=False),
        index="code",
    )
    _of_source(
        "pretix_checkins",
        (sa.Column("checkin_id", sa.BigInteger(), nullable=False),),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.BigInteger(), nullable=True),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("successful", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("gate", sa.Text(), nullable=True),
        sa.Column("person", sa.Boolean(), nullable=False),
        _instant("occurred_at", nullable=False),
        _instant("fetched_at", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        index="position_id",
    )
    _of_source(
        "pretix_cursors",
        (sa.Column("resource", sa.Text(), nullable=False),),
        sa.Column("value", sa.Text(), nullable=False),
        _instant("updated_at", nullable=False, default="now()"),
    )
    for column in ("order_id", "ticket_id"):
        op.create_index(
            f"ix_ticket_sales_pretix_{column}",
            "ticket_sales",
            ["tenant_id", column],
            unique=False,
            postgresql_where=sa.text("order_id LIKE 'pretix:%'"),
        )
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("pretix_sources"))


def downgrade() -> None:
    for column in ("order_id", "ticket_id"):
        op.drop_index(f"ix_ticket_sales_pretix_{column}", table_name="ticket_sales")
    for table in reversed(TABLES):
        op.drop_table(table)


def _of_source(
    name: str, own: tuple[sa.Column[object], ...], *columns: sa.Column[object], index: str | None = None
) -> None:
    """A table of one source's objects: the tenant and the source come first in its key."""
    key = ["tenant_id", "source_id", *(column.name for column in own)]
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        *own,
        *columns,
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["pretix_sources.tenant_id", "pretix_sources.source_id"],
            name=op.f(f"fk_{name}_pretix_sources"),
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )
    if index is not None:
        op.create_index(
            op.f(f"ix_{name}_tenant_id_source_id_{index}"), name, ["tenant_id", "source_id", index]
        )


def _instant(name: str, nullable: bool = True, default: str | None = None) -> sa.Column[object]:
    kind = postgresql.TIMESTAMP(timezone=True)
    return sa.Column(
        name, kind, nullable=nullable, server_default=None if default is None else sa.text(default)
    )
