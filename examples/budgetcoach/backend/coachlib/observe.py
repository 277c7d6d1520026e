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

    def __init__(self, app: ASGIApp, version: str, prefix: str) -> None:
        self._app = app
        self._version = version
        self._prefix = prefix

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
            _record(scope, self._prefix, answer.status or 499, time.perf_counter() - started)


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


def _record(scope: Scope, prefix: str, status: int, seconds: float) -> None:
    route: str = scope.get("route_label") or _template(scope, prefix)
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    count_request(method, route, status, seconds)
    extra = {
        "path": scope["path"],
        "method": method,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    log.log(_level(scope["path"], status), "%s %s %s", method, route, status, extra=extra)


def _level(path: str, status: int) -> int:
    if path in _QUIET:
        # Asked every few seconds; "not ready" is an answer, not an error.
        return logging.DEBUG if status < 400 else logging.WARNING
    return logging.ERROR if status >= 500 else logging.INFO


def _template(scope: Scope, prefix: str) -> str:
    """The route's template, such as /api/v1/transactions/{id}."""
    template = getattr(scope.get("route"), "path", None)
    if not isinstance(template, str):
        return "unmatched"
    # The route knows its own router's prefix and not the one that the app has added.
    return prefix + template if prefix and scope["path"].startswith(f"{prefix}/") else template
