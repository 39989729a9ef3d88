"""Make or list the venues of a tenant."""

import argparse
from datetime import datetime, time
from difflib import get_close_matches
from uuid import uuid4
from zoneinfo import available_timezones

from config import Settings
from data.currencies import EXPONENTS
from data.engine import Database
from data.venues import add_venue, list_venues
from jobs.administration import Refusal, administer, choose_tenant, name, tenant_of
from jobs.recorded import recorded

LARGEST = 10_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a venue")
    choose_tenant(create)
    create.add_argument("--id", type=name, required=True, help="what senders call it in venueId")
    create.add_argument("--name", type=name, required=True, help="name for people")
    create.add_argument("--zone", type=zone, required=True, help="IANA time zone, e.g. Europe/London")
    create.add_argument("--currency", type=currency, required=True, help="ISO 4217 code, e.g. GBP")
    create.add_argument("--capacity", type=capacity, required=True, help="most people in the house")
    create.add_argument(
        "--day-starts",
        type=local_time,
        default=time(6),
        metavar="HH:MM",
        help="when a business day starts by the venue's clock, so that a night is one day; default: 06:00",
    )
    choose_tenant(actions.add_parser("list", help="show all venues of a tenant"))


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when there is no such tenant or the id is taken."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    with database.tenant(tenant_of(database, arguments.tenant)) as tenant:
        if arguments.action == "list":
            for venue in list_venues(tenant):
                print(
                    f"{venue['external_id'] or '':20} {venue['zone']:20} {venue['currency']}"
                    f" {venue['capacity']:>8,} people, days from {venue['business_day_starts']:%H:%M}"
                    f"  {venue['name']}"
                )
            return
        venue_id = uuid4()
        new = add_venue(
            tenant,
            venue_id,
            arguments.id,
            arguments.name,
            zone=arguments.zone,
            currency=arguments.currency,
            capacity=arguments.capacity,
            day_starts=arguments.day_starts,
        )
        if new:
            recorded(tenant, settings, "make-venue", f"venue:{venue_id}")
    if not new:
        raise Refusal(f"There is a venue {arguments.id} already.")
    print(f"Made the venue {arguments.id}, {arguments.name}.")


def zone(text: str) -> str:
    """A time zone by its IANA name, for argparse."""
    known = {found for found in available_timezones() if "/" in found} | {"UTC"}
    if text not in known:
        near = get_close_matches(text, known, 1)
        meant = f"did you mean {near[0]}?" if near else "such as Europe/London"
        raise argparse.ArgumentTypeError(f"{text!r} is no IANA time zone, {meant}")
    return text


def currency(text: str) -> str:
    """A currency by its ISO 4217 code, for argparse."""
    if text.upper() not in EXPONENTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 4217 currency, such as EUR")
    return text.upper()


def capacity(text: str) -> int:
    """A number of people, for argparse."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= LARGEST):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {LARGEST:,}")
    return int(text)


def local_time(text: str) -> time:
    """A time of the day, for argparse."""
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of the day, such as 06:00") from None
