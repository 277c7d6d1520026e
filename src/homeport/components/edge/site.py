"""site.conf and services.conf: what is answered from outside, and between the services."""

from __future__ import annotations

from collections.abc import Iterator

from homeport.components.edge import slots
from homeport.components.edge.text import fill, indent, literal, raw
from homeport.stack.model import Target, has_slots
from homeport.stack.parts import Edge, Frontend, Route

STREAM_ABOVE = 16 * 1024 * 1024


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
        bodies=_bodies(edge, target),
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


def _bodies(edge: Edge, target: Target) -> str:
    """How bodies from outside reach a service."""
    if edge.max_body > STREAM_ABOVE:
        return indent(raw("streamed.conf"))
    return indent(raw("late.conf")) if _routed(edge, target) else ""


def _routes(edge: Edge, target: Target) -> Iterator[str]:
    """`/api` is /api and /api/..., not /apix; nginx takes the longest prefix by itself."""
    for path, route in edge.routes.items():
        if service := slots.reachable(target).get(route.service):
            late = has_slots(service) and edge.max_body <= STREAM_ABOVE
            yield indent(_route(path.rstrip("/"), route, late))


def _route(prefix: str, route: Route, late: bool) -> str:
    """`late`: the slot of a request with a body is chosen when the body is there."""
    on = _on(prefix, route)
    first = [f"set $after_body @late{prefix};", "include body.conf;"] if late else []
    places = (f"= {prefix}", f"^~ {prefix}/") if prefix else ("/",)
    blocks = [_location(place, *first, *on) for place in places]
    if late:
        again = (f"set $then @green{prefix};", f"include late/{route.service}.conf;")
        blocks.append(_location(f"@late{prefix}", *again, *on))
        blocks.append(_location(f"@green{prefix}", slots.choose(route.service, "green"), *on))
    about = f"# The service does not see {prefix}.\n" if route.strip and prefix else ""
    return f"\n{about}" + "\n".join(blocks)


def _on(prefix: str, route: Route) -> tuple[str, ...]:
    """The directives that send a request on to the service."""
    to = f"include to/{route.service}.conf;"
    if not (route.strip and prefix):
        return (to,)
    shorter = f"rewrite ^{literal(prefix)}(?:/(.*))?$ /$1 break;"
    return (shorter, "include outside.conf;", f"proxy_set_header X-Forwarded-Prefix {prefix};", to)


def _location(place: str, *lines: str) -> str:
    return "\n".join((f"location {place} {{", *(f"    {line}" for line in lines), "}"))


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
