"""Where less could be spent, and how much of the income is kept."""

from __future__ import annotations

from statistics import median

from services.ai.analysis.draft import Draft
from services.ai.analysis.subscriptions import ESSENTIAL, subscriptions
from services.ai.book import Book, typical_months

CUT = 0.15
LEAST_CENTS = 3000
LEAST_MONTHS = 2
LOW_RATE = 10


def usual_surplus(book: Book) -> int | None:
    """What is left of a usual month in cents (negative: too little comes in); None without a whole month."""
    months = typical_months(book)
    return round(median(book.income(month) - book.spent(month) for month in months)) if months else None


def cuttable(book: Book) -> dict[str, int]:
    """What a usual month costs in the categories one can choose to spend less on, the largest first."""
    months = typical_months(book)
    if len(months) < LEAST_MONTHS:
        return {}
    usual = {
        name: round(median(book.spent(month, name) for month in months))
        for name in book.by_category(months)
        if name not in ESSENTIAL
    }
    large = {name: cents for name, cents in usual.items() if cents >= LEAST_CENTS}
    return dict(sorted(large.items(), key=lambda pair: -pair[1]))


def savings(book: Book) -> list[Draft]:
    """The two largest categories to cut, the regular payments together, and the share of income kept."""
    months = typical_months(book)
    if not months:
        return []
    drafts = [_cut(book, name, cents, months[-1]) for name, cents in list(cuttable(book).items())[:2]]
    return drafts + _all_subscriptions(book, months[-1]) + _rate(book, months)


def _cut(book: Book, category: str, usual: int, month: str) -> Draft:
    saved = round(usual * CUT)
    return Draft(
        kind="saving",
        fingerprint=f"saving:{category}",
        title=f"{category}: {CUT:.0%} less saves {book.money(saved * 12)} a year",
        body=f"A usual month costs {book.money(usual)}; {book.money(saved)} less of it would hardly show.",
        month=month,
        amount_cents=saved * 12,
        category_name=category,
    )


def _all_subscriptions(book: Book, month: str) -> list[Draft]:
    regular = [one for one in subscriptions(book) if not one.essential]
    if len(regular) < 2:
        return []
    total = sum(one.yearly_cents for one in regular)
    return [
        Draft(
            kind="saving",
            fingerprint="saving:subscriptions",
            title=f"{len(regular)} regular payments cost {book.money(total)} a year",
            body="The dearest: " + ", ".join(one.name for one in regular[:3]) + ". Is each still worth it?",
            month=month,
            amount_cents=total,
        )
    ]


def _rate(book: Book, months: list[str]) -> list[Draft]:
    last = months[-3:]
    income = sum(book.income(month) for month in last)
    left = income - sum(book.spent(month) for month in last)
    if not income or len(last) < LEAST_MONTHS:
        return []
    rate = round(left * 100 / income)
    low = rate < LOW_RATE
    return [
        Draft(
            kind="saving",
            fingerprint="saving:rate",
            title=f"You keep {rate} % of your income" if left >= 0 else "You spend more than you earn",
            body=f"Of {book.money(income)} in {len(last)} months, {book.money(left)} was left.",
            month=months[-1],
            severity="warn" if low else "info",
            amount_cents=left,
        )
    ]
