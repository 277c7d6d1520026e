"""Who is asking: the gateway has checked the token and says so in X-User-Id."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from coachlib.errors import ApiError


async def _user_id(x_user_id: Annotated[str | None, Header()] = None) -> UUID:
    try:
        return UUID(x_user_id or "")
    except ValueError:
        raise ApiError(401, "Sign in first.") from None


UserId = Annotated[UUID, Depends(_user_id)]
"""A route parameter of this type is the signed-in user's id; without one the answer is 401."""
