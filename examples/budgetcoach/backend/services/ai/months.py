"""Arithmetic on months written YYYY-MM."""

from __future__ import annotations

import calendar
import datetime as dt


def month_of(day: dt.date) -> str:
    """2024-05-17 -> 2024-05."""
    return f"{day:%Y-%m}"


def shift(month: str, by: int) -> str:
    """The month that many months later (earlier where negative)."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04}-{number + 1:02}"


def months_between(first: str, last: str) -> list[str]:
    """All months from `first` to `last`, both inside; empty when `first` is later."""
    found = []
    while first <= last:
        found.append(first)
        first = shift(first, 1)
    return found


def is_last_day(day: dt.date) -> bool:
    """Whether the month of `day` is over with it."""
    return day.day == calendar.monthrange(day.year, day.month)[1]


def named(month: str) -> str:
    """2024-05 -> May 2024."""
    return f"{calendar.month_name[int(month[5:])]} {month[:4]}"
