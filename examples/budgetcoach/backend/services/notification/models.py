"""The tables of the notification service."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from sqlalchemy import DateTime, String, Text, func
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from coachlib.db import Base

EmailState = Literal[
    "waiting", "sending", "sent", "unknown", "given_up", "unwanted", "unverified", "too_many"
]
"""`unknown`: the connection broke while the server had the text: maybe sent, so not sent again.

`unverified`: nobody has shown that the address is theirs. `too_many`: over the limits of limits.py.
"""


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
    """What we know of a user, from the user service's events; `as_of` is the time of the newest one.

    Without `verified_at` no mail goes to the address.
    """

    __tablename__ = "recipients"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    wants_email: Mapped[bool] = mapped_column(default=True)
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Email(Base):
    """An e-mail to be sent; one an event at most.

    With an `address` it is about the account (a verification, a new password) and goes there, whatever the
    user wants; its text holds a token and is emptied when the e-mail is settled. Without one it goes to the
    address of the user, if that is verified.
    """

    __tablename__ = "emails"

    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    address: Mapped[str | None] = mapped_column(Text)


class MailCount(Base):
    """An e-mail that was given to the mail server, or is about to be: what the limits count."""

    __tablename__ = "mail_counts"

    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
