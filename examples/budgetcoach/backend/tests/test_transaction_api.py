"""The ledger over HTTP: categories, transactions, filters, sums, and that nobody sees another's."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.launcher import Launch, Service


class Person:
    """A user of the transaction service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.id = str(uuid.uuid4())

    def call(self, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {"X-User-Id": self.id}
        return self.service.client.request(method, f"/api/v1{path}", headers=headers, json=json)

    def add(self, date: str, cents: int, description: str, **more: object) -> dict[str, Any]:
        body = {"date": date, "amount_cents": cents, "description": description, **more}
        answer = self.call("POST", "/transactions", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def categories(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.call("GET", "/categories").json()["items"]}


@pytest.fixture(scope="module")
def service(launch_module: Launch) -> Service:
    """One transaction service for this module."""
    return launch_module("transaction")


@pytest.fixture
def ada(service: Service) -> Person:
    return Person(service)


def test_without_a_user_nothing(service: Service) -> None:
    for path in ("/transactions", "/categories", "/imports", "/transactions/summary"):
        assert service.client.get(f"/api/v1{path}").status_code == 401


def test_default_categories_are_made_once(ada: Person) -> None:
    first, second = ada.categories(), ada.categories()
    assert first == second
    assert {one["kind"] for one in first.values()} == {"expense", "income"}
    assert all(one["icon"] and one["color"].startswith("#") for one in first.values())


def test_own_categories(ada: Person) -> None:
    made = ada.call("POST", "/categories", json={"name": "Cats", "kind": "expense", "color": "#123456"})
    assert made.status_code == 201
    path = f"/categories/{made.json()['id']}"
    taken = ada.call("POST", "/categories", json={"name": "cats", "kind": "income", "color": "#123456"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "conflict")
    assert ada.call("PATCH", path, json={"name": "Groceries"}).status_code == 409
    assert ada.call("PATCH", path, json={"name": "Two cats"}).json()["name"] == "Two cats"
    booked = ada.add("2024-01-01", -100, "food", category_id=made.json()["id"])
    assert ada.call("DELETE", path).status_code == 409
    assert ada.call("DELETE", f"/transactions/{booked['id']}").status_code == 204
    assert ada.call("DELETE", path).status_code == 204
    assert ada.call("DELETE", path).status_code == 404
    other = ada.categories()["Other expenses"]["id"]
    assert ada.call("DELETE", f"/categories/{other}").status_code == 409


@pytest.mark.parametrize("color", ["red", "#12345", "#12345g"])
def test_a_color_is_a_color(ada: Person, color: str) -> None:
    answer = ada.call("POST", "/categories", json={"name": "X", "kind": "expense", "color": color})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, ["color"])


def test_a_transaction_from_birth_to_end(ada: Person) -> None:
    made = ada.add("2024-05-06", -1234, "  REWE sagt danke  ")
    assert (made["description"], made["category_name"], made["source"]) == (
        "REWE sagt danke",
        "Groceries",
        "manual",
    )
    path = f"/transactions/{made['id']}"
    assert ada.call("GET", path).json() == made
    changed = ada.call("PATCH", path, json={"amount_cents": -99}).json()
    assert changed == {**made, "amount_cents": -99}
    assert ada.call("DELETE", path).status_code == 204
    assert ada.call("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "2024-02-30"),
        ("date", "1820-01-01"),
        ("amount_cents", 0),
        ("amount_cents", 1.5),
        ("amount_cents", 10**14),
        ("description", ""),
        ("description", "a\x00b"),
        ("description", "x" * 501),
        ("category_id", str(uuid.uuid4())),
        ("surprise", 1),
    ],
)
def test_what_is_wrong_is_named(ada: Person, field: str, value: object) -> None:
    body = {"date": "2024-01-01", "amount_cents": -1, "description": "x", field: value}
    answer = ada.call("POST", "/transactions", json=body)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field])


def test_guesses_learn_from_the_user(ada: Person) -> None:
    first = ada.add("2024-01-01", -500, "Kiosk Nr. 5 am Eck")
    assert first["category_name"] == "Other expenses"
    leisure = ada.categories()["Leisure"]["id"]
    ada.call("PATCH", f"/transactions/{first['id']}", json={"category_id": leisure})
    assert ada.add("2024-02-01", -700, "KIOSK Nr. 7 am Eck")["category_name"] == "Leisure"
    assert ada.add("2024-02-01", 700, "Gehalt Februar")["category_name"] == "Salary"


def fill(person: Person) -> None:
    person.add("2024-01-31", 200000, "Gehalt Januar")
    person.add("2024-02-01", -5000, "REWE")
    person.add("2024-02-02", -1500, "Netflix 100% off_er")
    person.add("2024-03-01", -2500, "EDEKA")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["EDEKA", "Netflix 100% off_er", "REWE", "Gehalt Januar"]),
        ("?sort=date", ["Gehalt Januar", "REWE", "Netflix 100% off_er", "EDEKA"]),
        ("?sort=amount", ["REWE", "EDEKA", "Netflix 100% off_er", "Gehalt Januar"]),
        ("?sort=-description", ["REWE", "Netflix 100% off_er", "Gehalt Januar", "EDEKA"]),
        ("?from=2024-02-01&to=2024-02-02", ["Netflix 100% off_er", "REWE"]),
        ("?kind=income", ["Gehalt Januar"]),
        ("?kind=expense&max_cents=-2500", ["EDEKA", "REWE"]),
        ("?min_cents=-2500&max_cents=0", ["EDEKA", "Netflix 100% off_er"]),
        ("?q=rewe", ["REWE"]),
        ("?q=0%25 o", ["Netflix 100% off_er"]),
        ("?q=f_e", ["Netflix 100% off_er"]),
        ("?q=f%25e", []),
        ("?page_size=2&page=2", ["REWE", "Gehalt Januar"]),
        (f"?category_id={uuid.uuid4()}", []),
    ],
)
def test_filters(ada: Person, query: str, found: list[str]) -> None:
    fill(ada)
    answer = ada.call("GET", f"/transactions{query}").json()
    assert [one["description"] for one in answer["items"]] == found


@pytest.mark.parametrize(
    "query", ["sort=size", "page=0", "page_size=201", "from=yesterday", "kind=all", "q=%00"]
)
def test_wrong_filters(ada: Person, query: str) -> None:
    answer = ada.call("GET", f"/transactions?{query}")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [query.split("=")[0]])


def test_summary(ada: Person) -> None:
    fill(ada)
    answer = ada.call("GET", "/transactions/summary?from=2024-01-01&to=2024-02-29").json()
    assert (answer["income_cents"], answer["expense_cents"]) == (200000, -6500)
    assert answer["by_month"] == [
        {"month": "2024-01", "income_cents": 200000, "expense_cents": 0},
        {"month": "2024-02", "income_cents": 0, "expense_cents": -6500},
    ]
    sums = [(one["name"], one["amount_cents"], one["count"]) for one in answer["by_category"]]
    assert sums == [("Salary", 200000, 1), ("Groceries", -5000, 1), ("Subscriptions", -1500, 1)]
    assert ada.call("GET", "/transactions/summary").json()["expense_cents"] == -9000


def test_nobody_sees_or_touches_what_is_another_s(service: Service, ada: Person) -> None:
    eve = Person(service)
    made = ada.add("2024-01-01", -100, "mine")
    category = ada.categories()["Groceries"]["id"]
    eve.categories()
    for method, path in (
        ("GET", f"/transactions/{made['id']}"),
        ("PATCH", f"/transactions/{made['id']}"),
        ("DELETE", f"/transactions/{made['id']}"),
        ("PATCH", f"/categories/{category}"),
        ("DELETE", f"/categories/{category}"),
    ):
        answer = eve.call(method, path, json={} if method == "PATCH" else None)
        assert answer.status_code == 404, (method, path)
    stolen = {"date": "2024-01-01", "amount_cents": -1, "description": "x", "category_id": category}
    assert eve.call("POST", "/transactions", json=stolen).status_code == 422
    assert eve.call("GET", "/transactions").json()["total"] == 0
    assert ada.call("GET", f"/transactions/{made['id']}").json() == made


def test_the_same_key_books_once(ada: Person) -> None:
    """Also when both arrive at the same moment; another user's key is another key."""
    category = ada.categories()["Groceries"]["id"]
    body = {"date": "2026-03-01", "amount_cents": -500, "description": "Milk", "category_id": category}

    def book(_: int) -> httpx.Response:
        headers = {"X-User-Id": ada.id, "Idempotency-Key": "once"}
        return ada.service.client.post("/api/v1/transactions", headers=headers, json=body)

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(book, range(4)), book(5)]
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert ada.call("GET", "/transactions").json()["total"] == 1
