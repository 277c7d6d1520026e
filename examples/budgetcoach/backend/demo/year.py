"""A year of one household's money, made up: the same lines for the same last day, whenever it is run."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_SEED = 20240229
_MONTHS = 12


@dataclass(frozen=True, order=True)
class Line:
    """One booking; expenses are negative."""

    day: date
    description: str
    cents: int


# Day of the month, description, cents.
_MONTHLY = (
    (1, "Rent Lindenstrasse 12", -98000),
    (1, "Spotify Premium", -1099),
    (1, "Gym membership Urban Sports", -2990),
    (2, "Stadtwerke electricity", -7450),
    (3, "Deutschlandticket monthly pass", -5800),
    (4, "Vodafone internet", -3999),
    (5, "Allianz household insurance", -1890),
    (15, "Savings interest", 640),
)
_SHOPS = ("REWE", "Lidl", "Edeka", "Aldi", "dm Drogerie", "Alnatura")
_PLACES = ("Pizzeria Napoli", "Sushi Bar Kyoto", "Cafe Central", "Burger King", "Restaurant Adler")
_RIDES = ("Uber trip", "Shell fuel", "Deutsche Bahn ticket", "Parkhaus Mitte")
_THINGS = ("Amazon order", "Zalando", "IKEA", "Decathlon", "Bookshop Thalia")


def year_until(last: date) -> list[Line]:
    """The lines of the eleven months before and the month of `last`, up to `last`, oldest first."""
    dice = random.Random(_SEED)  # noqa: S311 - made-up money, not a secret
    lines = [line for back in reversed(range(_MONTHS)) for line in _month(_first(last, back), back, dice)]
    return sorted(line for line in lines if line.day <= last)


def _first(last: date, back: int) -> date:
    months = last.year * 12 + last.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _month(first: date, back: int, dice: random.Random) -> Iterator[Line]:
    for day, description, cents in _MONTHLY:
        yield Line(first.replace(day=day), description, cents)
    # A subscription that has become dearer, for the coach to find.
    yield Line(first.replace(day=1), "Netflix", -1399 if back > 3 else -1799)
    yield Line(first.replace(day=25), "Salary Acme GmbH", 312500 if back > 5 else 325000)
    yield Line(first, "Restaurant Adler, dinner with friends", -_around(dice, 7200 if back else 8640))
    yield from _some(first, dice, _SHOPS, 9, (1450, 7900))
    yield from _some(first, dice, _PLACES, 4, (680, 4200))
    yield from _some(first, dice, _RIDES, 2, (890, 5600))
    yield from _some(first, dice, _THINGS, 2, (1290, 8900))
    yield from _special(first, back)


def _special(first: date, back: int) -> Iterator[Line]:
    if first.month == 12:
        yield Line(first.replace(day=8), "Amazon order, gifts", -18450)
        yield Line(first.replace(day=10), "Salary Acme GmbH, bonus", 90000)
    if first.month == 7:
        yield Line(first.replace(day=9), "Lufthansa flight", -31900)
        yield Line(first.replace(day=18), "Hotel Miramar", -64200)
    if back == 1:
        # Far outside of everything before: the anomaly.
        yield Line(first.replace(day=14), "REWE", -48760)


def _some(
    first: date, dice: random.Random, names: tuple[str, ...], count: int, cents: tuple[int, int]
) -> Iterator[Line]:
    for _ in range(count + dice.randint(-1, 1)):
        day = first + timedelta(days=dice.randrange(28))
        yield Line(day, dice.choice(names), -dice.randint(*cents))


def _around(dice: random.Random, cents: int) -> int:
    return cents + dice.randint(-500, 500)


def as_csv(lines: list[Line]) -> bytes:
    """The lines as a bank would export them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("Date", "Description", "Amount"))
    for line in lines:
        writer.writerow((line.day.isoformat(), line.description, f"{line.cents / 100:.2f}"))
    return text.getvalue().encode()
