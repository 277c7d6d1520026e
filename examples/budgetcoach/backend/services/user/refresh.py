"""Refresh tokens: rotated at each use; using one twice ends its family, for one of the two is a thief."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from fastapi import Response
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.user.models import RefreshToken

LIFETIME = timedelta(days=30)
COOKIE = "refresh"
_PATH = "/api/v1/auth"


def start_family(session: AsyncSession, user_id: uuid.UUID) -> str:
    """A first refresh token for a new log-in."""
    return _issue(session, user_id, uuid.uuid4())


async def rotate(session: AsyncSession, token: str) -> tuple[uuid.UUID, str] | None:
    """The user and the next token; None when `token` is unknown, expired or used (which ends the family)."""
    stored = await session.get(RefreshToken, _hash(token), with_for_update=True)
    if stored is None:
        return None
    if stored.used_at is not None:
        await end_family(session, token)
        return None
    now = datetime.now(UTC)
    if stored.expires_at <= now:
        return None
    stored.used_at = now
    return stored.user_id, _issue(session, stored.user_id, stored.family)


async def end_family(session: AsyncSession, token: str) -> None:
    """Delete `token` and all its relatives; nothing happens when it is unknown."""
    stored = await session.get(RefreshToken, _hash(token))
    if stored is not None:
        await session.execute(delete(RefreshToken).where(RefreshToken.family == stored.family))


async def end_all(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete every refresh token of a user, as after a new password."""
    await session.execute(delete(RefreshToken).where(RefreshToken.user_id == user_id))


def set_cookie(response: Response, token: str) -> None:
    """Give the token to the browser; scripts cannot read it and other sites cannot send it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        path=_PATH,
        secure=True,
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response) -> None:
    """Make the browser forget the token."""
    response.delete_cookie(COOKIE, path=_PATH, secure=True, httponly=True, samesite="strict")


def _issue(session: AsyncSession, user_id: uuid.UUID, family: uuid.UUID) -> str:
    token = secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + LIFETIME
    session.add(RefreshToken(token_hash=_hash(token), family=family, user_id=user_id, expires_at=expires))
    return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
