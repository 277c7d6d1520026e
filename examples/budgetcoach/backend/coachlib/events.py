"""Events: their envelope, the two tables behind "no event lost, none doubled", and `emit`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import BigInteger, DateTime, Identity, Text, event, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from coachlib.context import correlation_id, new_correlation_id
from coachlib.db import Base
from coachlib.topology import READERS
from coachlib.wake import outbox_wake


class Event(BaseModel):
    """The envelope of every event; `data` is as the table in api.md says."""

    id: uuid.UUID
    type: str
    version: int = 1
    occurred_at: datetime
    user_id: uuid.UUID
    correlation_id: str = ""
    data: dict[str, Any]


class OutboxEntry(Base):
    """An event that is committed and not yet confirmed by the broker."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ProcessedEvent(Base):
    """An event whose effect is in this database; written in the transaction of the effect."""

    __tablename__ = "processed_events"

    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    processed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )


async def emit(session: AsyncSession, kind: str, user_id: uuid.UUID, data: dict[str, Any]) -> Event:
    """Write an event into the outbox, in the transaction of `session`. `data` must be plain JSON.

    Raises KeyError for a type that no service reads: it would wait for ever.
    """
    READERS[kind]
    # Row locks first, then the outbox number: its order is then the order of the changes to a row.
    await session.flush()
    made = Event(
        id=uuid.uuid4(),
        type=kind,
        occurred_at=datetime.now(UTC),
        user_id=user_id,
        correlation_id=correlation_id.get() or new_correlation_id(),
        data=data,
    )
    session.add(OutboxEntry(type=kind, body=made.model_dump(mode="json")))
    await session.flush()
    event.listen(session.sync_session, "after_commit", _wake_relay, once=True)
    return made


def _wake_relay(session: object) -> None:
    outbox_wake.set()
