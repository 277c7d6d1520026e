"""The probe: emits numbered events, writes down each that comes, fails where told to, answers slowly."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.app import create_app
from coachlib.events import Event, emit
from coachlib.session import Session

router = APIRouter()


@router.post("/emit")
async def emit_many(session: Session, first: int, count: int) -> None:
    """Emit `count` events with the numbers from `first` on, in one transaction."""
    for number in range(first, first + count):
        await emit(session, "transactions.changed", uuid.UUID(int=1), {"number": number})


@router.post("/emit-and-fail")
async def emit_and_fail(session: Session) -> None:
    """Emit an event in a transaction that fails afterwards."""
    await emit(session, "transactions.changed", uuid.UUID(int=1), {"number": -1})
    raise RuntimeError("on purpose")


@router.get("/slow")
async def slow(seconds: float) -> dict[str, str]:
    """Answer after some seconds."""
    await asyncio.sleep(seconds)
    return {"status": "done"}


async def on_event(session: AsyncSession, event: Event) -> None:
    """Write it down; an event with poison fails each time, after having written."""
    values = {"event": str(event.id), "number": event.data["number"]}
    await session.execute(text("INSERT INTO effects (event_id, number) VALUES (:event, :number)"), values)
    if event.data.get("poison"):
        raise ValueError("poison")


app = create_app(
    router, publishes=True, consumes={"user.registered": on_event, "transactions.changed": on_event}
)
