"""What a service is told about the client, what is logged about it, and what a client cannot claim."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.components.edge.running import Running, run

pytestmark = pytest.mark.live

CLAIMS = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "1",
    "Forwarded": "for=6.6.6.6",
    "X-Request-ID": "chosen-by-the-client",
    "Proxy": "http://evil.example",
    "Upgrade": "h2c",
}


def test_what_a_client_claims_is_dropped(shop: Running) -> None:
    answer = shop.ask("/api/echo", headers=CLAIMS)
    told = answer.json["headers"]
    assert "6.6.6.6" not in str(told)
    assert "evil" not in str(told)
    assert told["x-forwarded-for"] == told["x-real-ip"]
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == (
        "https",
        str(shop.target.env.ports.https),
    )
    assert told["host"] == told["x-forwarded-host"] == shop.target.url.removeprefix("https://")
    assert told["x-request-id"] == answer.one("X-Request-ID") != CLAIMS["X-Request-ID"]
    assert "upgrade" not in told


def test_each_request_has_an_id_of_its_own(shop: Running) -> None:
    ids = {shop.ask("/api/echo").one("X-Request-ID") for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("path", "service", "seen"),
    [
        ("/api", "gateway", "/api"),
        ("/api/a%2Fb?x=%20", "gateway", "/api/a%2Fb?x=%20"),
        ("/api/user", "user", "/api/user"),
        ("/api/user/1", "user", "/api/user/1"),
        ("/api/userx", "gateway", "/api/userx"),
        ("/bare", "gateway", "/"),
        ("/bare/a/b?c=d", "gateway", "/a/b?c=d"),
        ("/bare/a%20b", "gateway", "/a%20b"),
    ],
)
def test_routes(shop: Running, path: str, service: str, seen: str) -> None:
    facts = shop.ask(path).json
    assert (facts["service"], facts["path"]) == (service, seen)
    assert facts["headers"].get("x-forwarded-prefix") == ("/bare" if path.startswith("/bare") else None)


def line(shop: Running, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The log line for which `good` holds; Docker may take a moment to show it."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        for entry in shop.logs():
            if good(entry):
                return entry
        time.sleep(0.2)
    raise AssertionError(f"no such line within 10 s; the last: {shop.logs()[-1]}")


def test_a_request_is_one_json_line_without_its_query(shop: Running) -> None:
    answer = shop.ask(
        "/api/echo?token=verysecret", method="POST", body=b"{}", headers={"User-Agent": 'a"\\b'}
    )
    entry = line(shop, lambda e: e.get("correlation_id") == answer.one("X-Request-ID"))
    assert "verysecret" not in str(entry)
    assert (entry["path"], entry["method"], entry["status"], entry["level"]) == (
        "/api/echo",
        "POST",
        200,
        "info",
    )
    assert (entry["service"], entry["environment"], entry["slot"]) == ("edge", "local", "gateway-blue")
    assert entry["user_agent"] == 'a"\\b'
    assert isinstance(entry["duration_ms"], int)
    assert entry["timestamp"].endswith("Z") and "." in entry["timestamp"]


def test_the_duration_is_in_milliseconds(shop: Running) -> None:
    answer = shop.ask("/api/slow?seconds=1.2")
    entry = line(shop, lambda e: e.get("correlation_id") == answer.one("X-Request-ID"))
    assert 1200 <= entry["duration_ms"] < 20000


def test_an_error_of_the_edge_keeps_method_and_path_in_the_log(shop: Running) -> None:
    answer = shop.ask("/deaf/x", method="POST", body=b"1")
    entry = line(shop, lambda e: e.get("correlation_id") == answer.one("X-Request-ID"))
    assert (entry["method"], entry["path"], entry["level"]) == ("POST", "/deaf/x", "error")
    assert entry["status"] in (502, 504)
    # the one that was tried last, or none was left
    assert entry["slot"] in ("deaf-blue", "deaf-green", "deaf_blue")


def test_no_query_is_in_any_log(shop: Running) -> None:
    """nginx's own messages about a slot that cannot be reached would hold it."""
    answer = shop.ask("/deaf/x?token=verysecret")
    entry = line(shop, lambda e: e.get("correlation_id") == answer.one("X-Request-ID"))
    assert set(entry["upstream_status"].split(", ")) <= {"502", "504"}
    assert set(entry["upstream_connect_time"].split(", ")) == {"-"}
    assert "verysecret" not in run("docker", "logs", f"{shop.target.project}-nginx-1", both=True)


def test_health_is_only_for_this_machine_and_not_logged(shop: Running) -> None:
    address = f"http://{shop.target.edge_address}:8081"
    assert run("curl", "-fsS", f"{address}/healthz") == "ok\n"
    assert "Active connections" in run("curl", "-fsS", f"{address}/stub_status")
    for path in ("/healthz", "/stub_status"):
        assert shop.ask(f"/api/call?url={address}{path}").status in (500, 502)
    assert not [
        e for e in shop.logs() if e.get("path") in ("/healthz", "/stub_status") and e["status"] == 200
    ]


def test_the_caller_s_id_goes_from_service_to_service(shop: Running) -> None:
    answer = shop.ask("/api/call?url=http://user:8000/echo")
    inner = answer.json
    assert inner["status"] == 200
    assert inner["body"]["service"] == "user"
    assert inner["body"]["headers"]["x-request-id"] == answer.one("X-Request-ID")
    line(shop, lambda e: e.get("host") == "user" and e["correlation_id"] == answer.one("X-Request-ID"))


def test_a_service_that_is_down_is_told_to_its_caller(shop: Running) -> None:
    inner = shop.ask("/api/call?url=http://deaf:8000/echo").json
    code = {502: "bad_gateway", 504: "gateway_timeout"}
    assert inner["body"]["error"]["code"] == code[inner["status"]]


def test_a_name_that_no_service_has_is_refused(shop: Running) -> None:
    inner = shop.ask(f"/api/call?url=http://{shop.target.edge_address}:8000/").json
    assert (inner["status"], inner["body"]["error"]["code"]) == (421, "misdirected_request")
