"""The prober counts what was expected, and nothing else is good; a real site over TLS answers it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from homeport.cli.history import counted
from homeport.engine.wait import Seen, wait_until
from homeport.errors import ReleaseError
from homeport.release.probe import Count, Prober
from homeport.release.smoke import smoke
from homeport.stack import asked
from homeport.stack.model import Target
from tests.release.site import Limited, Site, site


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    """Pages at /, and a gateway that has no routes."""
    with site(tmp_path) as found:
        found.answers["/"] = 200, "<title>Shop</title>"
        yield found


def probed(shop: Site, target: Target, requests: int = 4) -> Count:
    """What the prober says after so many requests."""
    begun = len(shop.asked)
    prober = Prober(target, asked.requests(target))
    prober.start()
    try:
        wait_until("the prober asks", lambda: Seen(len(shop.asked) - begun >= requests), 20)
    finally:
        count = prober.stop()
    return count


def test_what_nobody_expects_is_not_counted(shop: Site) -> None:
    """/api has no page of its own: its 404 says nothing of a release."""
    count = probed(shop, shop.target())
    assert set(shop.asked) == {"GET /"}
    assert (count.failed, count.requests, count.asked > 0) == (0, ("GET /",), True)


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 502])
def test_nothing_but_what_is_expected_is_good(shop: Site, status: int) -> None:
    target = shop.target()
    prober = Prober(target, asked.requests(target))
    prober.start()
    wait_until("a good answer", lambda: Seen(prober.count.asked > 0), 20)
    shop.answers["/"] = status, ""
    wait_until("a bad answer", lambda: Seen(prober.count.failed > 0), 20)
    count = prober.stop()
    assert count.first_fault == f"GET /: HTTP {status}, expected 200"
    assert f"{count.asked - count.failed} as expected, {count.failed} failed" in count.words()


def test_the_requests_of_smoke_are_asked_but_for_those_that_change_something(shop: Site) -> None:
    shop.answers |= {"/api/me": (401, '{"error": {"code": "who"}}'), "POST /api/orders": (201, "")}
    target = shop.target(
        smoke=[
            {"path": "/", "contains": "Shop"},
            {"path": "/api/me", "status": 401, "fields": {"error.code": "who"}},
            {"path": "/api/orders", "method": "POST", "body": "{}", "status": 201},
            {"path": "/staging", "only": ["staging"]},
        ]
    )
    count = probed(shop, target)
    assert set(shop.asked) == {"GET /", "GET /api/me"}
    assert (count.failed, count.requests) == (0, ("GET /", "GET /api/me"))
    assert smoke(target) == "/ 200, /api/me 401, POST /api/orders 201"
    assert (shop.asked[-1], shop.bodies[-1]) == ("POST /api/orders", b"{}")
    assert shop.headers[-1]["content-type"] == "application/json"


def test_a_request_for_the_release_that_comes_counts_from_its_first_good_answer(shop: Site) -> None:
    target = shop.target(smoke=["/", "/api/new"])
    prober = Prober(target, asked.requests(target))
    prober.start()
    wait_until("it asks both", lambda: Seen(shop.asked.count("GET /api/new") > 1), 20)
    assert (prober.count.failed, prober.count.requests) == (0, ("GET /",))
    shop.answers["/api/new"] = 200, ""
    wait_until("both count", lambda: Seen(len(prober.count.requests) == 2), 20)
    shop.answers["/api/new"] = 404, ""
    wait_until("the route is lost", lambda: Seen(prober.count.failed > 0), 20)
    assert prober.stop().first_fault == "GET /api/new: HTTP 404, expected 200"


def test_a_site_that_is_down_is_a_failure_from_the_start(shop: Site) -> None:
    shop.answers["/"] = 503, ""
    assert probed(shop, shop.target()).failed > 0


def test_the_edge_s_own_limit_is_never_reached(shop: Site) -> None:
    """However low it is; the smoke test asks beside the prober."""
    limited = Limited(per_second=2)
    shop.answers["/"] = limited
    target = shop.target(edge={"frontend": {"files": "pages"}, "rate": {"per_second": 2, "burst": 0}})
    prober = Prober(target, asked.requests(target))
    prober.start()
    for _ in range(2):
        assert smoke(target) == "/ 200"
    assert (prober.stop().failed, limited.refused) == (0, 0)


def test_where_nothing_can_be_asked_it_says_so(shop: Site) -> None:
    target = shop.target(edge={"routes": {"/api": "api"}})
    prober = Prober(target, asked.requests(target))
    prober.start()
    assert prober.stop().words() == "nothing was asked through the edge; `homeport check` says what to write"
    assert shop.asked == []


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        ({}, "HTTP 404, expected 200"),
        ({"status": [200, 301]}, "HTTP 404, expected 200 or 301"),
        ({"status": 404, "contains": "Shop"}, 'no "Shop" in the body'),
        ({"status": 404, "fields": {"a.0": "1"}}, 'a.0 is not "1"'),
        ({"status": 404, "fields": {"a.2": "1"}}, "the body has no field a.2"),
        (
            {"status": 404, "headers": {"Content-Type": "text/html"}},
            'no "text/html" in the header Content-Type',
        ),
        ({"status": 404, "within": "50ms", "path": "/api/slow"}, "no answer"),
    ],
)
def test_a_post_that_fails_is_not_sent_again(shop: Site, expected: dict[str, Any], fault: str) -> None:
    ended = threading.Event()
    shop.answers |= {
        "/api/x": (404, json.dumps({"a": [True, "2"]})),
        "/api/slow": lambda: (int(ended.wait(60)), ""),
    }
    request = {"path": "/api/x", "method": "POST", **expected}
    with pytest.raises(ReleaseError) as refused:
        smoke(shop.target(smoke=[request]))
    assert refused.value.message.startswith(
        f"the smoke test failed: POST https://site.localhost:{shop.port}/api/"
    )
    assert fault in refused.value.message
    ended.set()
    assert len(shop.asked) == 1


def test_fields_are_compared_as_they_are_typed(shop: Site) -> None:
    shop.answers["/api/x"] = 200, '{"up": true, "n": 3, "none": null, "of": [{"name": "db"}]}'
    fields = {"up": "true", "n": "3", "none": "null", "of.0.name": "db"}
    assert smoke(shop.target(smoke=[{"path": "/api/x", "fields": fields}])) == "/api/x 200"


def test_an_alias_is_asked_by_its_name(shop: Site) -> None:
    target = shop.target(smoke=[{"path": "/", "alias": "www.site.localhost", "send": {"X-A": "b"}}])
    smoke(target)
    assert (shop.headers[0]["host"], shop.headers[0]["x-a"]) == ("www.site.localhost", "b")


def test_the_history_says_the_same() -> None:
    assert counted({"asked": 9, "failed": 2, "first_fault": "GET /: HTTP 404, expected 200"}) == (
        "9 asked, 7 as expected, 2 failed (first: GET /: HTTP 404, expected 200)"
    )
    assert counted({}) == "0 asked, 0 as expected, 0 failed"
