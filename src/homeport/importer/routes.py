"""The way in: routes from what was published, when no proxy's configuration says them."""

from __future__ import annotations

import re

from homeport.importer import images
from homeport.importer.draft import DraftService, Work

_FRONT = re.compile(r"front|www|ui\b|client|site|public", re.IGNORECASE)
_WEB = re.compile(r"web|app|vote|proxy", re.IGNORECASE)
_API = re.compile(r"api|back|server|gateway", re.IGNORECASE)
_COMMON = (80, 8080, 3000, 8000, 5000, 4200, 5173, 8081, 9000)


def choose(work: Work) -> None:
    """Fill `edge.routes`. A guess is said; a stack without a way in is a question."""
    work.routes = {path: route for path, route in work.routes.items() if _fits(work, route)}
    open_to_people = [s for s in work.kept() if _http(s) and s.published and _routable(s)]
    routed = {_service(route) for route in work.routes.values()}
    if "/" not in work.routes and "frontend" not in work.edge:
        _root(work, open_to_people or _behind_the_proxy(work), routed)
    _rest(work, open_to_people)


def _service(route: object) -> str:
    return str(route["service"]) if isinstance(route, dict) else str(route)


def _fits(work: Work, route: object) -> bool:
    return any(s.name == _service(route) and _http(s) and _routable(s) for s in work.kept())


def _http(service: DraftService) -> bool:
    return bool(service.keys.get("port")) and service.keys.get("protocol", "http") == "http"


def _routable(service: DraftService) -> bool:
    return "only" not in service.keys


def _behind_the_proxy(work: Work) -> list[DraftService]:
    """HTTP services, those first that a proxy depended on."""
    wanted = {
        name for proxy in work.of_role("proxy") for name in re.findall(r"[\w.-]+", proxy.value.spoken())
    }
    found = [s for s in work.kept() if _http(s) and _routable(s)]
    return [s for s in found if s.origin in wanted] or found


def _root(work: Work, services: list[DraftService], routed: set[str]) -> None:
    services = [s for s in services if s.name not in routed] or services
    if not services:
        if not work.routes:
            _no_way_in(work)
        return
    main = min(services, key=_rank)
    work.routes["/"] = main.name
    place = main.value.get("ports")
    where = place.place if place else main.value.place
    if len(services) > 1 or not main.published:
        work.route_notes["/"] = "a guess: where people come in"
        why = f"/ leads to {main.name}: a guess, for nothing says where people come in"
        cure = "a page for operators is open to all there" if _operator(main) else "look at edge.routes"
        work.findings.changed(where, "edge.routes", why, cure)
    else:
        work.findings.changed(where, "edge.routes", f"/ leads to {main.name}, the one with a published port")


def _rank(service: DraftService) -> tuple[int, int, int]:
    name = next((at for at, words in enumerate((_FRONT, _WEB)) if words.search(service.origin)), 2)
    name = 3 if name and _API.search(service.origin) else name
    name = 4 if _operator(service) else name
    port = int(service.keys["port"])
    return name, 0 if service.builds else 1, _COMMON.index(port) if port in _COMMON else len(_COMMON)


def _operator(service: DraftService) -> bool:
    return bool(service.image) and images.reference(service.image).base in images.OPERATOR


def _no_way_in(work: Work) -> None:
    first = next(iter(work.kept()), None)
    place = first.value.place if first else next(iter(work.project.services.values())).place
    why = "no service that is left answers HTTP, so the edge leads nowhere"
    cure = (
        "give a service its `port` and write edge.routes: {/: SERVICE}; homeport is for apps reached by HTTPS"
    )
    work.findings.asks(place, "edge", why, cure)


def _rest(work: Work, services: list[DraftService]) -> None:
    """Published services without a route: an API gets /api, the others are offered as comments."""
    routed = {_service(route) for route in work.routes.values()}
    left = [service for service in services if service.name not in routed]
    for service in [service for service in left if _operator(service)]:
        left.remove(service)
        why = f"{service.name} was published on its own port: a page for operators is not for everybody"
        work.findings.dropped(
            service.value.place, f"services.{service.origin}.ports", why, "give it no route"
        )
    for service in left:
        value = service.value.get("ports")
        place = value.place if value else service.value.place
        likely = _API.search(service.origin) or (len(left) == 1 and service.builds)
        if likely and "/api" not in work.routes:
            work.routes["/api"] = service.name
            work.route_notes["/api"] = "a guess; strip: true takes /api away before the service sees it"
            why = f"/api leads to {service.name}: a guess"
            work.findings.changed(place, "edge.routes", why, "look at edge.routes")
        else:
            line = f"/{service.name}: {{service: {service.name}, strip: true}}"
            work.suggested_routes.append(line)
            why = f"{service.name} was published on its own port: the edge shows only what has a route"
            work.findings.dropped(place, "edge.routes", why, f"if people need it: {line}")
