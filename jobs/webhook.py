"""Make, list, test, enable or remove webhooks; their log and everything else is at /webhooks and in the API.

The address is read from standard input, so that it appears neither in the list of processes nor in the
shell's history: often it is a secret.
"""

import argparse
import sys
from datetime import UTC, datetime
from getpass import getpass
from uuid import UUID

from config import Settings
from data import webhook_outbox, webhooks
from data.engine import Database, TenantConnection
from data.webhook_address import BadAddress, host_of
from data.webhook_events import CHOICES
from data.webhooks import NotKept, Webhook, WebhookNotFound
from jobs.administration import Refusal, administer, choose_tenant, tenant_of
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which webhook."""
    choose_tenant(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make a webhook, and print its secret once")
    add.add_argument("--description", default="", help="what is there")
    add.add_argument(
        "types", nargs="*", metavar="TYPE", help=f"what it is told of, or all: {', '.join(CHOICES)}"
    )
    ends = [add, actions.add_parser("list", help="show all webhooks, without their secrets and paths")]
    for name, what in (
        ("test", "send a test"),
        ("enable", "send to it again"),
        ("remove", "forget it with its secret and its log"),
    ):
        one = actions.add_parser(name, help=what)
        one.add_argument("webhook_id", type=UUID, help="its id, from the list")
        ends.append(one)
    for end in ends:
        choose_tenant(end, default=argparse.SUPPRESS)  # It may also stand before the action.


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2, with a reason, when it cannot be done or there is no such webhook or tenant."""
    url = ""
    if arguments.action == "add":
        url = getpass("Address: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    return administer(settings, lambda database: _act(arguments, url, database, settings))


def _act(arguments: argparse.Namespace, url: str, database: Database, settings: Settings) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        try:
            if arguments.action == "add":
                _add(tenant, arguments, url, settings)
            elif arguments.action == "list":
                for each in webhooks.listed(tenant):
                    print(
                        f"{each.webhook_id}  {_state(each)}  {host_of(each.url)}  {each.description}".rstrip()
                    )
            else:
                _do(tenant, arguments.action, arguments.webhook_id)
                recorded(tenant, settings, f"{arguments.action}-webhook", f"webhook:{arguments.webhook_id}")
        except (BadAddress, NotKept) as wrong:
            raise Refusal(str(wrong)) from None
        except WebhookNotFound:
            raise Refusal(f"There is no webhook {arguments.webhook_id} that is on.") from None


def _add(tenant: TenantConnection, arguments: argparse.Namespace, url: str, settings: Settings) -> None:
    made, secret = webhooks.add(
        tenant, url, arguments.description, arguments.types, settings.webhook_networks
    )
    host, types = host_of(made.url), list(made.types)
    recorded(tenant, settings, "add-webhook", f"webhook:{made.webhook_id}", host=host, types=types)
    print(f"{made.webhook_id}  {secret}")


def _do(tenant: TenantConnection, action: str, webhook_id: UUID) -> None:
    if action == "test":
        webhook_outbox.put_test(tenant, webhook_id, datetime.now(UTC))
    elif action == "enable":
        webhooks.enable(tenant, webhook_id)
    else:
        webhooks.remove(tenant, webhook_id)


def _state(webhook: Webhook) -> str:
    if webhook.disabled_at is not None:
        return f"off ({webhook.reason})"
    return f"{webhook.failures} failures" if webhook.failures else "on"
