"""/insights, /forecast and /chat."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import delete, select

from coachlib.app import runtime_of
from coachlib.identity import UserId
from coachlib.session import Session
from coachlib.shapes import Page, Paging, fetch_page
from services.ai import provider
from services.ai.analysis.forecast import forecast
from services.ai.bills import Tariff, spent_cents
from services.ai.book import load_book
from services.ai.conversation import reply
from services.ai.findings import refresh_if_changed, stored, utc_month
from services.ai.models import ChatMessage
from services.ai.shapes import ChatLine, ForecastMonthOut, ForecastOut, InsightOut, Insights, Question, Usage

router = APIRouter()


@router.get("/insights")
async def show_insights(user: UserId, session: Session) -> Insights:
    """The insights as of now."""
    await refresh_if_changed(session, user)
    return Insights(items=[InsightOut.model_validate(one) for one in await stored(session, user)])


@router.get("/forecast")
async def show_forecast(
    user: UserId, session: Session, months: Annotated[int, Query(ge=1, le=12)] = 3
) -> ForecastOut:
    """The months after this one."""
    book = await load_book(session, user)
    found = await asyncio.to_thread(forecast, book, months)
    return ForecastOut(
        items=[ForecastMonthOut.model_validate(one) for one in found.items], method=found.method
    )


@router.get("/chat")
async def show_chat(user: UserId, session: Session, paging: Paging) -> Page[ChatLine]:
    """The conversation, oldest line first; page 1 holds the latest lines."""
    query = select(ChatMessage).where(ChatMessage.user_id == user).order_by(ChatMessage.seq.desc())
    rows, total = await fetch_page(session, query, paging)
    items = [ChatLine.model_validate(row) for row in reversed(rows)]
    return Page(items=items, total=total, page=paging.page, page_size=paging.page_size)


@router.post("/chat")
async def ask(body: Question, user: UserId, request: Request) -> ChatLine:
    """The coach's answer."""
    return ChatLine.model_validate(await reply(runtime_of(request), user, body.message))


@router.delete("/chat", status_code=204)
async def clear(user: UserId, session: Session) -> None:
    """Forget the conversation; the bill stays."""
    await session.execute(delete(ChatMessage).where(ChatMessage.user_id == user))


@router.get("/chat/usage")
async def usage(user: UserId, session: Session, request: Request) -> Usage:
    """What the provider has cost this user this month."""
    settings = runtime_of(request).settings
    month = utc_month()
    return Usage(
        provider="openai" if provider.configured(settings) else "local",
        month=month,
        spent_cents=await spent_cents(session, user, month),
        cap_cents=Tariff.of(settings).user_cap,
    )
