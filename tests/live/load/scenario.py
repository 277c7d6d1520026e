"""What is asked, and what must come back: of the echo of this folder, and of AI Budget Coach."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.live.load.http1 import Answer, Request
from tests.live.mailbox import link

Ask = Callable[[Request], Awaitable[Answer]]
SLOW_SECONDS = 3
UPLOAD_SECONDS = 10  # longer than the new version is watched: such a body ends after the old one has gone
_TEXT = "0123456789abcdef" * 2048


class Scenario(Protocol):
    """The requests of one run."""

    async def prepare(self, ask: Ask, stack: str) -> None:
        """Log in, or whatever must be there first; `stack` is the name of what is asked."""

    def request(self, number: int) -> Request:
        """The request of this number (from 1)."""

    def fault(self, request: Request, answer: Answer) -> str:
        """What is wrong with the answer; empty when it is the right one."""

    async def audit(self, ask: Ask) -> dict[str, Any]:
        """What the app says it has done: `posts`, `duplicates`, `calls`."""


class Echo:
    """40 % POST. With 300 requests per second: three answers of 3 s and ten uploads of 10 s are always under way."""

    def __init__(self, slow_every: int = 300, upload_every: int = 300) -> None:
        self.run = uuid.uuid4().hex[:12]
        self._slow, self._upload = slow_every, upload_every

    async def prepare(self, ask: Ask, stack: str) -> None:
        self._before: dict[str, dict[str, int]] = (await self._report(ask))["calls"]

    def request(self, number: int) -> Request:
        id_ = f"{self.run}-{number}"
        headers = {"X-Load-Id": id_}
        if self._slow and number % self._slow == 0:
            return Request("GET", f"/slow?seconds={SLOW_SECONDS}", headers=headers)
        if self._upload and number % self._upload == 1:
            return Request(
                "POST", "/echo", f"{id_} {_TEXT[:30_000]}".encode(), headers, pieces=8, over=UPLOAD_SECONDS
            )
        if number % 5 < 2:
            return Request("POST", "/echo", f"{id_} {_TEXT[: number % 4096]}".encode(), headers)
        return Request("GET", "/echo", headers=headers)

    def fault(self, request: Request, answer: Answer) -> str:
        if answer.status != 200:
            return f"HTTP {answer.status}"
        id_ = request.headers["X-Load-Id"]
        if answer.headers.get("x-load-id") != id_:
            return "the id of another request"
        right = answer.body == request.body if request.body else json.loads(answer.body)["id"] == id_
        return "" if right else "the body of another request"

    async def audit(self, ask: Ask) -> dict[str, Any]:
        found = await self._report(ask)
        for client, counts in found["calls"].items():
            before = Counter(self._before.get(client, {}))
            found["calls"][client] = dict(Counter(counts) - before)
        return found

    async def _report(self, ask: Ask) -> dict[str, Any]:
        answer = await ask(Request("GET", f"/report?prefix={self.run}-"))
        found: dict[str, Any] = json.loads(answer.body)
        return found


class Coach:
    """New users, who take turns at reading and writing transactions: the app limits what one of them may ask. 40 %
    POST, each with a description of its own."""

    READS = ("/me", "/transactions?page_size=5", "/budgets?month=2026-11", "/notifications", "/categories")
    USERS = 8

    def __init__(self) -> None:
        self.run = uuid.uuid4().hex[:12]
        self._tokens: list[str] = []

    async def prepare(self, ask: Ask, stack: str) -> None:
        for number in range(self.USERS):
            email = f"load.{self.run}.{number}@example.org"
            person = {"email": email, "password": f"load of {self.run}", "name": "Load"}
            answer = await ask(self._post("/auth/register", person))
            if answer.status == 202:
                _, token = await asyncio.to_thread(link, stack, email)
                proof = {"token": token, "password": person["password"]}
                answer = await ask(self._post("/auth/verify", proof))
            if answer.status != 200:
                raise SystemExit(f"registering failed: HTTP {answer.status} {answer.body[:300]!r}")
            self._tokens.append(json.loads(answer.body)["access_token"])

    def request(self, number: int) -> Request:
        token = self._tokens[number % self.USERS]
        if number % 5 < 2:
            what = {"date": "2026-11-20", "amount_cents": -number, "description": f"load {self.run}-{number}"}
            return self._post("/transactions", what, token)
        return self._get(self.READS[number // 5 % len(self.READS)], token)

    def fault(self, request: Request, answer: Answer) -> str:
        if answer.status != (201 if request.body else 200):
            return f"HTTP {answer.status}"
        if request.body and json.loads(answer.body)["description"] != json.loads(request.body)["description"]:
            return "the transaction of another request"
        return ""

    async def audit(self, ask: Ask) -> dict[str, Any]:
        names = [name for token in self._tokens for name in await self._written(ask, token)]
        return {"posts": len(set(names)), "duplicates": len(names) - len(set(names))}

    async def _written(self, ask: Ask, token: str) -> list[str]:
        names: list[str] = []
        while True:
            path = f"/transactions?page={len(names) // 200 + 1}&page_size=200&sort=date"
            found = json.loads((await ask(self._get(path, token))).body)
            names += [item["description"] for item in found["items"]]
            if not found["items"] or len(names) >= found["total"]:
                return names

    def _get(self, path: str, token: str) -> Request:
        return Request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

    def _post(self, path: str, what: dict[str, Any], token: str = "") -> Request:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        return Request("POST", f"/api/v1{path}", json.dumps(what).encode(), headers)


SCENARIOS: dict[str, type[Echo] | type[Coach]] = {"echo": Echo, "coach": Coach}
