"""Slows down guessing: ten wrong passwords for an address in fifteen minutes, then it must wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from services.user.models import LoginAttempt

WINDOW = timedelta(minutes=15)
ALLOWED = 10


async def begin_attempt(session: AsyncSession, email: str) -> None:
    """Count an attempt before the password is looked at, so that parallel guesses count too; else 429."""
    since = datetime.now(UTC) - WINDOW
    attempts = (LoginAttempt.email == email) & (LoginAttempt.at > since)
    # One at a time for an address: otherwise many requests could all read the same count.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(email, 0))))
    count, oldest = (
        await session.execute(select(func.count(), func.min(LoginAttempt.at)).where(attempts))
    ).one()
    if count >= ALLOWED:
        wait = max(1, int((oldest + WINDOW - datetime.now(UTC)).total_seconds()) + 1)
        raise ApiError(429, "Too many wrong passwords. Try again later.", headers={"Retry-After": str(wait)})
    session.add(LoginAttempt(email=email))
    await session.commit()


async def forget_attempts(session: AsyncSession, email: str) -> None:
    """After a right password the count starts again."""
    await session.execute(delete(LoginAttempt).where(LoginAttempt.email == email))
