"""Imports as jobs: a worker holds one by a lease; when it dies, the next one takes over after the lease."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.events import emit
from coachlib.settings import Settings
from services.transaction.models import Import, ImportChunk

import_wake = asyncio.Event()
OPEN = ("queued", "running")
# Any fixed number will do; it only has to differ from other advisory locks in the same database.
_QUEUE_LOCK = 7_203_114
# In a row without a single batch written.
MOST_ATTEMPTS = 5


class LeaseLostError(RuntimeError):
    """Another worker has taken over this import; nothing of the current batch is written."""


@dataclass(frozen=True)
class Lease:
    """This worker's hold on one import, good for `seconds` after each batch."""

    import_id: uuid.UUID
    user_id: uuid.UUID
    owner: uuid.UUID
    seconds: float


@dataclass(frozen=True)
class Caps:
    """How many imports may wait or run at a time: each keeps up to 10 MB in the database until it is done."""

    user: int
    total: int

    @staticmethod
    def of(settings: Settings) -> Caps:
        """IMPORTS_PER_USER and IMPORTS_IN_ALL."""
        return Caps(int(settings.number("IMPORTS_PER_USER", 5)), int(settings.number("IMPORTS_IN_ALL", 100)))


async def check_room(session: AsyncSession, user: uuid.UUID, caps: Caps, own: int = 1) -> None:
    """ApiError 429 when there is no room for one more; `own` is 0 when that one is counted already."""
    mine = func.count().filter(Import.user_id == user)
    query = select(func.count(), mine).where(Import.status.in_(OPEN))
    total, of_user = (await session.execute(query)).one()
    if of_user + own > caps.user:
        message = f"{caps.user} of your imports are not done yet; send the next one when they are."
        raise ApiError(429, message, headers={"Retry-After": "30"})
    if total + own > caps.total:
        raise ApiError(429, "Too many imports wait; try again in a minute.", headers={"Retry-After": "60"})


async def enter(session: AsyncSession, user: uuid.UUID, caps: Caps) -> None:
    """As `check_room` for a job that is written and not yet committed, which must follow at once.

    One at a time, or two uploads that count at the same moment would both find the last place.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_QUEUE_LOCK)))
    await check_room(session, user, caps, own=0)


async def claim(session: AsyncSession, seconds: float) -> Lease | None:
    """Take the oldest import that nobody works on; None when there is none."""
    free = or_(Import.lease_until.is_(None), Import.lease_until < func.now())
    query = select(Import).where(Import.status.in_(OPEN), free).order_by(Import.created_at)
    job = await session.scalar(query.limit(1).with_for_update(skip_locked=True))
    if job is None:
        return None
    job.status = "running"
    job.attempts += 1
    job.lease_owner = uuid.uuid4()
    job.lease_until = func.now() + timedelta(seconds=seconds)
    return Lease(job.id, job.user_id, job.lease_owner, seconds)


async def held(session: AsyncSession, lease: Lease) -> Import:
    """The job, locked, with the lease prolonged; raises LeaseLostError when another worker has it."""
    query = select(Import).where(Import.id == lease.import_id, Import.lease_owner == lease.owner)
    job = await session.scalar(query.with_for_update())
    if job is None or job.status != "running":
        raise LeaseLostError(str(lease.import_id))
    job.lease_until = func.now() + timedelta(seconds=lease.seconds)
    return job


async def give_back(session: AsyncSession, lease: Lease) -> None:
    """Let the next worker take it at once."""
    query = update(Import).where(Import.id == lease.import_id, Import.lease_owner == lease.owner)
    await session.execute(query.values(lease_until=None, lease_owner=None))


async def finish(session: AsyncSession, job: Import, error: str | None = None) -> None:
    """End the job, as failed when there is an `error`; the file is deleted and the user told."""
    job.status = "failed" if error else "done"
    job.error = error
    job.finished_at = func.now()
    job.lease_owner = job.lease_until = None
    await session.execute(delete(ImportChunk).where(ImportChunk.import_id == job.id))
    counts = {"imported": job.imported, "duplicates": job.duplicates, "failed": job.failed}
    data: dict[str, Any] = {"import_id": str(job.id), "filename": job.filename, **counts}
    await emit(session, "import.finished", job.user_id, data)


async def spool(session: AsyncSession, import_id: uuid.UUID) -> BinaryIO:
    """The uploaded file as a temporary file, piece by piece; the caller closes it."""
    file = TemporaryFile()  # noqa: SIM115
    query = select(ImportChunk.data).where(ImportChunk.import_id == import_id).order_by(ImportChunk.seq)
    async for data in await session.stream_scalars(query):
        file.write(data)
    return cast(BinaryIO, file)
