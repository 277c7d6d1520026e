"""Who is asking: the gateway has checked the access token and says so, signed for one service and request.

Each service shares a key with the gateway and with nobody else (the secret identity_SERVICE). So nothing else
in the network can speak for a user, and a service that was taken over can speak for nobody at the others.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import jwt
from fastapi import Depends, Request

from coachlib.errors import ApiError
from coachlib.settings import Settings, SettingsError

if TYPE_CHECKING:
    from coachlib.runtime import Runtime

HEADER = "X-User-Token"
# An upload may take a while to pass the edge between gateway and service.
SECONDS = 120

_ALGORITHM = "HS256"
_ISSUER = "budgetcoach-gateway"
_SHORTEST_KEY = 32


@dataclass(frozen=True)
class Caller:
    """The signed-in user, and the currency of the account (ISO 4217; "" in a token of an earlier version)."""

    id: UUID
    currency: str = ""


def sign(key: str, service: str, caller: Caller, method: str, path: str, query: str = "") -> str:
    """The HEADER of one request to `service`; `path` is the decoded one, `query` as on the wire."""
    now = int(time.time())
    claims: dict[str, object] = {
        "sub": str(caller.id),
        "cur": caller.currency,
        "iss": _ISSUER,
        "aud": service,
    }
    claims |= {"iat": now, "exp": now + SECONDS, "req": _request(method, path, query)}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def identity_key(settings: Settings, service: str) -> str:
    """The key of the gateway and `service`; SettingsError when it is missing or shorter than HS256 needs."""
    name = f"identity_{service}"
    key = settings.secret(name)
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"secret {name}: at least {_SHORTEST_KEY} characters are needed")
    return key


@asynccontextmanager
async def need_identity_key(runtime: Runtime, service: str = "") -> AsyncIterator[None]:
    """A resource of `create_app`: without its own key, or that of `service`, it does not start."""
    identity_key(runtime.settings, service or runtime.settings.service)
    yield


def _request(method: str, path: str, query: str) -> str:
    return hashlib.sha256(f"{method} {path}?{query}".encode(errors="surrogatepass")).hexdigest()


async def _caller(request: Request) -> Caller:
    runtime: Runtime = request.app.state.runtime
    service = runtime.settings.service
    try:
        claims = jwt.decode(
            request.headers.get(HEADER, ""),
            identity_key(runtime.settings, service),
            # Pinned, so that a token cannot choose another one for itself (RFC 8725, 3.1).
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=service,
            options={"require": ["sub", "iss", "aud", "iat", "exp", "req"]},
        )
        query = request.scope["query_string"].decode("latin-1")
        if claims["req"] != _request(request.method, request.scope["path"], query):
            raise jwt.InvalidTokenError("of another request")
        return Caller(UUID(claims["sub"]), str(claims.get("cur", "")))
    except (jwt.InvalidTokenError, ValueError):
        raise ApiError(401, "Sign in first.") from None


async def _user_id(caller: Annotated[Caller, Depends(_caller)]) -> UUID:
    return caller.id


async def _currency(caller: Annotated[Caller, Depends(_caller)]) -> str:
    if not caller.currency:
        # An access token from before it said so: the client refreshes it and asks again.
        raise ApiError(401, "Sign in again.")
    return caller.currency


UserId = Annotated[UUID, Depends(_user_id)]
"""A route parameter of this type is the signed-in user's id; without one the answer is 401."""

AccountCurrency = Annotated[str, Depends(_currency)]
"""As UserId: the currency of the signed-in user's account."""
