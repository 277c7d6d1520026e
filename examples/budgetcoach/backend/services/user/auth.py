"""/auth: register, log in, refresh, log out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response
from sqlalchemy import select

from coachlib.errors import ApiError
from coachlib.session import Session
from services.user.client import Client
from services.user.models import AccountRequest, User
from services.user.passwords import hash_password, password_matches
from services.user.refresh import clear_cookie, end_family, rotate, set_cookie
from services.user.shapes import Login, LookIntoMail, Register, SignedIn, Token
from services.user.signing_in import access_token, sign_in
from services.user.throttle import begin_attempt, begin_mail, forget_attempts

router = APIRouter(prefix="/auth")

RefreshCookie = Annotated[str | None, Cookie(alias="refresh", max_length=200)]


@router.post("/register", status_code=202)
async def register(body: Register, session: Session, client: Client) -> LookIntoMail:
    """Ask for an account: a mail to the address says how to open it, or that there is one already."""
    await begin_mail(session, client)
    session.add(
        AccountRequest(
            kind="register",
            email=body.email,
            name=body.name,
            currency=body.currency,
            password_hash=await hash_password(body.password.get_secret_value()),
        )
    )
    return LookIntoMail()


@router.post("/login")
async def login(
    body: Login, request: Request, response: Response, session: Session, client: Client
) -> SignedIn:
    """Sign in; 401 for a wrong address or password, 429 with a growing wait after some by one client."""
    await begin_attempt(session, client, body.email)
    user = await session.scalar(select(User).where(User.email == body.email))
    # Hashing takes a while: no connection of the small pool is held meanwhile.
    await session.commit()
    stored = user.password_hash if user else None
    if not await password_matches(stored, body.password.get_secret_value()) or user is None:
        raise ApiError(401, "The address or the password is wrong, or the address is not confirmed yet.")
    await forget_attempts(session, client, body.email)
    return sign_in(request, response, session, user)


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
    return access_token(request, user_id, currency or "")


@router.post("/logout", status_code=204)
async def logout(response: Response, session: Session, refresh: RefreshCookie = None) -> None:
    """End this log-in everywhere it was refreshed; the access token runs out by itself."""
    if refresh:
        await end_family(session, refresh)
    clear_cookie(response)
