"""What new containers are held to before anybody is sent to them: real servers stand in the slots, old and new."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from homeport.engine.answer import Answer, Request
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.release.plan import Roll
from homeport.release.smoke import _Slots
from homeport.stack.model import Stack, Target

Says = dict[str, int]  # path -> status; a path that is not there is 404


@dataclass(frozen=True)
class Placed(LocalMachine):
    """This machine, where the servers have ports and not the addresses of the app network."""

    ports: dict[str, int] = field(default_factory=dict)

    def ask(self, address: str, port: int, request: Request, timeout: float) -> Answer:
        return super().ask("127.0.0.1", self.ports.get(address, 1), request, timeout)


@contextmanager
def serving(says: Says, heads: list[dict[str, str]]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heads.append({name.lower(): value for name, value in self.headers.items()})
            body = b'{"by": "web"}'
            self.send_response(says.get(self.path, 404))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def target(routes: dict[str, Any], smoke: list[Any]) -> Target:
    stack = {
        "homeport": 1,
        "name": "demo",
        "environments": {"local": {"domain": "demo.localhost", "ports": {"https": 8443}}},
        "edge": {"routes": routes},
        "services": {"web": {"image": "web:1", "port": 8000, "health": "/health"}},
        "smoke": smoke,
    }
    return Target(Stack.model_validate(stack), "local")


def faults(old: Says | None, new: Says, routes: dict[str, Any], smoke: list[Any]) -> list[str]:
    """What is wrong with the new container, by what the old one answers (None: there is none)."""
    made, heads = target(routes, smoke), list[dict[str, str]]()
    roll = Roll("web", "green", "", ("web-green",), () if old is None else ("id",))
    with serving(old or {}, heads) as blue, serving(new, heads) as green:
        places = {made.slot_address("web", "blue"): blue, made.slot_address("web", "green"): green}
        host = Host("/nowhere", Placed(ports=places))
        found = [q.look() for q in _Slots(host, made, roll).questions()]
    assert all(head["host"] == "demo.localhost:8443" for head in heads)
    assert all(head["x-forwarded-proto"] == "https" for head in heads)
    return [fault for fault in found if fault]


ROOT, API = {"/": "web"}, {"/api": "web"}
GOOD = {"/health": 200, "/": 200, "/api": 200}
HEALTH_ONLY = {"/health": 200}
ME = [{"path": "/api/me", "status": 401}]


@pytest.mark.parametrize(
    ("old", "new", "routes", "smoke", "wrong"),
    [
        # Without `smoke:` each route is compared with what serves.
        (GOOD, GOOD, API, [], []),
        (GOOD, HEALTH_ONLY, API, [], ["HTTP 404, the release before with 200"]),
        (GOOD, HEALTH_ONLY, ROOT, [], ["HTTP 404, the release before with 200"]),
        (GOOD, HEALTH_ONLY, {"/api": {"service": "web", "strip": True}}, [], ["HTTP 404, the release before with 200"]),
        (HEALTH_ONLY, HEALTH_ONLY, API, [], []),
        (HEALTH_ONLY, GOOD, API, [], []),
        ({"/api": 401}, HEALTH_ONLY, API, [], ["HTTP 404, the release before with 401"]),
        ({"/api": 401}, {"/api": 403}, API, [], []),
        (GOOD, {"/api": 301}, API, [], []),
        (GOOD, {"/api": 503}, API, [], ["HTTP 503, the release before with 200"]),
        ({"/api": 503}, {"/api": 404}, API, [], []),
        (None, {"/api": 404}, API, [], []),
        (None, {"/api": 502}, API, [], ["HTTP 502, the release before with nothing"]),
        # The health path must answer 200 where a route leads to it.
        (GOOD, {"/": 200, "/health": 204}, ROOT, [], ["HTTP 204, expected 200"]),
        # `smoke:` is held to where what serves keeps it, and always on a first release.
        ({"/api/me": 401}, {"/api/me": 401}, API, ME, []),
        ({"/api/me": 401}, HEALTH_ONLY, API, ME, ["HTTP 404, expected 401"]),
        ({"/api/me": 401}, {"/api/me": 429}, API, ME, ["HTTP 429, expected 401"]),
        (HEALTH_ONLY, HEALTH_ONLY, API, ME, []),
        (HEALTH_ONLY, {"/api/me": 500}, API, ME, ["HTTP 500, expected 401"]),
        (None, HEALTH_ONLY, API, ME, ["HTTP 404, expected 401"]),
        (GOOD, GOOD, API, [{"path": "/api", "fields": {"by": "web"}}], []),
        (None, GOOD, API, [{"path": "/api", "fields": {"by": "api"}}], ['by is not "api"']),
        # Headers are the edge's to add; what is no GET or HEAD is not asked here.
        (GOOD, GOOD, API, [{"path": "/api", "headers": {"Strict-Transport-Security": "max"}}], []),
        (GOOD, GOOD, API, [{"path": "/api/none", "method": "POST"}], []),
    ],
)  # fmt: skip
def test_what_a_new_container_must_answer(
    old: Says | None, new: Says, routes: dict[str, Any], smoke: list[Any], wrong: list[str]
) -> None:
    assert faults(old, new, routes, smoke) == wrong
