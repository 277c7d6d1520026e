"""A TCP proxy that is far away: every byte, and every end, comes half a round trip later.

A reload of nginx on one machine loses next to nothing; over 40 ms it loses what is on its way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Side(asyncio.Protocol):
    """One end; what it hears is done to the other after the delay, in order."""

    def __init__(self, delay: float, other: Side | None = None) -> None:
        self.delay, self.other = delay, other
        self.transport: asyncio.Transport | None = None
        self._late: deque[Callable[[asyncio.Transport], None]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._later(lambda transport: transport.write(data))

    def eof_received(self) -> bool:
        self._later(lambda transport: transport.close())
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._later(lambda transport: transport.abort() if exc else transport.close())

    def _later(self, act: Callable[[asyncio.Transport], None]) -> None:
        self._late.append(act)
        asyncio.get_running_loop().call_later(self.delay, self._now)

    def _now(self) -> None:
        act = self._late.popleft()
        if self.other and self.other.transport:
            act(self.other.transport)


class Front(Side):
    """The client's side: opens the other one. What comes before that is there waits its turn."""

    def __init__(self, delay: float, address: str, port: int) -> None:
        super().__init__(delay)
        self._target = address, port
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading() if self.transport else None
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        assert self.transport
        try:
            _, other = await asyncio.get_running_loop().create_connection(
                lambda: Side(self.delay, self), *self._target
            )
        except OSError:
            self.transport.abort()
            return
        self.other = other
        self.transport.resume_reading()


async def serve(address: str, port: int, rtt: float) -> asyncio.Server:
    """Listen on a free port of 127.0.0.1 in front of address:port; `rtt` in seconds."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Front(rtt / 2, address, port), "127.0.0.1", 0)
