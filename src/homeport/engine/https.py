"""One HTTPS request to a stack's own edge, with the right name whatever DNS says, its certificate checked."""

from __future__ import annotations

import http.client
import socket
import ssl
from functools import cache

from homeport.engine.authority import Authority
from homeport.engine.ssh import hostname
from homeport.stack.model import Target


def get(target: Target, path: str, timeout: float = 5.0) -> tuple[int, str]:
    """GET: status (0 without an answer) and what was seen, in words."""
    trusted = _trusted(target)
    try:
        with socket.create_connection((address(target), target.env.ports.https), timeout) as plain:
            secured = trusted.wrap_socket(plain, server_hostname=target.env.domain)
            return _ask(secured, target.env.domain, path, timeout)
    except OSError as fault:
        return 0, f"no answer ({fault})"


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


def _ask(secured: ssl.SSLSocket, domain: str, path: str, timeout: float) -> tuple[int, str]:
    connection = http.client.HTTPConnection(domain, timeout=timeout)
    connection.sock = secured
    try:
        connection.request("GET", path, headers={"Host": domain, "User-Agent": "homeport"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, f"HTTP {answer.status}"
    except http.client.HTTPException as fault:
        return 0, f"not HTTP ({type(fault).__name__})"
    finally:
        connection.close()
