"""Make or list tenants. A tenant is an organisation: what it has, no other tenant can see."""

import argparse

from config import Settings
from data.engine import Database
from data.tenants import SlugTaken, add_tenant, list_tenants
from jobs.administration import Refusal, administer, name, slug
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a tenant")
    create.add_argument("slug", type=slug, help="short name for commands: a–z, 0–9 and -")
    create.add_argument("--name", type=name, required=True, help="name for people, e.g. 'Riverside Trust'")
    actions.add_parser("list", help="show all tenants")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when the slug is taken."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    if arguments.action == "list":
        for tenant in list_tenants(database):
            demo = "  (demo)" if tenant["demo"] else ""
            print(f"{tenant['tenant_id']}  {tenant['slug']:20} {tenant['name']}{demo}")
        return
    try:
        tenant_id = add_tenant(database, arguments.slug, arguments.name)
    except SlugTaken:
        raise Refusal(f"There is a tenant {arguments.slug} already.") from None
    with database.tenant(tenant_id) as made:
        recorded(made, settings, "make-tenant")
    print(f"Made the tenant {arguments.slug}, {arguments.name} ({tenant_id}).")
