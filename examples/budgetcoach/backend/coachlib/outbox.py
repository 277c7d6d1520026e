"""The relay: brings committed events to the broker, in order, and keeps each until the broker confirms it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from coachlib.events import OutboxEntry
from coachlib.metrics import OUTBOX, PUBLISHED
from coachlib.wake import outbox_wake

if TYPE_CHECKING:
    from aio_pika.abc import AbstractExchange
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
        while not runtime.stopping.is_set():
            outbox_wake.clear()
            if await _publish_batch(runtime, exchange) < _BATCH:
                await _next_look(runtime)
            if channel.is_closed:
                raise ConnectionError("the channel to the broker is closed")
    finally:
        if not channel.is_closed:
            await channel.close()


async def _publish_batch(runtime: Runtime, exchange: AbstractExchange) -> int:
    """Send the oldest events and delete them once confirmed, in one transaction; returns how many."""
    async with runtime.sessions() as session, session.begin():
        entries = await _oldest(session)
        confirmed: list[int] = []
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                for entry in entries:
                    await _publish(exchange, entry)
                    confirmed.append(entry.id)
        except Exception as error:
            # What is confirmed is deleted all the same; the rest stays. A message sent twice is
            # recognised by its id, a message deleted without confirmation would be lost.
            log.warning("publishing stopped: %s: %s", type(error).__name__, error)
        if confirmed:
            await session.execute(delete(OutboxEntry).where(OutboxEntry.id.in_(confirmed)))
        OUTBOX.set(await session.scalar(select(func.count()).select_from(OutboxEntry)) or 0)
    if len(confirmed) < len(entries):
        raise ConnectionError("the broker did not confirm all events")
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
