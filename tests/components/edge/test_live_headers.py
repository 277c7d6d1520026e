"""The same security headers on every answer, once each, and what the edge answers by itself."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.components.edge.connections import Refused
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
LONG = "X" * 20_000  # a letter that HTTP/2 does not make shorter; 16 KB are allowed
PIECES = [BIG[at : at + 65536] for at in range(0, len(BIG), 65536)]


def protected(answer: Answer, csp: str) -> None:
    """Each header exactly once, with the value of the edge."""
    for name, value in (SECURITY | {"Content-Security-Policy": csp}).items():
        assert answer.one(name) == (value or answer.one(name))
    assert len(answer.one("X-Request-ID")) == 32
    assert answer.one("Server") == "nginx"
    assert not answer.all("X-Powered-By")


def flood(shop: Running, accept: str) -> list[Answer]:
    """More requests from one address than it may make."""

    def some(_: int) -> list[Answer]:
        connection = shop.connect()
        return [ask(connection, "/favicon.svg", headers={"Accept": accept}) for _ in range(60)]

    with ThreadPoolExecutor(8) as pool:
        return [answer for answers in pool.map(some, range(8)) for answer in answers]


BAD = (502, 504)  # refused by the live slot, or no answer from the empty one, which is tried too
CASES: dict[str, tuple[int | tuple[int, ...], str, dict[str, Any]]] = {
    "200 frontend": (200, "/", {}),
    "200 asset": (200, "/assets/app-1a2b.js", {}),
    "200 service": (200, "/api/echo", {}),
    "200 service with its own": (200, "/api/headers", {}),
    "404 asset": (404, "/assets/none.js", {}),
    "404 of the service": (404, "/api/x?status=404", {}),
    "405": (405, "/index.html", {"method": "DELETE"}),
    "413": (413, "/api/echo", {"method": "POST", "body": BIG}),
    "413 of unknown length": (413, "/api/echo", {"method": "POST", "body": PIECES}),
    "413 where the prefix goes": (413, "/bare/echo", {"method": "PUT", "body": BIG}),
    "413 of the frontend": (413, "/index.html", {"method": "POST", "body": BIG}),
    "429 of the service": (429, "/api/x?status=429", {}),
    "500 of the service": (500, "/api/x?status=500", {}),
    "a slot that is down": (BAD, "/deaf/x", {}),
    "a slot that is down, to a post": (BAD, "/deaf/x", {"method": "POST", "body": b"1"}),
    "400": (400, "/%00", {}),
    "404 dotfile": (404, "/.env", {}),
    "414": (414, "/" + LONG, {}),
    "431": (431, "/", {"headers": {"X-Long": LONG}}),
}


# Whose answer it is: the edge's own are in the form that the client wants, a service's are left as they are.
OWN = {
    "404 asset": "not_found",
    "404 dotfile": "not_found",
    "405": "method_not_allowed",
    "413": "payload_too_large",
    "413 of unknown length": "payload_too_large",
    "413 where the prefix goes": "payload_too_large",
    "413 of the frontend": "payload_too_large",
    "a slot that is down": "bad_gateway gateway_timeout",
    "a slot that is down, to a post": "bad_gateway gateway_timeout",
    "400": "bad_request",
    "414": "uri_too_long",
    "431": "headers_too_large",
}
# Refused while the head is read, when what the client accepts is not known yet.
HEADS = ("400", "414", "431")
# Over HTTP/2 nginx ends the connection then, without an answer (RFC 9113, 10.5.1).
TOO_LARGE = ("414", "431")


def own(answer: Answer, accept: str, codes: str) -> None:
    """An answer that the edge made itself, in the form that was asked for, never in nginx's own."""
    kind = answer.one("Content-Type")
    assert kind == ("text/html; charset=utf-8" if "html" in accept else "application/json"), answer.body[:300]
    assert answer.one("Cache-Control") == "no-store"
    text = answer.body.decode()
    assert answer.one("X-Request-ID") in text
    if "html" in accept:
        assert "/_edge/page.css" in text
        assert "<!--#" not in text
        assert str(answer.status) in text
    else:
        assert answer.json["error"]["code"] in codes.split()


@pytest.mark.parametrize("case", CASES)
def test_every_answer_has_them(shop: Running, case: str, accept: str) -> None:
    status, path, more = CASES[case]
    headers = {"Accept": accept, **more.get("headers", {})}
    if shop.http2 and case in TOO_LARGE:
        with pytest.raises(Refused, match=r"11|ENHANCE_YOUR_CALM"):
            shop.ask(path, **{**more, "headers": headers})
        return
    answer = shop.ask(path, **{**more, "headers": headers})
    assert answer.status in (status if isinstance(status, tuple) else (status,)), answer.body[:300]
    protected(answer, shop.target.stack.edge.csp)
    assert answer.one("Strict-Transport-Security") == HSTS
    if case in OWN:
        known = "json" if case in HEADS and answer.one("Content-Type") == "application/json" else accept
        own(answer, known, OWN[case])


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


def test_too_many_requests(shop: Running, accept: str) -> None:
    refused = [answer for answer in flood(shop, accept) if answer.status == 429]
    assert refused
    for answer in refused:
        protected(answer, shop.target.stack.edge.csp)
        assert answer.one("Strict-Transport-Security") == HSTS
        assert answer.one("Retry-After") == "1"
        own(answer, accept, "too_many_requests")
    rate = shop.target.stack.edge.rate
    time.sleep(rate.burst / rate.per_second + 0.5)  # the bucket runs empty: the next test finds it so
    assert shop.ask("/favicon.svg").status == 200


@pytest.mark.parametrize("body", [BIG, PIECES], ids=["of known length", "of unknown length"])
def test_a_post_that_is_too_large_is_told_so_in_json(shop: Running, body: Any) -> None:
    answer = shop.ask("/api/echo", method="POST", body=body)
    assert (answer.status, answer.one("Content-Type")) == (413, "application/json")
    assert answer.json == {
        "error": {"code": "payload_too_large", "message": "The request is larger than 10 MB."},
        "correlation_id": answer.one("X-Request-ID"),
    }


def test_ten_megabytes_arrive(shop: Running) -> None:
    answer = shop.ask("/api/echo", method="POST", body=BIG[:-1])
    assert (answer.status, answer.json["body_bytes"]) == (200, len(BIG) - 1)


def test_a_service_that_is_down(shop: Running, accept: str) -> None:
    answer = shop.ask("/deaf/x", headers={"Accept": accept})
    own(answer, accept, "bad_gateway gateway_timeout")
    assert answer.one("Retry-After") == "5"


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


def test_maintenance(shop: Running, accept: str) -> None:
    shop.flag("maintenance", on=True)
    try:
        for path, more in (("/", {}), ("/api/echo", {"method": "POST", "body": b"1"})):
            closed = shop.ask(path, headers={"Accept": accept}, **more)
            assert (closed.status, closed.one("Retry-After")) == (503, "5")
            assert b"not available right now" in closed.body
            own(closed, accept, "unavailable")
        assert shop.ask("/_edge/page.css").status == 200
    finally:
        shop.flag("maintenance", on=False)
    assert shop.ask("/").status == 200
