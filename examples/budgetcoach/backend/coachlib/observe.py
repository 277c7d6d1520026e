"""The middleware around every request: correlation id, version header, access log, metrics, 500 as JSON."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coachlib.context import correlation_id, new_correlation_id
from coachlib.errors import error_response
from coachlib.metrics import count_request

log = logging.getLogger("coachlib.access")

_QUIET = ("/health/live", "/health/ready", "/metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observe:
    """Pure ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self._app = app
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; anything but HTTP is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = correlation_id.set(new_correlation_id(Headers(scope=scope).get("x-request-id")))
        try:
            await self._request(scope, receive, _Answer(send, self._version))
        finally:
            correlation_id.reset(token)

    async def _request(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        started = time.perf_counter()
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            log.info("the client has gone", extra={"path": scope["path"], "method": scope["method"]})
        except Exception:
            log.exception("the request failed", extra={"path": scope["path"], "method": scope["method"]})
            if answer.status:
                # Half an answer is out: cutting the connection is the only honest end.
                raise
            await error_response(500, "Something went wrong on our side.")(scope, receive, answer)
        finally:
            _record(scope, answer.status or 499, time.perf_counter() - started)


class _Answer:
    """The `send` of one request; it adds the common headers and remembers the status."""

    def __init__(self, send: Send, version: str) -> None:
        self._send = send
        self._version = version
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = correlation_id.get()
            headers.setdefault("X-Service-Version", self._version)
        await self._send(message)


def _record(scope: Scope, status: int, seconds: float) -> None:
    route: str = scope.get("route_label") or str(getattr(scope.get("route"), "path", "unmatched"))
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    count_request(method, route, status, seconds)
    quiet = scope["path"] in _QUIET and status < 400
    level = logging.DEBUG if quiet else logging.ERROR if status >= 500 else logging.INFO
    extra = {
        "path": scope["path"],
        "method": method,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    log.log(level, "%s %s %s", method, route, status, extra=extra)
