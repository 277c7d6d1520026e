"""The answers of the local coach, one function an intent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.ai.analysis.anomalies import anomalies
from services.ai.analysis.forecast import forecast
from services.ai.analysis.savings import CUT, cuttable, usual_surplus
from services.ai.analysis.subscriptions import subscriptions
from services.ai.book import Book
from services.ai.coach.periods import Period, one_month
from services.ai.coach.question import Question
from services.ai.months import month_of, named, shift

HELP = (
    'I answer from your own transactions. Try: "How much did I spend on Groceries in March?", "Compare April'
    ' and May", "Can I afford 800?", "Where can I save?", "Which subscriptions do I pay for?", "What will'
    ' next month look like?"'
)
NOTHING = (
    "There are no transactions yet. Import an export of your bank or add one by hand, then ask me again."
)


@dataclass(frozen=True)
class Match:
    """What the bookings with certain words come to in a period."""

    words: str
    cents: int
    count: int


@dataclass(frozen=True)
class Answer:
    """Words for people, and the figures in them for programs."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)


def answer(question: Question, book: Book, match: Match | None = None) -> Answer:
    """The answer to `question`; `match` belongs to its words, where it has any."""
    if not book.sums:
        return Answer(NOTHING)
    return ANSWERS.get(question.intent, _unknown)(question, book, match)


def period_of(question: Question, book: Book) -> Period:
    """The period that is asked for: the named one, else this month, else the last month with bookings."""
    if question.periods:
        return question.periods[0]
    here = month_of(book.today)
    return one_month(here if here in book.sums else max(book.sums))


def _spent(question: Question, book: Book, match: Match | None) -> Answer:
    period = period_of(question, book)
    if match and question.words:
        if match.count:
            return _answer_match(book, period, match)
        if question.words.lower() in ("everything", "total", "all", "month"):
            return _total(book, period)
        return Answer(
            f'I find no payment with "{question.words}" in {period.label}.{_hint(book, period)}', {"cents": 0}
        )
    if not question.categories:
        return _total(book, period)
    sums = {name: sum(book.spent(month, name) for month in period.months) for name in question.categories}
    total = sum(sums.values())
    parts = (
        f" ({', '.join(f'{name} {book.money(cents)}' for name, cents in sums.items())})"
        if len(sums) > 1
        else ""
    )
    what = " and ".join(sums)
    text = f"You spent {book.money(total)} on {what} in {period.label}{parts}."
    return Answer(
        text + _against_usual(question, book, period, total) + _hint(book, period),
        {"cents": total, **_of(period)},
    )


def _answer_match(book: Book, period: Period, match: Match) -> Answer:
    verb = "You spent" if match.cents <= 0 else "You received"
    times = "once" if match.count == 1 else f"in {match.count} payments"
    text = f'{verb} {book.money(abs(match.cents))} with "{match.words}" in {period.label}, {times}.'
    return Answer(text, {"cents": abs(match.cents), "count": match.count, **_of(period)})


def _total(book: Book, period: Period) -> Answer:
    spent = sum(book.spent(month) for month in period.months)
    top = list(book.by_category(list(period.months)).items())[:3]
    parts = ", ".join(f"{name} {book.money(cents)}" for name, cents in top)
    text = f"You spent {book.money(spent)} in {period.label}." + (f" Most of it: {parts}." if parts else "")
    return Answer(text + _hint(book, period), {"cents": spent, **_of(period)})


def _against_usual(question: Question, book: Book, period: Period, total: int) -> str:
    """How a single month stands to the three before it."""
    if len(period.months) != 1:
        return ""
    before = [shift(period.months[0], -back) for back in (1, 2, 3)]
    known = [month for month in before if month in book.sums]
    if not known or not total:
        return ""
    usual = sum(book.spent(month, name) for month in known for name in question.categories) // len(known)
    return (
        f" The {len(known)} months before it came to {book.money(usual)} on average."
        if len(known) > 1
        else ""
    )


def _hint(book: Book, period: Period) -> str:
    """Where the period has no bookings at all: which months have."""
    if any(month in book.sums for month in period.months):
        return ""
    return f" There are no transactions in that time; the last month with any is {named(max(book.sums))}."


def _of(period: Period) -> dict[str, str]:
    return {"from": period.months[0], "to": period.months[-1]}


def _income(question: Question, book: Book, match: Match | None) -> Answer:
    period = period_of(question, book)
    income = sum(book.income(month) for month in period.months)
    spent = sum(book.spent(month) for month in period.months)
    text = f"{book.money(income)} came in during {period.label} and {book.money(spent)} went out:"
    text += f" {book.money(income - spent)} is left."
    return Answer(text + _hint(book, period), {"income_cents": income, "spent_cents": spent, **_of(period)})


def _compare(question: Question, book: Book, match: Match | None) -> Answer:
    first, second = _two_periods(question, book)
    names = question.categories or (None,)
    sums = [
        sum(book.spent(month, name) for month in period.months for name in names)
        for period in (first, second)
    ]
    difference = sums[1] - sums[0]
    what = f" on {' and '.join(question.categories)}" if question.categories else ""
    word = "more" if difference > 0 else "less"
    text = (
        f"You spent {book.money(sums[0])}{what} in {first.label} and {book.money(sums[1])} in {second.label}"
    )
    text += f": {book.money(abs(difference))} {word}." if difference else ": the same."
    if not question.categories:
        text += _largest_change(book, first, second)
    data = {"first_cents": sums[0], "second_cents": sums[1], "first": first.label, "second": second.label}
    return Answer(text, data)


def _two_periods(question: Question, book: Book) -> tuple[Period, Period]:
    if len(question.periods) > 1:
        return question.periods[0], question.periods[1]
    second = period_of(question, book)
    return one_month(shift(second.months[0], -1)), second


def _largest_change(book: Book, first: Period, second: Period) -> str:
    before, after = book.by_category(list(first.months)), book.by_category(list(second.months))
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
    if not any(changes.values()):
        return ""
    name = max(sorted(changes), key=lambda one: abs(changes[one]))
    word = "more" if changes[name] > 0 else "less"
    return f" The largest change is {name}: {book.money(abs(changes[name]))} {word}."


def _afford(question: Question, book: Book, match: Match | None) -> Answer:
    surplus = usual_surplus(book)
    if question.cents is None:
        return Answer('How much does it cost? Ask me for example: "Can I afford 800?"')
    if surplus is None:
        return Answer("I need at least one whole month of transactions to judge that.")
    data = {"cents": question.cents, "monthly_surplus_cents": surplus}
    price = book.money(question.cents)
    if surplus <= 0:
        text = (
            f"Not from what you earn: in a usual month you spend {book.money(-surplus)} more than comes in."
        )
        return Answer(text + _first_cut(book), data)
    if question.cents <= surplus:
        text = f"Yes. In a usual month {book.money(surplus)} is left;"
        return Answer(f"{text} after {price} still {book.money(surplus - question.cents)}.", data)
    months = math.ceil(question.cents / surplus)
    text = f"Not in one month: about {book.money(surplus)} is left of a usual one."
    text += f" {price} takes {months} months of saving."
    return Answer(text + _first_cut(book), {**data, "months": months})


def _first_cut(book: Book) -> str:
    for name, cents in cuttable(book).items():
        return f" {CUT:.0%} less on {name} would add {book.money(round(cents * CUT))} a month."
    return ""


def _save(question: Question, book: Book, match: Match | None) -> Answer:
    options = {name: (cents, round(cents * CUT) * 12) for name, cents in list(cuttable(book).items())[:3]}
    lines = [
        f"{name}: a usual month costs {book.money(cents)}; {CUT:.0%} less saves {book.money(saved)} a year"
        for name, (cents, saved) in options.items()
    ]
    if regular := [one for one in subscriptions(book) if not one.essential]:
        total = sum(one.yearly_cents for one in regular)
        lines.append(f"Regular payments: {book.money(total)} a year, the dearest is {regular[0].name}")
    if not lines:
        return Answer("I need two whole months of transactions to see where you could save.")
    data = [{"category": name, "saved_cents_a_year": saved} for name, (_, saved) in options.items()]
    text = "Where less would be possible:\n" + "\n".join(f"- {line}" for line in lines)
    return Answer(text, {"options": data})


def _subscriptions(question: Question, book: Book, match: Match | None) -> Answer:
    found = subscriptions(book)
    if not found:
        return Answer(
            "I see no regular payments. It takes three payments in the same rhythm to find one.",
            {"items": []},
        )
    lines = [
        f"- {one.name}: {book.money(one.cents)} {one.rhythm}, next around {one.next}" for one in found[:15]
    ]
    total = sum(one.yearly_cents for one in found)
    text = f"{len(found)} regular payments, {book.money(total)} a year:\n" + "\n".join(lines)
    items = [{"name": one.name, "cents": one.cents, "rhythm": one.rhythm} for one in found]
    return Answer(text, {"yearly_cents": total, "items": items})


def _forecast(question: Question, book: Book, match: Match | None) -> Answer:
    found = forecast(book, 1)
    if not found.items:
        return Answer("I need at least one whole month of transactions to look ahead.")
    ahead = found.items[0]
    spent, left = -ahead.expense_cents, ahead.income_cents + ahead.expense_cents
    text = (
        f"{named(ahead.month)}: I expect {book.money(ahead.income_cents)} to come in"
        f" and {book.money(spent)} to go out (likely between {book.money(-ahead.high_cents)}"
        f" and {book.money(-ahead.low_cents)}), so {book.money(left)} is left."
    )
    return Answer(
        text, {"month": ahead.month, "income_cents": ahead.income_cents, "expense_cents": ahead.expense_cents}
    )


def _biggest(question: Question, book: Book, match: Match | None) -> Answer:
    period = period_of(question, book)
    top = list(book.by_category(list(period.months)).items())[:5]
    items = [one for one in book.recent if month_of(one.date) in period.months and one.cents < 0]
    if not top:
        return Answer(f"Nothing was spent in {period.label}." + _hint(book, period))
    text = f"In {period.label}: " + ", ".join(f"{name} {book.money(cents)}" for name, cents in top) + "."
    if items:
        one = min(items, key=lambda item: item.cents)
        text += (
            f" The largest single payment was {book.money(-one.cents)}: {one.description[:80]} on {one.date}."
        )
    return Answer(text, {"top": dict(top), **_of(period)})


def _unusual(question: Question, book: Book, match: Match | None) -> Answer:
    found = anomalies(book)
    if not found:
        return Answer("Nothing stands out in the last 60 days.", {"items": []})
    lines = "\n".join(f"- {one.title}. {one.body}" for one in found[:5])
    return Answer(f"These stand out:\n{lines}", {"items": [one.title for one in found]})


def _budgets(question: Question, book: Book, match: Match | None) -> Answer:
    period = period_of(question, book)
    total = _total(book, period)
    return Answer(f"{total.text} How that stands against your limits is on the Budgets page.", total.data)


def _help(question: Question, book: Book, match: Match | None) -> Answer:
    return Answer(HELP)


def _unknown(question: Question, book: Book, match: Match | None) -> Answer:
    if question.categories or question.periods:
        return _spent(question, book, match)
    return Answer(f"I did not understand that. {HELP}")


ANSWERS: dict[str, Callable[[Question, Book, Match | None], Answer]] = {
    "spent": _spent,
    "income": _income,
    "compare": _compare,
    "afford": _afford,
    "save": _save,
    "subscriptions": _subscriptions,
    "forecast": _forecast,
    "biggest": _biggest,
    "unusual": _unusual,
    "budgets": _budgets,
    "help": _help,
}
