"""Bookings far above what the merchant, or else the category, usually costs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from services.ai.analysis.draft import Draft
from services.ai.analysis.robust import robust_z
from services.ai.book import Book, Item
from services.ai.months import month_of

LOOK_BACK = dt.timedelta(days=60)
# 3.5 is the usual threshold; amounts of money have long tails, so more is asked before we bother someone.
THRESHOLD = 6.0
LEAST_CENTS = 2000
SAME_MERCHANT = 3
SAME_CATEGORY = 8
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
    by_merchant: defaultdict[str, list[int]] = defaultdict(list)
    by_category: defaultdict[str, list[int]] = defaultdict(list)
    for item in spent:
        by_merchant[item.merchant].append(-item.cents)
        by_category[item.category].append(-item.cents)
    for item in spent:
        others = _peers(item, by_merchant, by_category)
        if item.date > since and others and _stands_out(-item.cents, others):
            yield item, round(median(others))


def _peers(
    item: Item, by_merchant: dict[str, list[int]], by_category: dict[str, list[int]]
) -> list[int] | None:
    """The amounts to compare with, without the booking itself; None when there are too few.

    A merchant with a price of its own (rent among small repairs) is compared with itself.
    """
    same = by_merchant[item.merchant] if item.merchant else []
    if len(same) > SAME_MERCHANT:
        return _without(same, -item.cents)
    category = by_category[item.category]
    return _without(category, -item.cents) if len(category) > SAME_CATEGORY else None


def _without(values: list[int], value: int) -> list[int]:
    rest = values.copy()
    rest.remove(value)
    return rest


def _stands_out(value: int, others: list[int]) -> bool:
    usual = median(others)
    return value >= 2 * usual and value - usual >= LEAST_CENTS and robust_z(value, others) > THRESHOLD


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
