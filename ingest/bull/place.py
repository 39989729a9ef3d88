"""Where queues of Bull are: the Redis, the prefix of their keys, their names; and what may be an address."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from data import job_queues
from data.queue_sources import QueueSource

PREFIX = "bull"
QUEUES = ("ticket-purchase", "ticket-scan", "page-view", "cart-update", "venue-update")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_QUEUES = 20
_NAME = re.compile(r"[^\s:]{1,100}")


class BadAddress(Exception):
    """This is no address of a Redis that a password may be sent to; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Queues of one prefix."""

    prefix: str
    queues: tuple[str, ...]


def place_of(source: QueueSource) -> Place:
    """Where the queues of a source are."""
    return Place(str(source.place["prefix"]), tuple(source.place["queues"]))


def checked(url: str, near: Collection[str] = ()) -> str:
    """The address, when it is encrypted, on this machine or at one of the hosts `near`. Raises BadAddress."""
    try:
        job_queues.parsed(url)
    except (ValueError, TypeError):
        raise BadAddress("An address begins with rediss:// and names a host.") from None
    if not job_queues.is_encrypted_or_near(url, {*LOOPBACK, *near}):
        raise BadAddress("The address has to begin with rediss://, because password and jobs go there.")
    return url


def is_name(text: str) -> bool:
    """Whether a queue or a prefix may be called so."""
    return _NAME.fullmatch(text) is not None
