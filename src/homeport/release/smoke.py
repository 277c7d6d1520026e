"""The smoke test: new containers before anybody is sent to them; then the stack as a visitor finds it, over TLS."""

from __future__ import annotations

from collections.abc import Iterable

from homeport import cures
from homeport.commands import docker
from homeport.engine import https
from homeport.engine.host import Host
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import ReleaseError
from homeport.release.plan import Roll
from homeport.release.roll import observe
from homeport.stack.model import Target

_SECONDS = 15.0
_ANSWER_SECONDS = 5.0  # for one answer


def smoke_slots(host: Host, target: Target, rolls: Iterable[Roll]) -> None:
    """Ask new containers, which nobody is sent to yet, each path that the edge will send them. What a visitor would
    get as a server's error is a failure, and no visitor gets it."""
    new = {roll.service: roll for roll in rolls}
    for path, route in target.stack.edge.routes.items():
        service = target.services.get(route.service)
        if route.service in new and service and service.port:
            asked = "/" if route.strip else path
            for number in range(1, service.replicas + 1):
                _smoke_slot(host, target, new[route.service], number, service.port, asked)


def _smoke_slot(  # noqa: PLR0913
    host: Host, target: Target, roll: Roll, replica: int, port: int, path: str
) -> None:
    address, name = target.slot_address(roll.service, roll.slot, replica), roll.containers[replica - 1]

    def look() -> Seen:
        status, text = host.machine.http_status(address, port, path, _ANSWER_SECONDS)
        return Seen(0 < status < 500, text)

    try:
        wait_until(f"{name} answers {path}", look, _SECONDS, every=0.2)
    except WaitedTooLong as fault:
        raise ReleaseError(
            f"the smoke test failed: {roll.service} is healthy, but answers {path} with {fault.state}",
            f"The lines above are the last that {roll.service} said. No visitor has seen it.",
            _last_lines(host, target, name),
        ) from fault


def _last_lines(host: Host, target: Target, name: str) -> str:
    found = [c for c in observe(host, target.project) if c.compose == name]
    return host.runner.run(docker.logs(found[0].id)).tail() if found else ""


def smoke(target: Target) -> str:
    """Ask the front page and every route; what was seen, in words. A gateway error or no answer is a failure."""
    paths = (["/"] if target.stack.edge.frontend else []) + sorted(target.stack.edge.routes)
    seen: list[str] = []
    for path in paths:
        state = ""

        def look(path: str = path) -> Seen:
            nonlocal state
            status, state = https.get(target, path)
            good = status == 200 if path == "/" and target.stack.edge.frontend else 0 < status < 500
            return Seen(good, state)

        try:
            wait_until(f"{path} answers", look, _SECONDS, every=0.2)
        except WaitedTooLong as fault:
            raise ReleaseError(
                f"the smoke test failed: {target.url}{path}: {fault.state}",
                f"Look at the edge and the service behind it: {cures.logs('nginx', target.environment)}",
            ) from fault
        seen.append(f"{path} {state.split()[1]}")
    return ", ".join(seen)
