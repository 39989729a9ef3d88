"""The way to a broker: its address, what has to be declared there, and what went wrong in plain words."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker

from data.queue_sources import QueueSource

# It tells every failure several times, with traces; we tell each once (`reason`).
logging.getLogger("pika").setLevel(logging.CRITICAL)

EXCHANGE = "platform.events"
QUEUE = "analytics.ingest"
DEAD_EXCHANGE = "analytics.dlx"
DEAD_SUFFIX = ".dead"
EVERYTHING = "#"
"""Every message of the exchange: one of a type that nobody knows is a dead letter, and not lost."""
MOST_DELIVERIES = 1_000
"""A message on its way when a reader was killed is delivered again, and that says nothing against it."""
CONNECT_SECONDS = 5.0

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_NOT_FOUND, _DIFFERENT = 404, 406


class BadAddress(Exception):
    """This is no address of a broker that a password may be sent to; the text says why."""


class Different(Exception):
    """The broker has an exchange or a queue of this name that is otherwise; the text says what differs."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Names at the broker: a topic exchange, a queue bound to it, and where refused messages go."""

    exchange: str
    queue: str
    dead_exchange: str
    bindings: tuple[str, ...] = (EVERYTHING,)

    @property
    def dead_queue(self) -> str:
        """Where refused messages lie."""
        return self.queue + DEAD_SUFFIX


def topology_of(source: QueueSource) -> Topology:
    """What has to be at the broker of a source."""
    place = source.place
    return Topology(str(place["exchange"]), str(place["queue"]), str(place["dead_exchange"]))


def place_of(topology: Topology) -> dict[str, str]:
    """What is kept of it with a source: bindings stay at the broker."""
    return {
        "exchange": topology.exchange,
        "queue": topology.queue,
        "dead_exchange": topology.dead_exchange,
    }


def checked(url: str) -> str:
    """The address, when it is encrypted or on this machine. Raises BadAddress."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        pika.URLParameters(url)
    except (ValueError, TypeError, AttributeError, SyntaxError):
        raise BadAddress("This is no address of a broker.") from None
    if parts.scheme not in ("amqp", "amqps") or not host:
        raise BadAddress("An address begins with amqps:// and names a host.")
    if parts.scheme != "amqps" and host not in LOOPBACK:
        raise BadAddress("The address has to begin with amqps://, because the password is sent there.")
    return url


def connected(url: str) -> BlockingConnection:
    """A connection. Raises AMQPError, OSError."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.stack_timeout = CONNECT_SECONDS
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": "housecount"}
    return pika.BlockingConnection(parameters)


def declare(connection: BlockingConnection, topology: Topology) -> None:
    """Have everything there; what is there already stays as it is. Raises Different, AMQPError."""
    channel = connection.channel()
    try:
        channel.exchange_declare(topology.exchange, "topic", durable=True)
        channel.exchange_declare(topology.dead_exchange, "fanout", durable=True)
        channel.queue_declare(topology.dead_queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(topology.dead_queue, topology.dead_exchange)
        channel.queue_declare(topology.queue, durable=True, arguments=_arguments(topology))
        for binding in topology.bindings:
            channel.queue_bind(topology.queue, topology.exchange, binding)
    except ChannelClosedByBroker as error:
        if error.reply_code == _DIFFERENT:
            raise Different(reason(error)) from None
        raise
    channel.close()


def opened(connection: BlockingConnection, topology: Topology) -> BlockingChannel:
    """A channel to a queue that is there: a broker that was set up anew gets it again.

    Raises Different, AMQPError.
    """
    channel = connection.channel()
    try:
        channel.queue_declare(topology.queue, passive=True)
    except ChannelClosedByBroker as error:
        if error.reply_code != _NOT_FOUND:
            raise
        declare(connection, topology)
        channel = connection.channel()
    return channel


def _arguments(topology: Topology) -> dict[str, object]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": topology.dead_exchange,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",  # Without it the strategy is not to be had.
        "x-delivery-limit": MOST_DELIVERIES,
    }


def reason(error: BaseException) -> str:
    """What went wrong, for people; no address and no password."""
    if isinstance(error, ChannelClosedByBroker | ConnectionClosedByBroker):
        return re.sub(r"^[A-Z_]+ - ", "", str(error.reply_text))
    for each in _inner(error):
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
    return f"{words}: {error}" if isinstance(error, AMQPError) and str(error) else words


def _inner(error: BaseException) -> list[BaseException]:
    """The error and those that it is about: pika wraps them several times."""
    found = [error]
    for each in found:
        found += [arg for arg in each.args if isinstance(arg, BaseException)]
        found += [one for one in (getattr(each, "exception", None),) if isinstance(one, BaseException)]
        if len(found) > 50:
            break
    return found
