"""What operators do by command, in the audit log of the tenant they do it to."""

from __future__ import annotations

from config import Settings
from data.audit_entry import Actor, Entry, Keys, Told
from data.audit_log import write_entries
from data.engine import TenantConnection

COMMAND = Actor("command")


def recorded(
    tenant: TenantConnection,
    settings: Settings,
    action: str,
    object: str = "",  # noqa: A002
    **detail: Told,
) -> None:
    """Write the entry in the transaction that does it: both or neither are there. Make it the last thing in
    the transaction."""
    entry = Entry(COMMAND, "command", action, object=object, detail=detail)
    write_entries(tenant, Keys(settings.audit_keys()), [entry])
