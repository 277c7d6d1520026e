"""A service believes the gateway and nobody else: a signature for this service, this request, this moment."""

from __future__ import annotations

import secrets
import time
import uuid

import httpx
import jwt
import pytest

from coachlib.identity import HEADER, Caller, sign
from tests.launcher import IDENTITY_KEYS, JWT_KEY, Launch, Service
from tests.test_notification import SENDER

PATH = "/api/v1/notifications"
KEY = IDENTITY_KEYS["notification"]
ADA = Caller(uuid.uuid4(), "EUR")


@pytest.fixture(scope="module")
def service(launch_module: Launch) -> Service:
    env = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1", "SMTP_FROM": SENDER}
    return launch_module("notification", env)


def ask(service: Service, **headers: str) -> int:
    """As anything in the network could: no gateway, no client of the tests."""
    return httpx.get(f"{service.url}{PATH}?page=1", headers=headers).status_code


def signed(key: str = KEY, service: str = "notification", method: str = "GET", path: str = PATH) -> str:
    return sign(key, service, ADA, method, path, "page=1")


def test_the_gateway_is_believed(service: Service) -> None:
    assert ask(service, **{HEADER: signed()}) == 200


def test_a_name_alone_is_not(service: Service) -> None:
    assert ask(service, **{"X-User-Id": str(ADA.id)}) == 401
    assert ask(service) == 401


@pytest.mark.parametrize(
    "forged",
    [
        signed(key=secrets.token_urlsafe(32)),
        # What a budget service that was taken over has: its own key, and what the gateway sent to it.
        signed(key=IDENTITY_KEYS["budget"]),
        signed(key=IDENTITY_KEYS["budget"], service="budget"),
        signed(key=JWT_KEY),
        signed(service="budget"),
        signed(method="POST"),
        signed(path=f"{PATH}/read-all"),
        sign(KEY, "notification", ADA, "GET", PATH, "page=2"),
        jwt.encode({"sub": str(ADA.id), "aud": "notification"}, KEY, algorithm="HS256"),
        "nonsense",
    ],
)
def test_what_others_sign_is_not(service: Service, forged: str) -> None:
    assert ask(service, **{HEADER: forged}) == 401


def test_what_is_old_is_not(service: Service) -> None:
    claims = jwt.decode(signed(), KEY, algorithms=["HS256"], audience="notification")
    late = claims | {"iat": int(time.time()) - 200, "exp": int(time.time()) - 80}
    assert ask(service, **{HEADER: jwt.encode(late, KEY, algorithm="HS256")}) == 401
    assert ask(service, **{HEADER: jwt.encode(claims, KEY, algorithm="HS256")}) == 200
