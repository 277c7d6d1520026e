"""The tables of the notification service."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from sqlalchemy import DateTime, String, Text, func
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from coachlib.db import Base

EmailState = Literal["waiting", "sending", "sent", "unknown", "given_up", "unwanted"]
"""`unknown`: the connection broke while the server had the text: maybe sent, so not sent again."""


class Notification(Base):
    """A line in a user's inbox; its id is the event's id, so an event cannot make two."""

    __tablename__ = "notifications"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def read(self) -> bool:
        """True when the user has seen it."""
        return self.read_at is not None


class Recipient(Base):
    """What we know of a user, from the user service's events; `as_of` is the time of the newest one."""

    __tablename__ = "recipients"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    wants_email: Mapped[bool] = mapped_column(default=True)
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Email(Base):
    """An e-mail to be sent; one an event at most."""

    __tablename__ = "emails"

    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
