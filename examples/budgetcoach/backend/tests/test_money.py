"""Money of every currency that is offered: what is written can be read, with ISO 4217's decimals."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from coachlib.money import OFFERED, digits, plain
from services.ai.book import Book
from services.ai.coach.question import understand
from services.notification.texts import money
from services.transaction.csvimport import Row, detect, read
from services.transaction.csvimport.amounts import cents_of
from services.transaction.csvimport.model import Decimal

# ISO 4217, list one; all others have two.
ISO = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
IN_USE = (
    "AFN",
    "ALL",
    "AMD",
    "COP",
    "EGP",
    "IDR",
    "ILS",
    "IRR",
    "LBP",
    "MMK",
    "PKR",
    "RSD",
    "SOS",
    "TWD",
    "YER",
)
CURRENCY = some.sampled_from(OFFERED)
AMOUNT = some.integers(-(10**13), 10**13)
POSITIVE = some.integers(1, 10**12)


@pytest.mark.parametrize("currency", sorted({*OFFERED, *ISO, *IN_USE}))
def test_decimals_are_those_of_iso_4217(currency: str) -> None:
    assert digits(currency) == ISO.get(currency, 2)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (-123456, "EUR", "-1,234.56"),
        (1200, "JPY", "1,200"),
        (-5, "KWD", "-0.005"),
        (1234567, "BHD", "1,234.567"),
        (0, "KRW", "0"),
        (7, "USD", "0.07"),
    ],
)
def test_how_it_is_written(minor: int, currency: str, text: str) -> None:
    assert plain(minor, currency) == text
    assert money(minor, currency) == f"{text} {currency}"


@given(AMOUNT, CURRENCY)
def test_what_is_written_can_be_read(minor: int, currency: str) -> None:
    for text in (plain(minor, currency), money(minor, currency)):
        assert cents_of(text, ".", digits(currency))[0] == minor


@given(some.lists(AMOUNT.filter(bool), min_size=1, max_size=20), CURRENCY, some.sampled_from((",", ".")))
def test_a_file_round_trip(amounts: list[int], currency: str, decimal: Decimal) -> None:
    """As banks of either kind write it, with thousands and without."""
    for grouped in (True, False):
        file = io.StringIO()
        writer = csv.writer(file, delimiter=";" if decimal == "," else ",", lineterminator="\n")
        writer.writerow(("Date", "Description", "Amount"))
        for minor in amounts:
            writer.writerow(("2024-01-15", "Shop", written(minor, currency, decimal, grouped)))
        stream = io.BytesIO(file.getvalue().encode())
        rows = list(read(stream, detect(stream, digits(currency))))
        assert [row.amount_cents if isinstance(row, Row) else row.reason for row in rows] == amounts


def written(minor: int, currency: str, decimal: str, grouped: bool) -> str:
    text = plain(minor, currency) if grouped else plain(minor, currency).replace(",", "")
    return text if decimal == "." else text.translate(str.maketrans(".,", ",."))


@given(POSITIVE, CURRENCY)
def test_the_coach_reads_what_it_writes(minor: int, currency: str) -> None:
    said = Book(dt.date(2024, 5, 1), currency).money(minor)
    assert said.strip("€$£").removesuffix(f" {currency}") == plain(minor, currency)
    assert understand(f"Can I afford {said}?", [], dt.date(2024, 5, 1), currency).cents == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1,200", "JPY", 1200), ("12.5k", "JPY", 12500), ("2k", "KWD", 2_000_000), ("49.90", "EUR", 4990)],
)
def test_prices_in_questions(text: str, currency: str, minor: int) -> None:
    assert understand(f"Can I afford {text}?", [], dt.date(2024, 5, 1), currency).cents == minor
