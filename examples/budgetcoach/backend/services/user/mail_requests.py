"""What needs a mail: a request only writes it down; a worker looks whether there is an account and answers.

So neither the answer nor its time tells who has one. A token is 256 random bits; only its SHA-256 stays in
this database, for HOURS, and it can be used once.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import emit
from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.user.models import AccountRequest, User

HOURS = {"register": 24, "verify": 24, "reset": 1}
_LOOK_EVERY = 0.5


async def run(runtime: Runtime) -> None:
    """Answer what was asked until the service stops."""
    while not runtime.stopping.is_set():
        if not await _answer_next(runtime):
            await sleep_or(runtime.stopping, _LOOK_EVERY)


async def find(session: AsyncSession, token: str, *kinds: str) -> AccountRequest | None:
    """The request of one of `kinds` that `token` belongs to; None when it is unknown, used or expired."""
    request = await session.scalar(select(AccountRequest).where(AccountRequest.token_hash == _hash(token)))
    if request is None or request.kind not in kinds:
        return None
    return request if request.expires_at and request.expires_at > datetime.now(UTC) else None


async def use(session: AsyncSession, request: AccountRequest) -> bool:
    """Use it up, and all others of its address; False when somebody else has just done so."""
    used = delete(AccountRequest).where(AccountRequest.id == request.id).returning(AccountRequest.id)
    if not (await session.execute(used)).first():
        return False
    await session.execute(delete(AccountRequest).where(AccountRequest.email == request.email))
    return True


async def _answer_next(runtime: Runtime) -> bool:
    """Answer the oldest open request; False when there is none."""
    new = select(AccountRequest).where(AccountRequest.expires_at.is_(None))
    oldest = new.order_by(AccountRequest.asked_at).limit(1).with_for_update(skip_locked=True)
    async with runtime.sessions() as session, session.begin():
        request = await session.scalar(oldest)
        if request is None:
            return False
        user = await session.scalar(select(User).where(User.email == request.email))
        await _answer(session, request, user)
        return True


async def _answer(session: AsyncSession, request: AccountRequest, user: User | None) -> None:
    if user is None:
        if request.kind == "register":
            await _send_token(session, request, user, "verify")
        else:
            await session.delete(request)
    elif request.kind == "verify":
        await _send_token(session, request, user, "verify")
    elif not user.verified:
        # Only a verification may go to this address; choosing a new password by it is one.
        request.kind = "reset"
        await _send_token(session, request, user, "claim")
    elif request.kind == "reset":
        await _send_token(session, request, user, "reset")
    else:
        await session.delete(request)
        await emit(session, "user.mail", user.id, {"mail": "exists", "email": user.email})


async def _send_token(session: AsyncSession, request: AccountRequest, user: User | None, mail: str) -> None:
    token = secrets.token_urlsafe(32)
    request.token_hash = _hash(token)
    request.expires_at = datetime.now(UTC) + timedelta(hours=HOURS[request.kind])
    about = user.id if user else request.id
    await emit(session, "user.mail", about, {"mail": mail, "email": request.email, "token": token})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
