"""Lock all tenants' keys by the present master key.

To change it: put the former one into MASTER_KEY_PREVIOUS and a new one into MASTER_KEY, restart, run
`python -m jobs keys rotate`, and take the former one out again. It may be interrupted and repeated.
"""

import argparse

from config import Settings
from data import key_rotation
from data.engine import Database
from data.keys import Unsealable
from jobs.administration import Refusal, administer


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument("action", choices=["rotate"], help="rotate: lock them by the present MASTER_KEY")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2, with a reason, when a key needs a master key that was not given."""
    return administer(settings, _rotate)


def _rotate(database: Database) -> None:
    try:
        changed, already = key_rotation.rotate(database)
    except Unsealable as error:
        raise Refusal(str(error)) from None
    print(f"Keys locked by the present master key: {changed} changed, {already} were already.")
