"""No event is lost and none takes effect twice, whoever dies."""

from __future__ import annotations

import asyncio
import json
import signal
import uuid
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pytest

from coachlib import topology
from tests.launcher import Launch, Service
from tests.servers import PostgresServer, RabbitServer, wait_for

PROBE = Path(__file__).parent / "probe"


@pytest.fixture(scope="module")
def probe(launch_module: Launch) -> Service:
    """A service that publishes to itself and counts."""
    return launch_module("budget", root=PROBE)


def numbers(probe: Service, first: int) -> list[int]:
    """The numbers from `first` on that have reached the probe, in the order in which they came."""
    rows = probe.sql("SELECT number FROM effects WHERE number >= $1 ORDER BY id", first)
    return [row["number"] for row in rows]


def emit(probe: Service, first: int, count: int) -> None:
    answer = probe.client.post("/api/v1/emit", params={"first": first, "count": count})
    assert answer.status_code == 200, answer.text


def event(number: int, **data: object) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": "transactions.changed",
        "occurred_at": "2026-01-01T00:00:00Z",
        "user_id": str(uuid.UUID(int=1)),
        "correlation_id": "test",
        "data": {"number": number, **data},
    }


def publish(broker: RabbitServer, *bodies: bytes) -> None:
    async def run() -> None:
        async with await aio_pika.connect(broker.url) as connection:
            channel = await connection.channel()
            exchange = await topology.declare(channel)
            for body in bodies:
                message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await exchange.publish(message, routing_key="transactions.changed", mandatory=True)

    asyncio.run(run())


def take_dead(broker: RabbitServer) -> list[bytes]:
    """Take everything out of the dead-letter queue."""

    async def run() -> list[bytes]:
        async with await aio_pika.connect(broker.url) as connection:
            channel = await connection.channel()
            queue = await channel.get_queue(topology.dead_name("budget"))
            found = []
            while (message := await queue.get(fail=False)) is not None:
                await message.ack()
                found.append(message.body)
            return found

    return asyncio.run(run())


def collect(into: list[bytes], found: list[bytes]) -> list[bytes]:
    into.extend(found)
    return into


def test_events_keep_their_order(probe: Service) -> None:
    emit(probe, 1000, 250)
    wait_for("250 events", lambda: len(numbers(probe, 1000)) == 250)
    assert numbers(probe, 1000) == list(range(1000, 1250))


def test_failed_transaction_emits_nothing(probe: Service) -> None:
    answer = probe.client.post("/api/v1/emit-and-fail")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert probe.sql("SELECT count(*) AS n FROM outbox WHERE body->'data'->>'number' = '-1'")[0]["n"] == 0


def test_second_delivery_does_nothing(probe: Service, broker: RabbitServer) -> None:
    body = json.dumps(event(2000)).encode()
    publish(broker, body, body, json.dumps(event(2001)).encode())
    wait_for("the event after them", lambda: 2001 in numbers(probe, 2000))
    assert numbers(probe, 2000) == [2000, 2001]


def test_poison_becomes_a_dead_letter(probe: Service, broker: RabbitServer) -> None:
    poison = event(3000, poison=True)
    publish(broker, json.dumps(poison).encode(), b"not an event", json.dumps(event(3001)).encode())
    wait_for("the event after them", lambda: 3001 in numbers(probe, 3000))
    assert numbers(probe, 3000) == [3001]
    dead: list[bytes] = []
    wait_for("two dead letters", lambda: len(collect(dead, take_dead(broker))) == 2)
    assert sorted(dead) == sorted([json.dumps(poison).encode(), b"not an event"])


def test_killed_broker_loses_nothing(probe: Service, broker: RabbitServer) -> None:
    emit(probe, 4000, 100)
    broker.kill()
    emit(probe, 4100, 100)
    wait_for("the loss", lambda: probe.client.get("/health/ready").json()["missing"] == ["broker"])
    broker.start()
    wait_for("200 events", lambda: len(numbers(probe, 4000)) >= 200)
    assert sorted(numbers(probe, 4000)) == list(range(4000, 4200))
    assert probe.sql("SELECT count(*) AS n FROM outbox")[0]["n"] == 0
    probe.wait_ready()


def test_killed_service_loses_nothing(probe: Service) -> None:
    emit(probe, 5000, 200)
    probe.stop(signal.SIGKILL)
    probe.restart()
    wait_for("200 events", lambda: len(numbers(probe, 5000)) >= 200)
    assert sorted(numbers(probe, 5000)) == list(range(5000, 5200))


def test_release_keeps_the_order(probe: Service) -> None:
    """Blue and green run side by side, blue is killed at its work, and later green is stopped at its own."""
    green = probe.twin()
    try:
        emit(probe, 7000, 150)
        emit(green, 7150, 150)
        wait_for("the first events", lambda: len(numbers(probe, 7000)) > 20)
        probe.stop(signal.SIGKILL)
        emit(green, 7300, 50)
        wait_for("350 events", lambda: len(numbers(green, 7000)) >= 350)
        probe.restart()
        emit(green, 7350, 50)
    finally:
        green.stop()
    wait_for("400 events", lambda: len(numbers(probe, 7000)) >= 400)
    assert numbers(probe, 7000) == list(range(7000, 7400))


def test_killed_database_makes_no_dead_letters(
    probe: Service, broker: RabbitServer, postgres: PostgresServer
) -> None:
    postgres.stop(signal.SIGQUIT)
    publish(broker, json.dumps(event(8000)).encode())
    answer = probe.client.post("/api/v1/emit", params={"first": 8001, "count": 1})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    postgres.start()
    wait_for("the event", lambda: numbers(probe, 8000) == [8000])
    probe.wait_ready()
    assert take_dead(broker) == []


def test_sigterm_finishes_what_is_in_flight(probe: Service) -> None:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(base_url=probe.url) as client:
            request = asyncio.create_task(client.get("/api/v1/slow", params={"seconds": 1.5}))
            await asyncio.sleep(0.5)
            probe.process.send_signal(signal.SIGTERM)
            return await request

    assert asyncio.run(run()).json() == {"status": "done"}
    assert probe.stop() in (0, -signal.SIGTERM)
    assert '"stopped"' in probe.log()
    with pytest.raises(httpx.ConnectError):
        probe.client.get("/health/live")
