"""Imports of files, and what competitors put on

Revision ID: 0029
Revises: 0028
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("imports", "import_layouts", "import_errors", "import_parts", "import_events", "competitor_events")
_AT = postgresql.TIMESTAMP(timezone=True)


def _at(name: str, default: bool = False, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _AT, server_default=sa.text("now()") if default else None, nullable=nullable)


def _uuid(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "imports",
        _uuid("tenant_id"),
        _uuid("import_id"),
        _uuid("created_by"),
        sa.Column("eyes", postgresql.JSONB(), nullable=False),
        _text("kind"),
        _text("source"),
        _text("file_name"),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        *map(_count, ("checked_rows", "checked_new", "checked_known", "checked_repeated")),
        *map(_count, ("checked_rejected", "rows_done", "accepted", "duplicates", "rejected", "undone")),
        sa.Column("progress", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _text("error", nullable=True),
        _at("created_at", default=True),
        _at("started_at", nullable=True),
        _at("finished_at", nullable=True),
        _at("expires_at"),
        sa.CheckConstraint(
            "kind IN ('events', 'sales', 'scans', 'competitors')", name=op.f("ck_imports_kind")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'checking', 'checked', 'running', 'done', 'cancelled', 'failed', 'undoing',"
            " 'undone')",
            name=op.f("ck_imports_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_tenant_id_created_at"), "imports", ["tenant_id", "created_at"])
    op.create_table(
        "import_layouts",
        _uuid("tenant_id"),
        _text("source"),
        _text("kind"),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        _uuid("author_id"),
        _at("updated_at", default=True),
        sa.PrimaryKeyConstraint("tenant_id", "source", "kind", name=op.f("pk_import_layouts")),
    )
    op.create_table(
        "import_errors",
        _uuid("tenant_id"),
        _uuid("import_id"),
        sa.Column("row", sa.BigInteger(), nullable=False),
        _text("code"),
        _text("field", nullable=True),
        _text("value", nullable=True),
        _text("detail"),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "row", name=op.f("pk_import_errors")),
    )
    op.create_table(
        "import_parts",
        _uuid("tenant_id"),
        _uuid("import_id"),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.Column("message_keys", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _at("written_from"),
        _at("written_until"),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "first_row", name=op.f("pk_import_parts")),
    )
    op.create_table(
        "import_events",
        *map(_uuid, ("tenant_id", "import_id", "venue_id", "event_id")),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "import_id", "venue_id", "event_id", name=op.f("pk_import_events")
        ),
    )
    op.create_table(
        "competitor_events",
        *map(_uuid, ("tenant_id", "venue_id", "competitor_event_id", "import_id")),
        _text("source"),
        _text("name"),
        _text("place", nullable=True),
        _text("city", nullable=True),
        _at("starts_at"),
        _at("ends_at", nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("price_from_minor", sa.BigInteger(), nullable=True),
        sa.Column("price_to_minor", sa.BigInteger(), nullable=True),
        _text("currency"),
        _text("genre", nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        _at("stated_at"),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "competitor_event_id",
            "import_id",
            name=op.f("pk_competitor_events"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"],
            ["venues.tenant_id", "venues.venue_id"],
            name=op.f("fk_competitor_events_venues"),
        ),
    )
    op.create_index(
        op.f("ix_competitor_events_tenant_id_venue_id_starts_at"),
        "competitor_events",
        ["tenant_id", "venue_id", "starts_at"],
    )
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_job("imports"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
