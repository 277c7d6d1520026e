"""Rules of the edge: there is a way in, and every route ends at something that answers HTTP."""

from __future__ import annotations

from homeport.stack.model import Stack
from homeport.stack.parts import Service
from homeport.stack.problem import KeyPath, did_you_mean
from homeport.stack.rules.finding import Finding, Findings

_OWN_PATH = "/_edge"
_LONGEST_POLICY = 4000  # nginx reads its configuration by 4096 bytes, and no word may be longer


def a_way_in(stack: Stack) -> Findings:
    if stack.edge.frontend or stack.edge.routes:
        return
    if not stack.services:
        yield Finding(
            ("services",),
            "no service and no frontend",
            "write `web: {build: web, port: 8000, health: /health}`",
            key=True,
        )
        return
    ported = [name for name, service in stack.services.items() if service.port]
    example = ported[0] if ported else next(iter(stack.services))
    cure = f"write `edge: {{routes: {{/: {example}}}}}`, or give the edge a frontend"
    also: tuple[KeyPath, ...] = (("edge", "routes"), ("edge", "frontend"))
    yield Finding(("edge",), "nothing can be reached: no route and no frontend", cure, also, key=True)


def policy(stack: Stack) -> Findings:
    if len(stack.edge.csp) > _LONGEST_POLICY:
        fault = f"{len(stack.edge.csp)} characters; nginx takes {_LONGEST_POLICY} in a header"
        yield Finding(("edge", "csp"), fault, "name hosts by *.DOMAIN")


def frontend_source(stack: Stack) -> Findings:
    frontend = stack.edge.frontend
    if frontend and bool(frontend.build) == bool(frontend.files):
        cure = "write `build: FOLDER` (with a Dockerfile) or `files: FOLDER` (ready to serve)"
        fault = "has both build and files" if frontend.build else "has neither build nor files"
        also: tuple[KeyPath, ...] = (("edge", "frontend", "build"), ("edge", "frontend", "files"))
        yield Finding(("edge", "frontend"), fault, cure, also, key=True)


def route_targets(stack: Stack) -> Findings:
    for prefix, route in stack.edge.routes.items():
        path: KeyPath = ("edge", "routes", prefix, "service")
        also: tuple[KeyPath, ...] = (("services", route.service),)
        service = stack.services.get(route.service)
        if service is None:
            cure = did_you_mean(route.service, stack.services)
            yield Finding(path, f'there is no service "{route.service}"', cure, also)
            continue
        fault, cure = _unfit(stack, route.service, service)
        if fault:
            yield Finding(path, fault, cure, also)


def _unfit(stack: Stack, name: str, service: Service) -> tuple[str, str]:
    """Why a service cannot answer a route: fault and cure, or two empty texts."""
    if service.port is None:
        return f"{name} has no port", f"give services.{name} a `port`, or route to another service"
    if service.protocol == "tcp":
        return f"{name} does not speak HTTP (protocol: tcp)", "route to an HTTP service"
    missing = [env for env in stack.environments if service.only and env not in service.only]
    if missing:
        cure = f"take `only` away from services.{name}, or route to a service that runs everywhere"
        return f"{name} does not run in {', '.join(missing)}", cure
    return "", ""


def routes_differ(stack: Stack) -> Findings:
    """`/api` and `/api/` are the same prefix; `/` is the frontend's when there is one."""
    seen: dict[str, str] = {}
    for prefix in stack.edge.routes:
        path: KeyPath = ("edge", "routes", prefix)
        same = seen.setdefault(prefix.rstrip("/"), prefix)
        if same != prefix:
            yield Finding(path, f"is the same prefix as {same}", "keep one of the two", key=True)
        if prefix == "/" and stack.edge.frontend:
            cure = "route a longer prefix such as /api, or take the frontend away"
            yield Finding(path, "/ belongs to the frontend", cure, key=True)
        if _below(prefix, "/.well-known/acme-challenge"):
            yield Finding(path, "is where certificates are proved", "choose another prefix", key=True)


def own_paths(stack: Stack) -> Findings:
    """The edge's error pages live at /_edge/, in the same namespace as the app's paths."""
    frontend = stack.edge.frontend
    taken: list[tuple[KeyPath, str]] = [(("edge", "routes", prefix), prefix) for prefix in stack.edge.routes]
    taken += [(("edge", "frontend", "assets"), frontend.assets)] if frontend else []
    for path, prefix in taken:
        if _below(prefix, _OWN_PATH):
            fault = f"{_OWN_PATH}/ is the edge's own: its error pages are there"
            yield Finding(path, fault, "choose another prefix", key=path[1] == "routes")
        if {".", ".."} & set(prefix.split("/")):
            fault = "no request has this path: nginx resolves . and .. first"
            yield Finding(path, fault, "write the path without them", key=path[1] == "routes")


def body(stack: Stack) -> Findings:
    """nginx takes 0 for no limit at all."""
    if stack.edge.max_body == 0:
        cure = "write the largest body that the app takes, such as 10M"
        yield Finding(("edge", "max_body"), "0 would be no limit", cure)


def _below(path: str, folder: str) -> bool:
    """Whether a prefix is this folder, or in it."""
    return f"{path.rstrip('/')}/".startswith(f"{folder}/")
