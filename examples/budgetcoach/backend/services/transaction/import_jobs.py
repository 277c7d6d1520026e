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

from coachlib.events import emit
from services.transaction.models import Import, ImportChunk

import_wake = asyncio.Event()
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


async def claim(session: AsyncSession, seconds: float) -> Lease | None:
    """Take the oldest import that nobody works on; None when there is none."""
    free = or_(Import.lease_until.is_(None), Import.lease_until < func.now())
    query = select(Import).where(Import.status.in_(("queued", "running")), free).order_by(Import.created_at)
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
