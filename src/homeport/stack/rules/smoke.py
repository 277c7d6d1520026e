"""Rules of `smoke:`: each request can be sent, says something, and leads somewhere; and what it leaves unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from homeport.stack.asked import health_path, leads, routed
from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath, did_you_mean
from homeport.stack.rules.finding import Finding, Findings
from homeport.stack.smoke import Smoke

_SENT_BY_HOMEPORT = (
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "expect",
    "user-agent",
)
_SECRET_HEADER = re.compile(r"authorization|proxy-authorization|cookie|x-api-key|.*(token|secret).*", re.I)


def requests(stack: Stack) -> Findings:
    for at, request in enumerate(stack.smoke):
        path: KeyPath = ("smoke", at)
        yield from _named(stack, request, path)
        yield from _bodies(request, path)
        yield from _headers(request, path)
        yield from _leads(stack, request, path)
        if request in stack.smoke[:at]:
            yield Finding(path, f"{request.name} is there twice", "keep one")


def _named(stack: Stack, request: Smoke, path: KeyPath) -> Findings:
    """Environments and aliases that it names."""
    for number, name in enumerate(request.only):
        if name not in stack.environments:
            cure = did_you_mean(name, stack.environments)
            yield Finding((*path, "only", number), f'there is no environment "{name}"', cure)
    if request.alias is None:
        return
    lacking = [
        n for n, e in stack.environments.items() if request.runs_in(n) and request.alias not in e.aliases
    ]
    if lacking:
        fault = f"{request.alias} is no alias of {', '.join(lacking)}"
        also: tuple[KeyPath, ...] = ((*path, "alias"), (*path, "only"), ("environments",))
        cure = "add it to `aliases` there, or write `only: [ENVIRONMENT]`"
        yield Finding((*path, "alias"), fault, cure, also)


def _bodies(request: Smoke, path: KeyPath) -> Findings:
    if request.body and request.repeatable:
        fault = f"a {request.method} has no body"
        yield Finding((*path, "body"), fault, "write `method: POST`, or take the body out")
    if request.method == "HEAD":
        for key in ("contains", "fields"):
            if getattr(request, key):
                yield Finding((*path, key), "the answer to a HEAD has no body", "write `method: GET`")


def _headers(request: Smoke, path: KeyPath) -> Findings:
    for name in request.send:
        where = (*path, "send", name)
        if name.lower() in _SENT_BY_HOMEPORT:
            yield Finding(where, "homeport sends this one itself", "take it out", key=True)
        elif _SECRET_HEADER.fullmatch(name):
            cure = "ask what answers without it: `status: 401` is an answer too"
            yield Finding(where, "looks like a secret, and this file is for git", cure, key=True)


def _leads(stack: Stack, request: Smoke, path: KeyPath) -> Findings:
    if request.path.startswith("/_edge/"):
        yield Finding((*path, "path"), "/_edge/ is the edge's own", "ask a path of your app")
    elif not (stack.edge.frontend or leads(stack, request.path)) and request.status == (200,):
        known = ", ".join(stack.edge.routes) or "none"
        also: tuple[KeyPath, ...] = (
            (*path, "path"),
            (*path, "status"),
            ("edge", "routes"),
            ("edge", "frontend"),
        )
        yield Finding((*path, "path"), f"no route leads there; the routes are {known}", "add one", also)


def unasked(stack: Stack) -> Findings:
    """A notice: a routed service of which nobody knows what it answers."""
    told = {found[1].service for request in stack.smoke if (found := leads(stack, request.path))}
    for name in routed(stack):
        if name in told or (not stack.smoke and health_path(stack, name)):
            continue
        prefix = next(p for p, route in stack.edge.routes.items() if route.service == name)
        yield Finding(("edge", "routes", prefix), _why(stack, name), _proposal(stack, prefix), key=True)


def _why(stack: Stack, name: str) -> str:
    service = stack.services.get(name)
    path = service.health.path if service and service.health else None
    if path and not health_path(stack, name):
        return f"no request of a release proves {name}: no route leads to its health path {path}"
    return f"no request of a release proves {name}"


def _proposal(stack: Stack, prefix: str) -> str:
    """The line to write. A first request brings what was asked without any: it would be asked no more."""
    return f"write `smoke: [{', '.join((*_kept(stack), _request(prefix)))}]` with a path and the status that it answers"


def _kept(stack: Stack) -> Iterator[str]:
    if not stack.smoke and stack.edge.frontend:
        yield "/"
    for name in () if stack.smoke else routed(stack):
        if path := health_path(stack, name):
            yield path


def _request(prefix: str) -> str:
    return f"{{path: {prefix.rstrip('/')}/PATH, status: 200}}"
