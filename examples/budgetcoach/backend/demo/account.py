"""Talks to the gateway: makes the account, imports the year, sets the budgets. Each step may be repeated."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx

from demo.year import as_csv, year_until

EMAIL = "demo@budgetcoach.example"
_FILE = "demo-year.csv"
_IMPORT_SECONDS = 120
_MAIL_SECONDS = 60
_TRIES = 8
_TOKEN = re.compile(r"/verify#token=([\w-]+)")
_EXISTS = "You have an account already"

# Monthly limits in cents, by the name of the default category: one is exceeded, one near, the others fine.
_LIMITS = {"Eating out": 7500, "Subscriptions": 6500, "Groceries": 45000, "Transport": 20000}


class DemoError(RuntimeError):
    """The demo account cannot be made; the message says why and what to do."""


def make(client: httpx.Client, mailbox: str, password: str, today: date) -> Mapping[str, int]:
    """Make what is not there yet; returns the counts of what the account has now.

    `mailbox` is the URL of the mailbox, where the mail that verifies the address arrives.
    """
    _sign_in(client, mailbox, password)
    _import_year(client, today)
    _set_budgets(client)
    transactions = _call(client, "GET", "/transactions", params={"page_size": 1})["total"]
    budgets = len(_call(client, "GET", "/budgets", params={"month": f"{today:%Y-%m}"})["items"])
    return {"transactions": transactions, "budgets": budgets}


def _sign_in(client: httpx.Client, mailbox: str, password: str) -> None:
    """By the password; where that is refused there may be no account yet, and one is opened."""
    account = {"email": EMAIL, "password": password}
    answer = _send(client, "POST", "/auth/login", json=account)
    if answer.status_code == 401:
        earlier = {mail["id"] for mail in _mails(mailbox)}
        _good(_send(client, "POST", "/auth/register", json=account | {"name": "Demo"}))
        token = _token_by_mail(mailbox, earlier)
        answer = _send(client, "POST", "/auth/verify", json={"token": token, "password": password})
    client.headers["Authorization"] = f"Bearer {_good(answer)['access_token']}"


def _token_by_mail(mailbox: str, earlier: set[str]) -> str:
    """The token of the mail that verifies the demo's address; none of the `earlier` ones."""
    deadline = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < deadline:
        for mail in _mails(mailbox):
            if mail["id"] in earlier:
                continue
            if found := _TOKEN.search(mail["text"]):
                return found[1]
            if mail["subject"] == _EXISTS:
                raise DemoError(f"{EMAIL} exists with another password than the secret demo_password")
        time.sleep(0.5)
    raise DemoError(f"no mail for {EMAIL} in the mailbox at {mailbox} within {_MAIL_SECONDS} s")


def _mails(mailbox: str) -> list[Any]:
    answer = httpx.get(f"{mailbox}/messages", params={"to": EMAIL}, timeout=10)
    items: list[Any] = _good(answer)["items"]
    return items


def _import_year(client: httpx.Client, today: date) -> None:
    """One import for ever: a year that ends on another day would only add a second one."""
    earlier = _call(client, "GET", "/imports")["items"]
    found = next((one for one in earlier if one["filename"] == _FILE and one["status"] != "failed"), None)
    if found is None:
        file = (_FILE, as_csv(year_until(today)), "text/csv")
        found = _call(client, "POST", "/imports", files={"file": file})
    _wait_for_import(client, found["id"])


def _wait_for_import(client: httpx.Client, import_id: str) -> None:
    deadline = time.monotonic() + _IMPORT_SECONDS
    while True:
        state = _call(client, "GET", f"/imports/{import_id}")
        if state["status"] == "done":
            return
        if state["status"] == "failed" or time.monotonic() > deadline:
            raise DemoError(f"the import is {state['status']} at line {state['done_lines']}")
        time.sleep(0.5)


def _set_budgets(client: httpx.Client) -> None:
    names = {one["name"]: one["id"] for one in _call(client, "GET", "/categories")["items"]}
    for name, cents in _LIMITS.items():
        if name in names:
            body = {"category_id": names[name], "limit_cents": cents, "category_name": name}
            _call(client, "PUT", "/budgets", json=body)


def _call(client: httpx.Client, method: str, path: str, **what: Any) -> Any:  # noqa: ANN401
    return _good(_send(client, method, path, **what))


def _good(answer: httpx.Response) -> Any:  # noqa: ANN401
    if not answer.is_success:
        raise DemoError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:200]}")
    return answer.json()


def _send(client: httpx.Client, method: str, path: str, **what: Any) -> httpx.Response:  # noqa: ANN401
    """Send; a service that is busy or just starting is asked again."""
    for left in reversed(range(_TRIES)):
        try:
            answer = client.request(method, f"/api/v1{path}", **what)
        except httpx.ConnectError as error:
            if not left:
                raise DemoError(f"{client.base_url} cannot be reached") from error
            time.sleep(1)
            continue
        if answer.status_code not in (429, 502, 503):
            break
        time.sleep(min(10.0, float(answer.headers.get("Retry-After", "1"))))
    return answer
