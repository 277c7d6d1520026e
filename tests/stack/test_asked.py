"""What is asked of a stack where `smoke:` says nothing, and what of it no route leads to."""

from __future__ import annotations

from typing import Any

import pytest

from homeport.stack import asked
from homeport.stack.model import Stack, Target
from homeport.stack.rules.smoke import unasked


def stack(routes: dict[str, Any], frontend: bool = False, **more: Any) -> Stack:
    service = {"image": "web:1", "port": 80, "health": "/health/ready"}
    edge = {"routes": routes, **({"frontend": {"files": "web"}} if frontend else {})}
    plain = {
        "homeport": 1,
        "name": "demo",
        "environments": {"local": {"domain": "demo.localhost"}, "other": {"domain": "demo.example.com"}},
        "edge": edge,
        "services": {"web": service, "api": service, "tool": {**service, "health": {"command": ["true"]}}},
        **more,
    }
    return Stack.model_validate(plain)


@pytest.mark.parametrize(
    ("routes", "frontend", "paths", "told_of"),
    [
        ({"/": "web"}, False, ["/health/ready"], []),
        ({"/": "web", "/api": "api"}, False, ["/health/ready"], ["/api"]),
        ({"/": "web", "/health": "api"}, False, ["/health/ready"], ["/"]),
        ({"/api": "api"}, True, ["/"], ["/api"]),
        ({"/api": {"service": "api", "strip": True}}, True, ["/", "/api/health/ready"], []),
        (
            {"/api/": {"service": "api", "strip": True}, "/api/health": "web"},
            False,
            [],
            ["/api/", "/api/health"],
        ),
        ({"/": {"service": "web", "strip": True}}, False, ["/health/ready"], []),
        ({"/": "tool"}, False, [], ["/"]),
        ({}, True, ["/"], []),
    ],
)
def test_what_is_known_without_smoke(
    routes: dict[str, Any], frontend: bool, paths: list[str], told_of: list[str]
) -> None:
    """What cannot be asked is told, with the line to write."""
    made = stack(routes, frontend)
    assert [request.path for request in asked.requests(Target(made, "local"))] == paths
    assert list(asked.untold(Target(made, "local"))) == told_of
    notices = list(unasked(made))
    assert [notice.path[-1] for notice in notices] == told_of
    for notice in notices:
        written = notice.cure.partition("smoke: [")[2]
        assert all(f"{path}," in written for path in paths), "what was asked is asked further"


def test_requests_of_an_environment() -> None:
    smoke = ["/a", {"path": "/b", "only": ["other"]}]
    made = stack({"/": "web"}, smoke=smoke)
    assert [r.path for r in asked.requests(Target(made, "local"))] == ["/a"]
    assert [r.path for r in asked.requests(Target(made, "other"))] == ["/a", "/b"]
    elsewhere = stack({"/": "web"}, smoke=smoke[1:])
    assert [r.path for r in asked.requests(Target(elsewhere, "local"))] == ["/health/ready"]
    assert not list(unasked(made))


def test_what_a_container_is_asked() -> None:
    """GET and HEAD, with the path that the service sees."""
    routes = {"/api": {"service": "api", "strip": True}, "/": "web"}
    smoke = [
        "/api/a?b=c",
        {"path": "/api/d", "method": "POST"},
        "/e",
        "/api",
        {"path": "/f", "method": "HEAD"},
    ]
    target = Target(stack(routes, smoke=smoke), "local")
    assert [path for _, path in asked.leading_to(target, "api")] == ["/a?b=c", "/"]
    assert [path for _, path in asked.leading_to(target, "web")] == ["/e", "/f"]


def test_a_health_path_is_not_what_visitors_ask() -> None:
    """Without `smoke:` the routes themselves are compared too, before the switch."""
    routes = {"/": "web", "/api": "api"}
    assert not asked.is_told(Target(stack(routes), "local"), "web")
    smoke = ["/x", {"path": "/api/y", "method": "POST"}, {"path": "/api/z", "only": ["other"]}]
    made = stack(routes, smoke=smoke)
    assert [asked.is_told(Target(made, "local"), name) for name in ("web", "api")] == [True, False]
    assert asked.is_told(Target(made, "other"), "api")
