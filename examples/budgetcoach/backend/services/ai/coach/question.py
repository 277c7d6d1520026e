"""What a question asks for: its intent, the months, the category or shop, the amount."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from coachlib.money import digits
from services.ai.coach.periods import PATTERN, Period, periods_in

# In order: the first that matches decides.
INTENTS = (
    ("afford", r"\bafford\b|\bcan i (?:buy|get|spend)\b|\bleisten\b"),
    ("compare", r"\bcompar|\bversus\b|\bvs\b|\bdifference\b|\bvergleich|\b(?:more|less) than\b"),
    (
        "forecast",
        r"\bforecast|\bpredict|\bnext month|\bexpect|\bprognose|\bnächste[nr]? monat|\bcoming months?\b",
    ),
    ("budgets", r"\bbudgets?\b|\blimits?\b"),
    ("save", r"\bsav(?:e|ing|ings)\b|\bcut\b|\bspar(?:e|en)\b|\bspend less\b|\breduce\b"),
    ("unusual", r"\bunusual|\banomal|\bstrange|\bodd\b|\bsuspicious|\bungewöhnlich"),
    ("biggest", r"\bbiggest|\blargest|\bmost expensive|\bgrößte|\btop\b|\bmost\b|\bwhere does\b"),
    ("income", r"\bearn|\bincome|\bsalary|\bcame in\b|\bverdien|\beinkommen|\bgehalt\b"),
    (
        "spent",
        r"\bhow much|\bspen[dt]|\bcosts?\b|\bpaid\b|\bpay at\b|\bausgegeben|\bausgaben\b|\bwie ?viel",
    ),
    ("help", r"^\W*(?:hi|hello|hey|hallo|help|hilfe)\b|\bwhat can you\b|\bwhat do you\b"),
)
SUBSCRIPTIONS = re.compile(
    r"\bsubscri|\brecurring|\bregular payments?\b|\babos?\b|\babonnements?\b", re.IGNORECASE
)
SPENT = re.compile(r"\bspen[dt]\b|\bhow much did\b|\bausgegeben\b", re.IGNORECASE)
AMOUNT = re.compile(
    r"(?:[€$£]|\beur\b|\busd\b|\bgbp\b)?\s*(\d{1,3}(?:[,.\s]\d{3})+|\d+)(?:[.,](\d{1,2}))?(?![\d-])\s*(k\b)?",
    re.I,
)
SUBJECT = re.compile(r"\b(?:on|at|for|to|with|from|bei|für|im)\s+(?P<what>[^?!.,;]+)", re.IGNORECASE)
FILLER = frozenset(
    [
        "the",
        "my",
        "a",
        "an",
        "all",
        "in",
        "for",
        "of",
        "so",
        "far",
        "total",
        "month",
        "months",
        "year",
        "last",
        "this",
        "please",
        "ist",
        "im",
        "den",
        "die",
        "das",
    ]
)
# What is left at the end of the words when a month was cut out behind them.
LEFT_OVER = FILLER - {"a"} | {"on", "at", "with", "during"}
SYNONYMS = {
    "food": ("Groceries", "Eating out"),
    "essen": ("Groceries", "Eating out"),
    "supermarkets": ("Groceries",),
    "lebensmittel": ("Groceries",),
    "restaurants": ("Eating out",),
    "restaurant": ("Eating out",),
    "rent": ("Housing",),
    "miete": ("Housing",),
    "fuel": ("Transport",),
    "electricity": ("Utilities",),
    "clothes": ("Shopping",),
    "holidays": ("Travel",),
}


@dataclass(frozen=True)
class Question:
    """`categories` and `words` exclude each other; without either the question is about everything."""

    intent: str
    periods: tuple[Period, ...] = ()
    categories: tuple[str, ...] = ()
    words: str = ""
    cents: int | None = None


def understand(text: str, categories: list[str], today: dt.date, currency: str = "EUR") -> Question:
    """Never fails: what is not understood has the intent "unknown"."""
    intent = _intent(text)
    named = _categories(text, categories)
    return Question(
        intent=intent,
        periods=tuple(periods_in(text, today)),
        categories=named,
        words="" if named else _words(text),
        cents=_cents(text, digits(currency)) if intent == "afford" else None,
    )


def _intent(text: str) -> str:
    if SUBSCRIPTIONS.search(text) and not SPENT.search(text):
        return "subscriptions"
    found = (name for name, pattern in INTENTS if re.search(pattern, text, re.IGNORECASE))
    return next(found, "unknown")


def _categories(text: str, known: list[str]) -> tuple[str, ...]:
    """The categories that the text names, else those that an everyday word stands for."""
    low = f" {' '.join(re.findall(r'[^\W_]+', text.lower()))} "
    named = [one for one in known if f" {' '.join(re.findall(r'[^\W_]+', one.lower()))} " in low]
    if named:
        return tuple(named)
    meant = (one for word, names in SYNONYMS.items() if f" {word} " in low for one in names)
    return tuple(dict.fromkeys(one for one in meant if one in known))


def _words(text: str) -> str:
    """The shop or thing after "on", "at", "for" ..., without months and small words; "" without any."""
    plain = PATTERN.sub(" ", text)
    for match in SUBJECT.finditer(plain):
        words = match["what"].split()
        while words and words[0].lower() in FILLER:
            words.pop(0)
        while words and words[-1].lower() in LEFT_OVER:
            words.pop()
        if words and not words[0].isdigit():
            return " ".join(words)[:80]
    return ""


def _cents(text: str, places: int) -> int | None:
    """The first amount of the text in minor units: "1,200", "€49.90", "2k"."""
    match = AMOUNT.search(text)
    if not match:
        return None
    whole, fraction = match[1], match[2] or "0"
    if places == 3 and (whole[-4:-3] == "." or len(set(re.sub(r"\d", "", whole))) == 2):
        # "0.500" as we write it, or two kinds of marks ("1.200,500"): the last one is the decimal sign.
        whole, fraction = whole[:-4], whole[-3:]
    amount = Decimal(f"{re.sub(r'\D', '', whole)}.{fraction}") * (1000 if match[3] else 1)
    return min(int(amount * 10**places), 10**13)
