"""One request from a host: by Python where we are on it, by bash behind ssh; both say the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from homeport.engine.answer import Request
from homeport.engine.machine import LocalMachine, Machine
from homeport.engine.runner import LocalRunner
from homeport.engine.ssh import SshMachine

BODY = '{"word": "ünïcode", "quote": "it\'s $HOME"}' * 9000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.path} {self.headers['X-Told']} {BODY}".encode()
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("X-Many", "one")
        self.send_header("X-Many", "two")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (the name that http.server looks for)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["here", "behind ssh"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Behind ssh a shell runs the same words; here it is this machine's."""
    if request.param == "here":
        return LocalMachine()
    return SshMachine(cast(Any, LocalRunner()))


def test_the_whole_answer_comes(machine: Machine, port: int) -> None:
    answer = machine.ask(
        "127.0.0.1", port, Request("GET", "/a?b=c&d=%20", {"Host": "a", "X-Told": "it's $1"}), 10
    )
    assert (answer.status, answer.headers["x-many"], answer.fault) == (200, "one, two", "")
    assert answer.body.decode() == f"/a?b=c&d=%20 it's $1 {BODY}"


def test_a_head_has_no_body(machine: Machine, port: int) -> None:
    answer = machine.ask("127.0.0.1", port, Request("HEAD", "/none", {"Host": "a"}), 10)
    assert (answer.status, answer.body) == (404, b"")


def test_no_answer_is_said(machine: Machine, port: int) -> None:
    gone = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gone.server_close()
    answer = machine.ask("127.0.0.1", gone.server_port, Request("GET", "/", {"Host": "a"}), 10)
    assert (answer.status, answer.fault.startswith("no answer")) == (0, True)
