"""Asks an OpenAI-compatible provider, with sums only: no description, no shop, no e-mail address is sent."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from typing import Any

import httpx

from coachlib.money import digits
from coachlib.runtime import Runtime
from coachlib.settings import Settings
from services.ai.analysis.forecast import forecast
from services.ai.bills import Tariff, correct, reserve
from services.ai.book import Book, typical_months
from services.ai.findings import utc_month

log = logging.getLogger(__name__)

MOST_TOKENS = 500
SECONDS = 20.0
LONGEST_ANSWER = 4000
PRIVATE = re.compile(r"\S+@\S+|\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,8}\b|\b(?:\d[ -]?){9,}\b", re.IGNORECASE)
TASK = (
    "You are a friendly budget coach. Answer in at most 120 words, in the language of the question, from the"
    " figures below only; say so when they do not tell. Amounts are whole numbers of the smallest unit:"
    " 1 {currency} is {unit}; write them as money. Give no investment advice."
    "\nFigures: "
)


def configured(settings: Settings) -> bool:
    """Whether there is a key at all."""
    return settings.optional_secret("openai_api_key") is not None


async def ask(runtime: Runtime, user: uuid.UUID, book: Book, question: str) -> str | None:
    """The provider's answer, or None (no key, the cap, any failure): then the local coach answers."""
    key = runtime.settings.optional_secret("openai_api_key")
    if key is None:
        return None
    tariff, month = Tariff.of(runtime.settings), utc_month()
    messages = messages_for(book, question)
    reserved = tariff.cost(most_tokens_in(messages), MOST_TOKENS)
    async with runtime.sessions() as session, session.begin():
        if not await reserve(session, user, month, reserved, tariff):
            log.info("the spending cap is reached; the local coach answers", extra={"user_id": str(user)})
            return None
    text, spent = await _answer(runtime.settings, key, messages, tariff, reserved)
    async with runtime.sessions() as session, session.begin():
        await correct(session, user, month, spent - reserved)
    return text


def messages_for(book: Book, question: str) -> list[dict[str, str]]:
    """The conversation that is sent: the task with the sums, and the question without what looks private."""
    task = TASK.format(currency=book.currency, unit=10 ** digits(book.currency))
    content = task + json.dumps(figures(book), ensure_ascii=False, separators=(",", ":"))
    asked = PRIVATE.sub("[removed]", question)
    return [{"role": "system", "content": content}, {"role": "user", "content": asked}]


def figures(book: Book) -> dict[str, Any]:
    """Sums by month and category and the forecast."""
    months = book.months()[-12:]
    usual = typical_months(book)
    return {
        "today": book.today.isoformat(),
        "currency": book.currency,
        "months": {month: {"in": book.income(month), "out": book.spent(month)} for month in months},
        "spent_by_category": {month: book.by_category([month]) for month in months[-4:]},
        "spent_in_usual_months": {"months": len(usual), "total_by_category": book.by_category(usual)},
        "next_month": [vars(one) for one in forecast(book, 1).items],
    }


def most_tokens_in(messages: list[dict[str, str]]) -> int:
    """Never less than the provider counts: a token is at least one byte, a message's frame a few tokens."""
    return sum(len(one["content"].encode()) + 16 for one in messages)


async def _answer(
    settings: Settings, key: str, messages: list[dict[str, str]], tariff: Tariff, reserved: int
) -> tuple[str | None, int]:
    """The text (None after a failure) and what it cost; where that is unknown, all that was reserved."""
    try:
        async with asyncio.timeout(SECONDS):
            body = await _post(settings, key, messages)
        return _text(body), _cost(body, tariff, reserved)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.HTTPStatusError) as error:
        # It has not worked on the question, so it cost nothing.
        log.warning("the provider refused: %s", _named(error))
        return None, 0
    except Exception as error:
        # The kind only: a message could hold what was sent.
        log.warning("the provider failed: %s", type(error).__name__)
        return None, reserved


def _named(error: httpx.HTTPError) -> str:
    status = f" {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
    return type(error).__name__ + status


async def _post(settings: Settings, key: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    base = settings.text("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/")
    body = {
        "model": settings.text("OPENAI_MODEL", "gpt-4o-mini"),
        "messages": messages,
        "max_tokens": MOST_TOKENS,
        "temperature": 0.2,
    }
    async with httpx.AsyncClient(timeout=httpx.Timeout(SECONDS, connect=3.0)) as client:
        url = f"{base}/chat/completions"
        answer = await client.post(url, json=body, headers={"Authorization": f"Bearer {key}"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _text(body: dict[str, Any]) -> str | None:
    text = str(body["choices"][0]["message"]["content"] or "").replace("\x00", "").strip()
    return text[:LONGEST_ANSWER] or None


def _cost(body: dict[str, Any], tariff: Tariff, reserved: int) -> int:
    usage = body.get("usage") or {}
    asked, answered = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not (isinstance(asked, int) and isinstance(answered, int) and min(asked, answered) >= 0):
        return reserved
    return tariff.cost(asked, answered)
