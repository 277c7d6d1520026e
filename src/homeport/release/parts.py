"""The parts that services stand on: created, replaced or restarted in place, and waited for."""

from __future__ import annotations

from collections.abc import Sequence

from homeport.commands import compose, docker
from homeport.engine.host import Host
from homeport.engine.progress import Step
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import ReleaseError
from homeport.release.plan import Change
from homeport.release.roll import engine_cure, observe
from homeport.stack.model import Target

_HEALTHY_SECONDS = 120.0
_RESTARTS = 2


def apply(host: Host, target: Target, changes: Sequence[Change], step: Step) -> None:
    """Bring these containers to what is wanted and wait until each is healthy."""
    start(host, target, changes, step)
    wait(host, target, changes, step)


def start(host: Host, target: Target, changes: Sequence[Change], step: Step) -> None:
    """The first half: they start."""
    if not changes:
        return
    existing = {c.compose: c for c in observe(host, target.project)}
    result = host.runner.run(compose.up(host.live, *(change.name for change in changes)))
    if not result.ok:
        raise ReleaseError(
            "the engine could not start a part of the stack", engine_cure(result.err), result.tail()
        )
    for change in changes:
        if change.restart and change.name in existing:
            step.note(f"restarting {change.name}: {change.why}")
            host.runner.run(docker.restart(existing[change.name].id))


def wait(host: Host, target: Target, changes: Sequence[Change], step: Step) -> None:
    """The second: each is healthy. Raises ReleaseError with the last words of one that is not."""
    for change in changes:
        step.note(f"waiting for {change.name}")
        _wait(host, target, change.name)


def _wait(host: Host, target: Target, name: str) -> None:
    def look() -> Seen:
        found = [c for c in observe(host, target.project) if c.compose == name and not c.one_off]
        if not found:
            return Seen(False, "no container")
        if found[0].restarts > _RESTARTS:
            raise _failure(host, target, name, f"{name} ends by itself again and again")
        return Seen(found[0].health in ("healthy", "") and found[0].up, found[0].health or found[0].state)

    try:
        wait_until(f"{name} is healthy", look, _HEALTHY_SECONDS, every=0.2)
    except WaitedTooLong as fault:
        raise _failure(host, target, name, f"{name} did not become healthy: {fault.state}") from fault


def _failure(host: Host, target: Target, name: str, message: str) -> ReleaseError:
    found = [c for c in observe(host, target.project) if c.compose == name]
    lines = host.runner.run(docker.logs(found[0].id)).tail() if found else ""
    return ReleaseError(message, f"The lines above are the last that {name} said.", lines)


def reload_edge(host: Host) -> str:
    """Let nginx test what is live and take it, at once; what it did, in words. It watches its files as well, so
    that it may have done so already. Raises ReleaseError with nginx's own words when it refuses."""
    result = host.runner.run(compose.execute(host.live, "nginx", "sh", "/etc/nginx/entry.sh", "reload"))
    if not result.ok:
        raise ReleaseError(
            "nginx refuses the new configuration; the old one serves on",
            "The line above names the file below nginx/. A route or header in homeport.yaml made it.",
            result.tail(6),
        )
    return "reloaded once" if result.out.strip() or result.err.strip() else "nothing to reload"
