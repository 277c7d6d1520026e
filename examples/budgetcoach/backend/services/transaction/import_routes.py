"""/imports: take a bank export, show how far each has come and which lines were not imported."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from coachlib.app import runtime_of
from coachlib.context import correlation_id
from coachlib.errors import ApiError
from coachlib.identity import AccountCurrency, UserId
from coachlib.session import Session
from coachlib.shapes import Page, Paging, fetch_page
from services.transaction.csvimport import Format
from services.transaction.import_jobs import Caps, check_room, enter, import_wake
from services.transaction.models import Import, ImportChunk, ImportFault
from services.transaction.shapes import ImportFaultOut, ImportOut, ImportQueued

router = APIRouter(prefix="/imports")
MOST_BYTES = 10 * 1024 * 1024
# The multipart frame around the file.
FRAME = 64 * 1024
CHUNK = 256 * 1024
TOO_LARGE = "The file is larger than 10 MB; export a shorter period."


@router.post("", status_code=202)
async def upload(request: Request, user: UserId, currency: AccountCurrency, session: Session) -> ImportQueued:
    """Store the file and queue its import, done in the background; 429 while too many wait already."""
    # Refused by its length before a byte is read; the form is only parsed after that.
    if int(request.headers.get("content-length") or 0) > MOST_BYTES + FRAME:
        raise ApiError(413, TOO_LARGE)
    caps = Caps.of(runtime_of(request).settings)
    await check_room(session, user, caps)
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise ApiError(422, "Send the export as the form field file.", fields={"file": "is missing"})
        job = Import(
            user_id=user,
            currency=currency,
            filename=_plain_name(file.filename),
            correlation_id=correlation_id.get(),
        )
        session.add(job)
        await session.flush()
        await _store(session, job.id, file)
    await enter(session, user, caps)
    await session.commit()
    import_wake.set()
    return ImportQueued(id=job.id, status="queued")


def _plain_name(given: str | None) -> str:
    """The name without folders (of either kind of slash), control characters or excess."""
    name = PureWindowsPath(PurePosixPath(given or "").name).name
    return "".join(letter for letter in name if letter.isprintable())[:200] or "import.csv"


async def _store(session: AsyncSession, job: UUID, file: UploadFile) -> None:
    size = 0
    seq = 0
    while chunk := await file.read(CHUNK):
        size += len(chunk)
        if size > MOST_BYTES:
            raise ApiError(413, TOO_LARGE)
        await session.execute(insert(ImportChunk).values(import_id=job, seq=seq, data=chunk))
        seq += 1
    if not size:
        raise ApiError(422, "The file is empty.", fields={"file": "is empty"})


@router.get("")
async def show_all(user: UserId, session: Session, paging: Paging) -> Page[ImportOut]:
    """The user's imports, the newest first."""
    query = select(Import).where(Import.user_id == user).order_by(Import.created_at.desc(), Import.id)
    rows, total = await fetch_page(session, query, paging)
    return Page(
        items=[_shown(row) for row in rows], total=total, page=paging.page, page_size=paging.page_size
    )


@router.get("/{import_id}")
async def show(import_id: UUID, user: UserId, session: Session) -> ImportOut:
    """One import."""
    return _shown(await _load(session, user, import_id))


@router.get("/{import_id}/errors")
async def faults(import_id: UUID, user: UserId, session: Session, paging: Paging) -> Page[ImportFaultOut]:
    """The lines that were not imported, in the order of the file."""
    await _load(session, user, import_id)
    query = select(ImportFault).where(ImportFault.import_id == import_id)
    rows, total = await fetch_page(session, query.order_by(ImportFault.line, ImportFault.id), paging)
    items = [ImportFaultOut.model_validate(row) for row in rows]
    return Page(items=items, total=total, page=paging.page, page_size=paging.page_size)


def _shown(job: Import) -> ImportOut:
    values: dict[str, Any] = {name: getattr(job, name) for name in ImportOut.model_fields}
    values["format"] = Format.from_json(job.format).public() if job.format else None
    return ImportOut(**values)


async def _load(session: AsyncSession, user: UUID, import_id: UUID) -> Import:
    found = await session.scalar(select(Import).where(Import.id == import_id, Import.user_id == user))
    if found is None:
        raise ApiError(404, "There is no such import.")
    return found
