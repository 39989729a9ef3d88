"""How queues of Bull and BullMQ are added: nothing in their Redis is changed, its settings are looked at."""

import argparse
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from config import Settings
from data import job_queues
from data.job_queues import BrokerAway
from ingest.bull import place as places
from ingest.bull.place import BadAddress
from jobs.administration import Refusal
from jobs.queue_kind import Place, QueueKind

Library = Literal["bull", "bullmq"]
_NAMES: dict[Library, str] = {"bull": "Bull", "bullmq": "BullMQ"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What they are called there."""
    parser.add_argument("--prefix", default=places.PREFIX, help="of the keys in Redis (%(default)s)")
    parser.add_argument(
        "--queue",
        action="append",
        metavar="NAME",
        help=f"a queue to read; may be repeated ({', '.join(places.QUEUES)})",
    )


def _prepared(
    library: Library, arguments: argparse.Namespace, url: str, settings: Settings
) -> tuple[Place, str]:
    """See that Redis answers and the queues are this library's. Raises Refusal."""
    queues = list(dict.fromkeys(arguments.queue or places.QUEUES))
    wrong = [name for name in (arguments.prefix, *queues) if not places.is_name(name)]
    if wrong or len(queues) > places.MOST_QUEUES:
        raise Refusal(f"No name of a queue: {wrong[0]}" if wrong else f"At most {places.MOST_QUEUES} queues.")
    try:
        # Where our own Redis is, the operator has let passwords and messages go already.
        own = urlsplit(settings.redis_url or "").hostname
        places.checked(url, {own} if own else ())
        found = {name: job_queues.kind_of(url, arguments.prefix, name) for name in queues}
        advice = job_queues.advice(url)
    except BadAddress as error:
        raise Refusal(f"{error} Give it on standard input.") from None
    except BrokerAway as error:
        raise Refusal(f"The broker cannot be used: {error}") from None
    others = [name for name, kind in found.items() if kind not in (None, library)]
    if others:
        other: Library = "bull" if library == "bullmq" else "bullmq"
        raise Refusal(f"A queue of {_NAMES[other]}, not of {_NAMES[library]}: {', '.join(others)}")
    told = [f"Reading {', '.join(queues)} ({arguments.prefix}:…)."]
    return {"prefix": arguments.prefix, "queues": queues}, " ".join([*told, *advice])


def _kind(library: Library, help_text: str) -> QueueKind:
    return QueueKind(
        f"{help_text} (rediss://user:…@host:6379/0, or redis:// on this machine)",
        arguments,
        partial(_prepared, library),
        lambda place: f"{place['prefix']}: {', '.join(place['queues'])}",
    )


BULL = _kind("bull", "queues of Bull 4")
BULLMQ = _kind("bullmq", "queues of BullMQ 4 to 6")
