"""A site over TLS in this process, with a certificate of the operator's own authority, for what asks an edge."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from homeport.engine.authority import Authority
from homeport.stack.model import Stack, Target

Says = tuple[int, str]


@dataclass
class Site:
    """`answers`: path (or METHOD path) -> status and body; what is not there is 404. `asked`: what came."""

    port: int
    answers: dict[str, Says | Callable[[], Says]]
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def target(self, **more: Any) -> Target:
        """A stack whose edge this is: pages, and `api` at /api, which has its health path elsewhere."""
        stack = {
            "homeport": 1,
            "name": "site",
            "environments": {
                "local": {
                    "domain": "site.localhost",
                    "aliases": ["www.site.localhost"],
                    "ports": {"https": self.port},
                }
            },
            "edge": {"frontend": {"files": "pages"}, "routes": {"/api": "api"}},
            "services": {"api": {"image": "api:1", "port": 8000, "health": "/health"}},
        }
        return Target(Stack.model_validate({**stack, **more}), "local")


@contextmanager
def site(folder: Path, **answers: Says) -> Iterator[Site]:
    """Its keyword arguments are left for paths that are names; add others to `answers`."""
    found = Site(0, {f"/{name}": says for name, says in answers.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(f"{self.command} {self.path}")
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            found.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            says = found.answers.get(f"{self.command} {self.path}") or found.answers.get(self.path, (404, ""))
            status, text = says() if callable(says) else says
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text.encode())

        do_POST = do_HEAD = do_GET  # noqa: N815 (the names that http.server looks for)

        def log_message(self, format: str, *args: object) -> None:
            """What came is in `asked`."""

    names = ("site.localhost", "www.site.localhost")
    Authority.open(names).leaf(names, folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "live/fullchain.pem", folder / "live/privkey.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    found.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


class Limited:
    """As the edge limits one address: no two requests within a time that the rate gives, or 429."""

    def __init__(self, per_second: float) -> None:
        self._least, self._last, self.refused = 1 / per_second, 0.0, 0

    def __call__(self) -> Says:
        now = time.monotonic()
        if now - self._last < self._least:
            self.refused += 1
            return 429, "{}"
        self._last = now
        return 200, "{}"
