"""Slows down guessing, and mail at other people's expense, by client: nobody can slow down another client.

Wrong passwords are counted for a client and an address together and for a client as a whole. After some free
ones each further one doubles the wait. An address alone is never counted, so nobody can lock its owner out.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from services.user.models import Attempt

WINDOW = timedelta(hours=1)
# The second is generous: an office or a mobile network is one client.
FREE_FOR_ADDRESS, FREE_FOR_CLIENT = 5, 20
LONGEST = timedelta(minutes=15)
MAILS_FOR_CLIENT = 60


async def begin_attempt(session: AsyncSession, client: str, email: str) -> None:
    """Count a password before it is looked at, so that parallel guesses count; 429 while it must wait."""
    await _one_at_a_time(session, client)
    wait = max(
        await _wait(session, _passwords(client) & (Attempt.email == email), FREE_FOR_ADDRESS),
        await _wait(session, _passwords(client), FREE_FOR_CLIENT),
    )
    if wait > 0:
        raise _too_many("Too many wrong passwords. Try again later.", wait)
    session.add(Attempt(kind="password", client=client, email=email))
    await session.commit()


async def forget_attempts(session: AsyncSession, client: str, email: str) -> None:
    """After a right password the count for this client and address starts anew; its other ones stay."""
    await session.execute(delete(Attempt).where(_passwords(client), Attempt.email == email))


async def begin_mail(session: AsyncSession, client: str) -> None:
    """Count a request that makes a mail, whoever it is for; ApiError 429 above MAILS_FOR_CLIENT an hour."""
    await _one_at_a_time(session, client)
    mine = (Attempt.kind == "mail") & (Attempt.client == client) & (Attempt.at > datetime.now(UTC) - WINDOW)
    count, oldest = (await session.execute(select(func.count(), func.min(Attempt.at)).where(mine))).one()
    if count >= MAILS_FOR_CLIENT:
        wait = (oldest + WINDOW - datetime.now(UTC)).total_seconds()
        raise _too_many("Too many requests from your network. Try again later.", wait)
    session.add(Attempt(kind="mail", client=client, email=""))
    await session.commit()


def delay_after(count: int, free: int) -> timedelta:
    """The wait after `count` wrong passwords: none below `free`, then 1 s, 2 s, 4 s ... up to LONGEST."""
    if count < free:
        return timedelta()
    return min(LONGEST, timedelta(seconds=2 ** min(count - free, 16)))


async def _wait(session: AsyncSession, attempts: ColumnElement[bool], free: int) -> float:
    """Seconds from now, or less than zero."""
    found = select(func.count(), func.max(Attempt.at)).where(attempts)
    count, last = (await session.execute(found)).one()
    if not count:
        return 0.0
    return float((last + delay_after(count, free) - datetime.now(UTC)).total_seconds())


def _passwords(client: str) -> ColumnElement[bool]:
    since = datetime.now(UTC) - WINDOW
    return (Attempt.kind == "password") & (Attempt.client == client) & (Attempt.at > since)


async def _one_at_a_time(session: AsyncSession, client: str) -> None:
    # Otherwise many requests could all read the same count.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(client, 0))))


def _too_many(message: str, wait: float) -> ApiError:
    return ApiError(429, message, headers={"Retry-After": str(max(1, math.ceil(wait)))})
