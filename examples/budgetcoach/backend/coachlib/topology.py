"""Which service reads which event: the one source for exchanges, queues and bindings in RabbitMQ.

Every service declares the exchange and what it reads itself: at the broker it may do no more (homeport.yaml).
Whoever publishes makes sure that each reader's queue is there; until then the event waits in the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractExchange

EXCHANGE = "events"
DELIVERY_LIMIT = 5

READERS: Mapping[str, tuple[str, ...]] = {
    "user.registered": ("transaction", "budget", "notification", "ai"),
    "user.updated": ("notification", "ai"),
    "user.mail": ("notification",),
    "transactions.changed": ("budget", "ai"),
    "import.finished": ("notification",),
    "budget.near": ("notification",),
    "budget.exceeded": ("notification",),
    "insight.created": ("notification",),
}


def read_by(service: str) -> frozenset[str]:
    """The event types that `service` reads."""
    return frozenset(kind for kind, readers in READERS.items() if service in readers)


def queue_name(service: str) -> str:
    """The queue that holds the events for `service`."""
    return f"{service}.events"


def dead_name(service: str) -> str:
    """The exchange and the queue for events that `service` could not handle."""
    return f"{service}.dead"


async def declare(channel: AbstractChannel) -> AbstractExchange:
    """Declare everything, as only the broker's administrator may; returns the exchange to publish to."""
    exchange = await _declare_exchange(channel)
    for service in sorted({reader for readers in READERS.values() for reader in readers}):
        await _declare_reader(channel, exchange, service)
    return exchange


async def declare_own(channel: AbstractChannel, service: str) -> AbstractExchange:
    """Declare what `service` may and return the exchange to publish to."""
    exchange = await _declare_exchange(channel)
    if read_by(service):
        await _declare_reader(channel, exchange, service)
    return exchange


async def check_readers(channel: AbstractChannel, kind: str) -> None:
    """Raises ChannelNotFoundEntity while a reader of `kind` has never been up: it would miss the event."""
    for service in READERS[kind]:
        await channel.declare_queue(queue_name(service), passive=True)


async def _declare_exchange(channel: AbstractChannel) -> AbstractExchange:
    from aio_pika import ExchangeType

    return await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)


async def _declare_reader(channel: AbstractChannel, exchange: AbstractExchange, service: str) -> None:
    dead = await channel.declare_exchange(dead_name(service), "fanout", durable=True)
    dead_queue = await channel.declare_queue(
        dead_name(service), durable=True, arguments={"x-queue-type": "quorum"}
    )
    await dead_queue.bind(dead)
    queue = await channel.declare_queue(queue_name(service), durable=True, arguments=_arguments(service))
    for kind in sorted(read_by(service)):
        await queue.bind(exchange, routing_key=kind)


def _arguments(service: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        # For messages that kill their reader; ordinary failures are counted by the consumer.
        "x-delivery-limit": DELIVERY_LIMIT,
        # One reader at a time keeps the order of a user's events while blue and green both run.
        "x-single-active-consumer": True,
        "x-dead-letter-exchange": dead_name(service),
        # A dead letter must not get lost on its way either; this strategy demands the overflow below.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
