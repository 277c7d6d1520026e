"""What the transaction service takes and gives."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from coachlib.shapes import Body, Out, Text

MOST_CENTS = 10**13
Kind = Literal["expense", "income"]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="#rrggbb")]
CategoryName = Annotated[Text, Field(min_length=1, max_length=60)]
Icon = Annotated[Text, Field(min_length=1, max_length=16)]
Description = Annotated[Text, Field(min_length=1, max_length=500)]


def _usual_year(day: dt.date) -> dt.date:
    if not 1970 <= day.year <= 2100:
        raise ValueError("must be between 1970 and 2100")
    return day


def _not_zero(cents: int) -> int:
    if cents == 0:
        raise ValueError("must not be zero")
    return cents


Date = Annotated[dt.date, AfterValidator(_usual_year)]
Cents = Annotated[int, Field(strict=True, ge=-MOST_CENTS, le=MOST_CENTS), AfterValidator(_not_zero)]


class NewCategory(Body):
    """POST /categories"""

    name: CategoryName
    kind: Kind
    color: Color = "#94a3b8"
    icon: Icon = "🏷️"


class CategoryChange(Body):
    """PATCH /categories/{id}; what is left out stays."""

    name: CategoryName | None = None
    kind: Kind | None = None
    color: Color | None = None
    icon: Icon | None = None


class CategoryOut(Out):
    """A category as the API shows it."""

    id: uuid.UUID
    name: str
    kind: str
    color: str
    icon: str


class Categories(Out):
    """All categories of a user."""

    items: list[CategoryOut]


class NewTransaction(Body):
    """POST /transactions; without a category it is guessed from the description."""

    date: Date
    amount_cents: Cents
    description: Description
    category_id: uuid.UUID | None = None


class TransactionChange(Body):
    """PATCH /transactions/{id}; what is left out stays."""

    date: Date | None = None
    amount_cents: Cents | None = None
    description: Description | None = None
    category_id: uuid.UUID | None = None


class TransactionOut(Out):
    """A transaction as the API shows it."""

    id: uuid.UUID
    date: dt.date
    amount_cents: int
    description: str
    category_id: uuid.UUID
    category_name: str
    source: str
    created_at: dt.datetime


class CategorySum(Out):
    """What one category comes to in a period."""

    category_id: uuid.UUID
    name: str
    color: str
    amount_cents: int
    count: int


class MonthSum(Out):
    """Income and expense (negative) of one month, YYYY-MM."""

    month: str
    income_cents: int
    expense_cents: int


class Summary(Out):
    """GET /transactions/summary; expenses are negative."""

    income_cents: int
    expense_cents: int
    by_category: list[CategorySum]
    by_month: list[MonthSum]


class ImportQueued(Out):
    """The answer to an upload."""

    id: uuid.UUID
    status: str


class ImportOut(Out):
    """An import and how far it has come; `error` says why the whole file failed."""

    id: uuid.UUID
    filename: str
    status: str
    error: str | None
    total_lines: int
    done_lines: int
    imported: int
    duplicates: int
    failed: int
    format: dict[str, Any] | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class ImportFaultOut(Out):
    """A line that was not imported."""

    line: int
    text: str
    reason: str
