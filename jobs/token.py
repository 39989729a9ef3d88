"""Make, list or revoke the API tokens of a tenant; a token is shown once, when it is made."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

from config import Settings
from data import embedded, tenants
from data.engine import Database, TenantConnection
from data.permissions import SCOPES
from data.tokens import create_token, list_tokens, revoke_token

MOST_DAYS = 3650


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    parser.add_argument("--tenant", help="slug or id of the tenant; not needed while there is one only")
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a token and print it")
    create.add_argument("name", help="who will use it, e.g. 'box office'")
    create.add_argument(
        "--may",
        nargs="+",
        choices=SCOPES,
        default=["send"],
        help="send messages (unless something else is said), read figures, write boards and notes, read the"
        " server's metrics",
    )
    create.add_argument("--days", type=_days, help="after how many days it ends; without this, never")
    actions.add_parser("list", help="show all tokens, without their secrets")
    revoke = actions.add_parser("revoke", help="make a token useless, within half a minute")
    revoke.add_argument("token_id", type=UUID, help="its id, from the list")


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"a token lasts 1 to {MOST_DAYS} days")
    return days


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there is no such tenant or token."""
    with embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls:
        database = Database(urls.database_url, max_size=1)
        try:
            tenant_id = tenants.find(database, arguments.tenant)
            if tenant_id is None:
                print("Which tenant? There is none of this name, or more than one.", file=sys.stderr)
                return 1
            with database.tenant(tenant_id) as tenant:
                return _act(arguments, tenant)
        finally:
            database.close()


def _act(arguments: argparse.Namespace, tenant: TenantConnection) -> int:
    if arguments.action == "create":
        days = arguments.days
        expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
        print(create_token(tenant, arguments.name, arguments.may, expires_at))
    elif arguments.action == "list":
        for token in list_tokens(tenant):
            ends = token["expires_at"]
            state = "expired" if ends and ends <= datetime.now(UTC) else "active"
            state = "revoked" if token["revoked_at"] else state
            used = token["last_used_at"]
            last = f"last used {used:%Y-%m-%d %H:%M} UTC" if used else "never used"
            may = ",".join(token["scopes"])
            until = f", until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
            print(f"{token['token_id']}  {state:8} {may:16} {last:32} {token['name']}{until}")
    elif not revoke_token(tenant, arguments.token_id):
        print("There is no such active token.", file=sys.stderr)
        return 1
    return 0
