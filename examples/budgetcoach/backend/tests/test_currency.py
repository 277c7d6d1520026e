"""The currency of an account, from the registration to the access token, the inbox and the e-mails."""

from __future__ import annotations

import uuid

import jwt
import pytest

from tests.launcher import JWT_KEY, Launch, Service
from tests.letterbox import open_letterbox
from tests.servers import RabbitServer, free_port, wait_for
from tests.test_notification import SENDER, event, publish, registered
from tests.test_user import PASSWORD, post, register


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    return open_letterbox(launch_module("user"))


@pytest.mark.parametrize("currency", ["euro", "ZZZ"])
def test_a_currency_that_does_not_exist(user: Service, currency: str) -> None:
    account = {"email": "none@example.org", "password": PASSWORD, "name": "Ada", "currency": currency}
    answer = post(user, "register", account)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, ["currency"])


def test_the_tokens_say_the_currency(user: Service) -> None:
    """The first one and those that follow it: by it an import knows its decimals."""
    first, refresh = register(user, "yen@example.org", currency="JPY")
    login = post(user, "login", {"email": "yen@example.org", "password": PASSWORD}).json()
    later = post(user, "refresh", token=refresh).json()
    for given in (first, login, later):
        claims = jwt.decode(given["access_token"], JWT_KEY, algorithms=["HS256"])
        assert claims["cur"] == "JPY"


def test_amounts_are_never_read_with_other_decimals(user: Service) -> None:
    body, _ = register(user, "won@example.org", currency="JPY")
    headers = {"X-User-Id": body["user"]["id"]}
    refused = user.client.patch("/api/v1/me", json={"currency": "EUR"}, headers=headers)
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["currency"])
    assert user.client.patch("/api/v1/me", json={"currency": "KRW"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("currency", "words"), [("JPY", "12,345 JPY of 1,200 JPY"), ("KWD", "12.345 KWD of 1.200 KWD")]
)
def test_a_notification_writes_it(launch: Launch, broker: RabbitServer, currency: str, words: str) -> None:
    """In the inbox, and in the e-mail that waits for its mail server."""
    env = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port()), "SMTP_FROM": SENDER}
    notification = launch("notification", env)
    who = uuid.uuid4()
    over = {"month": "2026-01", "limit_cents": 1200, "spent_cents": 12345, "percent": 1028}
    over_budget = event("budget.exceeded", who, category_name="Food", **over)
    publish(broker, registered(who, "yen@example.org", currency=currency), over_budget)
    for query in (
        "SELECT body FROM notifications WHERE id = $1",
        "SELECT body FROM emails WHERE event_id = $1 AND state = 'waiting'",
    ):
        wait_for("the text", lambda query=query: bool(texts(notification, query, over_budget)))  # type: ignore[misc]
        assert words in texts(notification, query, over_budget)[0]


def texts(notification: Service, query: str, about: dict[str, object]) -> list[str]:
    return [row["body"] for row in notification.sql(query, uuid.UUID(str(about["id"])))]
