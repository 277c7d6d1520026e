"""The body of a request: never more than the limit, in one piece or as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request

from coachlib.errors import ApiError

_MOST_BYTES = 10 * 1024 * 1024
_METHODS_WITHOUT = frozenset({"GET", "HEAD", "OPTIONS"})


def too_large() -> ApiError:
    """413, as every part of the gateway says it."""
    return ApiError(413, "The body is larger than 10 MB.")


def check_length(request: Request) -> None:
    """Refuse by the announced length, before a byte is read."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        raise ApiError(400, "The content length is malformed.")
    if int(length) > _MOST_BYTES:
        raise too_large()


def has_body(request: Request) -> bool:
    """True when the request announces a body."""
    headers = request.headers
    return request.method not in _METHODS_WITHOUT and (
        "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    )


async def stream(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces; raises ApiError 413 as soon as it grows too large."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > _MOST_BYTES:
            raise too_large()
        if piece:
            yield piece


async def whole(request: Request) -> bytes:
    """The body in one piece; raises ApiError 413."""
    return b"".join([piece async for piece in stream(request)])
