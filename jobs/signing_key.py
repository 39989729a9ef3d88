"""Make, list or revoke the keys by which a tenant's services sign their requests; a secret is shown once."""

import argparse
from uuid import UUID

from config import Settings
from data.engine import Database
from data.permissions import SCOPES
from data.signing_keys import create_signing_key, list_signing_keys, revoke_signing_key
from jobs.administration import Refusal, administer, choose_tenant, tenant_of
from jobs.recorded import recorded
from jobs.token import days, end_of, line


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key and print its keyid and its secret (base64)")
    create.add_argument("name", help="which service will sign, e.g. 'box office'")
    create.add_argument("--may", nargs="+", choices=SCOPES, default=["send"], help="as with tokens")
    create.add_argument("--days", type=days, help="after how many days it ends; without this, never")
    shown = actions.add_parser("list", help="show all keys, without their secrets")
    revoke = actions.add_parser("revoke", help="make a key useless at once")
    revoke.add_argument("key_id", type=UUID, help="its id, from the list")
    for action in (create, shown, revoke):
        choose_tenant(action)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when there is no such tenant or key."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        if arguments.action == "create":
            made, secret = create_signing_key(tenant, arguments.name, arguments.may, end_of(arguments.days))
            recorded(tenant, settings, "make-signing-key", f"key:{made}", may=sorted(set(arguments.may)))
            print(made, secret, sep="\n")
        elif arguments.action == "list":
            for key in list_signing_keys(tenant):
                print(line(key["key_id"], key))
        elif revoke_signing_key(tenant, arguments.key_id):
            recorded(tenant, settings, "revoke-signing-key", f"key:{arguments.key_id}")
        else:
            raise Refusal("There is no such active key.")
