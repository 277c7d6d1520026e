"""Which headers pass in which direction."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from fastapi import Request

from coachlib.context import correlation_id
from coachlib.identity import HEADER

# RFC 9110, 7.6.1: headers of one connection, not of the message.
_ONE_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The token and the key end here, the edge compresses, the rest is set anew.
_NOT_FORWARDED = _ONE_HOP | {
    b"accept-encoding",
    b"authorization",
    b"expect",
    b"host",
    b"x-request-id",
}
_NOT_RETURNED = _ONE_HOP | {b"server", b"date", b"x-request-id"}

Headers = list[tuple[bytes, bytes]]
"""As on the wire: names and values of a header are bytes, and a name may come more than once."""


def forwarded(request: Request, signed: str | None, public: bool) -> Headers:
    """What the service gets: only we say who the user is (`signed`); cookies reach only who reads them."""
    dropped = _NOT_FORWARDED | _named_by_connection(request)
    kept = [
        (name, value)
        for name, value in request.headers.raw
        if name not in dropped and not _about_sender(name) and (name != b"cookie" or public)
    ]
    kept.append((b"x-request-id", correlation_id.get().encode()))
    kept.append((b"x-real-ip", client_address(request).encode()))
    if signed is not None:
        kept.append((HEADER.lower().encode(), signed.encode()))
    return kept


def _named_by_connection(request: Request) -> frozenset[bytes]:
    named = request.headers.get("connection", "").encode("latin-1")
    return frozenset(name.strip().lower() for name in named.split(b","))


def _about_sender(name: bytes) -> bool:
    # Some servers read X_User_Id as X-User-Id.
    return name.replace(b"_", b"-").startswith((b"x-user-", b"x-real-ip"))


def returned(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What the client gets; several Set-Cookie stay several."""
    return [(name.lower(), value) for name, value in headers if name.lower() not in _NOT_RETURNED]


def client_address(request: Request) -> str:
    """The client as the edge has seen it; the edge overwrites X-Real-IP, so a client cannot choose it.

    It is believed when it comes once, is an address, and from a private one, as the edge's in the stack is.
    """
    peer = request.client.host if request.client else "unknown"
    given = request.headers.getlist("x-real-ip")
    return given[0] if len(given) == 1 and _is_address(given[0]) and _is_private(peer) else peer


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _is_private(peer: str) -> bool:
    return _is_address(peer) and ip_address(peer).is_private
