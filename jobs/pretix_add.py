"""Connect a pretix organizer to a venue; prints the webhook address once.

The API token (it needs "can view orders", nothing more) is read from standard input, so that it
appears neither in the list of processes nor in the shell's history.
"""

import argparse
import re
import sys
import uuid
from contextlib import closing
from getpass import getpass

from config import Settings
from data import embedded, tenants
from data.directory import Directory, Venue
from data.engine import Database
from data.keys import MasterKeys
from data.pretix import sources
from data.pretix.sources import Source
from ingest.pretix.client import Away, Client, Forbidden, Missing, origin
from ingest.pretix.documents import Event, Malformed
from ingest.pretix.seal import seal
from jobs.recorded import recorded

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to connect, and to which venue."""
    parser.add_argument("--tenant", help="slug or id of the tenant; not needed while there is one only")
    parser.add_argument("--venue", help="id of the venue; not needed while the tenant has one only")
    parser.add_argument("--url", required=True, help="address of the pretix, e.g. https://pretix.eu")
    parser.add_argument("--organizer", required=True, help="the organizer's short name in pretix")
    parser.add_argument("--name", help="your own short name for it (default: the organizer's)")
    parser.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="NUMBER=NAME",
        help="name of a pretix gate, once for each; the API tells numbers only",
    )
    parser.add_argument("--public-url", help="address under which pretix reaches this Housecount")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Connect it; 1, with a reason, when pretix or the venue cannot be found."""
    try:
        url = _address(arguments.url)
        name = _name(arguments.name or arguments.organizer)
        gates = dict(_gate(text) for text in arguments.gate)
    except ValueError as error:
        return _failed(str(error))
    token = getpass("pretix API token: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not token:
        return _failed("Give the API token on standard input.")
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        closing(
            Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=1)
        ) as database,
    ):
        tenant_id = tenants.find(database, arguments.tenant)
        if tenant_id is None:
            return _failed("Which tenant? There is none of this name, or more than one.")
        venue = _venue(Directory(database), tenant_id, arguments.venue)
        if venue is None:
            return _failed("Which venue? There is none of this id, or more than one.")
        try:
            events = _events(url, arguments.organizer, token)
        except (Away, Forbidden, Missing, Malformed) as error:
            return _failed(f"{url} does not answer as expected: {error}")
        secret = sources.new_secret(tenant_id)
        try:
            with database.tenant(tenant_id) as tenant:
                source = Source(
                    tenant_id, uuid.uuid4(), venue.venue_id, name, url, arguments.organizer,
                    seal(tenant, token), gates,
                )  # fmt: skip
                sources.add(tenant, source, secret)
                recorded(tenant, settings, "connect-pretix", f"source:{source.source_id}")
        except sources.NameTaken:
            return _failed(f"There is a source named {name} already; choose another --name.")
    public = (arguments.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    print(f"Connected {name}: {len(events)} events at {venue.name}.")
    print("Webhook address, shown only now (pretix: organizer settings, Webhooks, all events and actions):")
    print(f"  {public}/api/v1/webhooks/pretix/{source.source_id}/{secret}")
    print(f"Then read the history: python -m jobs pretix-backfill --source {name}")
    return 0


def _address(url: str) -> str:
    """The address without a slash at its end; a token is sent only over TLS, or to this machine."""
    try:
        scheme, host, _ = origin(url)
    except Malformed:
        raise ValueError(f"{url} is not a web address.") from None
    if scheme != "https" and host not in LOOPBACK:
        raise ValueError("The address has to begin with https://, because the token is sent there.")
    return url.rstrip("/")


def _name(text: str) -> str:
    if re.fullmatch(r"[a-z0-9_-]{1,40}", text) is None:
        raise ValueError("A --name has 1 to 40 of a–z, 0–9, _ and -.")
    return text


def _gate(text: str) -> tuple[str, str]:
    number, _, name = text.partition("=")
    if not (number.isdecimal() and name):
        raise ValueError(f'A gate is given as NUMBER=NAME, e.g. --gate "1=Gate North"; this was {text!r}.')
    return number, name


def _venue(directory: Directory, tenant_id: uuid.UUID, ref: str | None) -> Venue | None:
    return directory.only_venue(tenant_id) if ref is None else directory.venue(tenant_id, ref)


def _events(url: str, organizer: str, token: str) -> list[Event]:
    with closing(Client(url, organizer, token)) as client:
        return client.all(Event, "events")


def _failed(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1
