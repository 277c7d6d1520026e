"""The inbox and the e-mails: from the event to the mailbox, once."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import aio_pika
import httpx
import pytest

from coachlib import topology
from tests.launcher import Launch, Service
from tests.servers import RabbitServer, free_port, wait_for

SENDER = "coach@budgetcoach.localhost"


@pytest.fixture(scope="module")
def smtp_port() -> int:
    """Where the mailbox listens."""
    return free_port()


@pytest.fixture(scope="module")
def notification(launch_module: Launch, smtp_port: int) -> Service:
    """The service, with a mail server that is not there yet."""
    env = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp_port), "SMTP_FROM": SENDER}
    return launch_module("notification", env)


@pytest.fixture(scope="module")
def mailbox(launch_module: Launch, smtp_port: int) -> Service:
    """The mailbox."""
    return launch_module("mailbox", {"SMTP_LISTEN_PORT": str(smtp_port)}, database=False)


def event(kind: str, user: uuid.UUID, **data: object) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": kind,
        "occurred_at": "2026-01-01T00:00:00Z",
        "user_id": str(user),
        "correlation_id": "test",
        "data": data,
    }


def publish(broker: RabbitServer, *events: dict[str, Any]) -> None:
    async def run() -> None:
        async with await aio_pika.connect(broker.url) as connection:
            exchange = await topology.declare(await connection.channel())
            for one in events:
                message = aio_pika.Message(json.dumps(one).encode())
                await exchange.publish(message, routing_key=one["type"])

    asyncio.run(run())


def registered(user: uuid.UUID, email: str, **more: object) -> dict[str, Any]:
    data = {"email": email, "name": "Ada", "currency": "CHF", "verified": True} | more
    return event("user.registered", user, **data)


def exceeded(user: uuid.UUID, category: str = "Food") -> dict[str, Any]:
    data = {"month": "2026-01", "limit_cents": 100000, "spent_cents": 123456, "percent": 123}
    return event("budget.exceeded", user, budget_id=str(uuid.uuid4()), category_name=category, **data)


def inbox(notification: Service, user: uuid.UUID, **query: str) -> dict[str, Any]:
    headers = {"X-User-Id": str(user)}
    answer = notification.client.get("/api/v1/notifications", headers=headers, params=query)
    return dict(answer.json())


def mails(mailbox: Service, to: str) -> list[Any]:
    items: list[Any] = mailbox.client.get("/messages", params={"to": to}).json()["items"]
    return items


def test_mail_waits_for_the_mail_server(
    notification: Service, broker: RabbitServer, request: pytest.FixtureRequest
) -> None:
    user = uuid.uuid4()
    over = exceeded(user)
    publish(broker, registered(user, "ada@example.org"), over, over)
    wait_for("the inbox", lambda: inbox(notification, user)["total"] == 2)
    refused = "SELECT count(*) AS n FROM emails WHERE attempts > 0 AND state = 'waiting'"
    wait_for("both were refused", lambda: notification.sql(refused)[0]["n"] == 2)
    mailbox: Service = request.getfixturevalue("mailbox")
    wait_for("two e-mails", lambda: len(mails(mailbox, "ada@example.org")) == 2)
    mail = next(m for m in mails(mailbox, "ada@example.org") if "Food" in m["subject"])
    assert mail["message_id"] == f"<{over['id']}@budgetcoach>"
    assert mail["sender"] == SENDER
    assert "1,234.56 CHF of 1,000.00 CHF" in mail["text"]
    wait_for("both are sent", lambda: notification.metric('emails_total{state="sent"}') == 2)
    assert len(mails(mailbox, "ada@example.org")) == 2


def test_user_who_wants_no_mail(notification: Service, mailbox: Service, broker: RabbitServer) -> None:
    user = uuid.uuid4()
    publish(broker, registered(user, "quiet@example.org"))
    wait_for("the welcome", lambda: len(mails(mailbox, "quiet@example.org")) == 1)
    quiet = event(
        "user.updated",
        user,
        email="quiet@example.org",
        name="Q",
        currency="EUR",
        email_notifications=False,
    )
    publish(broker, quiet | {"occurred_at": "2026-01-02T00:00:00Z"}, exceeded(user))
    wait_for("it is not sent", lambda: notification.metric('emails_total{state="unwanted"}') == 1)
    assert inbox(notification, user)["total"] == 2
    assert len(mails(mailbox, "quiet@example.org")) == 1


def test_reading(notification: Service, broker: RabbitServer) -> None:
    user, other = uuid.uuid4(), uuid.uuid4()
    done = {"import_id": str(uuid.uuid4()), "filename": "a.csv", "imported": 5, "duplicates": 1, "failed": 0}
    publish(broker, event("import.finished", user, **done), exceeded(user), exceeded(other))
    wait_for("the inbox", lambda: inbox(notification, user)["total"] == 2)
    path = f"/api/v1/notifications/{inbox(notification, user)['items'][0]['id']}/read"
    strange = {"X-User-Id": str(other)}
    assert notification.client.post(path, headers=strange).status_code == 404
    assert notification.client.post(path, headers={"X-User-Id": str(user)}).status_code == 204
    assert inbox(notification, user)["unread"] == 1
    assert inbox(notification, user, unread="true")["total"] == 1
    everything = "/api/v1/notifications/read-all"
    assert notification.client.post(everything, headers={"X-User-Id": str(user)}).status_code == 204
    assert inbox(notification, user)["unread"] == 0
    wait_for("the other's", lambda: inbox(notification, other)["unread"] == 1)


def test_mailbox_page_escapes(mailbox: Service, smtp_port: int) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", smtp_port) as client:
        text = "Subject: <script>alert(1)</script>\r\n\r\n<b>bold</b>\r\n"
        client.sendmail("a@example.org", ["b@example.org"], text)
    page = httpx.get(f"{mailbox.url}/").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>bold" not in page
