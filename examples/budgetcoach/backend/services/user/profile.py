"""/me: the profile and the password of the signed-in user."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.events import emit
from coachlib.identity import UserId
from coachlib.money import digits
from coachlib.session import Session
from services.user.client import Client
from services.user.models import User
from services.user.passwords import hash_password, password_matches
from services.user.refresh import end_all
from services.user.shapes import PasswordChange, Profile, ProfileChange
from services.user.throttle import begin_attempt, forget_attempts

router = APIRouter(prefix="/me")


@router.get("")
async def show(user_id: UserId, session: Session) -> Profile:
    """The profile."""
    return Profile.model_validate(await load_user(session, user_id))


@router.patch("")
async def change(body: ProfileChange, user_id: UserId, session: Session) -> Profile:
    """Change what is given; tells the other services."""
    user = await load_user(session, user_id, lock=True)
    changes = body.model_dump(exclude_none=True)
    _same_decimals(user.currency, body.currency or user.currency)
    for field, value in changes.items():
        setattr(user, field, value)
    if changes:
        await tell_others(session, user)
    return Profile.model_validate(user)


@router.post("/password", status_code=204)
async def change_password(body: PasswordChange, user_id: UserId, session: Session, client: Client) -> None:
    """Set a new password and end all log-ins; guesses at the current one are throttled as at the log-in."""
    user = await load_user(session, user_id)
    await begin_attempt(session, client, user.email)
    if not await password_matches(user.password_hash, body.current.get_secret_value()):
        message = "The current password is wrong."
        raise ApiError(422, message, fields={"current": "is wrong"})
    user.password_hash = await hash_password(body.new.get_secret_value())
    await forget_attempts(session, client, user.email)
    await end_all(session, user_id)


def _same_decimals(old: str, new: str) -> None:
    """Amounts are kept in minor units and never converted: with other decimals each would be wrong."""
    if digits(old) != digits(new):
        message = f"{old} has {digits(old)} decimals and {new} has {digits(new)}: your amounts would not fit."
        fields = {"currency": f"needs {digits(old)} decimals as {old} has; make another account"}
        raise ApiError(422, message, fields=fields)


async def load_user(session: AsyncSession, user_id: UUID, lock: bool = False) -> User:
    """The signed-in user; ApiError 401 when the account has gone."""
    user = await session.get(User, user_id, with_for_update=lock)
    if user is None:
        raise ApiError(401, "This account does not exist any more.")
    return user


async def tell_others(session: AsyncSession, user: User) -> None:
    """Tell the other services what has become of the account."""
    data = {
        "email": user.email,
        "name": user.name,
        "currency": user.currency,
        "email_notifications": user.email_notifications,
        "verified": user.verified,
    }
    await emit(session, "user.updated", user.id, data)
