"""A real HTTP server that says what has reached it: stands where a service would, behind the gateway."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.servers import free_port


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PeerServer

    def _answer(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        size = self._read()
        time.sleep(float(query.get("sleep", ["0"])[0]))
        if "hold" in query:
            self.server.released.wait(20)
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "size": size,
            "number": self.server.count(),
        }
        body = json.dumps(seen).encode()
        self.send_response(int(query.get("status", ["201" if self.command == "POST" else "200"])[0]))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Service-Version", "peer")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _read(self) -> int:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        size = 0
        while length := int(self.rfile.readline(), 16):
            size += len(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return size

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class PeerServer(ThreadingHTTPServer):
    """Counts the requests that have reached it; those with `hold` are answered when `released` is set."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests = 0
        self.released = threading.Event()
        self._lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is a part of the tests."""

    def count(self) -> int:
        """The number of this request."""
        with self._lock:
            self.requests += 1
            return self.requests

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def peer() -> Iterator[PeerServer]:
    """A running peer."""
    server = PeerServer(free_port())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
