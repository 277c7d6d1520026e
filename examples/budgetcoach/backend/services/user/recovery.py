"""/auth/verify, /auth/forgot, /auth/reset and /me/verification: what is done by mail."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.events import emit
from coachlib.identity import UserId
from coachlib.session import Session
from services.user.client import Client
from services.user.mail_requests import find, use
from services.user.models import AccountRequest, User
from services.user.passwords import hash_password, password_matches
from services.user.profile import load_user, tell_others
from services.user.refresh import end_all
from services.user.shapes import Forgot, LookIntoMail, Reset, SignedIn, Verify
from services.user.signing_in import sign_in
from services.user.throttle import begin_attempt, begin_mail, forget_attempts

router = APIRouter()

REGISTRATIONS = Counter("user_registrations", "Accounts made.")


@router.post("/auth/verify")
async def verify(
    body: Verify, request: Request, response: Response, session: Session, client: Client
) -> SignedIn:
    """Make the account of a registration, or verify the address of one that is there, and sign in.

    The password is asked for again, so that nobody opens an account for whoever has registered their address.
    """
    asked = await find(session, body.token.get_secret_value(), "register", "verify")
    if asked is None:
        raise _gone()
    await begin_attempt(session, client, asked.email)
    user = await _user(session, asked.email)
    await session.commit()
    is_new = asked.kind == "register"
    if is_new is (user is not None):
        raise _gone()
    stored = user.password_hash if user else asked.password_hash
    if not await password_matches(stored, body.password.get_secret_value()):
        raise ApiError(422, "The password is wrong.", fields={"password": "is not that of this account"})
    if not await use(session, asked):
        raise _gone()
    user = await (_verified(session, user) if user else _made(session, asked))
    await forget_attempts(session, client, asked.email)
    return sign_in(request, response, session, user)


@router.post("/auth/forgot", status_code=202)
async def forgot(body: Forgot, session: Session, client: Client) -> LookIntoMail:
    """Ask for a mail to choose a new password by; the same answer whether or not there is an account."""
    await begin_mail(session, client)
    session.add(AccountRequest(kind="reset", email=body.email))
    return LookIntoMail()


@router.post("/auth/reset", status_code=204)
async def reset(body: Reset, session: Session, client: Client) -> None:
    """Set a new password by the token of a mail and end all log-ins."""
    asked = await find(session, body.token.get_secret_value(), "reset")
    if asked is None:
        raise _gone()
    # Hashing takes a while: no connection of the small pool is held meanwhile.
    await session.commit()
    hashed = await hash_password(body.password.get_secret_value())
    user = await _user(session, asked.email)
    if user is None or not await use(session, asked):
        raise _gone()
    user.password_hash = hashed
    await _verified(session, user)
    await forget_attempts(session, client, user.email)
    await end_all(session, user.id)


@router.post("/me/verification", status_code=202)
async def ask_for_verification(user_id: UserId, session: Session, client: Client) -> LookIntoMail:
    """Ask for a mail that verifies the address; for accounts of a time when that was not needed."""
    await begin_mail(session, client)
    user = await load_user(session, user_id)
    if not user.verified:
        session.add(AccountRequest(kind="verify", email=user.email))
    return LookIntoMail()


async def _made(session: AsyncSession, asked: AccountRequest) -> User:
    user = User(
        email=asked.email,
        name=asked.name,
        currency=asked.currency,
        password_hash=asked.password_hash,
        verified_at=datetime.now(UTC),
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        raise _gone() from None
    await session.refresh(user)
    data = {"email": user.email, "name": user.name, "currency": user.currency, "verified": True}
    await emit(session, "user.registered", user.id, data)
    REGISTRATIONS.inc()
    return user


async def _verified(session: AsyncSession, user: User) -> User:
    if not user.verified:
        user.verified_at = datetime.now(UTC)
        await tell_others(session, user)
    return user


async def _user(session: AsyncSession, email: str) -> User | None:
    found: User | None = await session.scalar(select(User).where(User.email == email))
    return found


def _gone() -> ApiError:
    return ApiError(
        422,
        "This link is not valid any more. Ask for a new one.",
        fields={"token": "is unknown, used or too old"},
    )
