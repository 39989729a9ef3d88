"""Add, list or remove queues that messages are read from: of RabbitMQ, or of Bull or BullMQ in a Redis.

The address of the broker is read from standard input, so that it appears neither in the list of processes nor
in the shell's history.
"""

import argparse
import sys
from datetime import datetime
from getpass import getpass
from typing import Any

from config import Settings
from data import queue_sources
from data.engine import Database
from data.queue_sources import Kind
from jobs import queue_bull, queue_rabbitmq
from jobs.administration import Refusal, administer, choose_tenant, slug, tenant_of
from jobs.queue_kind import QueueKind
from jobs.recorded import recorded

KINDS: dict[Kind, QueueKind] = {
    "rabbitmq": queue_rabbitmq.RABBITMQ,
    "bull": queue_bull.BULL,
    "bullmq": queue_bull.BULLMQ,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which queue."""
    choose_tenant(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="read messages from a queue from now on")
    kinds = add.add_subparsers(dest="kind", required=True)
    ends = [actions.add_parser("list", help="show the queues that are read, and how their readers are")]
    remove = actions.add_parser("remove", help="read a queue no more, and forget its address")
    remove.add_argument("--name", required=True, help="its name, from the list")
    ends.append(remove)
    for name, kind in KINDS.items():
        one = kinds.add_parser(name, help=kind.help, description=kind.help)
        one.add_argument("--name", required=True, type=slug, help="your own short name for it")
        kind.arguments(one)
        ends.append(one)
    for end in ends:
        choose_tenant(end, default=argparse.SUPPRESS)  # It may also stand before the action.


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2, with a reason, when the broker cannot be used or there is no such queue or tenant."""
    if arguments.action == "add":
        url = getpass("Address: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
        return administer(settings, lambda database: _add(arguments, url, database, settings))
    if arguments.action == "remove":
        return administer(settings, lambda database: _remove(arguments, database, settings))
    return administer(settings, lambda database: _list(arguments, database))


def _add(arguments: argparse.Namespace, url: str, database: Database, settings: Settings) -> None:
    tenant_id = tenant_of(database, arguments.tenant)
    kind: Kind = arguments.kind
    place, told = KINDS[kind].prepared(arguments, url, settings)
    try:
        with database.tenant(tenant_id) as tenant:
            made = queue_sources.add(tenant, kind, arguments.name, url, place)
            recorded(tenant, settings, "add-queue", f"queue:{made}", kind=kind, **place)
    except queue_sources.NameTaken:
        raise Refusal(f"A queue named {arguments.name} is read already.") from None
    print(told)


def _list(arguments: argparse.Namespace, database: Database) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        sources = queue_sources.listed(tenant)
    for each in sources:
        counts = ", ".join(f"{each[name]:,} {name}" for name in ("accepted", "duplicates", "rejected"))
        print(
            f"{each['name']}  {each['kind']} {_place(each)}  {each['state']}"
            f" (seen {_at(each['seen_at'])})  {counts}, the last {_at(each['last_message_at'])}"
        )
        if each["last_error"] is not None:
            print(f"    last error {_at(each['last_error_at'])}: {each['last_error']}")
    if not sources:
        print("No queue is read.")


def _place(source: dict[str, Any]) -> str:
    kind: Kind = source["kind"]
    return KINDS[kind].shown(source["place"])


def _remove(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        removed = queue_sources.remove(tenant, arguments.name)
        if removed is None:
            raise Refusal(f"There is no queue named {arguments.name}.")
        recorded(tenant, settings, "remove-queue", f"queue:{removed}")
    print("Removed. At the broker everything stays as it is: messages wait there until somebody reads them.")


def _at(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S%z}"
