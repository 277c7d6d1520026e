"""A flag turns a service from one slot to the other, without a reload and without cutting what is under way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.components.edge.running import Running, ask

pytestmark = pytest.mark.live

HANDSHAKE = (
    "GET /api/ws HTTP/1.1\r\nHost: shop.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(autouse=True)
def blue(shop_stack: Running) -> Iterator[None]:
    yield
    for name in ("gateway", "user"):
        shop_stack.flag(f"{name}.green", on=False)


def workers(shop: Running) -> str:
    """Process ids of the workers: a reload would change them."""
    script = "cat /proc/[0-9]*/stat | grep '(nginx)' | cut -d' ' -f1"
    return shop.compose("exec", "-T", "nginx", "sh", "-c", script)


def test_a_flag_switches_from_outside(shop: Running) -> None:
    before = workers(shop)
    connection = shop.connect()
    for on in (True, False, True):
        shop.flag("gateway.green", on=on)
        assert shop.slot(ask(connection, "/api/echo")) == ("green" if on else "blue")
        assert shop.slot(ask(connection, "/bare/echo")) == ("green" if on else "blue")
    assert workers(shop) == before


def test_a_flag_switches_between_services(shop: Running) -> None:
    for on in (True, False):
        shop.flag("user.green", on=on)
        inner = shop.ask("/api/call?url=http://user:8000/echo").json["body"]
        assert inner["address"] == shop.target.slot_address("user", "green" if on else "blue")


def test_one_service_s_flag_is_not_another_s(shop: Running) -> None:
    shop.flag("user.green", on=True)
    assert shop.slot(shop.ask("/api/echo")) == "blue"
    assert shop.slot(shop.ask("/api/user"), "user") == "green"


def test_a_long_request_ends_where_it_began(shop: Running) -> None:
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(shop.ask, "/api/slow?seconds=2")
        time.sleep(0.7)
        shop.flag("gateway.green", on=True)
        assert shop.slot(shop.ask("/api/echo")) == "green"
        assert not long.done()
        answer = long.result()
    assert (answer.status, shop.slot(answer)) == (200, "blue")


@pytest.mark.parametrize("path", ["/api/echo?a=1%2F2", "/bare/echo?a=1%2F2"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_takes_long_goes_to_the_slot_that_serves_at_its_end(
    shop: Running, path: str, chunked: bool
) -> None:
    parts = [b"a" * 40_000, b"b" * 60_000]  # together more than nginx keeps in memory

    def slowly() -> Iterator[bytes]:
        yield parts[0]
        time.sleep(0.5)
        shop.flag("gateway.green", on=True)
        yield parts[1]

    headers = {} if chunked else {"Content-Length": "100000"}
    answer = shop.ask(path, method="POST", headers=headers, body=slowly())
    assert (answer.status, shop.slot(answer)) == (200, "green")
    assert answer.json["body_bytes"] == 100_000
    assert answer.json["path"] == path.removeprefix("/bare")


@pytest.mark.parametrize("path", ["/api/echo", "/bare/echo", "/bare"])
def test_a_request_with_a_body_is_told_the_same_as_one_without(shop: Running, path: str) -> None:
    without = shop.ask(path).json
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with_body = shop.ask(path, method=method, body=b"four").json
        assert (with_body.pop("method"), with_body.pop("body_bytes")) == (method, 4)
        assert {
            k: v for k, v in with_body["headers"].items() if k not in ("content-length", "x-request-id")
        } == {k: v for k, v in without["headers"].items() if k != "x-request-id"}
        assert (with_body["path"], with_body["address"]) == (without["path"], without["address"])


def test_errors_of_a_request_with_a_body(shop: Running) -> None:
    """The service's own stay its own; the edge's are the edge's."""
    for status in (404, 405, 418, 502):
        answer = shop.ask(f"/api/echo?status={status}", method="POST", body=b"1")
        assert (answer.status, answer.json) == (status, {"by": "the service"})
    for path in ("/deaf", "/gone"):
        answer = shop.ask(path, method="POST", body=b"1")
        assert (answer.status, answer.json["error"]["code"]) in (
            (502, "bad_gateway"),
            (504, "gateway_timeout"),
        )
    answer = shop.ask("/api/echo", method="POST", body=b"1" * 11_000_000)
    assert (answer.status, answer.json["error"]["code"]) == (413, "payload_too_large")


def test_no_request_is_lost_while_the_flag_goes_to_and_fro(shop: Running) -> None:
    stop = threading.Event()

    def user(_: int) -> list[tuple[int, str]]:
        connection, seen = shop.connect(), []
        while not stop.is_set():
            method = "POST" if len(seen) % 3 == 0 else "GET"
            answer = ask(connection, "/api/echo", method, body=b"1" if method == "POST" else None)
            seen.append((answer.status, shop.slot(answer)))
            time.sleep(0.05)
        return seen

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(user, number) for number in range(4)]
        for number in range(10):
            shop.flag("gateway.green", on=number % 2 == 0)
            time.sleep(0.3)
        stop.set()
        seen = [entry for future in running for entry in future.result()]
    assert {status for status, _ in seen} == {200}
    assert {slot for _, slot in seen} == {"blue", "green"}


def test_a_websocket_works_and_outlives_a_flip(shop_stack: Running) -> None:
    """Over HTTP/1.1, as every browser asks for one where the server does not say that HTTP/2 has it too (RFC 8441)."""
    shop = shop_stack
    with shop.tls() as connection:
        connection.sendall(HANDSHAKE.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        shop.flag("gateway.green", on=True)
        for _ in range(3):
            frame = os.urandom(200)
            connection.sendall(frame)
            back = b""
            while len(back) < len(frame):
                back += connection.recv(4096)
            assert back == frame


def test_events_arrive_one_by_one(shop: Running) -> None:
    times: list[float] = []
    connection = shop.connect()
    connection.ask("/api/events", arrived=lambda _: times.append(time.monotonic()))
    assert len(times) == 3
    assert times[1] - times[0] > 0.2 and times[2] - times[1] > 0.2
