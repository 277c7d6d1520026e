"""The user service: accounts, tokens and their rotation."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.launcher import Launch, Service
from tests.letterbox import next_letter, open_letterbox
from tests.servers import wait_for

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    """One user service for this module."""
    return open_letterbox(launch_module("user"))


def register(user: Service, email: str, **more: str) -> tuple[Any, str]:
    """A new account: the answer's body and the refresh token."""
    answer = post(user, "register", {"email": email, "password": PASSWORD, "name": "Ada", **more})
    assert answer.status_code == 202, answer.text
    token = next_letter(user, email)["token"]
    answer = post(user, "verify", {"token": token, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json(), token_of(answer)


def post(
    user: Service, what: str, body: object = None, token: str | None = None, client: str = ""
) -> httpx.Response:
    headers = {"Cookie": f"refresh={token}"} if token else {}
    headers |= {"X-Real-IP": client} if client else {}
    return httpx.post(f"{user.url}/api/v1/auth/{what}", json=body, headers=headers)


def login(user: Service, email: str, password: str = PASSWORD, client: str = "") -> httpx.Response:
    return post(user, "login", {"email": email, "password": password}, client=client)


def token_of(answer: httpx.Response) -> str:
    return answer.cookies["refresh"]


def test_register(user: Service) -> None:
    body, _ = register(user, "Ada@Example.org")
    profile = body["user"]
    assert (profile["email"], profile["currency"]) == ("ada@example.org", "EUR")
    assert body["expires_in"] == 900
    assert profile["verified"] is True
    assert user.metric("user_registrations_total") == 1
    route = 'http_requests_total{method="POST",route="/api/v1/auth/register",status="202"}'
    assert user.metric(route) == 1
    wait_for("the event", lambda: user.metric('events_published_total{type="user.registered"}') == 1)


def test_refresh_cookie_is_locked_down(user: Service) -> None:
    register(user, "cookie@example.org")
    cookie = login(user, "cookie@example.org").headers["set-cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/api/v1/auth", "Max-Age=2592000"):
        assert part in cookie


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "too short"}, "password"),
        ({"email": "nobody"}, "email"),
        ({"currency": "euro"}, "currency"),
        ({"name": "  "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"admin": True}, "admin"),
    ],
)
def test_invalid_registration(user: Service, change: dict[str, Any], field: str) -> None:
    body = {"email": "new@example.org", "password": PASSWORD, "name": "N"} | change
    answer = post(user, "register", body)
    assert answer.status_code == 422
    assert list(answer.json()["error"]["fields"]) == [field]
    assert PASSWORD not in answer.text


def test_body_that_is_not_json(user: Service) -> None:
    headers = {"Content-Type": "application/json", "X-Request-ID": "my-id"}
    answer = httpx.post(f"{user.url}/api/v1/auth/login", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert answer.json()["correlation_id"] == answer.headers["X-Request-ID"] == "my-id"
    assert answer.headers["X-Service-Version"] == "test-1"


def test_login(user: Service) -> None:
    register(user, "login@example.org")
    assert login(user, "Login@example.org").status_code == 200
    assert login(user, "login@example.org", "wrong password").status_code == 401
    assert login(user, "unknown@example.org").status_code == 401


def test_refresh_rotates(user: Service) -> None:
    _, first = register(user, "rotate@example.org")
    answer = post(user, "refresh", token=first)
    assert answer.status_code == 200
    second = token_of(answer)
    assert second != first
    assert post(user, "refresh", token=second).status_code == 200


def test_reuse_ends_the_family_and_no_other(user: Service) -> None:
    _, first = register(user, "reuse@example.org")
    elsewhere = token_of(login(user, "reuse@example.org"))
    second = token_of(post(user, "refresh", token=first))
    assert post(user, "refresh", token=first).status_code == 401
    assert post(user, "refresh", token=second).status_code == 401
    assert post(user, "refresh", token=elsewhere).status_code == 200


def test_logout(user: Service) -> None:
    _, token = register(user, "logout@example.org")
    answer = post(user, "logout", token=token)
    assert answer.status_code == 204
    assert 'refresh=""' in answer.headers["set-cookie"]
    assert post(user, "refresh", token=token).status_code == 401


def test_profile(user: Service) -> None:
    body, _ = register(user, "profile@example.org")
    headers = {"X-User-Id": body["user"]["id"]}
    answer = user.client.patch("/api/v1/me", json={"currency": "CHF"}, headers=headers)
    assert answer.json() == body["user"] | {"currency": "CHF"}
    assert user.client.get("/api/v1/me", headers=headers).json()["currency"] == "CHF"
    wait_for("the event", lambda: user.metric('events_published_total{type="user.updated"}') == 1)


def test_new_password_ends_all_log_ins(user: Service) -> None:
    body, token = register(user, "change@example.org")
    headers = {"X-User-Id": body["user"]["id"]}
    path, new = "/api/v1/me/password", "another good password"
    wrong = user.client.post(path, json={"current": "wrong", "new": new}, headers=headers)
    assert wrong.json()["error"]["fields"] == {"current": "is wrong"}
    right = user.client.post(path, json={"current": PASSWORD, "new": new}, headers=headers)
    assert right.status_code == 204
    assert post(user, "refresh", token=token).status_code == 401
    assert login(user, "change@example.org").status_code == 401
    assert login(user, "change@example.org", new).status_code == 200


def test_metrics_know_the_route_and_not_the_path(user: Service) -> None:
    user.client.get("/api/v1/unknown/123")
    user.client.get("/api/v1/me")
    page = user.client.get("/metrics").text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in page
    assert (
        'http_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/v1/me",status="401"}'
        in page
    )
    assert "unknown/123" not in page


def test_me_needs_a_user(user: Service) -> None:
    assert user.client.get("/api/v1/me").status_code == 401
    assert user.client.get("/api/v1/me", headers={"X-User-Id": "nobody"}).status_code == 401
    unknown = {"X-User-Id": str(uuid.uuid4())}
    assert user.client.get("/api/v1/me", headers=unknown).status_code == 401


def test_secrets_are_not_logged(user: Service) -> None:
    _, token = register(user, "canary@example.org")
    login(user, "canary@example.org", "canary-password-1")
    log = user.log()
    assert "/api/v1/auth/login" in log
    for secret in (PASSWORD, token, "canary-password-1", user.dsn or ""):
        assert secret not in log
