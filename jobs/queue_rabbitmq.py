"""How a queue of RabbitMQ is added: what is needed at the broker is declared; what is there already stays."""

import argparse
from contextlib import closing

from pika.exceptions import AMQPError

from config import Settings
from ingest.rabbitmq import broker
from ingest.rabbitmq.broker import BadAddress, Different, Topology
from jobs.administration import Refusal
from jobs.queue_kind import Place, QueueKind


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it is called at the broker."""
    parser.add_argument("--exchange", default=broker.EXCHANGE, help="topic exchange (%(default)s)")
    parser.add_argument("--queue", default=broker.QUEUE, help="quorum queue (%(default)s)")
    parser.add_argument(
        "--dead-exchange",
        help=f"where refused messages go ({broker.DEAD_EXCHANGE}; of another queue its name and .dlx)",
    )
    parser.add_argument(
        "--binding",
        action="append",
        metavar="KEY",
        help="routing keys to read, e.g. 'shop.#'; may be repeated (all)",
    )


def prepared(arguments: argparse.Namespace, url: str, settings: Settings) -> tuple[Place, str]:
    """Declare the topology. Raises Refusal."""
    topology = _topology(arguments)
    try:
        with closing(broker.connected(broker.checked(url))) as connection:
            broker.declare(connection, topology)
    except BadAddress as error:
        raise Refusal(f"{error} Give it on standard input.") from None
    except Different as error:
        raise Refusal(f"The broker has something else by this name: {error}") from None
    except (AMQPError, OSError) as error:
        raise Refusal(f"The broker cannot be used: {broker.reason(error)}") from None
    told = f"Reading {topology.queue}, bound to {topology.exchange}; refused go to {topology.dead_queue}."
    return broker.place_of(topology), told


def _topology(arguments: argparse.Namespace) -> Topology:
    usual = broker.DEAD_EXCHANGE if arguments.queue == broker.QUEUE else f"{arguments.queue}.dlx"
    bindings = tuple(arguments.binding or [broker.EVERYTHING])
    return Topology(arguments.exchange, arguments.queue, arguments.dead_exchange or usual, bindings)


RABBITMQ = QueueKind(
    "a queue of RabbitMQ (amqps://user:…@host/vhost, or amqp:// on this machine)",
    arguments,
    prepared,
    lambda place: f"{place['exchange']} → {place['queue']}",
)
