"""What the AI service takes and gives."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from pydantic import Field

from coachlib.shapes import Body, Out, Text


class InsightOut(Out):
    """An insight as the API shows it."""

    id: uuid.UUID
    kind: str
    title: str
    body: str
    severity: str
    amount_cents: int | None
    category_name: str | None
    month: str


class Insights(Out):
    """All insights, warnings first."""

    items: list[InsightOut]


class ForecastMonthOut(Out):
    """A month to come; expenses are negative, low and high enclose the expense."""

    month: str
    income_cents: int
    expense_cents: int
    low_cents: int
    high_cents: int


class ForecastOut(Out):
    """GET /forecast; `method` is seasonal-naive, median or none."""

    items: list[ForecastMonthOut]
    method: str


class Question(Body):
    """POST /chat"""

    message: Annotated[Text, Field(min_length=1, max_length=1000)]


class ChatLine(Out):
    """A line of the conversation; `role` is user or coach."""

    id: uuid.UUID
    role: str
    text: str
    provider: str | None
    created_at: dt.datetime
    data: dict[str, Any] | None


class Usage(Out):
    """Who answers, and what that cost this month."""

    provider: str
    month: str
    spent_cents: int
    cap_cents: int
