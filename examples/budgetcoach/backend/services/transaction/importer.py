"""The import worker: batches of lines, each written with its progress and its event in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter as Count
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import BinaryIO

from prometheus_client import Counter

from coachlib.context import correlation_id
from coachlib.loops import sleep_or
from coachlib.money import digits
from coachlib.runtime import Runtime
from services.transaction.csvimport import BadLine, Format, FormatError, detect, read
from services.transaction.import_batch import Line, keyed, write_batch
from services.transaction.import_jobs import (
    MOST_ATTEMPTS,
    Lease,
    LeaseLostError,
    claim,
    finish,
    give_back,
    held,
    import_wake,
    spool,
)
from services.transaction.models import Import
from services.transaction.routes import CREATED

log = logging.getLogger(__name__)
IMPORTS = Counter("csv_imports", "CSV imports that ended, by how.", ["status"])
for _status in ("done", "failed"):
    IMPORTS.labels(_status)
BATCH = 500


async def run_imports(runtime: Runtime) -> None:
    """Work on one import after another until the service stops."""
    seconds = runtime.settings.number("IMPORT_LEASE_SECONDS", 15)
    while not runtime.stopping.is_set():
        import_wake.clear()
        async with runtime.sessions() as session, session.begin():
            lease = await claim(session, seconds)
        if lease is None:
            await _next_look(runtime)
        else:
            await _work_on(runtime, lease)


async def _next_look(runtime: Runtime) -> None:
    """Until an upload or the stop, at most a second: the upload may have reached another process."""
    wake = asyncio.ensure_future(import_wake.wait())
    pause = asyncio.ensure_future(sleep_or(runtime.stopping, 1.0))
    _, pending = await asyncio.wait((wake, pause), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()


async def _work_on(runtime: Runtime, lease: Lease) -> None:
    try:
        await _import(runtime, lease)
    except LeaseLostError:
        log.warning("another worker has taken over import %s", lease.import_id)
    except Exception:
        async with runtime.sessions() as session, session.begin():
            await give_back(session, lease)
        raise


async def _import(runtime: Runtime, lease: Lease) -> None:
    """Read the file from where the last worker stopped and write it batch by batch."""
    async with runtime.sessions() as session, session.begin():
        job = await held(session, lease)
        correlation_id.set(job.correlation_id)
        if job.attempts > MOST_ATTEMPTS:
            await finish(session, job, "the import was tried five times and got no further")
            IMPORTS.labels("failed").inc()
            return
        file = await spool(session, job.id)
    with closing(file):
        format = await _format(runtime, lease, file, job)
        if format:
            await _batches(runtime, lease, file, format, job.done_lines)


async def _format(runtime: Runtime, lease: Lease, file: BinaryIO, started: Import) -> Format | None:
    """The format that an earlier worker found, or a new look; None when the file failed as a whole."""
    if started.format:
        return Format.from_json(started.format)
    error = None
    try:
        found = await asyncio.to_thread(detect, file, digits(started.currency or "EUR"))
    except FormatError as problem:
        found, error = None, str(problem)
    async with runtime.sessions() as session, session.begin():
        job = await held(session, lease)
        if found:
            job.format = found.to_json()
            job.total_lines = found.total_lines
        else:
            await finish(session, job, error)
    if error:
        IMPORTS.labels("failed").inc()
    return found


async def _batches(runtime: Runtime, lease: Lease, file: BinaryIO, format: Format, done: int) -> None:
    lines = _lines(file, format, done)
    while not runtime.stopping.is_set():
        # In a thread: parsing must not keep the service from answering.
        batch = await asyncio.to_thread(lambda: list(islice(lines, BATCH)))
        async with runtime.sessions() as session, session.begin():
            job = await held(session, lease)
            if job.done_lines != done:
                raise LeaseLostError(str(lease.import_id))
            created = await write_batch(session, job, batch)
            if len(batch) < BATCH:
                await finish(session, job)
        CREATED.inc(created)
        done += len(batch)
        if len(batch) < BATCH:
            IMPORTS.labels("done").inc()
            return
    async with runtime.sessions() as session, session.begin():
        await give_back(session, lease)


def _lines(file: BinaryIO, format: Format, done: int) -> Iterator[Line]:
    """The lines after the first `done`, rows with their key; the skipped ones count for equal rows later."""
    seen: Count[int] = Count()
    for number, line in enumerate(read(file, format)):
        keyed_line = line if isinstance(line, BadLine) else keyed(line, seen)
        if number >= done:
            yield keyed_line
