"""One turn of the conversation: load the book, ask the provider or the local coach, store both lines."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.runtime import Runtime
from services.ai import provider
from services.ai.book import Book, load_book
from services.ai.coach.answers import Answer, Match, answer, period_of
from services.ai.coach.question import Question, understand
from services.ai.models import Booking, ChatMessage


async def reply(runtime: Runtime, user: uuid.UUID, message: str) -> ChatMessage:
    """The coach's line, stored after the user's. No database connection is held while the provider thinks."""
    async with runtime.sessions() as session:
        book = await load_book(session, user)
        question = understand(message, book.categories(), book.today, book.currency)
        match = await _match(session, user, question, book)
    said = await provider.ask(runtime, user, book, message) if book.sums else None
    local = answer(question, book, match) if said is None else Answer(said)
    line = ChatMessage(
        user_id=user,
        role="coach",
        text=local.text,
        provider="openai" if said is not None else "local",
        data=local.data or None,
    )
    async with runtime.sessions() as session, session.begin():
        session.add(ChatMessage(user_id=user, role="user", text=message))
        await session.flush()
        session.add(line)
        await session.flush()
        await session.refresh(line)
    return line


async def _match(session: AsyncSession, user: uuid.UUID, question: Question, book: Book) -> Match | None:
    """What the bookings with the words of the question come to; None where it names no words."""
    if not question.words or not book.sums:
        return None
    months = period_of(question, book).months
    total, count = func.coalesce(func.sum(Booking.amount_cents), 0), func.count()
    query = select(total, count).where(
        Booking.user_id == user,
        Booking.description.icontains(question.words, autoescape=True),
        func.to_char(Booking.date, "YYYY-MM").in_(months),
        Booking.date <= book.today,
    )
    row = (await session.execute(query)).one()
    return Match(question.words, int(row[0]), int(row[1]))
