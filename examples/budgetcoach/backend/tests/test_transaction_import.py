"""The import over HTTP: progress, bad lines, duplicates, limits, a kill in the middle, and 50,000 lines."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.launcher import Launch, Service
from tests.servers import PostgresServer, RabbitServer, wait_for

Files = dict[str, tuple[str, bytes, str]]
SAMPLES = Path(__file__).parent / "samples"


class Importer:
    """A user who uploads files."""

    def __init__(self, service: Service, currency: str = "EUR") -> None:
        self.service = service
        self.currency = currency
        self.id = str(uuid.uuid4())

    def call(
        self, method: str, path: str, files: Files | None = None, data: dict[str, str] | None = None
    ) -> httpx.Response:
        return self.service.client.request(
            method, f"/api/v1{path}", headers=self._headers(), files=files, data=data
        )

    def _headers(self) -> dict[str, str]:
        return {"X-User-Id": self.id, "X-User-Currency": self.currency}

    def upload(self, data: bytes, name: str = "export.csv") -> str:
        answer = self.call("POST", "/imports", files={"file": (name, data, "text/csv")})
        assert (answer.status_code, answer.json()["status"]) == (202, "queued"), answer.text
        return str(answer.json()["id"])

    def state(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/imports/{job}").json()
        return found

    def finished(self, job: str, seconds: float = 60) -> dict[str, Any]:
        wait_for(f"import {job}", lambda: self.state(job)["finished_at"] is not None, seconds)
        return self.state(job)

    def count(self) -> int:
        return int(self.call("GET", "/transactions?page_size=1").json()["total"])


def statement(lines: int) -> bytes:
    """A German statement with a bad line every thousand and pairs of equal bookings."""
    head = "Buchungstag;Empfänger;Verwendungszweck;Betrag\r\n"
    body = (
        f"{n // 2 % 28 + 1:02}.{n // 5000 + 1:02}.2024;"
        + (f"REWE Markt {n % 40};Einkauf {n // 2};-{n % 90 + 1},{n // 2 % 100:02}" if n % 1000 else "?;?;?")
        for n in range(lines)
    )
    return (head + "\r\n".join(body)).encode("cp1252")


@pytest.fixture(scope="module")
def service(launch_module: Launch) -> Service:
    """One transaction service for this module."""
    return launch_module("transaction", {"IMPORT_LEASE_SECONDS": "1"})


@pytest.fixture
def ada(service: Service) -> Importer:
    return Importer(service)


def test_an_import_and_what_it_reports(ada: Importer) -> None:
    job = ada.upload((SAMPLES / "bad_lines.csv").read_bytes(), "C:\\Users\\ada\\bad_lines.csv")
    end = ada.finished(job)
    assert (end["status"], end["filename"], end["error"]) == ("done", "bad_lines.csv", None)
    assert (end["total_lines"], end["done_lines"], end["imported"], end["duplicates"], end["failed"]) == (
        15,
        15,
        3,
        0,
        12,
    )
    shown = end["format"]
    assert (shown["separator"], shown["encoding"], shown["decimal"], shown["date_order"]) == (
        ";",
        "utf-8",
        ",",
        "DMY",
    )
    assert shown["columns"] == {"date": "Date", "amount": "Amount", "text": "Description"}
    faults = ada.call("GET", f"/imports/{job}/errors?page_size=5").json()
    assert (faults["total"], [one["line"] for one in faults["items"]]) == (12, [3, 4, 5, 6, 7])
    assert faults["items"][0]["text"] == "32.01.2024;no such day;-1,50"
    assert ada.call("GET", "/imports").json()["items"] == [end]
    listed = ada.call("GET", "/transactions?sort=date").json()["items"]
    assert [(one["date"], one["amount_cents"], one["source"]) for one in listed] == [
        ("2024-01-31", -150, "import"),
        ("2024-02-06", -500, "import"),
        ("2024-02-07", 800, "import"),
    ]


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".md"))
def test_every_shape_comes_in(ada: Importer, name: str) -> None:
    end = ada.finished(ada.upload((SAMPLES / name).read_bytes(), name))
    assert end["status"] == "done"
    assert end["imported"] == ada.count() > 0
    assert end["imported"] + end["failed"] == end["total_lines"]


def test_the_same_file_again_and_one_that_overlaps(ada: Importer) -> None:
    lines = ["Date,Description,Amount", *(f"2024-01-{day:02},Coffee,-2.50" for day in range(1, 21))]
    lines.insert(5, lines[5])
    first = ada.finished(ada.upload("\n".join(lines).encode()))
    assert (first["imported"], first["duplicates"]) == (21, 0)
    again = ada.finished(ada.upload("\n".join(lines).encode()))
    assert (again["imported"], again["duplicates"]) == (0, 21)
    longer = ada.finished(ada.upload("\n".join([*lines, "2024-02-01,Coffee,-2.50"]).encode()))
    assert (longer["imported"], longer["duplicates"], ada.count()) == (1, 21, 22)


def test_two_people_with_the_same_file(service: Service, ada: Importer) -> None:
    eve = Importer(service)
    data = (SAMPLES / "n26.csv").read_bytes()
    mine, hers = ada.upload(data), eve.upload(data)
    assert (ada.finished(mine)["imported"], eve.finished(hers)["imported"]) == (3, 3)
    assert ada.call("GET", f"/imports/{hers}").status_code == 404
    assert ada.call("GET", f"/imports/{hers}/errors").status_code == 404


def test_a_file_that_is_no_export_fails_as_a_whole(ada: Importer) -> None:
    end = ada.finished(ada.upload(b"Dear diary,\ntoday was nice.\n"))
    assert (end["status"], end["imported"], end["format"]) == ("failed", 0, None)
    assert "no column with dates" in end["error"]


def test_what_cannot_be_taken(ada: Importer) -> None:
    empty = ada.call("POST", "/imports", files={"file": ("a.csv", b"", "text/csv")})
    assert empty.status_code == 422
    assert ada.call("POST", "/imports", data={"other": "x"}).status_code == 422
    large = ada.call("POST", "/imports", files={"file": ("a.csv", b"x" * (10 * 1024 * 1024 + 1), "text/csv")})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    huge = ada.call("POST", "/imports", files={"file": ("a.csv", b"x" * (11 * 1024 * 1024), "text/csv")})
    assert huge.status_code == 413
    assert ada.call("GET", "/imports").json()["total"] == 0


def test_nothing_of_an_upload_stays_behind(service: Service, ada: Importer) -> None:
    job = ada.upload((SAMPLES / "wise.csv").read_bytes())
    ada.finished(job)
    assert service.sql("SELECT count(*) FROM import_chunks WHERE import_id = $1", uuid.UUID(job))[0][0] == 0


def test_counters(launch: Launch) -> None:
    service = launch("transaction")
    ada = Importer(service)
    ada.finished(ada.upload((SAMPLES / "barclays.csv").read_bytes()))
    ada.finished(ada.upload(b"nothing to see"))
    assert service.metric("transactions_created_total") == 3
    assert service.metric('csv_imports_total{status="done"}') == 1
    assert service.metric('csv_imports_total{status="failed"}') == 1


LINES = 12_000


def assert_counted_once(ada: Importer, budget: Service, job: str) -> None:
    """Every line is a transaction or a fault, and the budget's projection is the sum of the transactions."""
    service = ada.service
    end = ada.finished(job)
    assert (end["imported"], end["failed"], end["duplicates"]) == (LINES - 12, 12, 0)
    assert (ada.count(), end["done_lines"]) == (LINES - 12, LINES)
    wait_for("an empty outbox", lambda: service.sql("SELECT count(*) FROM outbox")[0][0] == 0)
    query = (
        "SELECT to_char(date, 'YYYY-MM') AS month, category_id, -sum(amount_cents)::bigint AS spent_cents"
        " FROM transactions GROUP BY 1, 2"
    )
    expected = sums(service, query)
    spending = "SELECT month, category_id, spent_cents FROM spending"
    wait_for("the projection", lambda: sums(budget, spending) == expected)
    # It stays so: nothing is delivered late and counted again.
    time.sleep(1)
    assert sums(budget, spending) == expected


def sums(service: Service, query: str) -> dict[tuple[str, str], int]:
    """Month and category -> cents."""
    return {(row["month"], str(row["category_id"])): row["spent_cents"] for row in service.sql(query)}


def wait_until_at(ada: Importer, job: str, goal: int) -> None:
    """Until the import has done `goal` lines; it must not have come to its end yet."""
    wait_for(f"{goal} lines", lambda: ada.state(job)["done_lines"] >= goal)
    assert ada.state(job)["status"] == "running"


def test_killed_in_the_middle_every_line_and_every_event_counts_once(launch: Launch) -> None:
    service, budget = launch("transaction", {"IMPORT_LEASE_SECONDS": "1"}), launch("budget")
    ada = Importer(service)
    job = ada.upload(statement(LINES))
    for goal in (1, 3000, 7000):
        wait_until_at(ada, job, goal)
        service.stop(signal.SIGKILL)
        service.restart()
    assert_counted_once(ada, budget, job)


def test_broker_and_database_die_in_the_middle(
    launch: Launch, broker: RabbitServer, postgres: PostgresServer
) -> None:
    service, budget = launch("transaction", {"IMPORT_LEASE_SECONDS": "1"}), launch("budget")
    ada = Importer(service)
    job = ada.upload(statement(LINES))
    wait_until_at(ada, job, 1000)
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    service.wait_ready()
    budget.wait_ready()
    wait_until_at(ada, job, 4000)
    broker.kill()
    # The import does not need the broker: its events wait in the outbox.
    ada.finished(job)
    assert service.sql("SELECT count(*) FROM outbox")[0][0] > 0
    broker.start()
    assert_counted_once(ada, budget, job)


def test_a_polite_stop_gives_the_import_to_the_next_at_once(launch: Launch) -> None:
    service = launch("transaction", {"IMPORT_LEASE_SECONDS": "3600"})
    ada = Importer(service)
    job = ada.upload(statement(LINES))
    wait_until_at(ada, job, 1)
    service.stop()
    [row] = service.sql("SELECT status, lease_owner FROM imports")
    assert (row["status"], row["lease_owner"]) == ("running", None)
    service.restart()
    assert ada.finished(job)["imported"] == ada.count() == LINES - 12


def test_fifty_thousand_lines(launch: Launch, record_property: Callable[[str, object], None]) -> None:
    service = launch("transaction")
    ada = Importer(service)
    idle = _peak_rss(service)
    started = time.monotonic()
    job = ada.upload(statement(50_000))
    answered = []
    while ada.state(job)["finished_at"] is None:
        asked = time.monotonic()
        ada.count()
        answered.append(time.monotonic() - asked)
    seconds = time.monotonic() - started
    end = ada.state(job)
    assert (end["imported"], end["failed"], end["total_lines"]) == (49_950, 50, 50_000)
    peak = _peak_rss(service)
    figures = {
        "lines_per_second": round(50_000 / seconds),
        "seconds": round(seconds, 1),
        "peak_rss_mb": peak // 1024,
        "idle_rss_mb": idle // 1024,
        "slowest_answer_meanwhile_ms": round(max(answered) * 1000),
    }
    record_property("import", json.dumps(figures))
    print(json.dumps(figures))
    # Bounded: not all lines are held, whatever their number (a list of 50,000 rows alone would be more).
    assert peak - idle < 80 * 1024


def _peak_rss(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("JPY", '"-1,200"', -1200),
        ("KWD", "-1.200", -1200),
        ("BHD", '"-1,200.5"', -1200500),
        ("EUR", "-12.00", -1200),
    ],
)
def test_amounts_have_the_decimals_of_the_account_s_currency(
    service: Service, currency: str, written: str, minor: int
) -> None:
    person = Importer(service, currency)
    data = f"Date,Description,Amount\n2024-01-01,Rent,{written}\n".encode()
    assert person.finished(person.upload(data))["imported"] == 1
    [booked] = person.call("GET", "/transactions").json()["items"]
    assert booked["amount_cents"] == minor


def test_an_amount_that_the_currency_cannot_have_is_a_bad_line(service: Service) -> None:
    person = Importer(service, "JPY")
    job = person.upload(b"Date,Description,Amount\n2024-01-01,Rent,-12.50\n2024-01-02,Tea,-300.00\n")
    assert (person.finished(job)["imported"], person.finished(job)["failed"]) == (1, 1)
    [fault] = person.call("GET", f"/imports/{job}/errors").json()["items"]
    assert fault["reason"] == '"-12.50" has decimals, and the currency has none'


def test_a_token_that_does_not_know_the_currency_is_refreshed_first(service: Service) -> None:
    answer = Importer(service, "").call("POST", "/imports", files={"file": ("a.csv", b"x", "text/csv")})
    assert answer.status_code == 401


@pytest.fixture
def crowded(launch: Launch) -> Service:
    """A place for two imports a user, and for three in all."""
    return launch("transaction", {"IMPORTS_PER_USER": "2", "IMPORTS_IN_ALL": "3"})


def test_uploads_that_wait_are_few(crowded: Service) -> None:
    """However many come at once; and when they are done there is room again."""
    ada, eve, bob = Importer(crowded), Importer(crowded), Importer(crowded)
    small = b"Date,Description,Amount\n2024-01-01,Rent,-1.00\n"

    def send(who: Importer) -> httpx.Response:
        return who.call("POST", "/imports", files={"file": ("a.csv", small, "text/csv")})

    with holding(crowded, "LOCK TABLE transactions IN EXCLUSIVE MODE"), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(ada), range(8)))
        assert sorted(one.status_code for one in answers) == [202] * 2 + [429] * 6
        refused = next(one for one in answers if one.status_code == 429)
        assert int(refused.headers["Retry-After"]) > 0
        assert "2 of your imports are not done yet" in refused.json()["error"]["message"]
        assert send(eve).status_code == 202
        full = send(bob)
        assert (full.status_code, full.json()["error"]["code"]) == (429, "too_many_requests")
        assert crowded.sql("SELECT count(DISTINCT import_id) AS n FROM import_chunks")[0]["n"] == 3
    for answer in answers:
        if answer.status_code == 202:
            ada.finished(answer.json()["id"])
    assert send(ada).status_code == 202


@contextmanager
def holding(service: Service, statement: str) -> Iterator[None]:
    """A statement's locks, held in a transaction of our own."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(service.dsn))
    try:
        loop.run_until_complete(connection.execute(f"BEGIN; {statement}"))
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
