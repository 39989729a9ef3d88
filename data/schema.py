"""Every table. Keys start with the tenant; facts are partitioned by the month they occurred in.

`Table.info["partition"]` names the column by which `data.partitions` makes months. `day_analytics` has a
partition for each dimension, made by its migration, so that the rows of one lie beside each other.
Row-level security, the role and its rights are not part of SQLAlchemy's model: `data.security`
applies them in the migrations and a test holds them against the catalogue.
"""

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

VENUE_KEY = ("tenant_id", "venue_id")
EVENT_KEY = (*VENUE_KEY, "event_id")
FACT_KEY = (*EVENT_KEY, "occurred_at", "message_key", "line")


def _required(name: str, kind: Any, default: str | None = None) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default=None if default is None else text(default))


def _instant(name: str, nullable: bool = True, default: str | None = None) -> Column[Any]:
    kind = TIMESTAMP(timezone=True)
    return Column(name, kind, nullable=nullable, server_default=None if default is None else text(default))


def _counts(*names: str) -> list[Column[Any]]:
    return [_required(name, BigInteger, "0") for name in names]


def _table(
    name: str, key: tuple[str, ...], *columns: Any, partition: str | None = None, lists: str | None = None
) -> Table:
    """A tenant table: the uuid columns of the key first, then its own columns."""
    by = f"RANGE ({partition})" if partition else f"LIST ({lists})" if lists else None
    own = {column.name for column in columns if isinstance(column, Column)}
    return Table(
        name,
        metadata,
        *(_required(part, Uuid) for part in key if part not in own),
        *columns,
        PrimaryKeyConstraint(*key),
        info={"tenant": True} | ({"partition": partition} if partition else {}),
        postgresql_partition_by=by,
    )


def _fact(name: str, *columns: Column[Any]) -> Table:
    return _table(
        name,
        FACT_KEY,
        _instant("occurred_at", nullable=False),
        _required("message_key", Uuid),
        _required("line", SmallInteger),
        *columns,
        partition="occurred_at",
    )


def _of_venue() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(VENUE_KEY, [f"venues.{column}" for column in VENUE_KEY])


def _of_event() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(EVENT_KEY, [f"events.{column}" for column in EVENT_KEY])


# Who uses it

tenants = _table(
    "tenants",
    ("tenant_id",),
    _required("slug", Text),
    _required("name", Text),
    _required("demo", Boolean, "false"),
    Column("customer_key", LargeBinary),
    _instant("created_at", nullable=False, default="now()"),
    _required("rolled_up", Boolean, "true"),
    _required("second_factor_required", Boolean, "false"),
)
tenant_keys = _table(
    "tenant_keys",
    ("tenant_id", "purpose"),
    _required("purpose", Text),
    _required("wrapped", LargeBinary),
    _instant("created_at", nullable=False, default="now()"),
)
users = _table(
    "users",
    ("tenant_id", "user_id"),
    _required("email", Text),
    _required("name", Text),
    _required("role", Text),
    _required("password_hash", Text),
    _instant("created_at", nullable=False, default="now()"),
    _instant("disabled_at"),
    _required("reach", Text, "'all'"),
    UniqueConstraint("tenant_id", "email"),
    CheckConstraint("role IN ('owner', 'manager', 'analyst', 'door', 'promoter')", name="role"),
    CheckConstraint("email = lower(email)", name="email_lower"),
    CheckConstraint("reach IN ('all', 'venues', 'events')", name="reach"),
    Index(None, "email"),
)
user_grants = _table(
    "user_grants",
    ("tenant_id", "user_id", "kind", "place_id"),
    _required("kind", Text),
    _required("place_id", Uuid),
    CheckConstraint("kind IN ('venues', 'events')", name="kind"),
)
second_factors = _table(
    "second_factors",
    ("tenant_id", "user_id"),
    _required("sealed", LargeBinary),
    _instant("confirmed_at"),
    _required("last_step", BigInteger, "0"),
    _instant("begun_at", nullable=False),
)
recovery_codes = _table(
    "recovery_codes",
    ("tenant_id", "user_id", "code_hash"),
    _required("code_hash", LargeBinary),
    _instant("used_at"),
)
sessions = _table(
    "sessions",
    ("tenant_id", "session_id"),
    _required("user_id", Uuid),
    _required("secret_hash", LargeBinary),
    _instant("created_at", nullable=False, default="now()"),
    _instant("seen_at", nullable=False, default="now()"),
    _instant("expires_at", nullable=False),
    _required("device", Text, "''"),
    _required("by_provider", Boolean, "false"),
)
provider_links = _table(
    "provider_links",
    ("tenant_id", "user_id"),
    Column("identity", Text),
    _instant("linked_at"),
    _instant("last_used_at"),
    UniqueConstraint("tenant_id", "identity"),
    Index(None, "identity"),
)
invitations = _table(
    "invitations",
    ("tenant_id", "invitation_id"),
    _required("email", Text),
    _required("name", Text),
    _required("role", Text),
    _required("reach", Text),
    _required("places", ARRAY(Uuid)),
    _required("invited_by", Uuid),
    _required("secret_hash", LargeBinary),
    _instant("created_at", nullable=False),
    _instant("expires_at", nullable=False),
    UniqueConstraint("tenant_id", "email"),
    CheckConstraint("role IN ('owner', 'manager', 'analyst', 'door', 'promoter')", name="role"),
    CheckConstraint("email = lower(email)", name="email_lower"),
    CheckConstraint("reach IN ('all', 'venues', 'events')", name="reach"),
)
password_resets = _table(
    "password_resets",
    ("tenant_id", "reset_id"),
    _required("user_id", Uuid),
    _required("secret_hash", LargeBinary),
    _instant("created_at", nullable=False),
    _instant("expires_at", nullable=False),
    Index(None, "tenant_id", "user_id"),
)
reset_requests = _table(
    "reset_requests",
    ("tenant_id", "request_id"),
    _required("email", Text),
    _instant("created_at", nullable=False, default="now()"),
)
mails = _table(
    "mails",
    ("tenant_id", "mail_id"),
    _required("kind", Text),
    _required("recipient", Text),
    Column("about", Uuid),
    Column("sealed", LargeBinary),
    _required("status", Text, "'waiting'"),
    _required("attempts", Integer, "0"),
    Column("error", Text),
    _instant("created_at", nullable=False),
    _instant("next_at", nullable=False),
    _instant("expires_at", nullable=False),
    _instant("finished_at"),
    CheckConstraint("status IN ('waiting', 'sent', 'written', 'failed')", name="status"),
)
api_tokens = _table(
    "api_tokens",
    ("tenant_id", "token_id"),
    _required("name", Text),
    _required("secret_hash", LargeBinary),
    _instant("created_at", nullable=False, default="now()"),
    _instant("revoked_at"),
    _instant("last_used_at"),
    _required("scopes", ARRAY(Text), "'{send,read,write}'"),
    _instant("expires_at"),
    UniqueConstraint("tenant_id", "secret_hash"),
)

visitor_salts = _table(
    "visitor_salts",
    ("tenant_id", "day"),
    _required("day", Date),
    _required("sealed", LargeBinary),
)
signing_keys = _table(
    "signing_keys",
    ("tenant_id", "key_id"),
    _required("name", Text),
    _required("secret", LargeBinary),
    _required("scopes", ARRAY(Text)),
    _instant("created_at", nullable=False, default="now()"),
    _instant("last_used_at"),
    _instant("expires_at"),
    _instant("revoked_at"),
)
signed_requests = _table(
    "signed_requests",
    ("tenant_id", "key_id", "nonce_hash"),
    _required("nonce_hash", LargeBinary),
    _instant("expires_at", nullable=False),
    Index(None, "tenant_id", "expires_at"),
)

# What happens where

venues = _table(
    "venues",
    VENUE_KEY,
    Column("external_id", Text),
    _required("name", Text),
    _required("zone", Text),
    _required("currency", Text),
    _required("business_day_starts", Time, "'06:00'"),
    _required("capacity", Integer, "0"),
    _required("amber_percent", SmallInteger, "80"),
    _required("red_percent", SmallInteger, "95"),
    _required("status", Text, "'open'"),
    _instant("created_at", nullable=False, default="now()"),
    UniqueConstraint("tenant_id", "external_id"),
    CheckConstraint("amber_percent <= red_percent", name="thresholds"),
)
zones = _table(
    "zones",
    (*VENUE_KEY, "zone"),
    _required("zone", Text),
    _required("name", Text),
    _required("capacity", Integer, "0"),
    _required("position", SmallInteger, "0"),
    _of_venue(),
)
gates = _table(
    "gates",
    (*VENUE_KEY, "gate"),
    _required("gate", Text),
    _required("name", Text),
    Column("zone", Text),
    _required("position", SmallInteger, "0"),
    _of_venue(),
)
series = _table(
    "series",
    (*VENUE_KEY, "series_id"),
    Column("external_id", Text),
    _required("name", Text),
    Column("genre", Text),
    UniqueConstraint("tenant_id", "external_id"),
    _of_venue(),
)
events = _table(
    "events",
    EVENT_KEY,
    Column("series_id", Uuid),
    Column("external_id", Text),
    _required("name", Text),
    _instant("doors_at"),
    _instant("starts_at"),
    _instant("ends_at"),
    _instant("on_sale_at"),
    Column("physical_capacity", Integer),
    Column("sellable_capacity", Integer),
    Column("target_tickets", Integer),
    Column("target_minor", BigInteger),
    _required("status", Text, "'scheduled'"),
    _required("registered", Boolean, "true"),
    _instant("created_at", nullable=False, default="now()"),
    UniqueConstraint("tenant_id", "event_id"),
    UniqueConstraint("tenant_id", "external_id"),
    _of_venue(),
    Index(None, "tenant_id", "venue_id", "starts_at"),
    Index(
        "ix_events_unregistered",
        "tenant_id",
        "created_at",
        "event_id",
        postgresql_where=text("NOT registered"),
    ),
    CheckConstraint(
        "status IN ('scheduled', 'on_sale', 'sold_out', 'cancelled', 'postponed', 'over')", name="status"
    ),
)
event_aliases = _table(
    "event_aliases",
    ("tenant_id", "event_id"),
    _required("venue_id", Uuid),
    _required("real_event_id", Uuid),
    Column("ref", Text),
    _required("name", Text),
    _required("status", Text, "'moving'"),
    _required("placeholder", JSONB),
    _required("before", JSONB),
    _required("notes", ARRAY(Uuid), "'{}'"),
    *_counts("version", "moved"),
    Column("matched_by", Uuid),
    _instant("matched_at", nullable=False, default="now()"),
    CheckConstraint("status IN ('moving', 'matched', 'undoing')", name="status"),
)
moved_messages = _table(
    "moved_messages",
    ("tenant_id", "event_id", "message_key"),
    _required("message_key", Uuid),
    _instant("occurred_at", nullable=False),
)
ticket_types = _table(
    "ticket_types",
    (*EVENT_KEY, "ticket_type"),
    _required("ticket_type", Text),
    _required("name", Text),
    Column("price_minor", BigInteger),
    Column("currency", Text),
    Column("capacity", Integer),
    _required("admission", Boolean, "true"),
    _of_event(),
)
holds = _table(
    "holds",
    (*EVENT_KEY, "hold"),
    _required("hold", Text),
    _required("quantity", Integer),
    Column("reason", Text),
    _instant("released_at"),
    _of_event(),
)

# What was received

message_keys = _table("message_keys", ("tenant_id", "message_key"), _required("message_key", Uuid))
messages = _table(
    "messages",
    ("tenant_id", "received_at", "message_key"),
    _instant("received_at", nullable=False),
    _required("message_key", Uuid),
    _required("venue_id", Uuid),
    _required("event_id", Uuid),
    _required("type", Text),
    _required("source", Text),
    _instant("occurred_at", nullable=False),
    _required("payload", JSONB),
    partition="received_at",
)
_LETTER = ("tenant_id", "received_at", "dead_letter_id")
_OPEN = "replayed_at IS NULL AND discarded_at IS NULL"
dead_letters = _table(
    "dead_letters",
    ("tenant_id", "dead_letter_id"),
    _instant("received_at", nullable=False, default="now()"),
    _required("source", Text),
    _required("code", Text),
    Column("field", Text),
    _required("detail", Text),
    _required("payload", Text),
    _instant("replayed_at"),
    _required("door", Text, "''"),
    Column("type", Text),
    Column("identity", Uuid),
    _instant("discarded_at"),
    Column("handled_by", Uuid),
    Column("outcome", Text),
    _required("edited", Boolean, "false"),
    Index(None, "tenant_id", "received_at", "dead_letter_id"),
    Index("ix_dead_letters_open", *_LETTER, postgresql_where=text(_OPEN)),
    Index("ix_dead_letters_open_door", _LETTER[0], "door", *_LETTER[1:], postgresql_where=text(_OPEN)),
)
letter_jobs = _table(
    "letter_jobs",
    ("tenant_id", "job_id"),
    _required("action", Text),
    _required("filters", JSONB),
    _required("status", Text, "'waiting'"),
    *_counts("total", "done", "accepted", "duplicates", "refused", "discarded"),
    _instant("cursor_at"),
    Column("cursor_id", Uuid),
    Column("created_by", Uuid),
    _instant("created_at", nullable=False, default="now()"),
    _instant("finished_at"),
    CheckConstraint("action IN ('replay', 'discard')", name="action"),
    CheckConstraint("status IN ('waiting', 'running', 'done')", name="status"),
)

# Facts

ticket_sales = _fact(
    "ticket_sales",
    _required("kind", Text),
    Column("ticket_id", Text),
    Column("order_id", Text),
    Column("ticket_type", Text),
    _required("quantity", Integer),
    _required("amount_minor", BigInteger),
    _required("tax_minor", BigInteger),
    _required("currency", Text),
    _required("comp", Boolean),
    _required("admission", Boolean),
    Column("channel", Text),
    Column("campaign", Text),
    Column("country", Text),
    Column("region", Text),
    Column("city", Text),
    Column("customer", Uuid),
    Column("metadata", JSONB),
)
ticket_scans = _fact(
    "ticket_scans",
    _required("ticket_id", Text),
    _required("direction", Text),
    _required("effect", SmallInteger),
    Column("reason", Text),
    Column("gate", Text),
    _required("area", Text),
    Column("scanner", Text),
    _required("admission", Boolean),
    Column("metadata", JSONB),
)
page_views = _fact(
    "page_views",
    _required("path", Text),
    Column("referrer", Text),
    Column("source", Text),
    Column("medium", Text),
    Column("campaign", Text),
    Column("visitor", Uuid),
    Column("metadata", JSONB),
)
cart_updates = _fact(
    "cart_updates",
    _required("quantity", Integer),
    _required("value_minor", BigInteger),
    _required("currency", Text),
    Column("customer", Uuid),
    Column("items", JSONB),
    Column("metadata", JSONB),
)
social_mentions = _fact(
    "social_mentions",
    _required("platform", Text),
    Column("kind", Text),
    Column("author", Uuid),
    Column("text_length", Integer),
    _required("reach", BigInteger),
    _required("likes", BigInteger),
    _required("shares", BigInteger),
    Column("sentiment", REAL),
    Column("metadata", JSONB),
)
ticket_transfers = _fact(
    "ticket_transfers",
    _required("ticket_id", Text),
    Column("from_customer", Uuid),
    Column("to_customer", Uuid),
    Column("reason", Text),
    _required("successful", Boolean),
    Column("metadata", JSONB),
)
invalid_attempts = _fact(
    "invalid_attempts",
    _required("attempt_type", Text),
    Column("ticket_id", Text),
    Column("reason", Text),
    Column("gate", Text),
    Column("metadata", JSONB),
)
venue_updates = _fact("venue_updates", _required("field", Text), _required("value", JSONB))

# People inside

presence = _table(
    "presence",
    (*EVENT_KEY, "ticket_id"),
    _required("ticket_id", Text),
    _required("inside", Boolean),
    Column("zone", Text),
    _required("entries", Integer),
    _required("exits", Integer),
    _instant("first_entry_at"),
    _instant("last_move_at"),
    _required("moves", JSONB),
)
house_counts = _table(
    "house_counts",
    (*EVENT_KEY, "second"),
    _instant("second", nullable=False),
    _required("change", Integer),
)
house_count_minutes = _table(
    "house_count_minutes",
    (*EVENT_KEY, "minute"),
    _instant("minute", nullable=False),
    _required("change", Integer),
    _required("highest", Integer),
    _instant("highest_at", nullable=False),
)

# Roll-ups, written in the transaction of the facts

event_totals = _table(
    "event_totals",
    EVENT_KEY,
    *_counts("version", "sold", "comps", "cancelled", "refunds"),
    *_counts("entries", "exits", "entered", "reentries", "inside", "invalid", "peak"),
    _instant("peak_at"),
    *_counts("page_views", "cart_updates", "mentions", "reach", "engagements"),
    *_counts("transfers", "failed_transfers", "attempts"),
    _instant("updated_at"),
)
event_money = _table(
    "event_money",
    (*EVENT_KEY, "currency"),
    _required("currency", Text),
    *_counts("gross_minor", "refunded_minor", "fees_minor", "tax_minor"),
)
zone_totals = _table("zone_totals", (*EVENT_KEY, "zone"), _required("zone", Text), *_counts("inside"))
carts = _table(
    "carts",
    (*EVENT_KEY, "customer"),
    _required("quantity", Integer),
    _instant("updated_at", nullable=False),
    Index(None, "tenant_id", "venue_id", "event_id", "updated_at"),
)
gate_analytics = _table(
    "gate_analytics",
    (*EVENT_KEY, "gate", "bucket"),
    _required("gate", Text),
    _instant("bucket", nullable=False),
    *_counts("entries", "exits", "invalid"),
)
venue_analytics = _table(
    "venue_analytics",
    (*VENUE_KEY, "grain", "bucket", "event_id", "currency"),
    _required("grain", Text),
    _instant("bucket", nullable=False),
    _required("event_id", Uuid),
    _required("currency", Text),
    *_counts("sold", "comps", "cancelled", "gross_minor", "refunded_minor", "fees_minor", "tax_minor"),
    *_counts("entries", "exits", "arrivals", "inside_change", "invalid"),
    *_counts("page_views", "cart_updates", "mentions", "reach", "engagements"),
    *_counts("transfers", "failed_transfers", "attempts"),
    Index(None, "tenant_id", "venue_id", "event_id", "grain", "bucket"),
)

# Roll-ups without events, written by a job from what the writer leaves in `rollup_queue`

rollup_queue = _table(
    "rollup_queue",
    (*VENUE_KEY, "entry_id"),
    _required("entry_id", Uuid),
    _required("days", ARRAY(TIMESTAMP(timezone=True))),
    _required("months", ARRAY(TIMESTAMP(timezone=True))),
    _required("increments", JSONB),
)
day_analytics = _table(
    "day_analytics",
    (*VENUE_KEY, "dimension", "day", "value", "currency"),
    _required("dimension", Text),
    _instant("day", nullable=False),
    _required("value", Text),
    _required("currency", Text),
    *_counts("changes", "sold", "comps", "cancelled", "refunds"),
    *_counts("gross_minor", "refunded_minor", "fees_minor", "tax_minor"),
    *_counts("entries", "exits", "arrivals", "invalid"),
    *_counts("page_views", "cart_updates", "mentions", "reach", "engagements"),
    lists="dimension",
)
customer_totals = _table(
    "customer_totals",
    (*VENUE_KEY, "customer", "currency"),
    _required("customer", Uuid),
    _required("currency", Text),
    *_counts("lines", "tickets", "gross_minor", "refunded_minor", "fees_minor", "net_minor"),
    _instant("first_at"),
    _instant("last_at"),
    Index("ix_customer_totals_net", "tenant_id", "venue_id", "currency", text("net_minor DESC")),
)

# Dashboards

dashboards = _table(
    "dashboards",
    ("tenant_id", "dashboard_id"),
    _required("name", Text),
    _required("version", Integer, "1"),
    _required("owner_id", Uuid),
    _instant("created_at", nullable=False, default="now()"),
    _instant("updated_at", nullable=False, default="now()"),
    _instant("trashed_at"),
)
dashboard_versions = _table(
    "dashboard_versions",
    ("tenant_id", "dashboard_id", "version"),
    _required("version", Integer),
    Column("name", Text),
    _required("document", JSONB),
    _required("summary", Text, "''"),
    _required("author_id", Uuid),
    _instant("created_at", nullable=False, default="now()"),
)
dashboard_shares = _table(
    "dashboard_shares",
    ("tenant_id", "dashboard_id", "grantee"),
    _required("grantee", Text),
    _required("may_edit", Boolean, "false"),
)
dashboard_links = _table(
    "dashboard_links",
    ("tenant_id", "link_id"),
    _required("dashboard_id", Uuid),
    _required("label", Text),
    _required("secret_hash", LargeBinary),
    _required("filters", JSONB, "'{}'"),
    _required("masked", Boolean, "false"),
    _required("created_by", Uuid),
    _instant("created_at", nullable=False, default="now()"),
    _instant("expires_at", nullable=False),
    _instant("revoked_at"),
    _required("views", Integer, "0"),
    _instant("last_viewed_at"),
    Index(None, "tenant_id", "dashboard_id"),
)
annotations = _table(
    "annotations",
    (*VENUE_KEY, "annotation_id"),
    _required("annotation_id", Uuid),
    Column("event_id", Uuid),
    _instant("at", nullable=False),
    _required("text", Text),
    _required("author_id", Uuid),
    _instant("created_at", nullable=False, default="now()"),
    Index(None, "tenant_id", "venue_id", "at"),
    _of_venue(),
)
exports = _table(
    "exports",
    ("tenant_id", "export_id"),
    _required("created_by", Uuid),
    _required("format", Text),
    _required("request", JSONB),
    _required("file_name", Text),
    _required("status", Text, "'waiting'"),
    _required("attempts", SmallInteger, "0"),
    _required("rows_done", BigInteger, "0"),
    Column("rows_total", BigInteger),
    Column("bytes", BigInteger),
    Column("error", Text),
    _instant("created_at", nullable=False, default="now()"),
    _instant("started_at"),
    _instant("finished_at"),
    _instant("expires_at", nullable=False),
    CheckConstraint(
        "status IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'expired')", name="status"
    ),
    Index(None, "tenant_id", "created_by", "created_at"),
)

idempotency_keys = _table(
    "idempotency_keys",
    ("tenant_id", "caller", "key_hash"),
    _required("key_hash", LargeBinary),
    _required("fingerprint", LargeBinary),
    _instant("claimed_at", nullable=False),
    Column("answer", LargeBinary),
)

# Who did what, and how far each chain of it has come

audit_log = _table(
    "audit_log",
    ("tenant_id", "recorded_at", "lane", "seq"),
    _instant("recorded_at", nullable=False),
    _required("lane", SmallInteger),
    _required("seq", BigInteger),
    _required("actor_kind", Text),
    Column("actor_id", Uuid),
    Column("session_id", Uuid),
    _required("door", Text),
    _required("action", Text),
    _required("outcome", Text),
    _required("object", Text),
    Column("venue_id", Uuid),
    Column("event_id", Uuid),
    _required("request_id", Text),
    _required("detail", JSONB),
    _required("key_id", Text),
    _required("previous", LargeBinary),
    _required("hash", LargeBinary),
    Index(None, "tenant_id", "lane", "seq"),
    Index(None, "tenant_id", "actor_id", "recorded_at"),
    Index(None, "tenant_id", "object", "recorded_at"),
    partition="recorded_at",
)
audit_heads = _table(
    "audit_heads",
    ("tenant_id", "lane"),
    _required("lane", SmallInteger),
    _required("seq", BigInteger, "0"),
    _required("hash", LargeBinary),
    _instant("recorded_at", nullable=False, default="to_timestamp(0)"),
    _required("floor_seq", BigInteger, "0"),
    Column("floor_hash", LargeBinary),
    Column("floor_seal", LargeBinary),
)

# Which months of facts stand in files

archives = _table(
    "archives",
    ("tenant_id", "fact_table", "month", "part"),
    _required("fact_table", Text),
    _required("month", Date),
    _required("part", SmallInteger),
    _required("state", Text),
    _required("file_name", Text),
    _required("rows", BigInteger),
    _required("bytes", BigInteger),
    _required("checksum", LargeBinary),
    _required("revision", Text),
    _required("events", ARRAY(Uuid)),
    _required("made_by", Text),
    _instant("created_at", nullable=False, default="now()"),
    _instant("updated_at", nullable=False, default="now()"),
    CheckConstraint(
        "state IN ('verified', 'leaving', 'detached', 'archived', 'restored')",
        name="state",
    ),
)

# What follows from them

milestones = _table(
    "milestones",
    (*EVENT_KEY, "measure", "percent"),
    _required("measure", Text),
    _required("percent", Integer),
    _instant("reached_at", nullable=False),
    _required("value", BigInteger),
)
usual_arrivals = _table(
    "usual_arrivals",
    EVENT_KEY,
    _required("bucket_minutes", SmallInteger),
    _required("first_offset_minutes", Integer),
    _required("shares", ARRAY(Double)),
    _required("peak_offset_minutes", Integer),
    _required("peak_share", Double),
    _required("comparables", ARRAY(Uuid)),
    _instant("computed_at", nullable=False),
)

# Queues at brokers that messages are read from

queue_sources = _table(
    "queue_sources",
    ("tenant_id", "source_id"),
    _required("kind", Text),
    _required("name", Text),
    _required("sealed_url", LargeBinary),
    _required("place", JSONB),
    _instant("created_at", nullable=False, default="now()"),
    _instant("disabled_at"),
    _required("state", Text, "'new'"),
    _instant("seen_at"),
    _instant("last_message_at"),
    Column("last_error", Text),
    _instant("last_error_at"),
    *_counts("accepted", "duplicates", "rejected"),
    Index(
        "ix_queue_sources_name",
        "tenant_id",
        "name",
        unique=True,
        postgresql_where=text("disabled_at IS NULL"),
    ),
)

# What came through each door, by the minute for a day, and since when

doors = _table(
    "doors",
    ("tenant_id", "door"),
    _required("door", Text),
    _instant("first_at", nullable=False),
    _instant("last_message_at"),
    _instant("last_refused_at"),
    *_counts("accepted", "duplicates", "rejected"),
)
door_minutes = _table(
    "door_minutes",
    ("tenant_id", "minute", "door"),
    _instant("minute", nullable=False),
    _required("door", Text),
    *_counts("accepted", "duplicates", "rejected", "lag_ms"),
)

# Websites whose pages may say what is seen and put into carts on them

sites = _table(
    "sites",
    ("tenant_id", "site_id"),
    _required("venue_id", Uuid),
    _required("name", Text),
    _required("origins", ARRAY(Text)),
    _instant("created_at", nullable=False, default="now()"),
    _instant("disabled_at"),
    _of_venue(),
    Index("ix_sites_name", "tenant_id", "name", unique=True, postgresql_where=text("disabled_at IS NULL")),
)

# Files that were uploaded: how each is read, how far it is, and what an undoing needs to know

imports = _table(
    "imports",
    ("tenant_id", "import_id"),
    _required("created_by", Uuid),
    _required("eyes", JSONB),
    _required("kind", Text),
    _required("source", Text),
    _required("file_name", Text),
    _required("file_hash", LargeBinary),
    _required("bytes", BigInteger),
    _required("layout", JSONB),
    _required("status", Text, "'draft'"),
    _required("attempts", SmallInteger, "0"),
    _required("tries", SmallInteger, "0"),
    *_counts("checked_rows", "checked_new", "checked_known", "checked_repeated", "checked_rejected"),
    *_counts("rows_done", "accepted", "duplicates", "rejected", "undone"),
    _required("progress", SmallInteger, "0"),
    Column("error", Text),
    _instant("created_at", nullable=False, default="now()"),
    _instant("started_at"),
    _instant("finished_at"),
    _instant("expires_at", nullable=False),
    CheckConstraint("kind IN ('events', 'sales', 'scans', 'competitors')", name="kind"),
    CheckConstraint(
        "status IN ('draft', 'checking', 'checked', 'running', 'done', 'cancelled', 'failed', 'undoing',"
        " 'undone')",
        name="status",
    ),
    Index(None, "tenant_id", "created_at"),
)
import_layouts = _table(
    "import_layouts",
    ("tenant_id", "source", "kind"),
    _required("source", Text),
    _required("kind", Text),
    _required("layout", JSONB),
    _required("author_id", Uuid),
    _instant("updated_at", nullable=False, default="now()"),
)
import_errors = _table(
    "import_errors",
    ("tenant_id", "import_id", "row"),
    _required("row", BigInteger),
    _required("code", Text),
    Column("field", Text),
    Column("value", Text),
    _required("detail", Text),
)
import_parts = _table(
    "import_parts",
    ("tenant_id", "import_id", "first_row"),
    _required("first_row", BigInteger),
    _required("message_keys", ARRAY(Uuid)),
    _instant("written_from", nullable=False),
    _instant("written_until", nullable=False),
)
import_events = _table(
    "import_events",
    ("tenant_id", "import_id", "venue_id", "event_id"),
    Column("before", JSONB),
)

# What others nearby put on: each import states its events anew, the latest statement holds

competitor_events = _table(
    "competitor_events",
    (*VENUE_KEY, "competitor_event_id", "import_id"),
    _required("competitor_event_id", Uuid),
    _required("import_id", Uuid),
    _required("source", Text),
    _required("name", Text),
    Column("place", Text),
    Column("city", Text),
    _instant("starts_at", nullable=False),
    _instant("ends_at"),
    Column("capacity", Integer),
    Column("price_from_minor", BigInteger),
    Column("price_to_minor", BigInteger),
    _required("currency", Text),
    Column("genre", Text),
    _required("fingerprint", LargeBinary),
    _instant("stated_at", nullable=False),
    _of_venue(),
    Index(None, "tenant_id", "venue_id", "starts_at"),
)

# Webhooks, what they have to tell, and what became of it

webhooks = _table(
    "webhooks",
    ("tenant_id", "webhook_id"),
    _required("sealed_url", LargeBinary),
    _required("description", Text),
    _required("types", ARRAY(Text)),
    _required("sealed_secret", LargeBinary),
    Column("sealed_previous", LargeBinary),
    _instant("previous_until"),
    _instant("created_at", nullable=False, default="now()"),
    _instant("disabled_at"),
    Column("reason", Text),
    _required("failures", Integer, "0"),
    _instant("resume_at"),
    _instant("delivered_at"),
    CheckConstraint("reason IN ('by-hand', 'gone', 'failing')", name="reason"),
)
webhook_messages = _table(
    "webhook_messages",
    ("tenant_id", "message_id"),
    _required("type", Text),
    _required("body", Text),
    _instant("created_at", nullable=False),
)
webhook_deliveries = _table(
    "webhook_deliveries",
    ("tenant_id", "webhook_id", "message_id"),
    _required("status", Text, "'waiting'"),
    _required("attempts", Integer, "0"),
    _required("tries", Integer, "0"),
    _instant("created_at", nullable=False),
    _instant("next_at", nullable=False),
    _instant("claimed_until"),
    _instant("expires_at"),
    _instant("finished_at"),
    Column("answered", Integer),
    Column("error", Text),
    CheckConstraint("status IN ('waiting', 'delivered', 'failed')", name="status"),
    Index("ix_webhook_deliveries_waiting", "next_at", postgresql_where=text("status = 'waiting'")),
    Index(None, "tenant_id", "webhook_id", "created_at"),
)
webhook_attempts = _table(
    "webhook_attempts",
    ("tenant_id", "webhook_id", "message_id", "number"),
    _required("number", Integer),
    _instant("at", nullable=False),
    _required("milliseconds", Integer),
    Column("answered", Integer),
    Column("error", Text),
    _required("answer", Text),
)

# Other databases that the ledger is copied to, and how far each copy is

sinks = _table(
    "sinks",
    ("tenant_id", "sink_id"),
    _required("kind", Text),
    _required("name", Text),
    _required("place", JSONB),
    _required("sealed", LargeBinary),
    _instant("created_at", nullable=False, default="now()"),
    _instant("at", nullable=False),
    _required("at_key", Uuid),
    _instant("ready_until", nullable=False),
    _instant("mark_at"),
    Column("mark_number", BigInteger),
    _required("sent", BigInteger, "0"),
    _instant("sent_at"),
    Column("last_error", Text),
    _instant("last_error_at"),
    _required("failures", Integer, "0"),
    _instant("retry_at"),
    UniqueConstraint("tenant_id", "name"),
)

# What pretix said: the sources, the queue of its pings, and the last state seen of its objects

pretix_sources = _table(
    "pretix_sources",
    ("tenant_id", "source_id"),
    _required("venue_id", Uuid),
    _required("name", Text),
    _required("base_url", Text),
    _required("organizer", Text),
    _required("sealed_token", LargeBinary),
    _required("secret_hash", LargeBinary),
    _required("gates", JSONB, "'{}'"),
    _instant("created_at", nullable=False, default="now()"),
    _instant("disabled_at"),
    UniqueConstraint("tenant_id", "name"),
    _of_venue(),
)


def _pretix(name: str, own: Column[Any] | tuple[Column[Any], ...], *columns: Any) -> Table:
    parts = own if isinstance(own, tuple) else (own,)
    key = ("tenant_id", "source_id", *(part.name for part in parts))
    source = ForeignKeyConstraint(
        ("tenant_id", "source_id"), ["pretix_sources.tenant_id", "pretix_sources.source_id"]
    )
    return _table(name, key, *parts, *columns, source)


pretix_pings = _pretix(
    "pretix_pings",
    (_required("event", Text), _required("subject", Text)),
    _required("pings", Integer, "1"),
    _required("attempts", Integer, "0"),
    _instant("received_at", nullable=False, default="now()"),
    _instant("next_attempt_at", nullable=False, default="now()"),
    Column("last_error", Text),
    Index(None, "tenant_id", "source_id", "next_attempt_at"),
)
pretix_events = _pretix(
    "pretix_events",
    _required("event", Text),
    _required("document", JSONB),
    _instant("fetched_at", nullable=False),
)
pretix_orders = _pretix(
    "pretix_orders",
    _required("code", Text),
    _required("event", Text),
    _required("status", Text),
    _required("testmode", Boolean),
    _instant("last_modified", nullable=False),
    _instant("fetched_at", nullable=False),
    _required("revision", Integer),
    _required("document", JSONB),
    Index(None, "tenant_id", "source_id", "event"),
)
pretix_positions = _pretix(
    "pretix_positions",
    _required("position_id", BigInteger),
    _required("code", Text),
    _required("event", Text),
    _required("event_id", Uuid),
    _required("person", Boolean),
    _required("valid", Boolean),
    _required("testmode", Boolean),
    _required("pending", Boolean, "false"),
    _instant("fetched_at", nullable=False),
    Index(None, "tenant_id", "source_id", "code"),
    Index("ix_pretix_positions_pending", "tenant_id", "event_id", postgresql_where=text("pending")),
)
pretix_checkins = _pretix(
    "pretix_checkins",
    _required("checkin_id", BigInteger),
    _required("event", Text),
    _required("event_id", Uuid),
    Column("position_id", BigInteger),
    _required("list_id", BigInteger),
    _required("direction", Text),
    _required("successful", Boolean),
    Column("reason", Text),
    Column("gate", Text),
    _required("person", Boolean),
    _instant("occurred_at", nullable=False),
    _instant("fetched_at", nullable=False),
    _required("revision", Integer),
    Index(None, "tenant_id", "source_id", "position_id"),
)
pretix_cursors = _pretix(
    "pretix_cursors",
    _required("resource", Text),
    _required("value", Text),
    _instant("updated_at", nullable=False, default="now()"),
)
# Only the connector asks for the lines of one order or ticket, so only its lines pay for the indexes.
for _column in (ticket_sales.c.order_id, ticket_sales.c.ticket_id):
    Index(
        f"ix_ticket_sales_pretix_{_column.name}",
        ticket_sales.c.tenant_id,
        _column,
        postgresql_where=text("order_id LIKE 'pretix:%'"),
    )
