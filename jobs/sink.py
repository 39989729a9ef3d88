"""Copy the ledger to other databases: minutes of it to InfluxDB, messages to MongoDB. Off unless added here.

The address, and InfluxDB's token on a line of its own, are read from standard input, so that they appear
neither in the list of processes nor in the shell's history.
"""

import argparse
import sys
from datetime import UTC, datetime
from getpass import getpass

from config import Settings
from data import sinks
from data.engine import Database, TenantConnection
from data.instants import iso
from jobs.administration import Refusal, administer, choose_tenant, slug, tenant_of
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which sink."""
    choose_tenant(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="copy what comes from now on, or since a moment")
    kinds = add.add_subparsers(dest="kind", required=True)
    influx = kinds.add_parser("influxdb", help="minutes, by line protocol to the /api/v2/write of an address")
    influx.add_argument("--org", default="", help="its organisation, where there are such")
    influx.add_argument("--bucket", required=True, help="its bucket")
    mongo = kinds.add_parser("mongodb", help="messages, to a collection of mongodb://…")
    mongo.add_argument("--database", required=True, help="its database")
    mongo.add_argument("--collection", default="messages", help="its collection (messages)")
    shown = actions.add_parser("list", help="show the sinks, and how far each is")
    rewind = actions.add_parser("rewind", help="copy again what came since a moment")
    remove = actions.add_parser("remove", help="copy no more; what is there stays there")
    for one in (influx, mongo, rewind, remove):
        one.add_argument("--name", required=True, type=slug, help="your own short name for it")
    for one in (influx, mongo, rewind):
        one.add_argument("--since", type=moment, required=one is rewind, help="2026-11-01T00:00:00Z")
    for end in (influx, mongo, shown, rewind, remove):
        choose_tenant(end, default=argparse.SUPPRESS)  # It may also stand before the action.


def moment(text: str) -> datetime:
    """A moment with its offset, for argparse."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("a moment with its offset: 2026-11-01T00:00:00Z")
    return found.astimezone(UTC)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2, with a reason, when there is no such sink or tenant, or the name is taken."""
    secret: dict[str, str] = {}
    if arguments.action == "add":
        secret["url"] = _asked("Address: ")
        if arguments.kind == "influxdb":
            secret["token"] = _asked("Token (none: empty): ")
    return administer(settings, lambda database: _act(arguments, secret, database, settings))


def _asked(prompt: str) -> str:
    return getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().strip()


def _act(
    arguments: argparse.Namespace, secret: dict[str, str], database: Database, settings: Settings
) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        if arguments.action == "list":
            _list(tenant)
        elif arguments.action == "add":
            _add(tenant, arguments, secret, settings)
        else:
            found = (
                sinks.remove(tenant, arguments.name)
                if arguments.action == "remove"
                else sinks.rewind(tenant, arguments.name, arguments.since)
            )
            if found is None:
                raise Refusal(f"There is no sink named {arguments.name}.")
            recorded(tenant, settings, f"{arguments.action}-sink", f"sink:{found}")


def _list(tenant: TenantConnection) -> None:
    for each in sinks.listed(tenant):
        place = " ".join(f"{name}={value}" for name, value in each["place"].items() if value)
        print(f"{each['name']}  {each['kind']} {place}  {each['sent']:,} messages, up to {iso(each['at'])}")
        if each["last_error"] is not None:
            print(f"    last error {iso(each['last_error_at'])}: {each['last_error']}")


def _add(
    tenant: TenantConnection, arguments: argparse.Namespace, secret: dict[str, str], settings: Settings
) -> None:
    schemes, place = {
        "influxdb": (("https://", "http://"), ("org", "bucket")),
        "mongodb": (("mongodb://", "mongodb+srv://"), ("database", "collection")),
    }[arguments.kind]
    if not secret["url"].startswith(schemes):
        raise Refusal(f"An address begins with {' or '.join(schemes)}.")
    there = {name: str(getattr(arguments, name)) for name in place}
    since = arguments.since or datetime.now(UTC)
    try:
        made = sinks.add(tenant, arguments.kind, arguments.name, there, secret, since)
    except sinks.NameTaken:
        raise Refusal(f"There is a sink named {arguments.name} already.") from None
    recorded(tenant, settings, "add-sink", f"sink:{made}", kind=arguments.kind, **there)
