"""The edge over its life: replicas that die, certificates and configurations that change, its own end."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from homeport.engine.authority import install
from homeport.engine.wait import Seen, wait_until
from homeport.stack.parts import Environment, RateLimit
from tests.components.edge import conftest, stacks
from tests.components.edge.running import Running, ask, run
from tests.components.edge.test_live_headers import own

pytestmark = pytest.mark.live


@pytest.fixture
def spread(spread_stack: Running, protocol: str) -> Running:
    return spread_stack.over(protocol == "HTTP/2")


@pytest.fixture(scope="module")
def spread_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two replicas behind an edge that trusts the proxy in front of it."""
    gateway = stacks.service(command=conftest.COMMAND, memory="64M", replicas=2, health={"path": "/health"})
    env = Environment(domain="shop.localhost", ports=conftest.free_ports())
    edge = stacks.api(trusted_proxies=("0.0.0.0/0",), rate=RateLimit(per_second=1000, burst=1000))
    target = stacks.target(edge, {"gateway": gateway}, env, f"hpedge-{os.getpid()}-spread")
    running = Running(target, tmp_path_factory.mktemp("spread"))
    conftest.frontend(running.root / "www")
    try:
        running.up()
        yield running
    finally:
        running.down()
        shutil.rmtree(running.root, ignore_errors=True)


def serial(running: Running) -> bytes | None:
    with running.tls() as connection:
        return connection.getpeercert(binary_form=True)


def reload(running: Running) -> str:
    return running.compose("exec", "-T", "nginx", "sh", "/etc/nginx/entry.sh", "reload")


def test_requests_are_spread_and_a_dead_replica_costs_none(spread: Running) -> None:
    connection = spread.connect()

    def answers(count: int) -> set[tuple[int, str]]:
        found = (
            ask(connection, "/api/echo", "POST" if n % 3 == 0 else "GET", body=b"1" if n % 3 == 0 else None)
            for n in range(count)
        )
        return {(answer.status, answer.json["address"]) for answer in found}

    first, second = (spread.target.slot_address("gateway", "blue", n) for n in (1, 2))
    wait_until("both serve", lambda: Seen(answers(40) == {(200, first), (200, second)}), 30)
    run("docker", "kill", f"{spread.target.project}-gateway-blue-2-1")
    assert answers(100) == {(200, first)}
    spread.compose("start", "gateway-blue-2")


def test_a_trusted_proxy_says_who_the_client_is(spread: Running) -> None:
    told = spread.ask("/api/echo", headers={"X-Forwarded-For": "6.6.6.6"}).json["headers"]
    assert (told["x-forwarded-for"], told["x-real-ip"]) == ("6.6.6.6", "6.6.6.6")


def test_one_client_cannot_fill_the_memory_with_bodies(spread: Running, accept: str) -> None:
    """Four large bodies under way at a time; the fifth is refused before it is read, a small one is not."""
    head = "POST /api/echo HTTP/1.1\r\nHost: shop.localhost\r\nX-Forwarded-For: 7.7.7.7\r\n"
    head += "Content-Length: 200000\r\n\r\n"
    held: list[socket.socket] = []
    try:
        for _ in range(4):
            held.append(spread.tls())
            held[-1].sendall(head.encode() + b"x" * 1000)
        client = {"X-Forwarded-For": "7.7.7.7", "Accept": accept}
        ends = time.monotonic() + 10
        while (
            answer := spread.ask("/api/echo", method="POST", headers=client, body=b"x" * 100_000)
        ).status != 429:
            assert time.monotonic() < ends, "a fifth large body is still taken after 10 s"
        own(answer, accept, "too_many_requests")
        assert spread.ask("/api/echo", method="POST", headers=client, body=b"x").status == 200
        other = {"X-Forwarded-For": "8.8.8.8"}
        assert spread.ask("/api/echo", method="POST", headers=other, body=b"x" * 100_000).status == 200
    finally:
        for connection in held:
            connection.close()


def test_a_new_certificate_can_be_taken_at_once(spread_stack: Running) -> None:
    spread = spread_stack
    old = serial(spread)
    install(spread.ca.issue((spread.domain,)), spread.root / "certs")
    assert "reloading" in reload(spread)
    ends = time.monotonic() + 10
    while serial(spread) == old:
        assert time.monotonic() < ends, "the old certificate is still served after 10 s"
        time.sleep(0.05)
    assert reload(spread) == ""


def test_a_new_certificate_is_seen_without_being_told(spread_stack: Running) -> None:
    spread = spread_stack
    old = serial(spread)
    install(spread.ca.issue((spread.domain,)), spread.root / "certs")
    ends = time.monotonic() + 60
    while serial(spread) == old:
        assert time.monotonic() < ends, "the old certificate is still served after 60 s"
        time.sleep(0.5)


def test_a_configuration_that_nginx_refuses_changes_nothing(spread: Running) -> None:
    path = spread.root / "nginx/limits.conf"
    good = path.read_text()
    path.write_text(good + "nonsense;\n")
    try:
        with pytest.raises(AssertionError, match="unknown directive"):
            reload(spread)
        assert spread.ask("/api/echo").status == 200
    finally:
        path.write_text(good)
    assert reload(spread) == ""


def test_requests_in_flight_are_answered_when_the_edge_is_stopped(spread: Running) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(spread.ask, "/api/slow?seconds=3")
        time.sleep(1)
        spread.compose("stop", "nginx")
        answer = slow.result()
        assert answer.status == 200, spread.compose("logs", "--tail", "6", "nginx")
    spread.compose("start", "nginx")
    wait_until("the edge is back", lambda: Seen(answers(spread)), 30)


def answers(spread: Running) -> bool:
    try:
        return spread.ask("/api/echo").status == 200
    except OSError:
        return False
