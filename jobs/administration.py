"""What the commands for tenants and what belongs to them share: a database, and status 2 for a refusal."""

import argparse
import re
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

from config import Settings
from data import embedded, tenants
from data.engine import Database, DatabaseUnavailable
from data.keys import MasterKeys
from data.users import LIKE_AN_ADDRESS, is_like_an_address

LONGEST_NAME = 200


class Refusal(Exception):
    """What was asked cannot be done; the text tells the operator why."""


def administer(settings: Settings, act: Callable[[Database], None]) -> int:
    """Let `act` work on the database, whether Housecount runs or not; 2, with a reason, if it cannot."""
    try:
        with (
            embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
            closing(
                Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=2)
            ) as database,
        ):
            act(database)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except DatabaseUnavailable as error:
        print(
            f"The database cannot be used: {error}. A new one gets its tables when Housecount first starts.",
            file=sys.stderr,
        )
        return 2
    return 0


def archive_folder(settings: Settings) -> Path:
    """Where archived months are."""
    return settings.archive_dir or settings.data_dir / "archive"


def choose_tenant(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The argument that `tenant_of` reads."""
    help_text = "slug or id of the tenant; not needed while there is one only"
    parser.add_argument("--tenant", default=default, help=help_text)


def tenant_of(database: Database, name: str | None) -> UUID:
    """The tenant with this slug or id, or the only one. Raises Refusal that says which there are."""
    found = tenants.find(database, name)
    if found is None:
        there = ", ".join(tenant["slug"] for tenant in tenants.list_tenants(database)) or "none yet"
        said = "Which tenant? Say --tenant" if name is None else f"There is no tenant {name}"
        raise Refusal(f"{said}. There are: {there}.")
    return found


def name(text: str) -> str:
    """A name for people to read, for argparse."""
    text = text.strip()
    if not (0 < len(text) <= LONGEST_NAME and text.isprintable()):
        raise argparse.ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} printable characters")
    return text


def person(text: str) -> str:
    """The name of a person, for argparse: mails are signed with it."""
    if is_like_an_address(text):
        raise argparse.ArgumentTypeError(LIKE_AN_ADDRESS)
    return name(text)


def slug(text: str) -> str:
    """A short name for commands, for argparse."""
    if re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", text) is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no slug: 1 to 40 of a–z, 0–9 and -, with no - at either end"
        )
    if text == tenants.DEMO_SLUG:
        raise argparse.ArgumentTypeError(f"{text!r} is the slug of the demo venues; choose another")
    return text
