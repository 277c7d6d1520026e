"""Regular payments, found by their rhythm: equal amounts to one merchant at equal distances."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from services.ai.analysis.draft import Draft
from services.ai.analysis.robust import mad
from services.ai.book import Book, Item
from services.ai.months import month_of

# name: shortest and longest distance in days, how many payments make a rhythm, payments a year
RHYTHMS = {
    "weekly": (6, 8, 5, 52),
    "monthly": (26, 35, 3, 12),
    "quarterly": (85, 97, 3, 4),
    "yearly": (355, 375, 2, 1),
}
STEADY = 0.1
RISE = 1.04
# Housing and the like are regular too, but nobody cancels them on a Sunday evening.
ESSENTIAL = frozenset(
    {"Housing", "Utilities", "Insurance", "Savings", "Fees and taxes", "Health", "Education"}
)


@dataclass(frozen=True)
class Subscription:
    """A regular payment; amounts in cents, positive. `before` is an earlier, lower price, or None."""

    merchant: str
    name: str
    category: str
    rhythm: str
    cents: int
    last: dt.date
    next: dt.date
    before: int | None

    @property
    def yearly_cents(self) -> int:
        """What it comes to in a year."""
        return self.cents * RHYTHMS[self.rhythm][3]

    @property
    def essential(self) -> bool:
        """Whether it is one of those that one does not simply cancel."""
        return self.category in ESSENTIAL


def subscriptions(book: Book) -> list[Subscription]:
    """Those that are still paid, the dearest a year first."""
    by_merchant: defaultdict[str, list[Item]] = defaultdict(list)
    for item in book.recent:
        if item.cents < 0 and item.merchant:
            by_merchant[item.merchant].append(item)
    found = [one for items in by_merchant.values() if (one := _regular(items)) and _still_paid(one, book)]
    return sorted(found, key=lambda one: (-one.yearly_cents, one.merchant))


def _regular(items: list[Item]) -> Subscription | None:
    days = sorted({item.date for item in items})
    if len(days) < 2 or len(days) != len(items):
        return None
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    rhythm = _rhythm(gaps, len(days))
    amounts = [-item.cents for item in items]
    if rhythm is None or mad(amounts) > STEADY * median(amounts) or max(amounts) > 2 * min(amounts):
        return None
    last = items[-1]
    before = round(median(amounts[:-1]))
    return Subscription(
        merchant=last.merchant,
        name=last.description.split(" · ")[0][:60],
        category=last.category,
        rhythm=rhythm,
        cents=-last.cents,
        last=last.date,
        next=last.date + dt.timedelta(days=round(median(gaps))),
        before=before if -last.cents >= RISE * before else None,
    )


def _rhythm(gaps: list[int], payments: int) -> str | None:
    """The rhythm that all but at most one distance in five keep."""
    for name, (shortest, longest, least, _) in RHYTHMS.items():
        kept = sum(shortest <= gap <= longest for gap in gaps)
        if payments >= least and kept >= 0.8 * len(gaps):
            return name
    return None


def _still_paid(one: Subscription, book: Book) -> bool:
    assert book.as_of
    return (book.as_of - one.last).days <= 1.5 * (one.next - one.last).days


def subscription_drafts(book: Book) -> list[Draft]:
    """An insight a regular payment, a risen price as a warning; at most twelve."""
    wanted = [one for one in subscriptions(book) if not one.essential or one.before]
    return [_draft(book, one) for one in wanted[:12]]


def _draft(book: Book, one: Subscription) -> Draft:
    risen = f" It was {book.money(one.before)} before." if one.before else ""
    return Draft(
        kind="subscription",
        fingerprint=f"subscription:{one.merchant}:{one.rhythm}",
        title=f"{one.name}: {'the price has risen' if one.before else f'{one.rhythm} payment'}",
        body=(
            f"{book.money(one.cents)} {one.rhythm}, {book.money(one.yearly_cents)} a year,"
            f" next around {one.next}.{risen}"
        ),
        month=month_of(one.last),
        severity="warn" if one.before else "info",
        amount_cents=-one.cents,
        category_name=one.category,
    )
