"""The consumer: one message at a time, acknowledged after the transaction with its effect and its id."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.broker import close_quietly
from coachlib.context import correlation_id
from coachlib.db import is_away
from coachlib.events import Event, ProcessedEvent
from coachlib.loops import pause_after, sleep_or
from coachlib.metrics import CONSUMED
from coachlib.topology import DELIVERY_LIMIT, queue_name

if TYPE_CHECKING:
    from aio_pika.abc import AbstractIncomingMessage

    from coachlib.runtime import Runtime

log = logging.getLogger("coachlib.consumer")

# Few: when the process dies, each message that it had at hand counts one delivery more.
_PREFETCH = 8

Handler = Callable[[AsyncSession, Event], Awaitable[None]]
"""Applies one event inside the given session's transaction; it must neither commit nor roll back."""


async def consume(runtime: Runtime, handlers: Mapping[str, Handler]) -> None:
    """Handle events until the service stops; raises when the broker is lost (then call it again)."""
    channel = await runtime.broker.channel(prefetch=_PREFETCH)
    try:
        await runtime.broker.exchange(channel)
        queue = await channel.get_queue(queue_name(runtime.settings.service))
        inbox: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(inbox.put)
        while not runtime.stopping.is_set():
            message = await _next(runtime, inbox)
            if message is not None:
                await _handle(runtime, handlers, message)
            runtime.broker.check(channel)
    finally:
        # Not cancelled first: the next reader must not start before the messages at hand are back.
        await close_quietly(channel)


async def _next(
    runtime: Runtime, inbox: asyncio.Queue[AbstractIncomingMessage]
) -> AbstractIncomingMessage | None:
    """The next message, or None after a moment without one or when the service stops."""
    get = asyncio.ensure_future(inbox.get())
    stop = asyncio.ensure_future(runtime.stopping.wait())
    done, pending = await asyncio.wait((get, stop), timeout=1, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return get.result() if get in done else None


async def _handle(
    runtime: Runtime, handlers: Mapping[str, Handler], message: AbstractIncomingMessage
) -> None:
    event = _parse(message)
    if event is None:
        CONSUMED.labels("unknown", "dead").inc()
        await message.reject(requeue=False)
        return
    token = correlation_id.set(event.correlation_id)
    try:
        outcome = await _try(runtime, handlers[event.type], event)
    finally:
        correlation_id.reset(token)
    CONSUMED.labels(event.type, outcome).inc()
    if outcome == "dead":
        await message.reject(requeue=False)
    else:
        await message.ack()


def _parse(message: AbstractIncomingMessage) -> Event | None:
    try:
        return Event.model_validate_json(message.body)
    except ValidationError as error:
        log.error("not an event, moved to the dead letters: %s", error.errors(include_input=False))
        return None


async def _try(runtime: Runtime, handler: Handler, event: Event) -> str:
    """Apply the event, again after a pause if that fails; "dead" when all attempts have failed.

    The attempts are made here and not by giving the message back, for then those behind it would overtake it.
    While the database is away no attempt counts: that is not the message's fault.
    """
    failures = waits = 0
    while True:
        try:
            return await _apply(runtime, handler, event)
        except Exception as error:
            if runtime.stopping.is_set():
                raise
            if is_away(error):
                waits += 1
                log.warning("waiting for the database: %s", type(error).__name__)
            else:
                failures += 1
                _report(event, failures)
                if failures == DELIVERY_LIMIT:
                    return "dead"
            await sleep_or(runtime.stopping, pause_after(waits or failures))


def _report(event: Event, failures: int) -> None:
    extra = {"event_id": str(event.id), "event_type": event.type}
    log.exception("handling an event failed (attempt %d of %d)", failures, DELIVERY_LIMIT, extra=extra)


async def _apply(runtime: Runtime, handler: Handler, event: Event) -> str:
    async with runtime.sessions() as session, session.begin():
        mark = insert(ProcessedEvent).values(event_id=event.id).on_conflict_do_nothing()
        if not (await session.execute(mark.returning(ProcessedEvent.event_id))).first():
            return "duplicate"
        await handler(session, event)
    return "done"
