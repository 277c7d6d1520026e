"""Telling people: a real mail server and a real webhook take it; what does not answer changes nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from apprise.plugins.slack import NotifySlack

from homeport.errors import ReleaseError
from homeport.release.notify import News, Teller, send
from homeport.release.probe import Count
from homeport.secrets.redactor import Redactor
from homeport.secrets.store import Store, open_or_create
from homeport.secrets.value import Secret
from homeport.stack.model import Stack, Target

NEWS = News(
    "failure", "shop", "production", "v2", "ana@laptop", "prod: /opt/shop/state/logs/", 12.3,
    ("web: its image changed; green takes over",), Count(120, 0, 0.2), "web did not become healthy",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))


class Post:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content or b""))  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[str, Post]]:
    """An address that mails to it, and what came."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"mailto://127.0.0.1:{controller.port}?from=homeport@example.com&to=ops@example.com", post
    finally:
        controller.stop()


@contextmanager
def webhook(status: int = 200, delay: float = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes JSON, and what came."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            time.sleep(delay)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/key-that-nobody-may-see", came
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Lines:
    """A Progress of which only the lines count."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str = "") -> None:
        self.lines.append(text)

    def step(self, name: str, text: str = "") -> Any:
        raise AssertionError("a notification is not a step")


def teller(
    folder: Path, addresses: dict[str, str], back: bool = False, **notify: object
) -> tuple[Teller, Lines]:
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "shop",
            "environments": {"production": {"domain": "shop.example.com", "host": "deploy@shop.example.com"}},
            "services": {"web": {"image": "web:1"}},
            "notify": {"to": ("hook", "mail"), **notify},
        }
    )
    lines, store = Lines(), filled(folder, addresses)
    place, redactor = "shop: /opt/shop/state/logs/", Redactor.of(store)
    return Teller(Target(stack, "production", "v2"), store, lines, place, redactor, back), lines


def filled(folder: Path, addresses: dict[str, str]) -> Store:
    store = open_or_create(folder / "production.yaml", "production")
    for name, address in addresses.items():
        store.set(name, Secret(address))
    return store


def test_a_mail_says_what_and_why_and_where_to_look() -> None:
    with mail_server() as (address, post):
        assert send(NEWS, {"mail": Secret(address)}) == []
    (mail,) = post.mails
    text = " ".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())  # type: ignore[union-attr]
    assert mail["To"] == "ops@example.com"
    assert mail["Subject"] == "shop in production: v2 failed"
    for word in (
        "ana@laptop, 12.3 s",
        "web did not become healthy",
        "its image changed",
        "120 asked",
        "/opt/shop",
    ):
        assert word in text


def test_a_webhook_gets_everything_as_json() -> None:
    with webhook() as (address, came):
        assert send(NEWS, {"hook": Secret(address)}) == []
    (news,) = came
    assert news["title"] == "shop in production: v2 failed"
    assert news["probe"] == {
        "asked": 120,
        "failed": 0,
        "longest_gap": 0.2,
        "first_fault": "",
        "requests": [],
    }
    assert news["reason"] == "web did not become healthy"


def test_what_does_not_take_it_is_named_without_its_address() -> None:
    with webhook(status=500) as (refusing, _):
        nobody = f"http://127.0.0.1:{free_port()}/key-that-nobody-may-see"
        addresses = {"hook": Secret(refusing), "gone": Secret(nobody), "odd": Secret("no such thing")}
        lines = send(NEWS, addresses)
    assert lines == [
        "hook: answered 500; the release goes on",
        "gone: could not be told (URLError); the release goes on",
        "odd: its value is not an address that Apprise knows; the release goes on",
    ]


def test_one_that_hangs_is_not_waited_for_and_the_others_are_told() -> None:
    with webhook(delay=5) as (hanging, _), webhook() as (quick, came):
        began = time.monotonic()
        lines = send(NEWS, {"slow": Secret(hanging), "hook": Secret(quick)}, deadline=1)
        assert time.monotonic() - began < 4
    assert lines == ["slow: no answer within 1 s; the release goes on"]
    assert len(came) == 1


def test_a_release_tells_of_its_start_and_its_end(tmp_path: Path) -> None:
    with webhook() as (address, came):
        told, lines = teller(tmp_path, {"hook": address, "mail": address})
        with told.failures():
            told.start(["web: its image changed; green takes over"])
            told.end(Count(10, 0, 0.1), ["web"])
    assert sorted(news["occasion"] for news in came) == ["start", "start", "success", "success"]
    assert lines.lines == []


def test_a_failure_is_told_with_its_reason_and_goes_on(tmp_path: Path) -> None:
    with webhook() as (address, came):
        told, _ = teller(tmp_path, {"hook": address}, events=("failure",))
        with pytest.raises(ReleaseError), told.failures():
            told.start([])
            raise ReleaseError("web did not become healthy")
    assert [(news["occasion"], news["reason"]) for news in came] == [
        ("failure", "web did not become healthy")
    ]


def test_going_back_is_told_as_such(tmp_path: Path) -> None:
    with webhook() as (address, came):
        told, _ = teller(
            tmp_path, {"hook": address, "mail": address}, back=True, events=("rollback", "success")
        )
        told.end(Count(), ["web"])
    assert {news["occasion"] for news in came} == {"rollback"}


def test_a_store_that_cannot_be_read_is_said_in_one_line_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, {"hook": "https://hooks.example.com/x"}).save()
    told, lines = teller(tmp_path, {})
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "another.txt"))
    told.end(Count(), ["web"])
    assert len(lines.lines) == 2, lines.lines  # mail is not set, hook cannot be read
    assert lines.lines[1].endswith("; the release goes on")


def test_an_address_that_is_not_set_is_said_in_one_line(tmp_path: Path) -> None:
    told, lines = teller(tmp_path, {})
    told.end(Count(), ["web"])
    assert lines.lines == ["    notify: hook, mail not set: homeport secrets set hook production"]


# -- Slack: its server is the only stand-in; path and body are what its documentation of incoming webhooks says ------

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx"


@contextmanager
def slack(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str]
) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Slack's server at an address of this machine: (path, body) of what came."""
    came: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(answer[0])
            self.end_headers()
            self.wfile.write(answer[1].encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{server.server_port}/services")
    try:
        yield came
    finally:
        server.shutdown()
        server.server_close()


def test_slack_gets_its_own_format(monkeypatch: pytest.MonkeyPatch) -> None:
    with slack(monkeypatch, (200, "ok")) as came:
        assert send(NEWS, {"slack": Secret(SLACK)}) == []
    ((path, body),) = came
    assert path == SLACK.removeprefix("https://hooks.slack.com")
    (attachment,) = body["attachments"]
    assert attachment["title"] == "shop in production: v2 failed"
    for word in ("web did not become healthy", "its image changed", "120 asked", "/opt/shop"):
        assert word in attachment["text"]
    assert attachment["color"].startswith("#")


@pytest.mark.parametrize("answer", [(404, "no_service"), (403, "invalid_token"), (400, "invalid_payload")])
def test_slack_refuses_and_the_address_is_not_told(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str]
) -> None:
    with slack(monkeypatch, answer):
        (line,) = send(NEWS, {"slack": Secret(SLACK)})
    assert line == "slack: did not take it; the release goes on"
