"""Access tokens: JWT with HS256, signed by the user service and checked by the gateway."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jwt

from coachlib.identity import Caller
from coachlib.runtime import Runtime
from coachlib.settings import Settings, SettingsError

ACCESS_SECONDS = 15 * 60

_ALGORITHM = "HS256"
_ISSUER = "budgetcoach"
_SHORTEST_KEY = 32


class InvalidToken(Exception):
    """The token is not one of ours, or it has expired."""


def make_access_token(settings: Settings, user_id: uuid.UUID, currency: str) -> str:
    """A token for `user_id`, whose account is in `currency`, that is valid for ACCESS_SECONDS."""
    now = int(time.time())
    claims = {"sub": str(user_id), "cur": currency, "iss": _ISSUER, "iat": now, "exp": now + ACCESS_SECONDS}
    return jwt.encode(claims, signing_key(settings), algorithm=_ALGORITHM)


def read_access_token(settings: Settings, token: str) -> Caller:
    """The user in `token`; raises InvalidToken."""
    try:
        claims = jwt.decode(
            token,
            signing_key(settings),
            # Pinned, so that a token cannot choose "none" or another algorithm for itself (RFC 8725, 3.1).
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["sub", "iss", "iat", "exp"]},
        )
        return Caller(uuid.UUID(claims["sub"]), str(claims.get("cur", "")))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidToken(str(error)) from error


@asynccontextmanager
async def need_signing_key(runtime: Runtime) -> AsyncIterator[None]:
    """A resource of `create_app`: without a good key the service does not start."""
    signing_key(runtime.settings)
    yield


def signing_key(settings: Settings) -> str:
    """The secret jwt_key; raises SettingsError when it is shorter than HS256 needs (RFC 7518, 3.2)."""
    key = settings.secret("jwt_key")
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"secret jwt_key: at least {_SHORTEST_KEY} characters are needed")
    return key
