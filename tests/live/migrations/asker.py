"""Asks one path at a steady rate from many connections that stay open; a stall counts for every request it delays."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

CONNECTIONS, EVERY = 12, 0.8  # 15 requests per second


class Here(http.client.HTTPSConnection):
    """Speaks to this machine, whatever the resolver makes of the name."""

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


@dataclass
class Asker:
    """A load from `with` to its end. Latencies count from when a request was due, in seconds."""

    domain: str
    port: int
    ca: str
    path: str = "/"
    latencies: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Asker:
        self._threads = [
            threading.Thread(target=self._ask, args=(n,), daemon=True) for n in range(CONNECTIONS)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def share(self, part: float) -> float:
        """The latency that this part of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

    def words(self) -> str:
        return (
            f"{len(self.latencies)} asked, {len(self.faults)} failed, p50 {self.share(0.5) * 1000:.0f} ms, "
            f"p99 {self.share(0.99) * 1000:.0f} ms, longest {max(self.latencies) * 1000:.0f} ms"
        )

    def _ask(self, number: int) -> None:
        context = ssl.create_default_context(cafile=self.ca)
        connection = Here(self.domain, self.port, timeout=30, context=context)
        due = time.monotonic() + EVERY * number / CONNECTIONS
        while not self._stop.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    self.faults.append(f"{answer.status} {text[:200]!r}")
            except OSError as fault:
                self.faults.append(repr(fault))
                connection.close()
            self.latencies.append(time.monotonic() - due)
            due += EVERY
