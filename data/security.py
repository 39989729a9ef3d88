"""The application's role and row-level security: what migrations apply to every tenant table.

The role owns nothing, cannot bypass policies and may not change a fact once written. Without
`app.tenant_id` in the transaction a policy compares with NULL and every table is empty.
"""

from collections.abc import Iterable

APP_ROLE = "housecount_app"

APPEND_ONLY = frozenset(
    {
        "message_keys",
        "messages",
        "ticket_sales",
        "ticket_scans",
        "page_views",
        "cart_updates",
        "social_mentions",
        "ticket_transfers",
        "invalid_attempts",
        "venue_updates",
        "milestones",
        "dashboard_versions",
        "audit_log",
    }
)
"""Tables the application may read and add to, but neither change nor empty."""

NEVER_REMOVED = frozenset({"audit_heads"})
"""Tables whose rows the application changes, and cannot remove."""

READ_ONLY = frozenset({"archives"})
"""Tables that the application reads, and only the owner of the tables writes."""

CREATE_ROLE = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
  EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- Another database of this server is being migrated at the same moment.
END $$
"""


def protect(table: str) -> Iterable[str]:
    """The statements that put one tenant table under forced row-level security and grant it."""
    rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
    rights = "SELECT, INSERT, UPDATE" if table in NEVER_REMOVED else rights
    rights = "SELECT" if table in READ_ONLY else rights
    tenant = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY tenant ON {table} USING (tenant_id = {tenant}) WITH CHECK (tenant_id = {tenant})"
    yield f"GRANT {rights} ON {table} TO {APP_ROLE}"


def permit_login() -> str:
    """The policy by which a login finds the users of one e-mail address before it knows a tenant."""
    email = "NULLIF(current_setting('app.login_email', true), '')"
    return f"CREATE POLICY login ON users FOR SELECT USING (email = {email})"


def permit_identity() -> str:
    """The policy by which a login finds the people of one identity at the OpenID provider, likewise."""
    identity = "NULLIF(current_setting('app.login_identity', true), '')"
    return f"CREATE POLICY login ON provider_links FOR SELECT USING (identity = {identity})"


def permit_job(table: str) -> str:
    """The policy by which a background job finds the tenants that have rows in one table."""
    job = "NULLIF(current_setting('app.job', true), '')"
    return f"CREATE POLICY job ON {table} FOR SELECT USING ({job} = '{table}')"
