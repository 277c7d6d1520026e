"""The relay: brings committed events to the broker, in order, and keeps each until the broker confirms it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from coachlib import topology
from coachlib.broker import close_quietly
from coachlib.events import OutboxEntry
from coachlib.metrics import OUTBOX, PUBLISHED
from coachlib.wake import outbox_wake

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractExchange
    from sqlalchemy.ext.asyncio import AsyncSession

    from coachlib.runtime import Runtime

log = logging.getLogger("coachlib.outbox")

_BATCH = 100
_LOOK_EVERY = 1.0
_CONFIRM_SECONDS = 10
# Any fixed number will do; it only has to differ from other advisory locks in the same database.
_RELAY_LOCK = 7_203_113


async def relay(runtime: Runtime) -> None:
    """Publish until the service stops; raises when broker or database is lost (then call it again)."""
    channel = await runtime.broker.channel()
    try:
        exchange = await runtime.broker.exchange(channel)
        checked: set[str] = set()
        while not runtime.stopping.is_set():
            outbox_wake.clear()
            if await _publish_batch(runtime, channel, exchange, checked) < _BATCH:
                await _next_look(runtime)
            runtime.broker.check(channel)
    finally:
        await close_quietly(channel)


async def _publish_batch(
    runtime: Runtime, channel: AbstractChannel, exchange: AbstractExchange, checked: set[str]
) -> int:
    """Send the oldest events and delete them once confirmed, in one transaction; returns how many.

    `checked`: the types whose readers are known to be there.
    """
    async with runtime.sessions() as session, session.begin():
        entries = await _oldest(session)
        for kind in sorted({entry.type for entry in entries} - checked):
            await topology.check_readers(channel, kind)
            checked.add(kind)
        # Sent in order without waiting in between; the broker takes them in the order of the connection.
        sent = await asyncio.gather(*(_publish(exchange, entry) for entry in entries), return_exceptions=True)
        # Only what is confirmed is deleted: a message sent twice is recognised by its id, but one deleted too
        # early would be lost.
        confirmed = [entry.id for entry, result in zip(entries, sent, strict=True) if result is None]
        if confirmed:
            await session.execute(delete(OutboxEntry).where(OutboxEntry.id.in_(confirmed)))
        OUTBOX.set(await session.scalar(select(func.count()).select_from(OutboxEntry)) or 0)
    failure = next((result for result in sent if result is not None), None)
    if failure is not None:
        raise ConnectionError("the broker did not confirm all events") from failure
    return len(entries)


async def _oldest(session: AsyncSession) -> list[OutboxEntry]:
    # Only one relay at a time, or blue and green would send a user's events out of order.
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_RELAY_LOCK))):
        return []
    query = select(OutboxEntry).order_by(OutboxEntry.id).limit(_BATCH).with_for_update(skip_locked=True)
    return list(await session.scalars(query))


async def _publish(exchange: AbstractExchange, entry: OutboxEntry) -> None:
    from aio_pika import DeliveryMode, Message

    message = Message(
        json.dumps(entry.body).encode(),
        message_id=entry.body["id"],
        type=entry.type,
        correlation_id=entry.body["correlation_id"],
        content_type="application/json",
        delivery_mode=DeliveryMode.PERSISTENT,
    )
    await exchange.publish(message, routing_key=entry.type, mandatory=True, timeout=_CONFIRM_SECONDS)
    PUBLISHED.labels(entry.type).inc()


async def _next_look(runtime: Runtime) -> None:
    stop = asyncio.ensure_future(runtime.stopping.wait())
    wake = asyncio.ensure_future(outbox_wake.wait())
    _, pending = await asyncio.wait((stop, wake), timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
