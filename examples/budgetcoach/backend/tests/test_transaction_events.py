"""What the transaction service tells the others: both sides of every change, at most 500 changes an event."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.launcher import Launch, Service
from tests.servers import RabbitServer, wait_for
from tests.test_budget import Ear
from tests.test_transaction_api import Person
from tests.test_transaction_import import Importer, statement


@pytest.fixture(scope="module")
def service(launch_module: Launch) -> Service:
    return launch_module("transaction")


def heard(ear: Ear, service: Service, user: str, prefix: str) -> list[dict[str, Any]]:
    """The events of the user, once all are on the broker."""
    wait_for("an empty outbox", lambda: service.sql("SELECT count(*) FROM outbox")[0][0] == 0)
    return ear.heard(user, prefix)


def test_every_change_has_both_sides(service: Service, broker: RabbitServer) -> None:
    ear, ada = Ear(broker), Person(service)
    made = ada.add("2024-05-06", -1234, "REWE")
    path = f"/transactions/{made['id']}"
    ada.call("PATCH", path, json={"amount_cents": -99, "date": "2024-06-01"})
    ada.call("PATCH", path, json={"amount_cents": -99})
    ada.call("PATCH", f"/categories/{made['category_id']}", json={"name": "Food"})
    ada.call("DELETE", path)
    first = {
        name: made[name] for name in ("date", "amount_cents", "description", "category_id", "category_name")
    }
    second = first | {"amount_cents": -99, "date": "2024-06-01"}
    renamed = second | {"category_name": "Food"}
    assert [one["data"]["changes"] for one in heard(ear, service, ada.id, "transactions.")] == [
        [{"op": "created", "id": made["id"], "after": first}],
        [{"op": "updated", "id": made["id"], "before": first, "after": second}],
        [{"op": "updated", "id": made["id"], "before": second, "after": renamed}],
        [{"op": "deleted", "id": made["id"], "before": renamed}],
    ]


def test_a_refused_change_tells_nothing(service: Service, broker: RabbitServer) -> None:
    ear, ada = Ear(broker), Person(service)
    body = {"date": "2024-01-01", "amount_cents": -1, "description": "x", "category_id": str(uuid.uuid4())}
    assert ada.call("POST", "/transactions", json=body).status_code == 422
    assert heard(ear, service, ada.id, "") == []


def test_an_import_tells_batches_and_its_end(service: Service, broker: RabbitServer) -> None:
    ear, ada = Ear(broker), Importer(service)
    job = ada.upload(statement(1200), "statement.csv")
    ada.finished(job)
    events = heard(ear, service, ada.id, "")
    batches = [one["data"]["changes"] for one in events if one["type"] == "transactions.changed"]
    # The first and the thousandth line are bad ones.
    assert [len(changes) for changes in batches] == [499, 500, 199]
    assert len({change["id"] for changes in batches for change in changes}) == 1198
    assert events[-1]["type"] == "import.finished"
    assert events[-1]["data"] == {
        "import_id": job,
        "filename": "statement.csv",
        "imported": 1198,
        "duplicates": 0,
        "failed": 2,
    }
    assert len({one["correlation_id"] for one in events}) == 1
    ada.finished(ada.upload(statement(1200), "statement.csv"))
    assert [one["type"] for one in heard(ear, service, ada.id, "")] == ["import.finished"]


def test_a_category_of_many_is_renamed_in_pieces(service: Service, broker: RabbitServer) -> None:
    ada = Importer(service)
    ada.finished(ada.upload(statement(1200)))
    ear = Ear(broker)
    found = ada.call("GET", "/categories").json()["items"]
    groceries = next(one["id"] for one in found if one["name"] == "Groceries")
    answer = ada.service.client.patch(
        f"/api/v1/categories/{groceries}", headers={"X-User-Id": ada.id}, json={"name": "Food"}
    )
    assert answer.status_code == 200
    sizes = [len(one["data"]["changes"]) for one in heard(ear, service, ada.id, "transactions.")]
    assert sizes == [500, 500, 198]
