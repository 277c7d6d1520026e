"""The AI service: its projection, insights told once, forecast, conversation, provider and spending cap."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.server
import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.launcher import Launch, Service
from tests.servers import RabbitServer, wait_for
from tests.test_budget import Ear

TODAY = dt.datetime.now(dt.UTC).date()
KEY = "sk-test-9f8e7d6c5b4a"


class Asker:
    """A user of the transaction and the AI service."""

    def __init__(self, transaction: Service, ai: Service) -> None:
        self.transaction = transaction
        self.ai = ai
        self.id = str(uuid.uuid4())

    def call(self, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {"X-User-Id": self.id}
        return self.ai.client.request(method, f"/api/v1{path}", headers=headers, json=json)

    def book(self, lines: list[tuple[dt.date, int, str]]) -> None:
        """Import bookings and wait until the coach knows all of them."""
        text = "Date,Description,Amount\n" + "".join(
            f"{day},{what},{cents / 100:.2f}\n" for day, cents, what in lines
        )
        files = {"file": ("a.csv", text.encode(), "text/csv")}
        headers = {"X-User-Id": self.id}
        answer = self.transaction.client.post("/api/v1/imports", headers=headers, files=files)
        assert answer.status_code == 202, answer.text
        query = "SELECT count(*) FROM bookings WHERE user_id = $1"
        before = len(lines)
        wait_for("the projection", lambda: self.ai.sql(query, uuid.UUID(self.id))[0][0] == before, 180)

    def ask(self, message: str) -> dict[str, Any]:
        answer = self.call("POST", "/chat", {"message": message})
        assert answer.status_code == 200, answer.text
        line: dict[str, Any] = answer.json()
        return line

    def insights(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.call("GET", "/insights").json()["items"]
        return items

    def usage(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", "/chat/usage").json()
        return found


def months_ago(count: int, day: int) -> dt.date:
    number = TODAY.year * 12 + TODAY.month - 1 - count
    return dt.date(number // 12, number % 12 + 1, day)


def ordinary_life() -> list[tuple[dt.date, int, str]]:
    """Eight whole months before this one, without the day of today in it."""
    lines = []
    for back in range(8, 0, -1):
        lines.append((months_ago(back, 1), -95_000, "Miete Hausverwaltung"))
        lines.append((months_ago(back, 28), 280_000, "Gehalt Beispiel GmbH"))
        lines.append((months_ago(back, 12), -1399, "NETFLIX.COM"))
        lines += [(months_ago(back, day), -3000 - 137 * day, f"REWE {day}") for day in range(2, 26, 3)]
    return lines


OUTLIER = (months_ago(1, 26), -98_700, "REWE 4711")


@pytest.fixture(scope="module")
def services(launch_module: Launch) -> tuple[Service, Service]:
    return launch_module("transaction"), launch_module("ai")


@pytest.fixture
def ada(services: tuple[Service, Service]) -> Asker:
    return Asker(*services)


def test_the_projection_follows_every_change(ada: Asker) -> None:
    headers = {"X-User-Id": ada.id}
    client = ada.transaction.client
    body = {"date": f"{TODAY}", "amount_cents": -1200, "description": "REWE"}
    made = client.post("/api/v1/transactions", headers=headers, json=body).json()

    def known() -> list[tuple[int, str]]:
        query = "SELECT amount_cents, category_name FROM bookings WHERE user_id = $1"
        return [(row[0], row[1]) for row in ada.ai.sql(query, uuid.UUID(ada.id))]

    wait_for("the booking", lambda: known() == [(-1200, "Groceries")], 20)
    client.patch(f"/api/v1/transactions/{made['id']}", headers=headers, json={"amount_cents": -900})
    wait_for("the change", lambda: known() == [(-900, "Groceries")], 20)
    client.patch(f"/api/v1/categories/{made['category_id']}", headers=headers, json={"name": "Food"})
    wait_for("the new name", lambda: known() == [(-900, "Food")], 20)
    assert ada.ask("How much did I spend on food this month?")["data"]["cents"] == 900
    client.delete(f"/api/v1/transactions/{made['id']}", headers=headers)
    wait_for("the end", lambda: known() == [], 20)
    assert "no transactions yet" in ada.ask("How much did I spend on food this month?")["text"]


def test_insights_and_an_anomaly_that_is_told_once(ada: Asker, broker: RabbitServer) -> None:
    ear = Ear(broker)
    lines = ordinary_life()
    ada.book([*lines, OUTLIER])
    wait_for("a look by itself", lambda: ada.ai.sql("SELECT count(*) FROM due_looks")[0][0] == 0, 30)
    found = ada.insights()
    [anomaly] = [one for one in found if one["kind"] == "anomaly"]
    assert (anomaly["severity"], anomaly["amount_cents"], anomaly["category_name"]) == (
        "warn",
        -98_700,
        "Groceries",
    )
    assert {one["kind"] for one in found} >= {"anomaly", "saving", "subscription"}
    body = {"date": f"{TODAY}", "amount_cents": -500, "description": "Kiosk"}
    ada.transaction.client.post("/api/v1/transactions", headers={"X-User-Id": ada.id}, json=body)
    wait_for("the mark", lambda: ada.ai.sql("SELECT count(*) FROM due_looks")[0][0] == 1, 20)
    wait_for("the next look", lambda: ada.ai.sql("SELECT count(*) FROM due_looks")[0][0] == 0, 30)
    [again] = [one for one in ada.insights() if one["kind"] == "anomaly"]
    assert again == anomaly
    wait_for("an empty outbox", lambda: ada.ai.sql("SELECT count(*) FROM outbox")[0][0] == 0)
    [event] = ear.heard(ada.id, "insight.")
    assert event["data"] == {name: anomaly[name] for name in ("kind", "title", "body")} | {
        "insight_id": anomaly["id"]
    }


def test_forecast(ada: Asker) -> None:
    ada.book(ordinary_life())
    found = ada.call("GET", "/forecast?months=2").json()
    assert (found["method"], len(found["items"])) == ("median", 2)
    first = found["items"][0]
    assert (first["month"], first["income_cents"]) == (f"{months_ago(-1, 1):%Y-%m}", 280_000)
    assert first["low_cents"] <= first["expense_cents"] <= first["high_cents"] < 0
    assert ada.call("GET", "/forecast?months=13").status_code == 422


def test_a_conversation(ada: Asker) -> None:
    ada.book(ordinary_life())
    line = ada.ask("How much did I spend on groceries last month?")
    expected = sum(3000 + 137 * day for day in range(2, 26, 3))
    assert (line["role"], line["provider"], line["data"]["cents"]) == ("coach", "local", expected)
    assert ada.ask("What did I spend at REWE 2 last month?")["data"]["count"] == 3
    history = ada.call("GET", "/chat").json()
    assert [one["role"] for one in history["items"]] == ["user", "coach", "user", "coach"]
    assert history["items"][1] == line
    latest = ada.call("GET", "/chat?page_size=2").json()["items"]
    assert latest == history["items"][2:]
    assert ada.call("DELETE", "/chat").status_code == 204
    assert ada.call("GET", "/chat").json()["total"] == 0
    assert ada.usage() == {"provider": "local", "month": f"{TODAY:%Y-%m}", "spent_cents": 0, "cap_cents": 100}


@pytest.mark.parametrize("message", ["", "   ", "x" * 1001, "a\x00b"])
def test_what_is_no_message(ada: Asker, message: str) -> None:
    answer = ada.call("POST", "/chat", {"message": message})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, ["message"])


def test_nobody_sees_another_s(ada: Asker) -> None:
    ada.book(ordinary_life())
    ada.ask("hello")
    eve = Asker(ada.transaction, ada.ai)
    assert eve.insights() == []
    assert eve.call("GET", "/chat").json()["total"] == 0
    assert eve.call("GET", "/forecast").json() == {"items": [], "method": "none"}
    assert eve.call("DELETE", "/chat").status_code == 204
    assert ada.call("GET", "/chat").json()["total"] == 2
    for path in ("/insights", "/forecast", "/chat", "/chat/usage"):
        assert ada.ai.client.get(f"/api/v1{path}").status_code == 401


class Provider:
    """An OpenAI-compatible server: it keeps what it is sent and behaves as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.behaviour = "answer"
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.headers["Authorization"], body))
                outer.behave(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def behave(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        answer = {
            "choices": [{"message": {"role": "assistant", "content": "Spend less on coffee."}}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
        }
        status, body = {
            "answer": (200, json.dumps(answer)),
            "error": (500, "{}"),
            "unauthorized": (401, "{}"),
            "nonsense": (200, "<html>"),
            "empty": (200, '{"choices": []}'),
        }[self.behaviour]
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body.encode())


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def grace(launch: Launch, provider: Provider) -> Asker:
    """A user with a book, whose AI service has a key; a cent is a million tokens in."""
    env = {"OPENAI_BASE_URL": provider.url, "OPENAI_MODEL": "test-model", "AI_CAP_CENTS": "1"}
    env |= {"AI_PRICE_IN_CENTS": "100", "AI_PRICE_OUT_CENTS": "100"}
    made = Asker(launch("transaction"), launch("ai", env, {"openai_api_key": KEY}))
    made.book(ordinary_life())
    return made


def test_the_provider_gets_sums_and_nothing_private(grace: Asker, provider: Provider) -> None:
    line = grace.ask("Mail me at ada@example.org or DE00 1234 5678 9012 3456 78: how can I save?")
    assert (line["provider"], line["text"]) == ("openai", "Spend less on coffee.")
    authorization, body = provider.requests[0]
    assert (authorization, body["model"]) == (f"Bearer {KEY}", "test-model")
    sent = json.dumps(body)
    for private in (
        "ada@example.org",
        "3456 78",
        "REWE",
        "NETFLIX",
        "Hausverwaltung",
        "Beispiel GmbH",
        grace.id,
    ):
        assert private not in sent
    assert "how can I save?" in sent
    assert f'\\"{months_ago(1, 1):%Y-%m}\\":{{\\"in\\":280000' in sent
    assert KEY not in grace.ai.log()
    assert grace.usage() == {
        "provider": "openai",
        "month": f"{TODAY:%Y-%m}",
        "spent_cents": 1,
        "cap_cents": 1,
    }
    [row] = grace.ai.sql("SELECT microcents FROM bills WHERE payer = $1", grace.id)
    assert row[0] == 1100 * 100


@pytest.mark.parametrize("behaviour", ["error", "unauthorized", "nonsense", "empty"])
def test_any_failure_falls_back_to_the_local_coach(grace: Asker, provider: Provider, behaviour: str) -> None:
    provider.behaviour = behaviour
    line = grace.ask("How much did I spend on housing last month?")
    assert (line["provider"], line["data"]["cents"]) == ("local", 95_000)
    spent = {row["microcents"] for row in grace.ai.sql("SELECT microcents FROM bills")}
    # A refusal costs nothing; what may have been worked on counts in full.
    assert (spent == {0}) == (behaviour in ("error", "unauthorized"))
    assert KEY not in grace.ai.log()


def test_a_provider_that_is_away_costs_nothing(grace: Asker, provider: Provider) -> None:
    provider.server.shutdown()
    provider.server.server_close()
    assert grace.ask("How much did I spend on housing last month?")["provider"] == "local"
    assert {row["microcents"] for row in grace.ai.sql("SELECT microcents FROM bills")} == {0}


def test_the_cap_is_never_passed_however_many_ask_at_once(grace: Asker, provider: Provider) -> None:
    async def many() -> list[str]:
        async with httpx.AsyncClient(base_url=grace.ai.url, timeout=60) as client:
            body = {"message": "where can I save?"}
            headers = grace.ai.signed(grace.id, "POST", "/api/v1/chat")
            asked = [client.post("/api/v1/chat", json=body, headers=headers) for _ in range(24)]
            return [answer.json()["provider"] for answer in await asyncio.gather(*asked)]

    providers = asyncio.run(many())
    assert providers.count("openai") == len(provider.requests) <= 9
    assert {"openai", "local"} == set(providers)
    [row] = grace.ai.sql("SELECT microcents FROM bills WHERE payer = $1", grace.id)
    assert row[0] == len(provider.requests) * 1100 * 100 <= 1_000_000


def test_the_cap_of_all_counts_everybody(launch: Launch, provider: Provider) -> None:
    env = {"OPENAI_BASE_URL": provider.url, "AI_CAP_CENTS": "50", "AI_TOTAL_CAP_CENTS": "0"}
    ada = Asker(launch("transaction"), launch("ai", env, {"openai_api_key": KEY}))
    ada.book(ordinary_life())
    assert ada.ask("where can I save?")["provider"] == "local"
    assert provider.requests == []


def test_a_key_that_appears_later_is_used_without_a_restart(launch: Launch, provider: Provider) -> None:
    ai = launch("ai", {"OPENAI_BASE_URL": provider.url}, {"openai_api_key": ""})
    ada = Asker(launch("transaction"), ai)
    ada.book(ordinary_life())
    assert ada.ask("where can I save?")["provider"] == "local"
    with open(ai.env["OPENAI_API_KEY_FILE"], "w") as file:
        file.write(KEY)
    assert ada.ask("where can I save?")["provider"] == "openai"


def test_a_book_of_fifty_thousand_is_looked_at_without_stopping_the_service(launch: Launch) -> None:
    ada = Asker(launch("transaction"), launch("ai"))
    lines = [
        (months_ago(n % 12 + 1, n % 28 + 1), -(n % 97 + 1) * 100, f"Shop {n % 300}") for n in range(50_000)
    ]
    ada.book(lines)
    wait_for("the look", lambda: ada.ai.sql("SELECT count(*) FROM due_looks")[0][0] == 0, 60)
    started = time.monotonic()
    assert ada.ask("How much did I spend last month?")["data"]["cents"] > 0
    print(f"an answer from 50,000 bookings: {time.monotonic() - started:.2f} s")
