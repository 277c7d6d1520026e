"""The local coach: what a question is understood as, and the figures in its answers."""

from __future__ import annotations

import datetime as dt

import pytest

from services.ai.book import Book
from services.ai.coach.answers import HELP, NOTHING, Match, answer
from services.ai.coach.periods import periods_in
from services.ai.coach.question import understand
from tests.test_ai_analysis import book_of, year

TODAY = dt.date(2024, 6, 15)
CATEGORIES = ["Eating out", "Groceries", "Housing", "Salary", "Subscriptions", "Transport"]


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("last month", [["2024-05"]]),
        ("this month so far", [["2024-06"], ["2024-06"]]),
        ("in March", [["2024-03"]]),
        ("in november", [["2023-11"]]),
        ("in May, may I ask", [["2024-05"]]),
        ("May 2023", [["2023-05"]]),
        ("2024-02", [["2024-02"]]),
        ("the last 3 months", [["2024-03", "2024-04", "2024-05"]]),
        ("in the past two months", [["2024-04", "2024-05"]]),
        ("this year", [["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]]),
        ("im Januar und Februar", [["2024-01"], ["2024-02"]]),
        ("compare April with May", [["2024-04"], ["2024-05"]]),
        ("letzten Monat", [["2024-05"]]),
        ("nothing of the kind", []),
    ],
)
def test_periods(text: str, months: list[list[str]]) -> None:
    assert [list(one.months) for one in periods_in(text, TODAY)] == months


@pytest.mark.parametrize(
    ("text", "intent", "categories", "words"),
    [
        ("How much did I spend on groceries in March?", "spent", ("Groceries",), ""),
        ("how much did I spend last month?", "spent", (), ""),
        ("What did I spend at Trattoria A in April", "spent", (), "Trattoria A"),
        ("How much on food this month?", "spent", ("Groceries", "Eating out"), ""),
        ("how much did i spend on subscriptions in may 2024", "spent", ("Subscriptions",), ""),
        ("Which subscriptions do I pay for?", "subscriptions", ("Subscriptions",), ""),
        ("Can I afford a bike for 1,200?", "afford", (), "a bike for 1"),
        ("Where can I save?", "save", (), ""),
        ("Compare April and May", "compare", (), ""),
        ("What will next month look like?", "forecast", (), ""),
        ("Am I within my budgets?", "budgets", (), ""),
        ("Was there anything unusual?", "unusual", (), ""),
        ("What was my biggest expense last month", "biggest", (), ""),
        ("How much did I earn this year?", "income", (), ""),
        ("hello", "help", (), ""),
        ("colourless green ideas", "unknown", (), ""),
        ("Wie viel habe ich für Essen ausgegeben im März?", "spent", ("Groceries", "Eating out"), ""),
    ],
)
def test_questions(text: str, intent: str, categories: tuple[str, ...], words: str) -> None:
    found = understand(text, CATEGORIES, TODAY)
    assert (found.intent, found.categories) == (intent, categories)
    if intent == "spent":
        assert found.words == words


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("afford 800?", 80_000),
        ("afford €1,200.50", 120_050),
        ("afford 1.200 EUR", 120_000),
        ("afford 2k", 200_000),
        ("afford it", None),
        ("can I buy a TV for $49.9", 4990),
    ],
)
def test_amounts_in_questions(text: str, cents: int | None) -> None:
    assert understand(text, CATEGORIES, TODAY).cents == cents


def said(text: str, match: Match | None = None) -> tuple[str, dict[str, object]]:
    book = book_of([*year(), ("2024-06-02", -5000, "REWE 5", "Groceries")], "2024-06-15")
    found = answer(understand(text, book.categories(), book.today), book, match)
    return found.text, found.data


def spent(month: str, category: str | None = None) -> int:
    return -sum(
        cents
        for day, cents, _, name in year()
        if day.startswith(month) and cents < 0 and category in (None, name)
    )


def test_spent_on_a_category() -> None:
    text, data = said("How much did I spend on groceries in March?")
    assert data == {"cents": spent("2024-03", "Groceries"), "from": "2024-03", "to": "2024-03"}
    assert f"€{spent('2024-03', 'Groceries') / 100:,.2f} on Groceries in March 2024" in text
    assert "The 3 months before" in text


def test_spent_in_all() -> None:
    assert said("how much did I spend last month?")[1]["cents"] == spent("2024-05")
    assert said("how much did I spend?")[1] == {"cents": 5000, "from": "2024-06", "to": "2024-06"}
    assert (
        "no transactions in that time; the last month with any is June 2024" in said("spent in 2019-01?")[0]
    )


def test_spent_with_a_shop() -> None:
    text, data = said("How much did I spend at Trattoria A in May 2024?", Match("Trattoria A", -4200, 2))
    assert text == 'You spent €42.00 with "Trattoria A" in May 2024, in 2 payments.'
    assert (data["cents"], data["count"]) == (4200, 2)
    assert (
        "I find no payment" in said("How much did I spend at Nowhere in May 2024?", Match("Nowhere", 0, 0))[0]
    )


def test_compare() -> None:
    text, data = said("Compare April and May")
    assert (data["first_cents"], data["second_cents"]) == (spent("2024-04"), spent("2024-05"))
    assert "The largest change is" in text


def test_afford() -> None:
    assert said("Can I afford 10?")[0].startswith("Yes.")
    text, data = said("Can I afford 9,000?")
    assert isinstance(data["months"], int) and data["months"] > 1
    assert f"takes {data['months']} months" in text
    assert "How much does it cost" in said("Can I afford it?")[0]


def test_the_other_intents_have_figures() -> None:
    assert "- NETFLIX.COM: €13.99 monthly" in said("Which subscriptions do I pay for?")[0]
    assert "Groceries: a usual month costs" in said("Where can I save?")[0]
    assert said("What will next month look like?")[1]["month"] == "2024-07"
    assert "Housing €950.00" in said("What was my biggest expense last month?")[0]
    assert said("How much did I earn last month?")[1]["income_cents"] == 280_000
    assert said("anything unusual?")[0] == "Nothing stands out in the last 60 days."
    assert "Budgets page" in said("Am I within my budgets?")[0]
    assert said("help")[0] == HELP
    assert HELP in said("colourless green ideas")[0]


def test_without_any_booking() -> None:
    book = Book(TODAY)
    assert answer(understand("how much did I spend?", [], TODAY), book).text == NOTHING


@pytest.mark.parametrize(
    "text", ["", "?", "%", "'; DROP TABLE", "9" * 400, "on on on at", "in May in May", "💶" * 50]
)
def test_nothing_one_can_type_breaks_it(text: str) -> None:
    assert said(text)[0]
