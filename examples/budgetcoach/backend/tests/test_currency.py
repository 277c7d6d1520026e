"""The currency of an account, from the profile to the access token and the e-mails."""

from __future__ import annotations

import asyncio
import json
import uuid

import aio_pika
import httpx
import jwt
import pytest

from coachlib import topology
from tests.launcher import JWT_KEY, Launch, Service
from tests.servers import RabbitServer, free_port, wait_for


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    return launch_module("user")


def registered(user: Service, currency: str) -> httpx.Response:
    account = {"email": f"{uuid.uuid4()}@example.org", "password": "correct horse battery", "name": "Ada"}
    return user.client.post("/api/v1/auth/register", json=account | {"currency": currency})


@pytest.mark.parametrize("currency", ["euro", "ZZZ"])
def test_a_currency_that_does_not_exist(user: Service, currency: str) -> None:
    answer = registered(user, currency)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, ["currency"])


def test_the_tokens_say_the_currency(user: Service) -> None:
    """The first one and those that follow it: by it an import knows its decimals."""
    answer = registered(user, "JPY")
    cookie = {"Cookie": f"refresh={answer.cookies['refresh']}"}
    later = httpx.post(f"{user.url}/api/v1/auth/refresh", headers=cookie)
    for given in (answer, later):
        claims = jwt.decode(given.json()["access_token"], JWT_KEY, algorithms=["HS256"])
        assert claims["cur"] == "JPY"


def test_amounts_are_never_read_with_other_decimals(user: Service) -> None:
    headers = {"X-User-Id": registered(user, "JPY").json()["user"]["id"]}
    refused = user.client.patch("/api/v1/me", json={"currency": "EUR"}, headers=headers)
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["currency"])
    assert user.client.patch("/api/v1/me", json={"currency": "KRW"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("currency", "words"), [("JPY", "12,345 JPY of 1,200 JPY"), ("KWD", "12.345 KWD of 1.200")]
)
def test_a_notification_writes_it(launch: Launch, broker: RabbitServer, currency: str, words: str) -> None:
    notification = launch("notification", {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port())})
    person: dict[str, object] = {"email": "yen@example.org", "name": "Yen", "currency": currency}
    over = {
        "category_name": "Food",
        "month": "2026-01",
        "limit_cents": 1200,
        "spent_cents": 12345,
        "percent": 1028,
    }
    who = uuid.uuid4()
    publish(broker, who, ("user.registered", person), ("budget.exceeded", over))
    query = "SELECT body FROM notifications WHERE kind = 'budget.exceeded' AND user_id = $1"
    wait_for("the notification", lambda: bool(notification.sql(query, who)))
    assert words in notification.sql(query, who)[0]["body"]


def publish(broker: RabbitServer, who: uuid.UUID, *events: tuple[str, dict[str, object]]) -> None:
    async def run() -> None:
        async with await aio_pika.connect(broker.url) as connection:
            exchange = await topology.declare(await connection.channel())
            for kind, data in events:
                event: dict[str, object] = {
                    "id": str(uuid.uuid4()),
                    "type": kind,
                    "occurred_at": "2026-01-01T00:00:00Z",
                }
                event |= {"user_id": str(who), "data": data}
                await exchange.publish(aio_pika.Message(json.dumps(event).encode()), routing_key=kind)

    asyncio.run(run())
