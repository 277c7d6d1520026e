"""The analysis of a book: anomalies, trends, regular payments, savings, the forecast."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable

import pytest

from services.ai.analysis.anomalies import anomalies
from services.ai.analysis.forecast import forecast
from services.ai.analysis.insights import insights
from services.ai.analysis.robust import mad, spread_of
from services.ai.analysis.savings import savings, usual_surplus
from services.ai.analysis.subscriptions import subscriptions
from services.ai.analysis.trends import trends
from services.ai.book import Book, Item, Sums
from services.ai.months import month_of, months_between, shift
from services.ai.projection import merchant_of

Line = tuple[str, int, str, str]


def book_of(lines: Iterable[Line], today: str) -> Book:
    """A book as the database would give it: lines are date, cents, description, category."""
    book = Book(dt.date.fromisoformat(today))
    for day, cents, description, category in sorted(lines):
        date = dt.date.fromisoformat(day)
        here = book.sums.setdefault(month_of(date), {})
        old = here.get(category, Sums())
        here[category] = Sums(old.income + max(cents, 0), old.spent + max(-cents, 0))
        book.recent.append(Item(uuid.uuid4(), date, cents, description, merchant_of(description), category))
        book.as_of = date
    return book


def year(seed: int = 1) -> list[Line]:
    """Fourteen months of an ordinary life, up to 2024-05-31."""
    chance = random.Random(seed)
    lines: list[Line] = []
    for month in months_between("2023-04", "2024-05"):
        lines.append((f"{month}-01", -95_000, "Miete Hausverwaltung", "Housing"))
        lines.append((f"{month}-28", 280_000, "Gehalt Beispiel GmbH", "Salary"))
        lines.append((f"{month}-12", -1399, "NETFLIX.COM · Lastschrift 4711", "Subscriptions"))
        for _ in range(12):
            day = chance.randint(1, 28)
            lines.append(
                (
                    f"{month}-{day:02}",
                    -chance.randint(2000, 6000),
                    f"REWE {chance.randint(1, 99)}",
                    "Groceries",
                )
            )
        for _ in range(5):
            day = chance.randint(1, 28)
            lines.append(
                (
                    f"{month}-{day:02}",
                    -chance.randint(1500, 4500),
                    f"Trattoria {chance.choice('ABC')}",
                    "Eating out",
                )
            )
    lines.append(("2024-05-31", -1000, "Kiosk", "Other expenses"))
    return lines


def test_robust_statistics() -> None:
    assert mad([1, 1, 2, 2, 4, 6, 9]) == 1
    assert spread_of([1, 1, 2, 2, 4, 6, 9]).z(9) == pytest.approx(0.6745 * 7)
    assert spread_of([5, 5, 5]).z(5) == 0
    assert spread_of([5, 5, 5]).z(6) == float("inf")
    assert spread_of([5, 5, 5, 5, 10]).z(6) == pytest.approx(1 / 1.253314)


def test_months() -> None:
    assert (shift("2024-01", -1), shift("2023-12", 1), shift("2024-05", -17)) == (
        "2023-12",
        "2024-01",
        "2022-12",
    )
    assert months_between("2023-11", "2024-02") == ["2023-11", "2023-12", "2024-01", "2024-02"]


def test_an_ordinary_life_has_no_anomaly() -> None:
    for seed in range(20):
        assert anomalies(book_of(year(seed), "2024-06-01")) == []


def test_one_large_purchase_stands_out() -> None:
    lines = [*year(), ("2024-05-20", -48_000, "REWE 12", "Groceries")]
    [found] = anomalies(book_of(lines, "2024-06-01"))
    assert (found.amount_cents, found.category_name, found.severity, found.month) == (
        -48_000,
        "Groceries",
        "warn",
        "2024-05",
    )
    assert "€480.00" in found.title and "REWE 12 on 2024-05-20" in found.body


def test_a_book_of_fifty_thousand() -> None:
    """Comparing each with each would be two and a half thousand million steps: hours, not moments."""
    months = months_between("2023-06", "2024-05")
    lines = [
        (f"{months[n % 12]}-{n % 28 + 1:02}", -(n % 97 + 1) * 100, f"Shop {chr(97 + n % 26)}", "Shopping")
        for n in range(50_000)
    ]
    book = book_of([*lines, ("2024-05-20", -900_000, "Jeweller", "Shopping")], "2024-06-01")
    assert [one.amount_cents for one in anomalies(book)] == [-900_000]
    assert len(insights(book)) < 50


def test_an_old_or_a_small_outlier_does_not() -> None:
    old = [*year(), ("2023-09-20", -48_000, "REWE 12", "Groceries")]
    small = [*year(), ("2024-05-20", -3200, "NETFLIX.COM", "Subscriptions")]
    assert anomalies(book_of(old, "2024-06-01")) == []
    assert anomalies(book_of(small, "2024-06-01")) == []


def test_a_regular_rent_among_small_repairs_is_none() -> None:
    repairs = [(f"2024-05-{day:02}", -1500, f"Baumarkt {'xyz'[day % 3]}", "Housing") for day in range(2, 28)]
    assert anomalies(book_of([*year(), *repairs], "2024-06-01")) == []


def test_a_trend_is_the_last_whole_month_against_those_before() -> None:
    more = [(f"2024-05-{day:02}", -9000, "Steakhaus", "Eating out") for day in (3, 9, 17)]
    [found] = [
        one for one in trends(book_of([*year(), *more], "2024-06-01")) if one.category_name == "Eating out"
    ]
    assert (found.severity, found.month) == ("warn", "2024-05")
    assert "% more than usual" in found.title
    half = [line for line in [*year(), *more] if line[0] <= "2024-05-20"]
    assert all(one.month == "2024-04" for one in trends(book_of(half, "2024-05-20")))
    assert trends(book_of([line for line in year() if line[0] < "2023-07"], "2023-07-01")) == []


def test_regular_payments_are_found_by_their_rhythm() -> None:
    weekly = [
        (f"{dt.date(2024, 1, 5) + dt.timedelta(weeks=n)}", -850, "Yoga am See", "Leisure") for n in range(21)
    ]
    yearly = [(day, -8900, "Haftpflicht AG", "Insurance") for day in ("2023-05-02", "2024-05-02")]
    gone = [(f"2023-{month:02}-05", -999, "Old Magazine", "Leisure") for month in range(5, 12)]
    found = {
        one.merchant: one for one in subscriptions(book_of([*year(), *weekly, *yearly, *gone], "2024-06-01"))
    }
    rhythms = {name: one.rhythm for name, one in found.items()}
    assert rhythms == {
        "miete hausverwaltung": "monthly",
        "netflix com": "monthly",
        "yoga am see": "weekly",
        "haftpflicht ag": "yearly",
    }
    netflix = found["netflix com"]
    assert (netflix.cents, netflix.yearly_cents, netflix.name, netflix.essential) == (
        1399,
        16_788,
        "NETFLIX.COM",
        False,
    )
    assert dt.date(2024, 6, 10) <= netflix.next <= dt.date(2024, 6, 14)


def test_a_risen_price_is_a_warning() -> None:
    risen = [
        line if line[0] < "2024-05-12" or line[1] != -1399 else (*line[:1], -1799, *line[2:])
        for line in year()
    ]
    drafts = insights(book_of(risen, "2024-06-01"))
    [found] = [one for one in drafts if one.kind == "subscription"]
    assert (found.severity, found.amount_cents) == ("warn", -1799)
    assert "€13.99 before" in found.body


def test_savings_name_what_one_can_choose() -> None:
    found = savings(book_of(year(), "2024-06-01"))
    assert [one.category_name for one in found[:2]] == ["Groceries", "Eating out"]
    rate = found[-1]
    assert rate.title.startswith("You keep ")
    book = book_of(
        [(f"2024-0{m}-0{d}", c, "x", "y") for m in (1, 2) for d, c in ((1, 100_000), (2, -120_000))],
        "2024-03-01",
    )
    assert savings(book)[-1].title == "You spend more than you earn"
    assert usual_surplus(book) == -20_000


def test_insights_are_the_same_for_the_same_book() -> None:
    book = book_of([*year(), ("2024-05-20", -48_000, "REWE 12", "Groceries")], "2024-06-01")
    first, second = insights(book), insights(book)
    assert first == second
    assert len({one.fingerprint for one in first}) == len(first)
    assert [one.severity for one in first] == sorted((one.severity for one in first), reverse=True)


def test_an_empty_book_is_no_trouble() -> None:
    book = Book(dt.date(2024, 6, 1))
    assert insights(book) == []
    assert (forecast(book, 3).items, forecast(book, 3).method) == ([], "none")
    assert book.months() == book.complete_months() == []


def test_a_single_booking_is_no_trouble() -> None:
    book = book_of([("2024-05-15", -100, "x", "y")], "2024-05-20")
    assert insights(book) == []
    assert forecast(book, 3).method == "none"


def test_the_median_forecast_of_a_steady_life() -> None:
    found = forecast(book_of(year(), "2024-06-15"), 3)
    assert (found.method, [one.month for one in found.items]) == ("median", ["2024-07", "2024-08", "2024-09"])
    for one in found.items:
        assert one.income_cents == 280_000
        assert one.low_cents <= one.expense_cents <= one.high_cents <= 0
        assert 140_000 < -one.expense_cents < 180_000


def test_the_season_is_found() -> None:
    lines: list[Line] = []
    for month in months_between("2021-01", "2024-05"):
        cents = 300_000 if month.endswith("-12") else 100_000 + 5000 * int(month[5:])
        lines.append((f"{month}-15", -cents, "life", "Shopping"))
        lines.append((f"{month}-28", 200_000, "pay", "Salary"))
    lines.append(("2024-05-31", -1, "end", "Shopping"))
    found = forecast(book_of(lines, "2024-05-31"), 12)
    assert found.method == "seasonal-naive"
    assert {one.month: -one.expense_cents for one in found.items}["2024-12"] == 300_000
    assert {one.month: -one.expense_cents for one in found.items}["2025-03"] == 115_000


@pytest.mark.parametrize(
    ("description", "merchant"),
    [
        ("NETFLIX.COM · Lastschrift 0815", "netflix com"),
        ("Café Größe 12", "cafe große"),
        ("REWE 123 SAGT DANKE 99.99 Filiale Nord West Ost", "rewe sagt danke filiale nord"),
        ("12345", ""),
    ],
)
def test_merchants(description: str, merchant: str) -> None:
    assert merchant_of(description) == merchant.replace("ß", "ss")
