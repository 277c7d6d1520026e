"""The same security headers on every answer, once each, and what the edge answers by itself."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.components.edge.running import Answer, Running, ask

pytestmark = pytest.mark.live

SECURITY = {
    "Content-Security-Policy": None,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": None,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=63072000"
BIG = b"x" * (10 * 1024 * 1024 + 1)


def protected(answer: Answer, csp: str) -> None:
    """Each header exactly once, with the value of the edge."""
    for name, value in (SECURITY | {"Content-Security-Policy": csp}).items():
        assert answer.one(name) == (value or answer.one(name))
    assert len(answer.one("X-Request-ID")) == 32
    assert answer.one("Server") == "nginx"
    assert not answer.all("X-Powered-By")


def flood(shop: Running) -> list[Answer]:
    """More requests from one address than it may make."""

    def some(_: int) -> list[Answer]:
        connection = shop.connect()
        return [ask(connection, "/favicon.svg") for _ in range(60)]

    with ThreadPoolExecutor(8) as pool:
        return [answer for answers in pool.map(some, range(8)) for answer in answers]


BAD = (502, 504)  # refused by the live slot, or no answer from the empty one, which is tried too
CASES = {
    "200 frontend": (200, "/", {}),
    "200 asset": (200, "/assets/app-1a2b.js", {}),
    "200 service": (200, "/api/echo", {}),
    "200 service with its own": (200, "/api/headers", {}),
    "404 asset": (404, "/assets/none.js", {}),
    "404 of the service": (404, "/api/x?status=404", {}),
    "405": (405, "/index.html", {"method": "DELETE"}),
    "413": (413, "/api/echo", {"method": "POST", "body": BIG}),
    "429 of the service": (429, "/api/x?status=429", {}),
    "500 of the service": (500, "/api/x?status=500", {}),
    "a slot that is down": (BAD, "/deaf/x", {}),
    "a slot that is down, to a post": (BAD, "/deaf/x", {"method": "POST", "body": b"1"}),
    "400": (400, "/%00", {}),
    "404 dotfile": (404, "/.env", {}),
    "414": (414, "/" + "a" * 20000, {}),
    "431": (431, "/", {"headers": {"X-Long": "a" * 20000}}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_answer_has_them(shop: Running, case: str) -> None:
    status, path, more = CASES[case]
    answer = shop.ask(path, **more)  # type: ignore[arg-type]
    assert answer.status in (status if isinstance(status, tuple) else (status,)), answer.body[:300]
    protected(answer, shop.target.stack.edge.csp)
    assert answer.one("Strict-Transport-Security") == HSTS


def test_not_modified_has_them(shop: Running) -> None:
    tag = shop.ask("/").one("ETag")
    answer = shop.ask("/", headers={"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")
    protected(answer, shop.target.stack.edge.csp)


def test_the_redirect_of_an_alias_has_them(shop: Running) -> None:
    answer = shop.ask("/a/b?c=d", name="www.shop.localhost")
    assert (answer.status, answer.one("Location")) == (301, f"{shop.target.url}/a/b?c=d")
    protected(answer, shop.target.stack.edge.csp)
    assert answer.one("Strict-Transport-Security") == HSTS


@pytest.mark.parametrize("host", ["shop.localhost", "www.shop.localhost", "SHOP.localhost:8080"])
def test_plain_http_redirects_and_has_them_but_hsts(shop: Running, host: str) -> None:
    """RFC 6797, 7.2: no Strict-Transport-Security over plain HTTP."""
    answer = shop.plain("/a?b=c", host)
    assert (answer.status, answer.one("Location")) == (301, f"{shop.target.url}/a?b=c")
    protected(answer, shop.target.stack.edge.csp)
    assert not answer.all("Strict-Transport-Security")


def test_too_many_requests(shop: Running) -> None:
    refused = [answer for answer in flood(shop) if answer.status == 429]
    assert refused
    for answer in refused:
        protected(answer, shop.target.stack.edge.csp)
        assert answer.one("Strict-Transport-Security") == HSTS
        assert answer.one("Retry-After") == "1"
        assert answer.json["error"]["code"] == "too_many_requests"
    rate = shop.target.stack.edge.rate
    time.sleep(rate.burst / rate.per_second + 0.5)  # the bucket runs empty: the next test finds it so
    assert shop.ask("/favicon.svg").status == 200


def test_a_post_that_is_too_large_is_told_so_in_json(shop: Running) -> None:
    answer = shop.ask("/api/echo", method="POST", body=BIG)
    assert (answer.status, answer.one("Content-Type")) == (413, "application/json")
    assert answer.json == {
        "error": {"code": "payload_too_large", "message": "The request is larger than 10 MB."},
        "correlation_id": answer.one("X-Request-ID"),
    }


def test_ten_megabytes_arrive(shop: Running) -> None:
    answer = shop.ask("/api/echo", method="POST", body=BIG[:-1])
    assert (answer.status, answer.json["body_bytes"]) == (200, len(BIG) - 1)


def test_a_service_that_is_down(shop: Running) -> None:
    answer = shop.ask("/deaf/x")
    assert answer.json["error"]["code"] in ("bad_gateway", "gateway_timeout")
    assert answer.one("Retry-After") == "5"
    assert answer.one("Cache-Control") == "no-store"


def test_an_empty_slot_is_known_in_about_a_second(shop: Running) -> None:
    """Nobody has its address: the connection is given up long before a browser would."""
    begin = time.monotonic()
    answer = shop.ask("/gone/x")
    assert answer.status in (502, 504)  # the kernel says so, or nginx has waited long enough
    assert answer.one("Retry-After") == "5"
    protected(answer, shop.target.stack.edge.csp)
    assert time.monotonic() - begin < 10


def test_a_browser_gets_a_page(shop: Running) -> None:
    answer = shop.ask("/deaf/x", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.status in BAD
    assert answer.one("Content-Type") == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert "The service cannot be reached." in page or "The service took too long to answer." in page
    assert answer.one("X-Request-ID") in page
    assert "<!--#" not in page
    style = shop.ask("/_edge/page.css")
    assert (style.status, style.one("Content-Type")) == (200, "text/css; charset=utf-8")


def test_the_answer_of_a_service_is_left_alone(shop: Running) -> None:
    answer = shop.ask("/api/x?status=429")
    assert answer.json == {"by": "the service"}
    assert answer.one("Retry-After") == "77"
    assert answer.one("Cache-Control") == "max-age=5"


@pytest.mark.parametrize("path", ["/_edge/json", "/_edge/page"])
def test_the_answers_of_the_edge_cannot_be_asked_for(shop: Running, path: str) -> None:
    assert shop.ask(path).status == 404


def test_maintenance(shop: Running) -> None:
    shop.flag("maintenance", on=True)
    try:
        page = shop.ask("/", headers={"Accept": "text/html"})
        assert (page.status, page.one("Retry-After")) == (503, "5")
        assert b"not available right now" in page.body
        assert shop.ask("/api/echo").json["error"]["code"] == "unavailable"
        assert shop.ask("/_edge/page.css").status == 200
    finally:
        shop.flag("maintenance", on=False)
    assert shop.ask("/").status == 200
