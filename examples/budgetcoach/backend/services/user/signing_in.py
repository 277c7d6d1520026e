"""The two tokens that a sign-in gives."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.app import runtime_of
from coachlib.tokens import ACCESS_SECONDS, make_access_token
from services.user.models import User
from services.user.refresh import set_cookie, start_family
from services.user.shapes import Profile, SignedIn, Token


def sign_in(request: Request, response: Response, session: AsyncSession, user: User) -> SignedIn:
    """A new log-in of `user`: the cookie goes into `response`."""
    set_cookie(response, start_family(session, user.id))
    return SignedIn(
        user=Profile.model_validate(user), **access_token(request, user.id, user.currency).model_dump()
    )


def access_token(request: Request, user_id: UUID, currency: str) -> Token:
    """A new access token."""
    access = make_access_token(runtime_of(request).settings, user_id, currency)
    return Token(access_token=access, expires_in=ACCESS_SECONDS)
