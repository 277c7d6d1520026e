"""The months to come: the same month a year ago or the median of the last six, whichever erred less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from services.ai.analysis.robust import mad
from services.ai.book import Book
from services.ai.months import month_of, shift

WINDOW = 6
SEASON = 12
# 80 % of a normal distribution lie within 1.2816 standard deviations; 1.4826 makes one from the MAD.
BAND = 1.2816 * 1.4826

Method = Callable[[Sequence[int], int], int]
"""Predicts the value `ahead` (from 1) steps after the end of a series."""


@dataclass(frozen=True)
class ForecastMonth:
    """Cents; expenses are negative. Low and high enclose the expense of four months in five."""

    month: str
    income_cents: int
    expense_cents: int
    low_cents: int
    high_cents: int


@dataclass(frozen=True)
class Forecast:
    """`method` is "seasonal-naive", "median" or "none" (no complete month to go by)."""

    items: list[ForecastMonth]
    method: str


def forecast(book: Book, months: int) -> Forecast:
    """The `months` after the current one."""
    history = book.complete_months()
    if not history:
        return Forecast([], "none")
    incomes = [book.income(month) for month in history]
    spent = [book.spent(month) for month in history]
    name, method = _best(spent)
    width = BAND * mad(_errors(spent, method) or [0])
    ahead = _distance(history[-1], month_of(book.today))
    items = []
    for step in range(1, months + 1):
        expected = method(spent, ahead + step)
        low, high = round(expected + width), round(max(0, expected - width))
        month = shift(month_of(book.today), step)
        items.append(ForecastMonth(month, method(incomes, ahead + step), -expected, -low, -high))
    return Forecast(items, name)


def _distance(first: str, last: str) -> int:
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:])


def _median(series: Sequence[int], ahead: int) -> int:
    return round(median(series[-WINDOW:]))


def _seasonal(series: Sequence[int], ahead: int) -> int:
    back = SEASON - (ahead - 1) % SEASON
    return series[-back] if back <= len(series) else _median(series, ahead)


def _best(series: list[int]) -> tuple[str, Method]:
    """By the mean absolute error of one-step forecasts; a season needs fifteen months to be judged."""
    if len(series) < SEASON + 3:
        return "median", _median
    errors = [fmean(map(abs, _errors(series, method, SEASON))) for method in (_seasonal, _median)]
    return ("seasonal-naive", _seasonal) if errors[0] < errors[1] else ("median", _median)


def _errors(series: list[int], method: Method, start: int = 1) -> list[int]:
    """How far the method was off at each month from `start` on, knowing only the months before it."""
    return [series[at] - method(series[:at], 1) for at in range(start, len(series))]
