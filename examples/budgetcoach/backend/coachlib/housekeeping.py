"""Forgets which events were processed once no broker can deliver them again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func

from coachlib.events import ProcessedEvent
from coachlib.loops import sleep_or
from coachlib.runtime import Runtime

_KEPT = timedelta(days=30)
_EVERY = 3600.0


async def forget_processed_events(runtime: Runtime) -> None:
    """Delete entries older than thirty days, every hour."""
    while not await sleep_or(runtime.stopping, _EVERY):
        async with runtime.sessions() as session, session.begin():
            old = ProcessedEvent.processed_at < func.now() - _KEPT
            await session.execute(delete(ProcessedEvent).where(old))
