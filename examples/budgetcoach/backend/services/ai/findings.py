"""Stores the insights of a user, tells of new anomalies once, and looks again when bookings have changed."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from dataclasses import asdict

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import emit
from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.ai.analysis.draft import Draft
from services.ai.analysis.insights import insights
from services.ai.book import load_book
from services.ai.models import DueLook, Finding, ToldAnomaly

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:user, 0))")


async def look_again(runtime: Runtime) -> None:
    """Refresh one user after another whose bookings have stopped changing, until the service stops."""
    while not runtime.stopping.is_set():
        async with runtime.sessions() as session, session.begin():
            user = await _due(session)
            if user:
                await refresh(session, user)
        if not user:
            await sleep_or(runtime.stopping, 1.0)


async def _due(session: AsyncSession) -> uuid.UUID | None:
    query = select(DueLook.user_id).where(DueLook.due_at <= func.now()).order_by(DueLook.due_at).limit(1)
    return await session.scalar(query)


async def refresh_if_changed(session: AsyncSession, user: uuid.UUID) -> None:
    """Refresh now where something has changed since the last look: nobody is shown old insights."""
    if await session.get(DueLook, user):
        await refresh(session, user)


async def refresh(session: AsyncSession, user: uuid.UUID) -> None:
    """Look at the book and store what it shows, in the caller's transaction; one look at a time a user."""
    await session.execute(LOCK, {"user": str(user)})
    # The mark is not locked meanwhile, or events would have to wait. Changes from here on make a new version
    # of it, so that it stays and the next look sees them.
    version = await session.scalar(select(DueLook.version).where(DueLook.user_id == user))
    book = await load_book(session, user)
    drafts = await asyncio.to_thread(insights, book)
    ids = await _store(session, user, drafts)
    for draft in drafts:
        if draft.kind == "anomaly":
            await _tell_once(session, user, ids[draft.fingerprint], draft)
    await session.execute(delete(DueLook).where(DueLook.user_id == user, DueLook.version == version))


async def _store(session: AsyncSession, user: uuid.UUID, drafts: list[Draft]) -> dict[str, uuid.UUID]:
    """Replace the user's insights; one that still holds keeps its id. Returns the ids by fingerprint."""
    kept = [draft.fingerprint for draft in drafts]
    await session.execute(delete(Finding).where(Finding.user_id == user, Finding.fingerprint.not_in(kept)))
    if not drafts:
        return {}
    rows = [
        {"id": uuid.uuid4(), "user_id": user, "rank": rank, **asdict(draft)}
        for rank, draft in enumerate(drafts)
    ]
    query = insert(Finding).values(rows)
    columns = {name: query.excluded[name] for name in rows[0] if name not in ("id", "user_id", "fingerprint")}
    upsert = query.on_conflict_do_update(index_elements=["user_id", "fingerprint"], set_=columns)
    stored = await session.execute(upsert.returning(Finding.fingerprint, Finding.id))
    return {fingerprint: finding for fingerprint, finding in stored}


async def _tell_once(session: AsyncSession, user: uuid.UUID, finding: uuid.UUID, draft: Draft) -> None:
    mark = insert(ToldAnomaly).values(user_id=user, fingerprint=draft.fingerprint).on_conflict_do_nothing()
    if await session.scalar(mark.returning(ToldAnomaly.fingerprint)):
        data = {"insight_id": str(finding), "kind": draft.kind, "title": draft.title, "body": draft.body}
        await emit(session, "insight.created", user, data)


async def stored(session: AsyncSession, user: uuid.UUID) -> list[Finding]:
    """The user's insights in their order."""
    query = select(Finding).where(Finding.user_id == user).order_by(Finding.rank)
    return list(await session.scalars(query))


def utc_month() -> str:
    """The month in UTC, YYYY-MM."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m")
