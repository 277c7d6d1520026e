"""site.conf and services.conf: what is answered from outside, and between the services."""

from __future__ import annotations

from collections.abc import Iterator

from homeport.components.edge import slots
from homeport.components.edge.text import fill, indent, literal, raw
from homeport.stack.model import Target, has_slots
from homeport.stack.parts import Edge, Frontend, Route

STREAM_ABOVE = 16 * 1024 * 1024
_STREAMING = """
    # Bodies of this size do not fit into memory: they go to the service as they come.
    proxy_request_buffering off;"""


def site(edge: Edge, target: Target) -> str:
    """The servers on 80 and 443."""
    env = target.env
    aliases = fill("alias.conf", aliases=" ".join(env.aliases), url=target.url) if env.aliases else ""
    return fill(
        "site.conf",
        names=" ".join((env.domain, *env.aliases)),
        domain=env.domain,
        url=target.url,
        aliases=aliases,
        burst=f" burst={edge.rate.burst} nodelay" if edge.rate.burst else "",
        streaming=_STREAMING if edge.max_body > STREAM_ABOVE else "",
        live="\n".join(f"    include live/{name}.conf;" for name in _routed(edge, target)),
        routes="\n".join(_routes(edge, target)),
        rest=_rest(edge, target),
    )


def services(target: Target) -> str:
    """A server for each service with slots, on its own port, and one for names that nobody has."""
    names = {n: s for n, s in slots.reachable(target).items() if has_slots(s)}
    address = target.edge_address
    ports = sorted({s.port for s in names.values() if s.port})
    blocks = [fill("unknown.conf", address=address, port=port) for port in ports]
    blocks += [fill("service.conf", address=address, port=s.port, name=n) for n, s in names.items()]
    return fill("services.conf", servers="\n".join(blocks))


def _routed(edge: Edge, target: Target) -> tuple[str, ...]:
    """The services that have a route and slots."""
    names = dict.fromkeys(route.service for route in edge.routes.values())
    known = slots.reachable(target)
    return tuple(name for name in names if name in known and has_slots(known[name]))


def _routes(edge: Edge, target: Target) -> Iterator[str]:
    """`/api` is /api and /api/..., not /apix; nginx takes the longest prefix by itself."""
    known = slots.reachable(target)
    for path, route in edge.routes.items():
        if route.service in known:
            yield _route(path.rstrip("/"), route)


def _route(prefix: str, route: Route) -> str:
    body = f"include to/{route.service}.conf;"
    if not prefix:
        return indent(f"\nlocation / {{\n    {body}\n}}")
    if not route.strip:
        return indent(f"\nlocation = {prefix} {{\n    {body}\n}}\nlocation ^~ {prefix}/ {{\n    {body}\n}}")
    told = f"include outside.conf;\n    proxy_set_header X-Forwarded-Prefix {prefix};\n    {body}"
    return indent(
        f"\n# The service does not see {prefix}.\n"
        f"location = {prefix} {{\n    rewrite ^ / break;\n    {told}\n}}\n"
        f"location ^~ {prefix}/ {{\n    rewrite ^{literal(prefix)}(/.*)$ $1 break;\n    {told}\n}}"
    )


def _rest(edge: Edge, target: Target) -> str:
    """What answers where no route does."""
    taken = any(not path.rstrip("/") for path in edge.routes)
    if not edge.frontend:
        return "" if taken else raw("nothing.conf").rstrip()
    return _assets(edge.frontend) + ("" if taken else _frontend(edge.frontend))


def _assets(frontend: Frontend) -> str:
    return fill("assets.conf", assets=literal(frontend.assets.rstrip("/") + "/")).rstrip()


def _frontend(frontend: Frontend) -> str:
    fallback = "$uri $uri/index.html /index.html" if frontend.spa else "$uri $uri/index.html =404"
    return fill("frontend.conf", fallback=fallback).rstrip()
