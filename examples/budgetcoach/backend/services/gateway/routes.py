"""Everything under /api/v1: who asks, how often, whether again; then on to the service."""

from __future__ import annotations

import logging
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from coachlib.app import runtime_of
from coachlib.db import is_away
from coachlib.errors import ApiError
from coachlib.identity import Caller
from coachlib.tokens import InvalidToken, read_access_token
from services.gateway import body as bodies
from services.gateway.headers import client_address, forwarded
from services.gateway.idempotency import claim, fingerprint, give_back, keep, key_of
from services.gateway.routing import Route, base_url, route_of
from services.gateway.upstream import Call, NotReached, gateway_of, read, send, signature, streamed, url_of

router = APIRouter()
log = logging.getLogger("gateway.routes")

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@router.api_route("/api/v1/{path:path}", methods=_METHODS)
async def pass_on(request: Request) -> Response:
    """Check the request and let its service answer."""
    raw_path = request.scope["raw_path"].decode("latin-1")
    route = route_of(raw_path)
    request.scope["route_label"] = f"/api/v1/{route.area}"
    caller = None if route.public else _signed_in(request)
    _count(request, caller)
    bodies.check_length(request)
    call = _call(request, route, raw_path, caller)
    key = key_of(request)
    if key is None or caller is None:
        return streamed(await send(gateway_of(request).client, call))
    return await _once(request, call, caller.id, key, route.repeatable)


def _signed_in(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise InvalidToken("no bearer token")
        return read_access_token(runtime_of(request).settings, token.strip())
    except InvalidToken:
        # The reason would only help whoever forges tokens.
        raise ApiError(401, "Sign in first.", headers={"WWW-Authenticate": "Bearer"}) from None


def _count(request: Request, caller: Caller | None) -> None:
    limits = gateway_of(request).limits
    if caller is None:
        limits.addresses.take(client_address(request))
    else:
        limits.users.take(str(caller.id))


def _call(request: Request, route: Route, raw_path: str, caller: Caller | None) -> Call:
    settings = runtime_of(request).settings
    query = request.scope["query_string"].decode("latin-1")
    url = url_of(base_url(settings, route.service) + raw_path + (f"?{query}" if query else ""))
    signed = signature(settings, route.service, caller, request.method, url) if caller else None
    content = bodies.stream(request) if bodies.has_body(request) else None
    return Call(request.method, url, forwarded(request, signed, route.public), content)


async def _once(request: Request, call: Call, user_id: UUID, key: str, repeatable: bool) -> Response:
    sessions = runtime_of(request).sessions
    body = await bodies.whole(request)
    earlier = await claim(sessions, user_id, key, fingerprint(request, body), repeatable)
    if earlier is not None:
        return earlier
    try:
        answer = await send(gateway_of(request).client, replace(call, content=body))
    except NotReached:
        await give_back(sessions, user_id, key)
        raise
    # Any other failure leaves the key taken: the service may have done it, so it must not be done again now;
    # claim() decides when it may.
    response = await read(answer)
    try:
        await keep(sessions, user_id, key, response)
    except Exception as error:
        if not is_away(error):
            raise
        # It is done and the client shall know; only a repetition cannot be answered from memory.
        log.error("the answer could not be kept for its key: %s", type(error).__name__)
    return response
