"""The pooled HTTP client to the services, and their answers: streamed, with failures in our own format."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from coachlib.app import runtime_of
from coachlib.errors import ApiError
from coachlib.identity import Caller, identity_key, need_identity_key, sign
from coachlib.runtime import Resource, Runtime
from coachlib.settings import Settings
from services.gateway.headers import returned
from services.gateway.limits import Limits
from services.gateway.routing import SERVICES

log = logging.getLogger("gateway.upstream")

_BROKEN = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Call:
    """A request to a service; `content` is the body, in one piece or in many."""

    method: str
    url: httpx.URL
    headers: list[tuple[bytes, bytes]]
    content: bytes | AsyncIterator[bytes] | None


def url_of(text: str) -> httpx.URL:
    """The address of a call; raises ApiError 400."""
    try:
        return httpx.URL(text)
    except httpx.InvalidURL:
        raise ApiError(400, "The address is malformed.") from None


def signature(settings: Settings, service: str, caller: Caller, method: str, url: httpx.URL) -> str:
    """Who asks, for `service` to believe."""
    query = url.query.decode("ascii")
    return sign(identity_key(settings, service), service, caller, method, url.path, query)


NEED_IDENTITY_KEYS: tuple[Resource, ...] = tuple(
    partial(need_identity_key, service=service) for service in sorted(set(SERVICES.values()))
)
"""Resources of `create_app`: without the key of every service the gateway does not start."""


@dataclass(frozen=True)
class Gateway:
    """What lives as long as the gateway."""

    client: httpx.AsyncClient
    limits: Limits


@asynccontextmanager
async def open_gateway(runtime: Runtime) -> AsyncIterator[None]:
    """Make `runtime.resources["gateway"]`."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=5)
    timeout = httpx.Timeout(connect=3, read=60, write=30, pool=5)
    # trust_env off: a proxy of the environment must not carry traffic between our services.
    async with httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as client:
        runtime.resources["http"] = client
        # What the client did not ask for, such as gzip, must not be asked for in its name.
        for name in list(client.headers):
            del client.headers[name]
        runtime.resources["gateway"] = Gateway(client, Limits(runtime.settings))
        yield


async def send(client: httpx.AsyncClient, call: Call) -> httpx.Response:
    """The answer, its body unread. Raises NotReached, or ApiError 503 when the outcome is not known."""
    request = client.build_request(call.method, call.url, headers=call.headers, content=call.content)
    try:
        answer = await client.send(request, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        log.warning("%s cannot be reached: %s", request.url.host, type(error).__name__)
        raise NotReached(502) from error
    except httpx.TransportError as error:
        log.warning("no answer from %s: %s", request.url.host, type(error).__name__)
        raise ApiError(503, "The service did not answer.", headers={"Retry-After": "5"}) from error
    await _refuse_foreign_failure(answer)
    return answer


class NotReached(ApiError):
    """The request has not reached its service, so it may be tried again."""

    def __init__(self, status: int) -> None:
        super().__init__(status, "The service cannot be reached.", headers={"Retry-After": "2"})


async def _refuse_foreign_failure(answer: httpx.Response) -> None:
    """The edge in between answers failures in its own format; the client shall only ever see ours."""
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if answer.status_code in _BROKEN and not (is_json and "x-service-version" in answer.headers):
        await answer.aclose()
        raise NotReached(503 if answer.status_code == 503 else 502)


def streamed(answer: httpx.Response) -> Response:
    """Pass the answer on as it comes in, byte for byte (still compressed if it was)."""
    response = StreamingResponse(_pieces(answer), status_code=answer.status_code)
    response.raw_headers = returned(answer.headers.raw)
    return response


async def read(answer: httpx.Response) -> Response:
    """The answer in one piece; raises ApiError 503 when it breaks off."""
    try:
        content = b"".join([piece async for piece in _pieces(answer)])
    except httpx.TransportError as error:
        raise ApiError(503, "The service did not answer.", headers={"Retry-After": "5"}) from error
    response = Response(content, status_code=answer.status_code)
    response.raw_headers = returned(answer.headers.raw)
    return response


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def gateway_of(request: Request) -> Gateway:
    """What `open_gateway` made."""
    gateway: Gateway = runtime_of(request).resources["gateway"]
    return gateway
