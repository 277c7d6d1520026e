"""The tables of the budget service."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, DateTime, ForeignKey, Text, func
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from coachlib.db import Base


class Spending(Base):
    """The projection: what a user has spent in a category and a month (YYYY-MM); refunds count against it."""

    __tablename__ = "spending"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    category_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    month: Mapped[str] = mapped_column(Text, primary_key=True)
    spent_cents: Mapped[int] = mapped_column(BigInteger)


class CategoryName(Base):
    """What a category is called, as the latest event or the user's own request says."""

    __tablename__ = "category_names"

    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    category_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Budget(Base):
    """A monthly budget of one category; its limits are in `BudgetLimit`."""

    __tablename__ = "budgets"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    category_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class BudgetLimit(Base):
    """The limit from a month on, until the next one begins: the past keeps the limits it had."""

    __tablename__ = "budget_limits"

    budget_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("budgets.id", ondelete="CASCADE"), primary_key=True
    )
    from_month: Mapped[str] = mapped_column(Text, primary_key=True)
    limit_cents: Mapped[int] = mapped_column(BigInteger)


class ToldState(Base):
    """A state that the user was told of: each one once a budget and month."""

    __tablename__ = "told_states"

    budget_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("budgets.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text, primary_key=True)
