"""How many e-mails a user and an address get, counted in the database that all copies share."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.notification.models import MailCount

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# E-mails about an account are counted apart, so that a busy budget cannot keep a new password from its owner.
LIMITS = {"account": {HOUR: 5, DAY: 15}, "budget": {HOUR: 10, DAY: 30}}
_EVERY = 600.0
# Any fixed number will do; it only has to differ from other advisory locks in the same database.
_LOCK = 7_203_125


async def may_send(
    session: AsyncSession, event_id: uuid.UUID, kind: str, address: str, user_id: uuid.UUID
) -> bool:
    """True when one more may go to this address and for this user; it then counts, a repetition does not."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if await session.get(MailCount, event_id):
        return True
    for whose in (MailCount.address == address, MailCount.user_id == user_id):
        if await _is_full(session, kind, whose):
            return False
    values = {"event_id": event_id, "kind": kind, "address": address, "user_id": user_id}
    await session.execute(insert(MailCount).values(values))
    return True


async def _is_full(session: AsyncSession, kind: str, whose: ColumnElement[bool]) -> bool:
    now = datetime.now(UTC)
    for period, limit in LIMITS[kind].items():
        sent = select(func.count()).where(MailCount.kind == kind, whose, MailCount.at > now - period)
        if (await session.scalar(sent) or 0) >= limit:
            return True
    return False


async def forget_counts(runtime: Runtime) -> None:
    """Delete what is older than any limit, every ten minutes."""
    while not await sleep_or(runtime.stopping, _EVERY):
        async with runtime.sessions() as session, session.begin():
            await session.execute(delete(MailCount).where(MailCount.at < datetime.now(UTC) - DAY))
