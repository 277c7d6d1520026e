"""Categories whose last complete month differs from the months before it."""

from __future__ import annotations

from statistics import median

from services.ai.analysis.draft import Draft
from services.ai.book import Book, typical_months
from services.ai.months import named

LEAST_SHARE = 0.25
LEAST_CENTS = 2000
LEAST_MONTHS = 3
MOST = 4


def trends(book: Book) -> list[Draft]:
    """The largest changes first, at most four."""
    months = typical_months(book, 7)
    if len(months) <= LEAST_MONTHS:
        return []
    *before, last = months
    changes = {name: _change(book, name, before, last) for name in book.categories()}
    large = [name for name, (now, usual) in changes.items() if _is_large(now, usual)]
    large.sort(key=lambda name: -abs(changes[name][0] - changes[name][1]))
    return [_draft(book, name, last, *changes[name]) for name in large[:MOST]]


def _change(book: Book, category: str, before: list[str], last: str) -> tuple[int, int]:
    return book.spent(last, category), round(median(book.spent(month, category) for month in before))


def _is_large(now: int, usual: int) -> bool:
    return usual > 0 and abs(now - usual) >= max(LEAST_CENTS, LEAST_SHARE * usual)


def _draft(book: Book, category: str, month: str, now: int, usual: int) -> Draft:
    more = now > usual
    percent = round(abs(now - usual) * 100 / usual)
    return Draft(
        kind="trend",
        fingerprint=f"trend:{category}:{month}",
        title=f"{category}: {percent} % {'more' if more else 'less'} than usual",
        body=f"{named(month)} came to {book.money(now)}; the months before it to {book.money(usual)}.",
        month=month,
        severity="warn" if more else "info",
        amount_cents=-(now - usual),
        category_name=category,
    )
