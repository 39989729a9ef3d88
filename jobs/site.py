"""Add, list or remove the websites of a venue whose pages are counted; what to paste into them is printed."""

import argparse

from config import Settings
from data import sites
from data.directory import Directory
from data.engine import Database
from jobs.administration import Refusal, administer, choose_tenant, slug, tenant_of
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    choose_tenant(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="count the pages of a website, and print what to paste into them")
    add.add_argument("--name", required=True, type=slug, help="your own short name for it")
    add.add_argument("--venue", help="id of its venue, ours or your own; not needed while there is one only")
    add.add_argument(
        "origins", nargs="+", type=origin, metavar="ORIGIN", help="where its pages are: https://shop.example"
    )
    shown = actions.add_parser("list", help="show the websites, with their keys")
    remove = actions.add_parser("remove", help="count a website no more, within ten seconds")
    remove.add_argument("--name", required=True, help="its name, from the list")
    for action in (add, shown, remove):
        choose_tenant(action, default=argparse.SUPPRESS)  # It may also stand before the action.


def origin(text: str) -> str:
    """An origin, for argparse."""
    try:
        return sites.origin_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when there is no such tenant, venue or site, or its name is taken."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    tenant_id = tenant_of(database, arguments.tenant)
    if arguments.action == "add":
        _add(arguments, database, settings)
        return
    with database.tenant(tenant_id) as tenant:
        if arguments.action == "list":
            for each in sites.listed(tenant):
                print(
                    f"{each['name']}  {sites.key_of(tenant_id, each['site_id'])}  {' '.join(each['origins'])}"
                )
            return
        removed = sites.remove(tenant, arguments.name)
        if removed is None:
            raise Refusal(f"There is no site named {arguments.name}.")
        recorded(tenant, settings, "remove-site", f"site:{removed}")


def _add(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    tenant_id = tenant_of(database, arguments.tenant)
    directory = Directory(database)
    venue = (
        directory.only_venue(tenant_id)
        if arguments.venue is None
        else directory.venue(tenant_id, arguments.venue)
    )
    if venue is None:
        there = ", ".join(each.external_id or str(each.venue_id) for each in directory.venues(tenant_id))
        raise Refusal(f"Which venue? Say --venue. There are: {there or 'none yet'}.")
    try:
        with database.tenant(tenant_id) as tenant:
            made = sites.add(tenant, venue.venue_id, arguments.name, arguments.origins)
            recorded(tenant, settings, "add-site", f"site:{made}", origins=sorted(set(arguments.origins)))
    except sites.NameTaken:
        raise Refusal(f"There is a site named {arguments.name} already.") from None
    host = settings.public_url or "https://your-housecount"
    print(f'<script async src="{host}/snippet/v1.js" data-site="{sites.key_of(tenant_id, made)}"></script>')
