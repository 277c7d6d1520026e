"""The load: so many requests per second whether or not the answers come (open loop), over kept connections, TLS
checked, nothing asked twice. Prints `ready`, runs until its standard input ends, prints one line of JSON.

    python -m tests.live.load.generate --url https://hpload.localhost:18443 --ca ca.pem --http 2 --rtt 40 < /dev/tty
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.live.load import delay
from tests.live.load.http1 import Answer, Http1, Lost, Request
from tests.live.load.http2 import Http2
from tests.live.load.scenario import SCENARIOS, SLOW_SECONDS, Scenario
from tests.live.load.tally import Report, Tally

Connection = Http1 | Http2


@dataclass(frozen=True)
class Where:
    """The server as it is reached: TCP to `address`:`port`, TLS for the name in `url` (none for http://)."""

    url: str
    ca: str | None
    http: int
    address: str = "127.0.0.1"
    port: int = 0

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    async def connect(self) -> Connection:
        split = urlsplit(self.url)
        make = Http2 if self.http == 2 else Http1
        tls = {"ssl": self._context(), "server_hostname": split.hostname} if split.scheme == "https" else {}
        try:
            _, protocol = await asyncio.get_running_loop().create_connection(
                lambda: make(self.authority), self.address, self.port or split.port, **tls
            )
        except OSError as fault:
            raise Lost(f"no connection ({type(fault).__name__})") from fault
        return protocol

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        context.set_alpn_protocols(["h2" if self.http == 2 else "http/1.1"])
        return context


class Pool:
    """Kept connections, each used in turn; one that has ended is opened anew for the next request."""

    def __init__(self, where: Where, tally: Tally) -> None:
        self._where, self._tally = where, tally
        self._free: asyncio.Queue[int] = asyncio.Queue()
        self._connections: list[Connection] = []
        self._opening: list[asyncio.Lock] = []

    async def fill(self, count: int) -> None:
        for _ in range(count):
            self._connections.append(await self._connect())
            self._opening.append(asyncio.Lock())
        for _ in range(self._connections[0].streams):
            for number in range(count):
                self._free.put_nowait(number)

    async def ask(self, request: Request) -> Answer:
        number = await self._free.get()
        try:
            async with self._opening[number]:
                if not self._connections[number].open:
                    self._connections[number] = await self._connect()
            return await self._connections[number].ask(request)
        finally:
            self._free.put_nowait(number)

    async def _connect(self) -> Connection:
        self._tally.connections += 1
        return await self._where.connect()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


class Load:
    """One run against one server."""

    def __init__(self, where: Where, scenario: Scenario, rate: float) -> None:
        self.tally = Tally()
        self.pool, self.scenario, self.rate = Pool(where, self.tally), scenario, rate

    async def run(self, stop: asyncio.Event) -> Report:
        tasks: set[asyncio.Task[None]] = set()
        started = self.tally.start()
        number = 0
        while not stop.is_set():
            number += 1
            due = started + number / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._one(self.scenario.request(number), due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        self.tally.stop_gap()
        await asyncio.gather(*tasks)
        report = self.tally.report(await self.scenario.audit(self.pool.ask))
        self.pool.close()
        return report

    async def _one(self, request: Request, due: float) -> None:
        self.tally.asking(request.method, time.monotonic() - due)
        try:
            answer = await self.pool.ask(request)
            fault = self.scenario.fault(request, answer)
        except Lost as lost:
            fault = str(lost)
        except (ValueError, KeyError) as wrong:
            fault = f"not the right form ({type(wrong).__name__})"
        if fault:
            seconds = time.monotonic() - due
            self.tally.bad(f"{request.method} {_kind(request)}: {fault}, after {seconds:.0f} s")
        else:
            self.tally.good(request.method, time.monotonic() - due, quick=not _kind(request))


def _kind(request: Request) -> str:
    if f"seconds={SLOW_SECONDS}" in request.path:
        return "slow answer"
    return "slow upload" if request.pieces > 1 else ""


async def until_input_ends() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def wait() -> None:
        await reader.read()
        stop.set()

    stop.task = loop.create_task(wait())  # type: ignore[attr-defined] # kept alive with the event
    return stop


async def after(seconds: float) -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    return stop


async def main(options: argparse.Namespace) -> Report:
    port = options.port or urlsplit(options.url).port
    proxy = await delay.serve(options.address, port, options.rtt / 1000) if options.rtt else None
    if proxy:
        port = proxy.sockets[0].getsockname()[1]
    where = Where(options.url, options.ca, options.http, "127.0.0.1" if proxy else options.address, port)
    load = Load(where, SCENARIOS[options.scenario](), options.rate)
    await load.pool.fill(options.connections)
    await load.scenario.prepare(load.pool.ask, (urlsplit(options.url).hostname or "").split(".")[0])
    stopping: Awaitable[asyncio.Event] = after(options.seconds) if options.seconds else until_input_ends()
    stop = await stopping
    print("ready", flush=True)
    return await load.run(stop)


def options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="https://NAME:PORT; TLS is checked for NAME")
    parser.add_argument("--address", default="127.0.0.1", help="where NAME is reached")
    parser.add_argument("--port", type=int, default=0, help="and on which port, if not the one of the URL")
    parser.add_argument("--ca", help="PEM file to trust")
    parser.add_argument("--http", type=int, choices=(1, 2), default=1)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="echo")
    parser.add_argument("--rate", type=float, default=300, help="requests per second")
    parser.add_argument("--connections", type=int, default=60)
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds that the client is away")
    parser.add_argument("--seconds", type=float, default=0, help="instead of: until standard input ends")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(asyncio.run(main(options())).text())
