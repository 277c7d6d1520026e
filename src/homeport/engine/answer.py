"""Answer: what came back for one HTTP request, or why nothing did."""

from __future__ import annotations

import http.client
import io
import time
from dataclasses import dataclass, field

LARGEST = 1024 * 1024  # bytes of a body that are looked at


@dataclass(frozen=True)
class Answer:
    """`status` is 0 and `fault` says why where there was none. `headers`: in lower case -> values, joined by commas."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    fault: str = ""


@dataclass(frozen=True)
class Request:
    """One request; `body` goes as UTF-8."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""

    def text(self) -> str:
        """Without its body, as HTTP/1.0: the answer ends with the connection."""
        lines = [f"{self.method} {self.path} HTTP/1.0"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join((*lines, "Connection: close", "", ""))


def exchange(connection: http.client.HTTPConnection, request: Request) -> Answer:
    """Send it over a connection and read what comes; the connection is closed."""
    started = time.monotonic()
    try:
        body = request.body.encode() or None
        connection.request(request.method, request.path, body=body, headers=request.headers)
        answer = _read(connection.getresponse())
        return Answer(answer.status, answer.headers, answer.body, time.monotonic() - started)
    except OSError as fault:
        return Answer(fault=f"no answer ({fault.strerror or fault})", seconds=time.monotonic() - started)
    except http.client.HTTPException as fault:
        return Answer(fault=f"not HTTP ({type(fault).__name__})")
    finally:
        connection.close()


def parse(raw: bytes, method: str) -> Answer:
    """The bytes of an answer, as a host has read them."""
    if not raw:
        return Answer(fault="no answer")
    try:
        response = http.client.HTTPResponse(_Said(raw), method=method)  # type: ignore[arg-type]
        response.begin()
        return _read(response)
    except (http.client.HTTPException, OSError) as fault:
        return Answer(fault=f"not HTTP ({type(fault).__name__})")


def _read(response: http.client.HTTPResponse) -> Answer:
    try:
        body = response.read(LARGEST)
    except http.client.IncompleteRead as fault:
        body = fault.partial
    found: dict[str, str] = {}
    for name, value in response.getheaders():
        known = found.get(name.lower())
        found[name.lower()] = f"{known}, {value}" if known else value
    return Answer(response.status, found, body)


@dataclass(frozen=True)
class _Said:
    """What http.client reads from in place of a socket."""

    raw: bytes

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.raw)
