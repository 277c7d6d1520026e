"""Somebody who uses the app all the time and does not give up: a POST is repeated under its key until it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from homeport.engine.wait import SLOWNESS
from tests.live.mailbox import link

PATIENCE = 90.0 * SLOWNESS  # seconds for one request, all its repetitions together
PACE = 0.1  # seconds between two transactions
CENTS = 100
ENOUGH = 12  # transactions; a budget of ten of them is near first and then exceeded


@dataclass
class Customer:
    """One account. `booked`: ids of the transactions that were answered with 201, by category."""

    api: httpx.Client
    booked: dict[str, list[str]] = field(default_factory=dict)
    repeated: int = 0
    longest: float = 0.0
    seen: dict[str, int] = field(default_factory=dict)

    def register(self, stack: str) -> None:
        """A new account, opened by the mail in the mailbox of `stack`; its token goes into every later request."""
        body = {"email": f"{uuid4().hex}@example.org", "password": uuid4().hex, "name": "Kay"}
        self.post("/auth/register", body)
        _, token = link(stack, body["email"])
        token = self.post("/auth/verify", {"token": token, "password": body["password"]})["access_token"]
        self.api.headers["Authorization"] = f"Bearer {token}"

    def category(self, name: str) -> str:
        """A new category with a budget of ten transactions; its id."""
        made: str = self.post("/categories", {"name": name, "kind": "expense", "color": "#336699"})["id"]
        limit = {"category_id": made, "limit_cents": 10 * CENTS, "category_name": name}
        self.ask("PUT", "/budgets", json=limit)
        self.booked[made] = []
        return made

    def book(self, category: str) -> None:
        """One transaction of today."""
        what = {"date": datetime.now(UTC).date().isoformat(), "amount_cents": -CENTS, "category_id": category}
        what["description"] = f"number {len(self.booked[category])}"
        self.booked[category].append(self.post("/transactions", what)["id"])

    @contextmanager
    def booking(self, category: str) -> Iterator[None]:
        """Books for as long as the block runs, and at least ENOUGH transactions in all."""
        stop, faults = threading.Event(), []

        def work() -> None:
            try:
                while not stop.is_set() or len(self.booked[category]) < ENOUGH:
                    self.book(category)
                    time.sleep(PACE)
            except Exception as fault:
                faults.append(fault)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE + 10)
        assert not faults, faults[0]
        assert not thread.is_alive(), "the client never ended"

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.ask("POST", path, json=body, headers={"Idempotency-Key": uuid4().hex})

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer's body, in the end. 409: the first try is still under way; 429 and 5xx: not now."""
        began = time.monotonic()
        while True:
            state = self._try(method, path, options)
            if isinstance(state, httpx.Response):
                self.longest = max(self.longest, time.monotonic() - began)
                return state.json() if state.content else None
            self.repeated += 1
            self.seen[state] = self.seen.get(state, 0) + 1
            assert time.monotonic() - began < PATIENCE, f"{method} {path}: {state} for {PATIENCE:.0f} s"
            time.sleep(0.2)

    def _try(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response | str:
        try:
            answer = self.api.request(method, path, **options)
        except httpx.TransportError as fault:
            return type(fault).__name__
        if answer.status_code in (409, 429) or answer.status_code >= 500:
            return str(answer.status_code)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def everything(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.get(path, page=len(items) // 100 + 1, page_size=100)
            items += page["items"]
            if len(items) >= page["total"] or not page["items"]:
                return items


def until(wanted: object, look: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Look until it is as wanted; the last state is in the message."""
    ends = time.monotonic() + seconds * SLOWNESS
    while (state := look()) != wanted:
        assert time.monotonic() < ends, (
            f"{what}: after {seconds * SLOWNESS:.0f} s\n{state}\ninstead of\n{wanted}"
        )
        time.sleep(0.2)
