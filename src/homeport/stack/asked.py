"""What is asked of a stack to know whether it serves: what `smoke:` says, else what can be told from its routes."""

from __future__ import annotations

from collections.abc import Iterator

from homeport.stack.model import Stack, Target
from homeport.stack.parts import Route
from homeport.stack.smoke import Smoke


def requests(target: Target) -> tuple[Smoke, ...]:
    """The requests of `smoke:` for this environment; without any, what must answer 200 by all that is known."""
    return written(target) or tuple(Smoke(path=path) for path in known_paths(target.stack))


def written(target: Target) -> tuple[Smoke, ...]:
    """The requests of `smoke:` for this environment."""
    return tuple(request for request in target.stack.smoke if request.runs_in(target.environment))


def known_paths(stack: Stack) -> list[str]:
    """The front page, and each routed service's health path where it can be reached from outside."""
    paths = ["/"] if stack.edge.frontend else []
    for name in routed(stack):
        path = health_path(stack, name)
        if path and path not in paths:
            paths.append(path)
    return paths


def routed(stack: Stack) -> tuple[str, ...]:
    """The services that the edge sends requests to, in the order of the routes."""
    return tuple(dict.fromkeys(route.service for route in stack.edge.routes.values()))


def health_path(stack: Stack, name: str) -> str | None:
    """Where a visitor reaches the health path of a service; None when no route leads there."""
    service = stack.services.get(name)
    path = service.health.path if service and service.health else None
    if path is None:
        return None
    prefixes = [p.rstrip("/") for p, r in stack.edge.routes.items() if r.strip and r.service == name]
    for outside in (path, *(f"{prefix}{path}" for prefix in prefixes)):
        found = leads(stack, outside)
        if found and found[1].service == name and inside(*found, outside) == path:
            return outside
    return None


def leads(stack: Stack, path: str) -> tuple[str, Route] | None:
    """The route that a path is sent by: the longest prefix, as nginx takes it."""
    plain = path.partition("?")[0]
    found = [
        (prefix, route)
        for prefix, route in stack.edge.routes.items()
        if plain == prefix or plain.startswith(prefix.rstrip("/") + "/")
    ]
    return max(found, key=lambda one: len(one[0].rstrip("/")), default=None)


def inside(prefix: str, route: Route, path: str) -> str:
    """The path as the service sees it."""
    if not route.strip:
        return path
    rest = path[len(prefix.rstrip("/")) :]
    return rest if rest.startswith("/") else f"/{rest}"


def leading_to(target: Target, service: str) -> Iterator[tuple[Smoke, str]]:
    """The requests that may be repeated and that this service answers, each with the path that it sees."""
    for request in requests(target):
        found = leads(target.stack, request.path) if request.repeatable and not request.alias else None
        if found and found[1].service == service:
            yield request, inside(*found, request.path)


def is_told(target: Target, service: str) -> bool:
    """Whether `smoke:` has a request that this service answers: a health path says little of what visitors ask."""
    found = (leads(target.stack, request.path) for request in written(target) if request.repeatable)
    return any(route.service == service for _, route in filter(None, found))


def untold(target: Target) -> tuple[str, ...]:
    """Routes to services that no request is for: what these must answer, nobody has said."""
    told = {found[1].service for r in requests(target) if (found := leads(target.stack, r.path))}
    return tuple(path for path, route in target.stack.edge.routes.items() if route.service not in told)
