"""The port a service listens on: from what publishes, exposes, asks or documents it; and what is published no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from homeport.importer import dockerfile, images
from homeport.importer.draft import DraftService, Work
from homeport.importer.value import Value


def read(work: Work, service: DraftService) -> None:
    """Note what was published and exposed, before anything is chosen."""
    value = service.value.get("ports")
    for item in value.list() if value else ():
        port, protocol = _entry(item)
        _published(work, service, item, port, protocol)
    for item in (service.value.get("expose") or Value(service.value.place)).list():
        number = re.match(r"\d+", item.text or "")
        if number and 0 < int(number[0]) < 65536:
            service.exposed.append(int(number[0]))
        work.findings.carried(item.place, service.at("expose"), "services of a stack reach each other")


def _entry(item: Value) -> tuple[int, str]:
    """Container port (0: none that is known) and protocol of one entry; the first of a range stands for it."""
    if item.entries is not None:
        text, protocol = item.string("target"), item.string("protocol")
    else:
        text, _, protocol = (item.text or "").partition("/")
        text = text.rpartition(":")[2]
    match = re.match(r"\d+", text)
    number = int(match[0]) if match else 0
    return number if number < 65536 else 0, protocol or "tcp"


def _published(work: Work, service: DraftService, item: Value, port: int, protocol: str) -> None:
    path, place = service.at(f"ports[{item.spoken()}]"), item.place
    if not port:
        work.findings.dropped(place, path, "no port that is known here", "write port: NUMBER")
    elif protocol != "tcp":
        why = f"{protocol} is not carried: only 80 and 443 of the edge are published"
        work.findings.dropped(place, path, why, "run a program that needs it outside of homeport")
    elif port in images.DEBUG_PORTS:
        work.findings.dropped(place, path, "a port for debugging or live reload, not for production")
    elif service.role == "store" or port in images.TCP_PORTS:
        why = "nothing but the edge is reachable from outside"
        why += "; a database on a public port is found within hours" if service.role == "store" else ""
        work.findings.dropped(place, path, why, f"services reach it as {service.name}:{port}")
        service.exposed.append(port)
    else:
        service.published.append(port)


def choose(work: Work, service: DraftService) -> None:
    """Set `port` and `protocol`; none for a worker."""
    known = images.known(service.image) if service.role == "store" else None
    if known:
        service.keys["port"], service.keys["protocol"] = known.port, "tcp"
        return
    if service.role == "catcher":
        service.keys["port"], service.keys["protocol"] = 1025, "tcp"
        _one_port(work, service, 1025)
        return
    port, why = next(((p, w) for p, w in _candidates(work, service) if p), (0, ""))
    if not port:
        return
    service.keys["port"] = port
    if why not in ("published", "exposed"):
        work.findings.changed(service.value.place, f"services.{service.origin}", f"its port is {port}: {why}")
    scheme = _spoken_to(work, service, port)
    if port in images.TCP_PORTS or scheme:
        service.keys["protocol"] = "tcp"
    if scheme:
        why = f"others speak {scheme} to it, so it is protocol: tcp"
        work.findings.changed(service.value.place, f"services.{service.origin}", why)
    _one_port(work, service, port)


def _one_port(work: Work, service: DraftService, port: int) -> None:
    """Say which published ports have no place."""
    for other in dict.fromkeys(service.published):
        if other != port:
            value = service.value.get("ports")
            place = value.place if value else service.value.place
            cure = "if people need it, make it reachable below a path of the same port"
            work.findings.dropped(
                place, service.at(f"ports[{other}]"), f"a service has one port: {port}", cure
            )


def _candidates(work: Work, service: DraftService) -> Iterator[tuple[int, str]]:
    """In the order in which they are believed."""
    build = service.value.get("build")
    file = dockerfile.read(work.project.folder, build)
    if file and service.stage is not None and (served := file.port(service.stage)):
        yield served, f"EXPOSE of the stage for production in {file.path} says so"
    asked = _asked_of(work, service)
    for port in service.published:
        if port in asked or port == _env_port(service):
            yield port, "published"
    yield from ((port, "published") for port in service.published)
    yield from ((port, "exposed") for port in service.exposed)
    yield from ((port, "others ask it there") for port in asked)
    if number := _env_port(service):
        yield number, "PORT says so"
    yield _health_port(service), "the healthcheck asks it there"
    yield images.HTTP_PORTS.get(images.reference(service.image).base, 0), "the image's documentation says so"
    if _a_worker(work, service):
        return
    if file and (documented := file.port(dockerfile.location(build)[2])):
        yield documented, f"EXPOSE in {file.path} says so"


def _health_port(service: DraftService) -> int:
    check = service.value.get("healthcheck")
    found = re.search(
        r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})", check.spoken() if check else ""
    )
    return int(found[1]) if found and int(found[1]) < 65536 else 0


def _a_worker(work: Work, service: DraftService) -> bool:
    """The image of another service that is the one people reach, run with another command."""
    build, command = service.value.get("build"), service.value.get("command")
    if build is None or command is None:
        return False
    others = (s for s in work.kept() if s is not service and s.value.get("ports"))
    mine = dockerfile.location(build)
    return any(dockerfile.location(other.value.get("build")) == mine for other in others)


def _env_port(service: DraftService) -> int:
    for name in ("PORT", "SERVER_PORT", "APP_PORT"):
        text = (service.env[name].text or "") if name in service.env else ""
        if text.isdigit() and 0 < int(text) < 65536:
            return int(text)
    return 0


def _spoken_to(work: Work, service: DraftService, port: int) -> str:
    """The scheme that others use with its port, when it is not HTTP's."""
    names = "|".join(re.escape(name) for name in service.names)
    pattern = re.compile(rf"([a-z][a-z0-9+.-]*)://(?:[^/@\s]*@)?(?:{names}):{port}(?!\d)")
    found = (
        pattern.search(value.text or "") for other in work.services.values() for value in other.env.values()
    )
    schemes = {match[1] for match in found if match} - {"http", "https", "ws", "wss", "h2c"}
    return min(schemes, default="")


def _asked_of(work: Work, service: DraftService) -> list[int]:
    """Ports that others (and traefik) use: `http://NAME:PORT` in their variables."""
    found: list[int] = []
    names = "|".join(re.escape(name) for name in service.names)
    for other in work.services.values():
        for value in other.env.values():
            found += [int(p) for p in re.findall(rf"(?:^|[/@])(?:{names}):(\d{{2,5}})", value.text or "")]
    labels = service.value.get("labels")
    for name, value in labels.pairs() if labels else ():
        if name.endswith("loadbalancer.server.port") and (value.text or "").isdigit():
            found.append(int(value.text or "0"))
    return [port for port in found if 0 < port < 65536]


def note(work: Work, service: DraftService) -> None:
    """One finding for each port that is reached through the edge now."""
    value = service.value.get("ports")
    for item in value.list() if value else ():
        port, protocol = _entry(item)
        if port and port == service.keys.get("port") and protocol == "tcp" and port in service.published:
            routed = any(service.name in (route, dict(route).get("service") if isinstance(route, dict) else "")
                         for route in work.routes.values())  # fmt: skip
            who = "the edge reaches" if routed else "the other services reach"
            why = f"{who} it at port {port}; only 80 and 443 are published"
            work.findings.changed(item.place, service.at(f"ports[{item.spoken()}]"), why)
