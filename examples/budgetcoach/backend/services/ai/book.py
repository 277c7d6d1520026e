"""The book of one user: sums by month and category, and the bookings of the last year, loaded at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.money import plain
from services.ai.models import Account, Booking
from services.ai.months import is_last_day, month_of, months_between, shift

RECENT_DAYS = 430
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True)
class Item:
    """One booking; the amount is in minor units, negative for an expense."""

    id: uuid.UUID
    date: dt.date
    cents: int
    description: str
    merchant: str
    category: str


@dataclass(frozen=True)
class Sums:
    """What came in and what went out (both positive), in minor units."""

    income: int = 0
    spent: int = 0


@dataclass
class Book:
    """`today` is the calendar's day; `as_of` the day of the last booking, which may be long ago."""

    today: dt.date
    currency: str = "EUR"
    sums: dict[str, dict[str, Sums]] = field(default_factory=dict)
    recent: list[Item] = field(default_factory=list)
    as_of: dt.date | None = None

    def months(self) -> list[str]:
        """Every month from the first booking to the last, those without any too."""
        return months_between(min(self.sums), max(self.sums)) if self.sums else []

    def complete_months(self) -> list[str]:
        """The months that are over: all but the one of the last booking, unless that is on its last day."""
        if not self.as_of:
            return []
        here = month_of(self.as_of)
        over = here < month_of(self.today) or is_last_day(self.as_of)
        return [month for month in self.months() if month < here or (over and month == here)]

    def income(self, month: str) -> int:
        """All that came in."""
        return sum(one.income for one in self.sums.get(month, {}).values())

    def spent(self, month: str, category: str | None = None) -> int:
        """All that went out, or what went out for one category."""
        here = self.sums.get(month, {})
        return here.get(category, Sums()).spent if category else sum(one.spent for one in here.values())

    def by_category(self, months: list[str]) -> dict[str, int]:
        """What was spent by category in some months, the largest first."""
        totals: defaultdict[str, int] = defaultdict(int)
        for month in months:
            for category, one in self.sums.get(month, {}).items():
                totals[category] += one.spent
        return dict(sorted(((k, v) for k, v in totals.items() if v), key=lambda pair: (-pair[1], pair[0])))

    def categories(self) -> list[str]:
        """All category names, in order."""
        return sorted({category for here in self.sums.values() for category in here})

    def money(self, cents: int) -> str:
        """An amount for people, with its sign only where it is negative."""
        sign = "-" if cents < 0 else ""
        text = plain(abs(cents), self.currency)
        mark = SIGNS.get(self.currency)
        return f"{sign}{mark}{text}" if mark else f"{sign}{text} {self.currency}"


async def load_book(session: AsyncSession, user: uuid.UUID, today: dt.date | None = None) -> Book:
    """The book as the projection has it now; bookings after `today` (default: the UTC day) are left out."""
    day = today or dt.datetime.now(dt.UTC).date()
    account = await session.get(Account, user)
    book = Book(day, account.currency if account else "EUR")
    mine = (Booking.user_id == user, Booking.date <= day)
    book.as_of = await session.scalar(select(func.max(Booking.date)).where(*mine))
    if book.as_of is None:
        return book
    month = func.to_char(Booking.date, "YYYY-MM")
    income = func.sum(func.greatest(Booking.amount_cents, 0))
    spent = func.sum(func.greatest(-Booking.amount_cents, 0))
    query = (
        select(month, Booking.category_name, income, spent)
        .where(*mine)
        .group_by(month, Booking.category_name)
    )
    for row in await session.execute(query):
        book.sums.setdefault(row[0], {})[row[1]] = Sums(int(row[2]), int(row[3]))
    book.recent = await _recent(session, user, book.as_of)
    return book


async def _recent(session: AsyncSession, user: uuid.UUID, as_of: dt.date) -> list[Item]:
    columns = (
        Booking.id,
        Booking.date,
        Booking.amount_cents,
        Booking.description,
        Booking.merchant,
        Booking.category_name,
    )
    since = as_of - dt.timedelta(days=RECENT_DAYS)
    query = select(*columns).where(Booking.user_id == user, Booking.date > since, Booking.date <= as_of)
    return [Item(*row) for row in await session.execute(query.order_by(Booking.date, Booking.id))]


def typical_months(book: Book, most: int = 6) -> list[str]:
    """The last complete months, at most `most`; the only basis for "usually"."""
    return [month for month in book.complete_months() if month >= shift(month_of(book.today), -24)][-most:]
