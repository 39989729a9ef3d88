"""Make, list or revoke the API tokens of a tenant; a token is shown once, when it is made."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from config import Settings
from data.engine import Database
from data.permissions import SCOPES
from data.tokens import add_token, list_tokens, revoke_token
from jobs.administration import Refusal, administer, choose_tenant, tenant_of
from jobs.recorded import recorded

MOST_DAYS = 3650


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    choose_tenant(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a token and print it")
    create.add_argument("name", help="who will use it, e.g. 'box office'")
    create.add_argument(
        "--may",
        nargs="+",
        action="extend",
        choices=SCOPES,
        help="send messages (unless something else is said), read figures, write boards and notes, read the"
        " audit log, look after webhooks, read the server's metrics",
    )
    create.add_argument("--days", type=days, help="after how many days it ends; without this, never")
    shown = actions.add_parser("list", help="show all tokens, without their secrets")
    revoke = actions.add_parser("revoke", help="make a token useless, within half a minute")
    revoke.add_argument("token_id", type=UUID, help="its id, from the list")
    for action in (create, shown, revoke):
        choose_tenant(action, default=argparse.SUPPRESS)  # It may also stand before the action.


def days(text: str) -> int:
    """A number of days after which something ends."""
    given = int(text)
    if not 1 <= given <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_DAYS} days")
    return given


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when there is no such tenant or token."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        if arguments.action == "create":
            may = arguments.may or ["send"]
            made, text = add_token(tenant, arguments.name, may, end_of(arguments.days))
            recorded(tenant, settings, "make-token", f"token:{made}", may=sorted(set(may)))
            print(text)
        elif arguments.action == "list":
            for token in list_tokens(tenant):
                print(line(token["token_id"], token))
        elif revoke_token(tenant, arguments.token_id):
            recorded(tenant, settings, "revoke-token", f"token:{arguments.token_id}")
        else:
            raise Refusal("There is no such active token.")


def end_of(days: int | None) -> datetime | None:
    """The moment in so many days; None for what does not end."""
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def line(name: object, row: Mapping[str, Any]) -> str:
    """What is known of a token or key, in one line."""
    ends, used = row["expires_at"], row["last_used_at"]
    state = "expired" if ends and ends <= datetime.now(UTC) else "active"
    state = "revoked" if row["revoked_at"] else state
    last = f"last used {used:%Y-%m-%d %H:%M} UTC" if used else "never used"
    until = f", until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    return f"{name}  {state:8} {','.join(row['scopes']):16} {last:32} {row['name']}{until}"
