"""Deletes what has run out: tokens past their end and attempts outside the window."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete

from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.user.models import AccountRequest, Attempt, LoginAttempt, RefreshToken
from services.user.throttle import WINDOW

_EVERY = 600.0


async def run(runtime: Runtime) -> None:
    """Clean up every ten minutes until the service stops."""
    while not await sleep_or(runtime.stopping, _EVERY):
        now = datetime.now(UTC)
        async with runtime.sessions() as session, session.begin():
            await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
            await session.execute(delete(AccountRequest).where(AccountRequest.expires_at < now))
            await session.execute(delete(Attempt).where(Attempt.at < now - WINDOW))
            await session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - WINDOW))
