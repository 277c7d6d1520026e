"""The tables of the AI service."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Text, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from coachlib.db import Base


class Account(Base):
    """What the coach knows of a user: the currency and nothing else."""

    __tablename__ = "accounts"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    currency: Mapped[str] = mapped_column(Text)


class Booking(Base):
    """The projection: a transaction as the latest event has it. `merchant` is its words without numbers."""

    __tablename__ = "bookings"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    date: Mapped[dt.date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(Text)
    merchant: Mapped[str] = mapped_column(Text)
    category_name: Mapped[str] = mapped_column(Text)


class Finding(Base):
    """An insight; the fingerprint says what it is about, so that it keeps its id while it holds."""

    __tablename__ = "findings"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    fingerprint: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    category_name: Mapped[str | None] = mapped_column(Text)
    month: Mapped[str] = mapped_column(Text)
    rank: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ToldAnomaly(Base):
    """An anomaly that the user was told of; it stays when the insight goes and comes again."""

    __tablename__ = "told_anomalies"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text, primary_key=True)


class DueLook(Base):
    """A user whose bookings have changed: when to look again. Each change is a new version."""

    __tablename__ = "due_looks"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    since: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class ChatMessage(Base):
    """One line of the conversation; `seq` is its order."""

    __tablename__ = "chat_messages"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    role: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )


class Bill(Base):
    """What a month of questions to the provider cost, in millionths of a cent: a row a user, one for all."""

    __tablename__ = "bills"

    month: Mapped[str] = mapped_column(Text, primary_key=True)
    payer: Mapped[str] = mapped_column(Text, primary_key=True)
    microcents: Mapped[int] = mapped_column(BigInteger)
