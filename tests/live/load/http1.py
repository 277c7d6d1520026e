"""One HTTP/1.1 connection of the load generator: what is sent and what comes back, and nothing done twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

DEADLINE = 30.0  # seconds for one answer


class Lost(Exception):  # noqa: N818 (it is what happened to the request)
    """The connection ended, or could not be made, before the answer was there."""


@dataclass(frozen=True)
class Request:
    """`pieces`, `over`: the body is sent in so many pieces within so many seconds, as by a slow client."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pieces: int = 1
    over: float = 0.0

    def parts(self) -> list[bytes]:
        size = -(-len(self.body) // self.pieces) or 1
        return [self.body[at : at + size] for at in range(0, len(self.body), size)]


@dataclass
class Answer:
    """Header names are in small letters."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http1(asyncio.Protocol):
    """One request at a time."""

    streams = 1

    def __init__(self, authority: str) -> None:
        self.authority = authority
        self.open = False
        self._buffer = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None

    async def ask(self, request: Request) -> Answer:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(self._head(request) + (request.body if request.pieces == 1 else b""))
        try:
            async with asyncio.timeout(DEADLINE):
                if request.pieces > 1:
                    await self._send_slowly(request)
                return await self._waiting
        except TimeoutError as fault:
            self._transport.abort()
            raise Lost(f"no answer within {DEADLINE:.0f} s") from fault

    def _head(self, request: Request) -> bytes:
        fields = {"Host": self.authority, **request.headers}
        if request.method != "GET":
            fields["Content-Length"] = str(len(request.body))
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _send_slowly(self, request: Request) -> None:
        for part in request.parts():
            if self._waiting is None or self._waiting.done():
                return
            self._transport.write(part)
            await asyncio.sleep(request.over / request.pieces)

    # -- what asyncio calls ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.open = transport, True

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = parse(self._buffer)
        if answer is None:
            return
        self._buffer.clear()
        if answer.headers.get("connection", "") == "close":
            self.close()
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._waiting and not self._waiting.done():
            how = type(exc).__name__ if exc else "EOF"
            when = "in the middle of the answer" if self._buffer else "before any answer"
            self._waiting.set_exception(Lost(f"{how} {when}"))

    def close(self) -> None:
        self.open = False
        self._transport.close()


def parse(buffer: bytearray) -> Answer | None:
    """The answer that the buffer holds, None as long as it is not whole."""
    head, separator, rest = bytes(buffer).partition(b"\r\n\r\n")
    if not separator:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    answer = Answer(int(first.split()[1]), {key.lower(): value.strip() for key, value in pairs})
    if answer.headers.get("transfer-encoding") == "chunked":
        body = dechunk(rest)
    else:
        length = int(answer.headers.get("content-length", "0"))
        body = rest[:length] if len(rest) >= length else None
    if body is None:
        return None
    answer.body = body
    return answer


def dechunk(data: bytes) -> bytes | None:
    """RFC 9112, 7.1, without trailers; None as long as the last chunk is not there."""
    parts = []
    while True:
        size, separator, data = data.partition(b"\r\n")
        length = int(size.split(b";")[0], 16) if separator else 0
        if not separator or len(data) < length + 2:
            return None
        if length == 0:
            return b"".join(parts)
        parts.append(data[:length])
        data = data[length + 2 :]
