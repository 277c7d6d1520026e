"""Idempotency keys: the first answer to a POST is kept for a day and given again to the same POST.

The answers of /auth are never kept: they carry tokens, which must not lie in a database.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert

from coachlib.db import Sessions
from coachlib.errors import ApiError
from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.gateway.models import IdempotencyKey

KEPT = timedelta(hours=24)
# Longer than any call to a service may take: a key older than this belongs to a gateway that has died.
_ABANDONED = timedelta(minutes=3)
_CUT_OFF = timedelta(seconds=10)
_LARGEST_ANSWER = 1024 * 1024
_EVERY = 600.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request) -> str | None:
    """The Idempotency-Key of a POST, if it has one; ApiError 400 when it is malformed."""
    key = request.headers.get("idempotency-key")
    if request.method != "POST" or key is None:
        return None
    if not _KEY.fullmatch(key):
        raise ApiError(400, "The Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return key


def fingerprint(request: Request, body: bytes) -> bytes:
    """SHA-256 of what makes two requests the same: path, query, content type and body.

    Browsers choose a new boundary each time they send the same form; it does not count.
    """
    content_type = request.headers.get("content-type", "")
    kind, _, boundary = content_type.partition("boundary=")
    if kind.startswith("multipart/") and boundary:
        content_type, body = kind, body.replace(boundary.strip('"').encode("latin-1"), b"")
    head = f"{request.url.path}?{request.url.query}\n{content_type}\n"
    return hashlib.sha256(head.encode() + body).digest()


async def claim(
    sessions: Sessions, user_id: UUID, key: str, print_: bytes, repeatable: bool = False
) -> Response | None:
    """None when the caller now owns the key and must do the work; else the answer of before.

    Raises ApiError 422 for another request under the key, 409 while the first is under way. The unique key in
    the database decides between two at the same moment. `repeatable`: the service knows the key as well and
    does nothing twice, so whoever was cut off waits seconds, not minutes.
    """
    abandoned = _CUT_OFF if repeatable else _ABANDONED
    now = datetime.now(UTC)
    async with sessions() as session, session.begin():
        values = {"user_id": user_id, "key": key, "fingerprint": print_, "started_at": now}
        made = insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.key)
        if (await session.execute(made)).first():
            return None
        entry = await session.get(IdempotencyKey, (user_id, key), with_for_update=True)
        if entry is None:
            # The first one failed and gave the key back between our two statements.
            raise _under_way()
        cut_off = entry.status is None and entry.fingerprint == print_ and entry.started_at < now - abandoned
        if cut_off or entry.started_at < now - (KEPT if entry.status else _ABANDONED):
            entry.fingerprint, entry.started_at, entry.status, entry.body = print_, now, None, None
            return None
        return _answer(entry, print_)


def _answer(entry: IdempotencyKey, print_: bytes) -> Response:
    if entry.fingerprint != print_:
        raise ApiError(422, "This Idempotency-Key belongs to another request.")
    if entry.status is None:
        raise _under_way()
    headers = {**(entry.headers or {}), "Idempotency-Replayed": "true"}
    return Response(entry.body, status_code=entry.status, headers=headers)


def _under_way() -> ApiError:
    message = "A request with this Idempotency-Key is still under way."
    return ApiError(409, message, headers={"Retry-After": "1"})


async def keep(sessions: Sessions, user_id: UUID, key: str, response: Response) -> None:
    """Keep the answer; one that calls for another try (5xx, 429) or is huge gives the key back instead."""
    body = bytes(response.body)
    # A service that answers 5xx has rolled back.
    if response.status_code >= 500 or response.status_code == 429 or len(body) > _LARGEST_ANSWER:
        await give_back(sessions, user_id, key)
        return
    kept = {name: response.headers[name] for name in ("content-type", "location") if name in response.headers}
    values = {"status": response.status_code, "headers": kept, "body": body}
    async with sessions() as session, session.begin():
        await session.execute(update(IdempotencyKey).where(_is(user_id, key)).values(values))


async def give_back(sessions: Sessions, user_id: UUID, key: str) -> None:
    """Forget the key, so that the request may be tried again."""
    async with sessions() as session, session.begin():
        await session.execute(delete(IdempotencyKey).where(_is(user_id, key)))


def _is(user_id: UUID, key: str) -> ColumnElement[bool]:
    return (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)


async def forget_old_keys(runtime: Runtime) -> None:
    """Delete keys older than a day, every ten minutes."""
    while not await sleep_or(runtime.stopping, _EVERY):
        async with runtime.sessions() as session, session.begin():
            old = IdempotencyKey.started_at < datetime.now(UTC) - KEPT
            await session.execute(delete(IdempotencyKey).where(old))
