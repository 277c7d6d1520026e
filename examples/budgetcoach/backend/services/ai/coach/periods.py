"""Finds the months that a question speaks of: "last month", "in March", "2024-05", "last 3 months"."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from services.ai.months import month_of, months_between, named, shift

NAMES = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan", "januar"),
            ("february", "feb", "februar"),
            ("march", "mar", "märz", "maerz"),
            ("april", "apr"),
            ("may", "mai"),
            ("june", "jun", "juni"),
            ("july", "jul", "juli"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct", "oktober", "okt"),
            ("november", "nov"),
            ("december", "dec", "dezember", "dez"),
        ),
        start=1,
    )
    for name in names
}
NUMBERS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "nine": 9,
    "twelve": 12,
    "zwei": 2,
    "drei": 3,
}
PATTERN = re.compile(
    r"(?P<iso>\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])\b)"
    rf"|\b(?P<name>{'|'.join(sorted(NAMES, key=len, reverse=True))})\b\.?(?:\s+(?P<of>(?:19|20)\d\d)\b)?"
    r"|\b(?:last|past|letzten?|vergangenen)\s+(?P<count>\d{1,2}|"
    + "|".join(NUMBERS)
    + r")\s+(?:months?|monaten?)\b"
    r"|\b(?P<last>last month|previous month|letzte[nr]? monat|vormonat)\b"
    r"|\b(?P<this>this month|current month|so far|diese[nmr]? monat)\b"
    r"|\b(?P<thisyear>this year|dieses jahr)\b|\b(?P<lastyear>last year|letztes jahr)\b"
    r"|\b(?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Period:
    """Whole months, in order, and how to name them."""

    months: tuple[str, ...]
    label: str


def one_month(month: str) -> Period:
    """A period of a single month."""
    return Period((month,), named(month))


def periods_in(text: str, today: dt.date) -> list[Period]:
    """All periods that are named, in the order of the text; "may" counts only after a preposition."""
    found = []
    for match in PATTERN.finditer(text):
        if (match["name"] or "").lower() == "may" and not _is_month_of_may(text, match):
            continue
        found.append(_period(match, today))
    return found


def _is_month_of_may(text: str, match: re.Match[str]) -> bool:
    before = f" {text[: match.start()].lower().rstrip()}"
    return bool(match["of"]) or before.endswith(
        (" in", " and", " with", " for", " to", " vs", " im", " und", " of")
    )


def _period(match: re.Match[str], today: dt.date) -> Period:
    here = month_of(today)
    if match["iso"]:
        return one_month(match["iso"])
    if match["name"]:
        return one_month(_by_name(NAMES[match["name"].lower()], match["of"], today))
    if match["last"]:
        return one_month(shift(here, -1))
    if match["this"]:
        return one_month(here)
    if match["count"]:
        count = max(1, int(NUMBERS.get(match["count"].lower(), 0) or match["count"]))
        return Period(tuple(months_between(shift(here, -count), shift(here, -1))), f"the last {count} months")
    year = today.year - 1 if match["lastyear"] else today.year if match["thisyear"] else int(match["year"])
    return Period(tuple(months_between(f"{year}-01", min(f"{year}-12", max(here, f"{year}-01")))), str(year))


def _by_name(number: int, year: str | None, today: dt.date) -> str:
    """A month without a year is the last one of that name that has begun."""
    if year:
        return f"{year}-{number:02}"
    return f"{today.year if number <= today.month else today.year - 1}-{number:02}"
