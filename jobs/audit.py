"""Verify the audit log, or print its anchors: how far each of its lanes has come.

Housecount may run meanwhile.
"""

import argparse
import sys
from pathlib import Path
from uuid import UUID

from config import Settings
from data import tenants
from data.audit_anchors import FILE, Lane, heads, line, newest
from data.audit_anchors import Anchor as KnownAnchor
from data.audit_entry import HOUSE, Keys
from data.audit_verify import Counted, verify
from data.engine import Database
from jobs.administration import Refusal, administer, choose_tenant, tenant_of

MOST_SHOWN = 100


class Broken(Exception):
    """The log is not what was written."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("verify", help="find entries that were changed, moved, removed or put in")
    choose_tenant(check)
    check.add_argument(
        "--anchors",
        type=Path,
        nargs="*",
        default=[],
        help="files or logs with anchors that were kept elsewhere; those in DATA_DIR are always used",
    )
    actions.add_parser("anchors", help="print the last entry of every lane, to be kept elsewhere")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when something was found."""
    keys = Keys(settings.audit_keys())

    def act(database: Database) -> None:
        if arguments.action == "anchors":
            for anchor in heads(database):
                print(line(anchor))
            return
        chosen = None if arguments.tenant is None else tenant_of(database, arguments.tenant)
        _verify(database, keys, _anchors(settings, arguments.anchors), chosen)

    try:
        return administer(settings, act)
    except Broken:
        return 1


def _anchors(settings: Settings, given: list[Path]) -> dict[Lane, KnownAnchor]:
    own = settings.data_dir / FILE
    paths = [path for path in (own, *given) if path != own or path.exists()]
    if not paths:
        print("There are no anchors yet: a tail that was cut off cannot be noticed.", file=sys.stderr)
    try:
        return newest(paths)
    except OSError as error:
        raise Refusal(f"{error.filename} cannot be read: {error.strerror}") from None


def _verify(database: Database, keys: Keys, anchors: dict[Lane, KnownAnchor], chosen: UUID | None) -> None:
    names = {tenant["tenant_id"]: tenant["slug"] for tenant in tenants.list_tenants(database)}
    wanted = {
        HOUSE,
        *names,
        *(tenant for tenant, _ in anchors),
        *(head.tenant_id for head in heads(database)),
    }
    broken = False
    for tenant_id in sorted(wanted if chosen is None else {chosen}):
        counted, found = Counted(), 0
        name = names.get(tenant_id) or ("of no tenant" if tenant_id == HOUSE else str(tenant_id))
        for found, finding in enumerate(verify(database, tenant_id, keys, anchors, counted), 1):
            if found <= MOST_SHOWN:
                which = (
                    f"{finding.seq}" if finding.seq == finding.last else f"{finding.seq} to {finding.last}"
                )
                print(f"{name}: lane {finding.lane}, entry {which}: {finding.kind}: {finding.text}")
        verdict = f"{found} findings" if found else "whole"
        print(f"{name}: {counted.entries} entries in {counted.lanes} lanes: {verdict}")
        broken = broken or found > 0
    if broken:
        raise Broken
