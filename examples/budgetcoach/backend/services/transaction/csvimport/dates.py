"""Dates as banks write them, and the order of day, month and year decided from all of a file."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from .model import DateOrder

ORDERS: tuple[DateOrder, ...] = ("DMY", "MDY", "YMD")
NUMBERS = re.compile(r"(\d{1,4})\s?[./\-\s]\s?(\d{1,2})\s?[./\-\s]\s?(\d{1,4})\.?(?:[T ,].*)?")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ,].*)?")
DAY_NAME = re.compile(r"(\d{1,2})[.\s\-/]*([^\W\d]{3,})[.,\s\-/]*(\d{4}|\d{2})(?:[T ,].*)?")
NAME_DAY = re.compile(r"([^\W\d]{3,})[.\s\-]*(\d{1,2}),?[\s\-]+(\d{4})(?:[T ,].*)?")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv ene gen", "feb fev fév", "mar mär mrz maer mars", "apr avr abr", "may mai mei mag",
            "jun juin giu", "jul juil lug", "aug août aout ago", "sep set", "oct okt ott", "nov",
            "dec dez déc dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class NumericDate:
    """Three numbers of a date in the order of the file; `year_first` and `year_last` by their four digits.

    Nobody writes a year of two digits first with dots or slashes: `dashed` says that it may be.
    """

    numbers: tuple[int, int, int]
    year_first: bool
    year_last: bool
    dashed: bool


@lru_cache(maxsize=8192)
def parse_date(value: str, order: DateOrder) -> dt.date:
    """The date that `value` means in `order`. Raises ValueError with a reason for people."""
    found = split_date(value)
    if isinstance(found, dt.date):
        return _in_range(found, value)
    if found is None:
        raise ValueError(f'"{value[:40]}" is not a date' if value.strip() else "the date is missing")
    day = in_order(found, "YMD" if found.year_first else order)
    if day is None:
        raise ValueError(f'"{value[:40]}" is not a date in the order {order}')
    return _in_range(day, value)


def _in_range(day: dt.date, value: str) -> dt.date:
    if not 1970 <= day.year <= 2100:
        raise ValueError(f'"{value[:40]}" is not between 1970 and 2100')
    return day


@lru_cache(maxsize=8192)
def split_date(value: str) -> NumericDate | dt.date | None:
    """Numbers to be put in order, or a date where nothing is left to decide, or None where it is no date."""
    text = value.strip()
    if compact := COMPACT.fullmatch(text):
        return _date(int(compact[1]), int(compact[2]), int(compact[3]))
    if numbers := NUMBERS.fullmatch(text):
        first, second, third = numbers.groups()
        if 3 in (len(first), len(third)) or (len(first) == 4 and len(third) == 4):
            return None
        return NumericDate(
            (int(first), int(second), int(third)), len(first) == 4, len(third) == 4, "-" in text
        )
    return _named(text)


def _named(text: str) -> dt.date | None:
    if found := DAY_NAME.fullmatch(text):
        day, name, year = found.groups()
    elif found := NAME_DAY.fullmatch(text):
        name, day, year = found.groups()
    else:
        return None
    month = MONTHS.get(name.lower()[:4]) or MONTHS.get(name.lower()[:3])
    return _date(_full_year(int(year)), month, int(day)) if month else None


def in_order(found: NumericDate, order: DateOrder) -> dt.date | None:
    """The date that the numbers make in `order`, or None where that is no day of a calendar."""
    first, second, third = found.numbers
    if found.year_first != (order == "YMD") and (found.year_first or found.year_last):
        return None
    if order == "YMD" and not found.year_first and not found.dashed:
        return None
    if order == "YMD":
        return _date(_full_year(first), second, third)
    day, month = (first, second) if order == "DMY" else (second, first)
    return _date(_full_year(third), month, day)


def _full_year(year: int) -> int:
    return year if year > 99 else 2000 + year if year < 70 else 1900 + year


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _order_shown(text: str) -> DateOrder:
    """The order of a date in which nothing is left to decide: 20240131, 31 Jan 2024 or Jan 31, 2024."""
    return "YMD" if text[:4].isdigit() else "DMY" if text[:1].isdigit() else "MDY"


@dataclass
class _Series:
    """How one order reads the dates so far: as days that go up or down, or as days that jump."""

    valid: int = 0
    rises: int = 0
    falls: int = 0
    previous: dt.date | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    def add(self, day: dt.date) -> None:
        self.valid += 1
        if self.previous is not None:
            self.rises += day > self.previous
            self.falls += day < self.previous
        self.previous = day
        self.first = day if self.first is None else min(self.first, day)
        self.last = day if self.last is None else max(self.last, day)

    def disorder(self) -> tuple[int, int]:
        """Steps against the way of the file, then the days it spans: an export is sorted and without gaps."""
        span = (self.last - self.first).days if self.first and self.last else 0
        return min(self.rises, self.falls), span


@dataclass
class DateEvidence:
    """Collects the dates of a file; a value that fits one order only decides."""

    series: dict[DateOrder, _Series] = field(default_factory=lambda: {order: _Series() for order in ORDERS})
    votes: Counter[DateOrder] = field(default_factory=Counter)
    dotted: int = 0

    def add(self, value: str) -> None:
        """Takes one value of the date column, of any kind."""
        found = split_date(value)
        if isinstance(found, dt.date):
            self.votes[_order_shown(value.strip())] += 1
        if not isinstance(found, NumericDate):
            return
        days = [(order, day) for order in ORDERS if (day := in_order(found, order)) is not None]
        if len(days) == 1:
            self.votes[days[0][0]] += 1
        self.dotted += "." in value
        for order, day in days:
            self.series[order].add(day)

    def decide(self, prefer: DateOrder) -> tuple[DateOrder, bool]:
        """The order, and whether a value of the file proves it. `prefer` breaks a tie of nothing to go by."""
        if self.votes:
            best = max(self.votes.values())
            winners = [order for order in ORDERS if self.votes[order] == best]
            return winners[0], len(winners) == 1
        most = max(one.valid for one in self.series.values())
        if not most:
            return prefer, False
        likely = [order for order in ORDERS if self.series[order].valid == most]
        if self.dotted and "DMY" in likely:
            return "DMY", False
        if len(likely) > 1:
            least = min(self.series[order].disorder() for order in likely)
            likely = [order for order in likely if self.series[order].disorder() == least]
        return (prefer if prefer in likely else likely[0]), False
