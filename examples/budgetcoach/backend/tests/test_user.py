"""The user service: accounts, tokens and their rotation."""

from __future__ import annotations

import pytest

from tests.launcher import Launch, Service

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    """One user service for this module."""
    return launch_module("user")


def register(user: Service, email: str) -> tuple[dict[str, object], str]:
    """A new account: the answer's body and the refresh token."""
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    answer = user.client.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.cookies["refresh"]


def test_register(user: Service) -> None:
    body, token = register(user, "Ada@Example.org")
    assert body["user"]["email"] == "ada@example.org"
