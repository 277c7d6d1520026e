"""/auth: register, log in, refresh, log out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Cookie, Request, Response
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.app import runtime_of
from coachlib.errors import ApiError
from coachlib.events import emit
from coachlib.session import Session
from coachlib.tokens import ACCESS_SECONDS, make_access_token
from services.user.models import User
from services.user.passwords import hash_password, password_matches
from services.user.refresh import clear_cookie, end_family, rotate, set_cookie, start_family
from services.user.shapes import Login, Profile, Register, SignedIn, Token
from services.user.throttle import begin_attempt, forget_attempts

router = APIRouter(prefix="/auth")

REGISTRATIONS = Counter("user_registrations", "Accounts made.")

RefreshCookie = Annotated[str | None, Cookie(alias="refresh", max_length=200)]


@router.post("/register", status_code=201)
async def register(body: Register, request: Request, response: Response, session: Session) -> SignedIn:
    """Make an account and sign it in; 409 when the address is taken."""
    user = User(
        email=body.email,
        name=body.name,
        currency=body.currency,
        password_hash=await hash_password(body.password.get_secret_value()),
    )
    await _add(session, user)
    await emit(
        session,
        "user.registered",
        user.id,
        {"email": user.email, "name": user.name, "currency": user.currency},
    )
    answer = _sign_in(request, response, session, user)
    await session.commit()
    REGISTRATIONS.inc()
    return answer


async def _add(session: AsyncSession, user: User) -> None:
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        raise ApiError(
            409, "This address has an account already.", fields={"email": "is taken already"}
        ) from None
    await session.refresh(user)


@router.post("/login")
async def login(body: Login, request: Request, response: Response, session: Session) -> SignedIn:
    """Sign in; 401 for a wrong address or password, 429 after ten of them in fifteen minutes."""
    await begin_attempt(session, body.email)
    user = await session.scalar(select(User).where(User.email == body.email))
    # Hashing takes a while: no connection of the small pool is held meanwhile.
    await session.commit()
    stored = user.password_hash if user else None
    if not await password_matches(stored, body.password.get_secret_value()) or user is None:
        raise ApiError(401, "The address or the password is wrong.")
    await forget_attempts(session, body.email)
    return _sign_in(request, response, session, user)


@router.post("/refresh")
async def refresh(
    request: Request, response: Response, session: Session, refresh: RefreshCookie = None
) -> Token:
    """Exchange the refresh token for a new pair; 401 when it is not good any more."""
    rotated = await rotate(session, refresh) if refresh else None
    if rotated is None:
        # Reuse has deleted the family; that must stay although the answer is an error.
        await session.commit()
        raise ApiError(401, "Sign in again.")
    user_id, token = rotated
    set_cookie(response, token)
    currency = await session.scalar(select(User.currency).where(User.id == user_id))
    return _token(request, user_id, currency or "")


@router.post("/logout", status_code=204)
async def logout(response: Response, session: Session, refresh: RefreshCookie = None) -> None:
    """End this log-in everywhere it was refreshed; the access token runs out by itself."""
    if refresh:
        await end_family(session, refresh)
    clear_cookie(response)


def _sign_in(request: Request, response: Response, session: AsyncSession, user: User) -> SignedIn:
    set_cookie(response, start_family(session, user.id))
    token = _token(request, user.id, user.currency)
    return SignedIn(user=Profile.model_validate(user), **token.model_dump())


def _token(request: Request, user_id: UUID, currency: str) -> Token:
    access = make_access_token(runtime_of(request).settings, user_id, currency)
    return Token(access_token=access, expires_in=ACCESS_SECONDS)
