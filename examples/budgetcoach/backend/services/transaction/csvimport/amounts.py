"""Amounts as banks write them, in minor units, and the decimal sign decided from all of a file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from .model import Decimal

MOST_CENTS = 10**13
PLAIN = re.compile(r"([+-]?)(\d{1,9})[.,](\d\d)")
AMOUNT = re.compile(r"(?P<before>[^\d.,]*)(?P<number>[\d.,]*\d[\d.,]*)(?P<after>[^\d.,]*\.?)")
# Blanks of all kinds, apostrophes (Swiss thousands) and what people type for them.
NOISE = str.maketrans(dict.fromkeys(" \t\r\n\xa0\u2007\u2009\u202f\u200b'\u2019\u00b4`"))
MINUS = str.maketrans(dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d", "-"))
DEBIT_MARKS = frozenset(
    {"-", "d", "dr", "s", "soll", "debit", "debet", "af", "out", "debito", "dbit", "cargo", "dare"}
)
CREDIT_MARKS = frozenset(
    {"+", "c", "cr", "h", "haben", "credit", "bij", "in", "credito", "crdt", "abono", "avere"}
)
TOO_FINE = {
    0: "decimals, and the currency has none",
    2: "more than two decimals",
    3: "more than three decimals",
}
MONEY_WORD = re.compile(r"[a-z]{3}|kr\.?|zł|fr\.?|r\$|us\$|a\$|lei|kč|ft|eur[os]*|")


@dataclass(frozen=True)
class Written:
    """An amount taken apart: its sign (0 where none is written) and its digits with separators."""

    sign: int
    number: str


def side_of(mark: str) -> int:
    """-1 for a debit mark, 1 for a credit mark (D/C, S/H, +/-, Soll/Haben, Af/Bij ...), else 0."""
    word = _plain(mark)
    return -1 if word in DEBIT_MARKS else 1 if word in CREDIT_MARKS else 0


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(MINUS).strip().lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def take_apart(value: str) -> Written:
    """Sign and number of an amount; currency signs are left out. Raises ValueError with a reason."""
    text = value.translate(NOISE).translate(MINUS)
    if not text:
        raise ValueError("the amount is missing")
    found = AMOUNT.fullmatch(text)
    if not found:
        raise ValueError(f'"{value[:40]}" is not an amount')
    before, after = found["before"], found["after"]
    if before.startswith("(") and ")" in after:
        before, after = "-" + before[1:], after.replace(")", "", 1)
    return Written(_sign(before, after, value), found["number"])


def _sign(before: str, after: str, value: str) -> int:
    signs = [1 if mark == "+" else -1 for mark in before + after if mark in "+-"]
    words = [_word(part) for part in (before, after)]
    marked = [side_of(word) for word in words if word and side_of(word)]
    known = all(MONEY_WORD.fullmatch(word) or side_of(word) for word in words)
    if len(signs) + len(marked) > 1 or not known:
        raise ValueError(f'"{value[:40]}" is not an amount')
    return (signs + marked + [0])[0]


def _word(text: str) -> str:
    return "".join(mark for mark in text.lower() if mark not in "+-" and unicodedata.category(mark) != "Sc")


def cents_of(value: str, decimal: Decimal, digits: int = 2) -> tuple[int, bool]:
    """Minor units of a currency with `digits` decimals, and whether a sign was written.

    Raises ValueError with a reason for people.
    """
    if digits == 2 and (plain := PLAIN.fullmatch(value)) and value[-3] == decimal:
        cents = int(plain[2]) * 100 + int(plain[3])
        return (-cents if plain[1] == "-" else cents), bool(plain[1])
    written = take_apart(value)
    cents = _minor_units(written.number, decimal, value, digits)
    if cents > MOST_CENTS:
        raise ValueError(f'"{value[:40]}" is too large')
    return (-cents if written.sign < 0 else cents), written.sign != 0


def _minor_units(number: str, decimal: Decimal, value: str, digits: int) -> int:
    thousands = "." if decimal == "," else ","
    whole, _, fraction = number.partition(decimal)
    groups = whole.split(thousands)
    if thousands in fraction or decimal in fraction or not _grouped(groups):
        raise ValueError(f'"{value[:40]}" is not an amount with the decimal sign "{decimal}"')
    if fraction[digits:].strip("0"):
        raise ValueError(f'"{value[:40]}" has {TOO_FINE.get(digits, f"more than {digits} decimals")}')
    return int(("".join(groups) or "0") + fraction[:digits].ljust(digits, "0"))


def _grouped(groups: list[str]) -> bool:
    """Thousands in threes; the Indian way (1,00,000) ends in three and has twos before."""
    first, rest = groups[0], groups[1:]
    if not rest:
        return True
    return 1 <= len(first) <= 3 and len(rest[-1]) == 3 and all(len(group) in (2, 3) for group in rest)


@dataclass
class DecimalEvidence:
    """Collects amounts with up to `digits` decimals; one that can be read in one way only is a vote."""

    digits: int = 2
    votes: Counter[Decimal] = field(default_factory=Counter)
    negative: int = 0
    seen: int = 0

    def add(self, value: str) -> None:
        """Takes one value of an amount column, of any kind."""
        try:
            written = take_apart(value)
        except ValueError:
            return
        self.seen += 1
        self.negative += written.sign < 0
        if sign := decimal_sign(written.number, self.digits):
            self.votes[sign] += 1

    def decide(self, prefer: Decimal) -> Decimal:
        """The decimal sign of the file; `prefer` where no amount shows it."""
        comma, point = self.votes[","], self.votes["."]
        return prefer if comma == point else "," if comma > point else "."


def decimal_sign(number: str, digits: int = 2) -> Decimal | None:
    """The decimal sign that a number proves, or None: "1.234" may be either, "12" is neither.

    Where a currency has no decimals "1.234" can only be thousands; where it has three, banks write all three.
    """
    comma, point = number.rfind(","), number.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    at = max(comma, point)
    if at < 0:
        return None
    mark: Decimal = "," if comma >= 0 else "."
    other: Decimal = "." if mark == "," else ","
    if number.count(mark) > 1:
        return other
    if len(number) - at - 1 == 3 and 0 < at <= 3:
        return {0: other, 3: mark}.get(digits)
    return mark
