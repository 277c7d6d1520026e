"""Bank exports as people get them: three real shapes, the same number of lines, a few of them broken."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

LINES = 2000
DAYS = 330
SHOPS = (
    ("REWE Markt", 12, 90),
    ("Lidl", 8, 60),
    ("Bäckerei Müller", 3, 14),
    ("Shell fuel", 30, 80),
    ("Netflix", 13, 14),
    ("Spotify", 10, 11),
    ("Amazon", 9, 120),
    ("Pharmacy", 5, 40),
    ("Pizza Napoli", 12, 45),
    ("Uber", 7, 30),
)


@dataclass(frozen=True)
class Booking:
    """One line of an account: money in cents, negative when it leaves."""

    day: date
    text: str
    cents: int


@dataclass(frozen=True)
class BankFile:
    """A file to upload, and what an importer must make of it."""

    name: str
    content: bytes
    lines: int
    broken: int
    separator: str

    def save(self, folder: Path) -> Path:
        """Writes the file into `folder`."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def bank_files(today: date) -> list[BankFile]:
    """A German, an American and a British export of LINES lines each, up to `today`."""
    return [german(today), american(today), british(today)]


def german(today: date) -> BankFile:
    """Semicolons, decimal comma with grouping points, DD.MM.YYYY, Windows-1252."""
    head = [
        "Auftragskonto",
        "Buchungstag",
        "Valutadatum",
        "Buchungstext",
        "Verwendungszweck",
        "Betrag",
        "Waehrung",
    ]

    def row(b: Booking) -> list[str]:
        day = b.day.strftime("%d.%m.%Y")
        return ["DE02120300000000202051", day, day, "Kartenzahlung", b.text, _german_amount(b.cents), "EUR"]

    broken = [
        ["DE02", "99.99.2026", "", "", "Kein Tag", "-1,00", "EUR"],
        ["DE02", "05.01.2026", "", "", "Kein Betrag", "zwölf", "EUR"],
    ]
    return _file("sparkasse-umsätze.csv", [head, *map(row, _bookings(1, today))], broken, ";", "cp1252")


def american(today: date) -> BankFile:
    """Commas, MM/DD/YYYY, a debit and a credit column."""
    head = ["Transaction Date", "Description", "Debit", "Credit"]

    def row(b: Booking) -> list[str]:
        amount = f"{abs(b.cents) / 100:,.2f}"
        return [b.day.strftime("%m/%d/%Y"), b.text, *(("", amount) if b.cents > 0 else (amount, ""))]

    broken = [["13/45/2026", "No such day", "1.00", ""], ["01/05/2026", "No amount at all", "", ""]]
    return _file("card-activity.csv", [head, *map(row, _bookings(2, today))], broken, ",", "utf-8")


def british(today: date) -> BankFile:
    """Commas, DD/MM/YYYY, one signed amount, UTF-8 with a byte order mark."""
    head = ["Date", "Description", "Amount"]

    def row(b: Booking) -> list[str]:
        return [b.day.strftime("%d/%m/%Y"), b.text, f"{b.cents / 100:.2f}"]

    broken = [["yesterday", "No such day", "-1.00"], ["05/01/2026", "Not a number", "n/a"]]
    return _file("statement-uk.csv", [head, *map(row, _bookings(3, today))], broken, ",", "utf-8-sig")


def _bookings(seed: int, today: date) -> list[Booking]:
    """Card payments on random days and a salary a month; every text is unique, so none is a duplicate."""
    rng = random.Random(seed)
    pay = [Booking(today - timedelta(days=30 * i), f"Salary payroll {seed}-{i}", 95_000) for i in range(11)]
    spent = []
    for n in range(LINES - 2 - len(pay)):
        shop, low, high = rng.choice(SHOPS)
        day = today - timedelta(days=rng.randrange(DAYS))
        spent.append(Booking(day, f"{shop} {seed}-{n}", -rng.randint(low * 10, high * 10)))
    return sorted(pay + spent, key=lambda b: b.day, reverse=True)


def _german_amount(cents: int) -> str:
    return f"{cents / 100:,.2f}".translate(str.maketrans(",.", ".,"))


def _file(
    name: str, good: list[list[str]], broken: list[list[str]], separator: str, encoding: str
) -> BankFile:
    """The good rows, headed by their first, with one broken row near the top and one at the end."""
    rows = [*good[:10], broken[0], *good[10:], broken[1]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return BankFile(name, text.getvalue().encode(encoding), len(rows) - 1, len(broken), separator)
