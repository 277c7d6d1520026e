"""Bookings far above what the merchant, or else the category, usually costs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from services.ai.analysis.draft import Draft
from services.ai.analysis.robust import Spread, spread_of
from services.ai.book import Book, Item
from services.ai.months import month_of

LOOK_BACK = dt.timedelta(days=60)
# 3.5 is the usual threshold; amounts of money have long tails, so more is asked before we bother someone.
THRESHOLD = 6.0
LEAST_CENTS = 2000
SAME_MERCHANT = 3
SAME_CATEGORY = 8
MANY = 50
MOST = 10


def anomalies(book: Book) -> list[Draft]:
    """The newest first, at most ten, of the last 60 days of bookings."""
    if not book.as_of:
        return []
    spent = [one for one in book.recent if one.cents < 0]
    found = list(_outliers(spent, book.as_of - LOOK_BACK))
    found.sort(key=lambda pair: (pair[0].date, -pair[0].cents), reverse=True)
    return [_draft(book, item, usual) for item, usual in found[:MOST]]


def _outliers(spent: list[Item], since: dt.date) -> Iterator[tuple[Item, int]]:
    by_merchant: defaultdict[str, Peers] = defaultdict(Peers)
    by_category: defaultdict[str, Peers] = defaultdict(Peers)
    for item in spent:
        by_merchant[item.merchant].values.append(-item.cents)
        by_category[item.category].values.append(-item.cents)
    for item in spent:
        if item.date > since:
            peers = _peers(
                by_merchant[item.merchant] if item.merchant else Peers(), by_category[item.category]
            )
            if peers and _stands_out(-item.cents, spread := peers.without(-item.cents)):
                yield item, round(spread.middle)


@dataclass
class Peers:
    """The amounts that a booking is compared with."""

    values: list[int] = field(default_factory=list)

    @cached_property
    def _all(self) -> Spread:
        return spread_of(self.values)

    def without(self, value: int) -> Spread:
        """The spread of the others. Among many one hardly counts, so it is worked out once for all."""
        if len(self.values) > MANY:
            return self._all
        rest = self.values.copy()
        rest.remove(value)
        return spread_of(rest)


def _peers(merchant: Peers, category: Peers) -> Peers | None:
    """Those of the merchant, else of the category; None when both are too few.

    A merchant with a price of its own (rent among small repairs) is compared with itself.
    """
    if len(merchant.values) > SAME_MERCHANT:
        return merchant
    return category if len(category.values) > SAME_CATEGORY else None


def _stands_out(value: int, others: Spread) -> bool:
    above = value - others.middle
    return value >= 2 * others.middle and above >= LEAST_CENTS and others.z(value) > THRESHOLD


def _draft(book: Book, item: Item, usual: int) -> Draft:
    times = -item.cents / max(usual, 1)
    return Draft(
        kind="anomaly",
        fingerprint=f"anomaly:{item.id}",
        title=f"Unusual: {book.money(-item.cents)} for {item.category}",
        body=f"{item.description[:120]} on {item.date} is {times:.1f} times the usual {book.money(usual)}.",
        month=month_of(item.date),
        severity="warn",
        amount_cents=item.cents,
        category_name=item.category,
    )
