"""What a notification says, for each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coachlib.events import Event
from coachlib.money import plain


@dataclass(frozen=True)
class Words:
    """The words of one notification; `link` is a path in the app, `mail` says if it is worth an e-mail."""

    title: str
    body: str
    link: str
    mail: bool


Wording = Callable[[Event, str], Words]
"""Makes the words from an event and the user's currency."""


def money(cents: int, currency: str) -> str:
    """-123456, "EUR" -> "-1,234.56 EUR"; 1200, "JPY" -> "1,200 JPY"."""
    return f"{plain(cents, currency)} {currency}"


def _welcome(event: Event, currency: str) -> Words:
    return Words(
        title="Welcome to AI Budget Coach",
        body=f"Hello {event.data['name']}, import a bank export or add your first transaction to begin.",
        link="/transactions",
        mail=True,
    )


def _import_finished(event: Event, currency: str) -> Words:
    data = event.data
    return Words(
        title=f"Import of {data['filename']} finished",
        body=f"{data['imported']} imported, {data['duplicates']} known already, {data['failed']} unreadable.",
        link="/transactions",
        mail=False,
    )


def _budget_near(event: Event, currency: str) -> Words:
    return Words(
        title=f"{event.data['category_name']}: {event.data['percent']} % of the budget is spent",
        body=_spent(event, currency),
        link="/budgets",
        mail=True,
    )


def _budget_exceeded(event: Event, currency: str) -> Words:
    return Words(
        title=f"{event.data['category_name']}: the budget is exceeded",
        body=_spent(event, currency),
        link="/budgets",
        mail=True,
    )


def _spent(event: Event, currency: str) -> str:
    data = event.data
    spent, limit = money(data["spent_cents"], currency), money(data["limit_cents"], currency)
    return f"In {data['month']} you have spent {spent} of {limit} on {data['category_name']}."


def _insight(event: Event, currency: str) -> Words:
    return Words(title=event.data["title"], body=event.data["body"], link="/coach", mail=False)


WORDING: Mapping[str, Wording] = {
    "user.registered": _welcome,
    "import.finished": _import_finished,
    "budget.near": _budget_near,
    "budget.exceeded": _budget_exceeded,
    "insight.created": _insight,
}
