"""What the budget service takes and gives."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from coachlib.shapes import Body, Out, Text

State = Literal["ok", "near", "exceeded"]
Month = Annotated[str, Field(pattern=r"^(19[7-9]\d|20\d\d|2100)-(0[1-9]|1[0-2])$", description="YYYY-MM")]


class PutBudget(Body):
    """PUT /budgets: the limit of a category from this month on; the name, until an event tells it."""

    category_id: uuid.UUID
    limit_cents: Annotated[int, Field(strict=True, ge=1, le=10**13)]
    category_name: Annotated[Text, Field(min_length=1, max_length=60)] | None = None


class BudgetOut(Out):
    """A budget and how it stands in one month."""

    id: uuid.UUID
    category_id: uuid.UUID
    category_name: str
    limit_cents: int
    spent_cents: int
    left_cents: int
    percent: int
    state: State
    month: str


class Budgets(Out):
    """All budgets of a month."""

    items: list[BudgetOut]
