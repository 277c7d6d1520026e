"""Budgets: limits by month, the projection of spending, and each event once a budget, month and state."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from typing import Any

import aio_pika
import httpx
import pytest

from coachlib import topology
from services.budget.standing import state_of
from tests.launcher import Launch, Service
from tests.servers import RabbitServer, wait_for

TODAY = dt.datetime.now(dt.UTC).date()
MONTH = f"{TODAY:%Y-%m}"


class Saver:
    """A user with a transaction and a budget service."""

    def __init__(self, transaction: Service, budget: Service) -> None:
        self.transaction = transaction
        self.budget = budget
        self.id = str(uuid.uuid4())

    def call(self, service: Service, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {"X-User-Id": self.id}
        return service.client.request(method, f"/api/v1{path}", headers=headers, json=json)

    def category(self, name: str) -> str:
        found = self.call(self.transaction, "GET", "/categories").json()["items"]
        return str(next(one["id"] for one in found if one["name"] == name))

    def spend(self, cents: int, description: str = "REWE", date: str = f"{MONTH}-01") -> dict[str, Any]:
        body = {"date": date, "amount_cents": -cents, "description": description}
        answer = self.call(self.transaction, "POST", "/transactions", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def limit(self, category: str, cents: int, **more: str) -> dict[str, Any]:
        body = {"category_id": category, "limit_cents": cents, **more}
        answer = self.call(self.budget, "PUT", "/budgets", body)
        assert answer.status_code == 200, answer.text
        standing: dict[str, Any] = answer.json()
        return standing

    def budgets(self, month: str = "") -> list[dict[str, Any]]:
        query = f"?month={month}" if month else ""
        items: list[dict[str, Any]] = self.call(self.budget, "GET", f"/budgets{query}").json()["items"]
        return items

    def until_spent(self, cents: int) -> dict[str, Any]:
        wait_for(f"{cents} spent", lambda: [one["spent_cents"] for one in self.budgets()] == [cents], 20)
        return self.budgets()[0]


class Ear:
    """Hears every event on the broker from now on."""

    def __init__(self, broker: RabbitServer) -> None:
        self.url = broker.url
        self.queue = f"test.{uuid.uuid4().hex}"
        asyncio.run(self._bind())

    async def _bind(self) -> None:
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(self.queue, durable=True)
            await queue.bind(await topology.declare(channel), routing_key="#")

    def heard(self, user: str, prefix: str) -> list[dict[str, Any]]:
        """All events of the user whose type starts so, since the last call."""
        return [
            one
            for one in asyncio.run(self._take())
            if one["user_id"] == user and one["type"].startswith(prefix)
        ]

    async def _take(self) -> list[dict[str, Any]]:
        async with await aio_pika.connect(self.url) as connection:
            queue = await (await connection.channel()).get_queue(self.queue)
            taken = []
            while message := await queue.get(no_ack=True, fail=False):
                taken.append(json.loads(message.body))
            return taken


@pytest.fixture(scope="module")
def services(launch_module: Launch) -> tuple[Service, Service]:
    return launch_module("transaction"), launch_module("budget")


@pytest.fixture
def ada(services: tuple[Service, Service]) -> Saver:
    return Saver(*services)


@pytest.mark.parametrize(
    ("spent", "limit", "state"),
    [
        (0, 100, "ok"),
        (79, 100, "ok"),
        (80, 100, "near"),
        (100, 100, "near"),
        (101, 100, "exceeded"),
        (1, 1, "near"),
    ],
)
def test_states(spent: int, limit: int, state: str) -> None:
    assert state_of(spent, limit) == state


def test_a_limit_and_what_is_left(ada: Saver) -> None:
    groceries = ada.category("Groceries")
    made = ada.limit(groceries, 10_000, category_name="Groceries")
    assert (made["month"], made["state"], made["left_cents"], made["category_name"]) == (
        MONTH,
        "ok",
        10_000,
        "Groceries",
    )
    booked = ada.spend(2500)
    ada.spend(1000, "EDEKA")
    ada.spend(9999, "Netflix")
    standing = ada.until_spent(3500)
    assert standing == {**made, "spent_cents": 3500, "left_cents": 6500, "percent": 35}
    ada.call(ada.transaction, "PATCH", f"/transactions/{booked['id']}", {"amount_cents": -4000})
    ada.until_spent(5000)
    leisure = ada.category("Leisure")
    ada.call(ada.transaction, "PATCH", f"/transactions/{booked['id']}", {"category_id": leisure})
    ada.until_spent(1000)
    ada.call(ada.transaction, "PATCH", f"/transactions/{booked['id']}", {"category_id": groceries})
    ada.until_spent(5000)
    ada.call(ada.transaction, "DELETE", f"/transactions/{booked['id']}")
    ada.until_spent(1000)


def test_a_renamed_category_is_renamed_here_too(ada: Saver) -> None:
    category = ada.category("Groceries")
    ada.limit(category, 10_000)
    ada.spend(100)
    ada.until_spent(100)
    ada.call(ada.transaction, "PATCH", f"/categories/{category}", {"name": "Food"})
    wait_for("the new name", lambda: ada.budgets()[0]["category_name"] == "Food", 20)
    assert ada.budgets()[0]["spent_cents"] == 100


def test_each_state_is_told_once(ada: Saver, broker: RabbitServer) -> None:
    ear = Ear(broker)
    budget = ada.limit(ada.category("Groceries"), 10_000, category_name="Groceries")
    for spent in (7000, 8000, 9000, 10_001, 12_000):
        ada.spend(spent - ada.budgets()[0]["spent_cents"])
        ada.until_spent(spent)
    ada.limit(budget["category_id"], 14_000)
    ada.spend(3000)
    ada.until_spent(15_000)
    wait_for("an empty outbox", lambda: ada.budget.sql("SELECT count(*) FROM outbox")[0][0] == 0)
    events = ear.heard(ada.id, "budget.")
    assert [(one["type"], one["data"]) for one in events] == [
        (
            f"budget.{state}",
            {"budget_id": budget["id"], "category_name": "Groceries", "month": MONTH, **figures},
        )
        for state, figures in (
            ("near", {"limit_cents": 10_000, "spent_cents": 8000, "percent": 80}),
            ("exceeded", {"limit_cents": 10_000, "spent_cents": 10_001, "percent": 100}),
        )
    ]


def test_a_limit_below_what_is_spent_is_told_at_once(ada: Saver, broker: RabbitServer) -> None:
    category = ada.category("Groceries")
    ada.limit(category, 100_000)
    ada.spend(5000)
    ada.until_spent(5000)
    ear = Ear(broker)
    assert ada.limit(category, 4000)["state"] == "exceeded"
    assert ada.limit(category, 6000)["state"] == "near"
    assert ada.limit(category, 4000)["state"] == "exceeded"
    wait_for("an empty outbox", lambda: ada.budget.sql("SELECT count(*) FROM outbox")[0][0] == 0)
    assert [one["type"] for one in ear.heard(ada.id, "budget.")] == ["budget.exceeded"]


def test_the_past_keeps_its_limits(ada: Saver) -> None:
    category = ada.category("Groceries")
    budget = ada.limit(category, 10_000)
    query = "UPDATE budget_limits SET from_month = '2020-03' WHERE budget_id = $1 RETURNING 1"
    ada.budget.sql(query, uuid.UUID(budget["id"]))
    ada.limit(category, 20_000)
    assert [ada.budgets(month)[0]["limit_cents"] for month in ("2020-03", "2025-12", MONTH)] == [
        10_000,
        10_000,
        20_000,
    ]
    assert ada.budgets("2020-02") == []


def test_refunds_are_no_negative_spending(ada: Saver) -> None:
    category = ada.category("Groceries")
    ada.limit(category, 10_000)
    body = {"date": f"{MONTH}-01", "amount_cents": 500, "description": "money back", "category_id": category}
    ada.call(ada.transaction, "POST", "/transactions", body)
    ada.spend(300)
    query = "SELECT spent_cents FROM spending WHERE user_id = $1"
    wait_for("both", lambda: [r[0] for r in ada.budget.sql(query, uuid.UUID(ada.id))] == [-200], 20)
    assert (ada.budgets()[0]["spent_cents"], ada.budgets()[0]["left_cents"]) == (0, 10_000)


def test_nobody_touches_another_s_budget(ada: Saver) -> None:
    budget = ada.limit(ada.category("Groceries"), 10_000)
    eve = Saver(ada.transaction, ada.budget)
    assert eve.budgets() == []
    assert eve.call(eve.budget, "DELETE", f"/budgets/{budget['id']}").status_code == 404
    assert ada.call(ada.budget, "DELETE", f"/budgets/{budget['id']}").status_code == 204
    assert ada.budgets() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit_cents", 0), ("limit_cents", -5), ("limit_cents", 1.5), ("category_id", "x"), ("a", 1)],
)
def test_what_is_wrong_is_named(ada: Saver, field: str, value: object) -> None:
    body = {"category_id": str(uuid.uuid4()), "limit_cents": 100, field: value}
    answer = ada.call(ada.budget, "PUT", "/budgets", body)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field])


@pytest.mark.parametrize("month", ["2024", "2024-13", "24-01", "2024-01-01"])
def test_a_month_is_a_month(ada: Saver, month: str) -> None:
    assert ada.call(ada.budget, "GET", f"/budgets?month={month}").status_code == 422


def test_budgets_are_counted(launch: Launch) -> None:
    budget = launch("budget")
    ada = Saver(budget, budget)
    category = str(uuid.uuid4())
    ada.limit(category, 100)
    ada.limit(category, 200)
    ada.limit(str(uuid.uuid4()), 200)
    assert budget.metric("budgets_created_total") == 2
    assert budget.client.get("/api/v1/budgets").status_code == 401
