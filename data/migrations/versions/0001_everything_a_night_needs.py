"""Everything a night needs

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import CREATE_ROLE, permit_job, permit_login, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "api_tokens",
    "cart_updates",
    "dead_letters",
    "event_money",
    "event_totals",
    "gate_analytics",
    "house_count_minutes",
    "house_counts",
    "invalid_attempts",
    "message_keys",
    "messages",
    "milestones",
    "page_views",
    "presence",
    "sessions",
    "social_mentions",
    "tenants",
    "ticket_sales",
    "ticket_scans",
    "ticket_transfers",
    "users",
    "usual_arrivals",
    "venue_analytics",
    "venue_updates",
    "venues",
    "zone_totals",
    "events",
    "gates",
    "series",
    "zones",
    "holds",
    "ticket_types",
)
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
    op.create_table(
        "api_tokens",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "token_id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("tenant_id", "secret_hash", name=op.f("uq_api_tokens_tenant_id_secret_hash")),
    )
    op.create_table(
        "cart_updates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("customer", sa.Uuid(), nullable=True),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_cart_updates"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "dead_letters",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("dead_letter_id", sa.Uuid(), nullable=False),
        sa.Column(
            "received_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("replayed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "dead_letter_id", name=op.f("pk_dead_letters")),
    )
    op.create_index(
        op.f("ix_dead_letters_tenant_id_received_at"),
        "dead_letters",
        ["tenant_id", "received_at"],
        unique=False,
    )
    op.create_table(
        "event_money",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "currency", name=op.f("pk_event_money")),
    )
    op.create_table(
        "event_totals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sold", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("comps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("exits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reentries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("inside", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invalid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("peak", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("peak_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("page_views", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cart_updates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("mentions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reach", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engagements", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("transfers", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", name=op.f("pk_event_totals")),
    )
    op.create_table(
        "gate_analytics",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("bucket", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("exits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invalid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "event_id", "gate", "bucket", name=op.f("pk_gate_analytics")
        ),
    )
    op.create_table(
        "house_count_minutes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("minute", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("highest_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "event_id", "minute", name=op.f("pk_house_count_minutes")
        ),
    )
    op.create_table(
        "house_counts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("second", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "second", name=op.f("pk_house_counts")),
    )
    op.create_table(
        "invalid_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("attempt_type", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("gate", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_invalid_attempts"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "message_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_key", name=op.f("pk_message_keys")),
    )
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "received_at", "message_key", name=op.f("pk_messages")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "milestones",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("reached_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "event_id", "measure", "percent", name=op.f("pk_milestones")
        ),
    )
    op.create_table(
        "page_views",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("referrer", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("medium", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("visitor", sa.Uuid(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_page_views"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "presence",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("exits", sa.Integer(), nullable=False),
        sa.Column("first_entry_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_move_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("moves", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "ticket_id", name=op.f("pk_presence")),
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "seen_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name=op.f("pk_sessions")),
    )
    op.create_table(
        "social_mentions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("author", sa.Uuid(), nullable=True),
        sa.Column("text_length", sa.Integer(), nullable=True),
        sa.Column("reach", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("sentiment", sa.REAL(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_social_mentions"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("customer_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "ticket_sales",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("ticket_type", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("comp", sa.Boolean(), nullable=False),
        sa.Column("admission", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("customer", sa.Uuid(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_ticket_sales"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "ticket_scans",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("effect", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("gate", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("scanner", sa.Text(), nullable=True),
        sa.Column("admission", sa.Boolean(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_ticket_scans"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "ticket_transfers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("from_customer", sa.Uuid(), nullable=True),
        sa.Column("to_customer", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("successful", sa.Boolean(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_ticket_transfers"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("disabled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'analyst', 'door', 'promoter')", name=op.f("ck_users_role")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_users_tenant_id_email")),
    )
    op.create_index(op.f("ix_users_email"), "users", ["email"], unique=False)
    op.create_table(
        "usual_arrivals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("bucket_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("first_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("shares", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("peak_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("peak_share", sa.Double(), nullable=False),
        sa.Column("comparables", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("computed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", name=op.f("pk_usual_arrivals")),
    )
    op.create_table(
        "venue_analytics",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("bucket", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sold", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("comps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("exits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("arrivals", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("inside_change", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invalid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("page_views", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cart_updates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("mentions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reach", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engagements", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "grain",
            "bucket",
            "event_id",
            "currency",
            name=op.f("pk_venue_analytics"),
        ),
    )
    op.create_index(
        op.f("ix_venue_analytics_tenant_id_venue_id_event_id_grain_bucket"),
        "venue_analytics",
        ["tenant_id", "venue_id", "event_id", "grain", "bucket"],
        unique=False,
    )
    op.create_table(
        "venue_updates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_key", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "venue_id",
            "event_id",
            "occurred_at",
            "message_key",
            "line",
            name=op.f("pk_venue_updates"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "venues",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("business_day_starts", sa.Time(), server_default=sa.text("'06:00'"), nullable=False),
        sa.Column("capacity", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("amber_percent", sa.SmallInteger(), server_default=sa.text("80"), nullable=False),
        sa.Column("red_percent", sa.SmallInteger(), server_default=sa.text("95"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("amber_percent <= red_percent", name=op.f("ck_venues_thresholds")),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", name=op.f("pk_venues")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("uq_venues_tenant_id_external_id")),
    )
    op.create_table(
        "zone_totals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("inside", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "zone", name=op.f("pk_zone_totals")),
    )
    op.create_table(
        "events",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("doors_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("on_sale_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("physical_capacity", sa.Integer(), nullable=True),
        sa.Column("sellable_capacity", sa.Integer(), nullable=True),
        sa.Column("target_tickets", sa.Integer(), nullable=True),
        sa.Column("target_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'scheduled'"), nullable=False),
        sa.Column("registered", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "status IN ('scheduled', 'on_sale', 'sold_out', 'cancelled', 'postponed', 'over')",
            name=op.f("ck_events_status"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"], ["venues.tenant_id", "venues.venue_id"], name=op.f("fk_events_venues")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", name=op.f("pk_events")),
        sa.UniqueConstraint("tenant_id", "event_id", name=op.f("uq_events_tenant_id_event_id")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("uq_events_tenant_id_external_id")),
    )
    op.create_index(
        op.f("ix_events_tenant_id_venue_id_starts_at"),
        "events",
        ["tenant_id", "venue_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "gates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"], ["venues.tenant_id", "venues.venue_id"], name=op.f("fk_gates_venues")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "gate", name=op.f("pk_gates")),
    )
    op.create_table(
        "series",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("genre", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"], ["venues.tenant_id", "venues.venue_id"], name=op.f("fk_series_venues")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "series_id", name=op.f("pk_series")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("uq_series_tenant_id_external_id")),
    )
    op.create_table(
        "zones",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id"], ["venues.tenant_id", "venues.venue_id"], name=op.f("fk_zones_venues")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "zone", name=op.f("pk_zones")),
    )
    op.create_table(
        "holds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("released_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id", "event_id"],
            ["events.tenant_id", "events.venue_id", "events.event_id"],
            name=op.f("fk_holds_events"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "venue_id", "event_id", "hold", name=op.f("pk_holds")),
    )
    op.create_table(
        "ticket_types",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("admission", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "venue_id", "event_id"],
            ["events.tenant_id", "events.venue_id", "events.event_id"],
            name=op.f("fk_ticket_types_events"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "venue_id", "event_id", "ticket_type", name=op.f("pk_ticket_types")
        ),
    )
    op.execute(CREATE_ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO housecount_app")
    for table in PARTITIONED:
        # Whatever month nobody prepared: a message is never lost for want of a partition.
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        op.execute(f"ALTER TABLE {table}_default ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table}_default FORCE ROW LEVEL SECURITY")
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    op.execute(permit_login())
    op.execute(permit_job("venues"))


def downgrade() -> None:
    op.drop_table("ticket_types")
    op.drop_table("holds")
    op.drop_table("zones")
    op.drop_table("series")
    op.drop_table("gates")
    op.drop_index(op.f("ix_events_tenant_id_venue_id_starts_at"), table_name="events")
    op.drop_table("events")
    op.drop_table("zone_totals")
    op.drop_table("venues")
    op.drop_table("venue_updates")
    op.drop_index(
        op.f("ix_venue_analytics_tenant_id_venue_id_event_id_grain_bucket"), table_name="venue_analytics"
    )
    op.drop_table("venue_analytics")
    op.drop_table("usual_arrivals")
    op.drop_index(op.f("ix_users_email"), table_name="users")
    op.drop_table("users")
    op.drop_table("ticket_transfers")
    op.drop_table("ticket_scans")
    op.drop_table("ticket_sales")
    op.drop_table("tenants")
    op.drop_table("social_mentions")
    op.drop_table("sessions")
    op.drop_table("presence")
    op.drop_table("page_views")
    op.drop_table("milestones")
    op.drop_table("messages")
    op.drop_table("message_keys")
    op.drop_table("invalid_attempts")
    op.drop_table("house_counts")
    op.drop_table("house_count_minutes")
    op.drop_table("gate_analytics")
    op.drop_table("event_totals")
    op.drop_table("event_money")
    op.drop_index(op.f("ix_dead_letters_tenant_id_received_at"), table_name="dead_letters")
    op.drop_table("dead_letters")
    op.drop_table("cart_updates")
    op.drop_table("api_tokens")
