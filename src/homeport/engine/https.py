"""One HTTPS request to a stack's own edge, with the right name whatever DNS says, its certificate checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from functools import cache

from homeport.engine.answer import Answer, Request, exchange
from homeport.engine.authority import Authority
from homeport.engine.ssh import hostname
from homeport.engine.wait import SLOWNESS
from homeport.stack.model import Target
from homeport.stack.smoke import Smoke


def ask(target: Target, request: Smoke) -> Answer:
    """Send it once, when the edge's rate limit has room for it."""
    domain, limit = request.alias or target.env.domain, request.within * SLOWNESS
    trusted, place = _trusted(target), (address(target), target.env.ports.https)
    _pace(*place, target.stack.edge.rate.per_second).wait()
    started = time.monotonic()
    try:
        plain = socket.create_connection(place, limit)
        connection = http.client.HTTPConnection(domain, timeout=limit)
        connection.sock = trusted.wrap_socket(plain, server_hostname=domain)
    except OSError as fault:
        return Answer(fault=f"no answer ({fault})", seconds=time.monotonic() - started)
    sending = Request(request.method, request.path, sent(request, domain), request.body)
    return exchange(connection, sending)


def sent(request: Smoke, host: str) -> dict[str, str]:
    """The headers of a request."""
    kind = {"Content-Type": "application/json"} if request.body else {}
    given = {name.lower() for name in request.send}
    ours = {"Host": host, "User-Agent": "homeport", **kind}
    return {name: value for name, value in ours.items() if name.lower() not in given} | request.send


class _Pace:
    """Half of what the edge allows to one address, for all who ask from here: its limit is for visitors, and a
    refusal by it says nothing of a release."""

    def __init__(self, per_second: int) -> None:
        self._every, self._next, self._lock = 2 / per_second, 0.0, threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + self._every
        time.sleep(at - now)


@cache
def _pace(_address: str, _port: int, per_second: int) -> _Pace:
    return _Pace(per_second)


def _trusted(target: Target) -> ssl.SSLContext:
    if target.env.tls != "self-signed":
        return _context("", 0)
    root = Authority.open((target.env.domain,)).root
    return _context(str(root), root.stat().st_mtime_ns)


@cache
def _context(authority: str, changed: int) -> ssl.SSLContext:
    """Made once: reading the machine's authorities takes longer than the request. `changed`: when the file was."""
    return ssl.create_default_context(cafile=authority or None)


def address(target: Target) -> str:
    """Where the edge is: on this machine where it is bound; elsewhere what the domain resolves to, and as long as
    there is no DNS record, the host that ssh connects to."""
    if target.local:
        return "127.0.0.1" if target.bind == "0.0.0.0" else target.bind  # noqa: S104
    return _remote(target.env.domain, target.env.host)


@cache
def _remote(domain: str, destination: str) -> str:
    try:
        return str(socket.getaddrinfo(domain, None)[0][4][0])
    except OSError:
        return hostname(destination) or domain
