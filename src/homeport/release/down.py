"""Taking a stack away: containers and networks; its data only when asked for."""

from __future__ import annotations

from homeport.commands import compose, docker
from homeport.commands.command import Command
from homeport.engine.host import Host
from homeport.errors import HostError
from homeport.release import earlier, history
from homeport.release.plan import Running
from homeport.release.roll import observe
from homeport.stack.model import Target


def take_down(host: Host, target: Target, volumes: bool) -> int:
    """Remove every container of the project; how many there were."""
    with history.lock(host):
        running = observe(host, target.project)
        if host.machine.read(f"{host.live}/docker-compose.prod.yml"):
            result = host.runner.run(compose.down(host.live, volumes))
            if not result.ok:
                raise HostError("docker compose down failed", "Its own words are above.", result.tail())
        else:
            _without_files(host, target, running, volumes)
        if volumes:
            state = f"{host.root}/state"
            host.machine.remove(f"{state}/{n}" for n in host.machine.names(state) if n.startswith("seed-"))
        return len(running)


def _without_files(host: Host, target: Target, running: tuple[Running, ...], volumes: bool) -> None:
    """The same for a stack whose folder is gone: an earlier checkout, say."""
    _act(host, docker.remove(*(c.id for c in running)) if running else None)
    networks = host.runner.run(docker.networks_of(target.project)).out.split()
    _act(host, docker.remove_networks(*networks) if networks else None)
    found = earlier.volumes(host, target) if volumes else []
    _act(host, docker.remove_volumes(*(volume.name for volume in found)) if found else None)


def _act(host: Host, command: Command | None) -> None:
    result = host.runner.run(command) if command else None
    if result and not result.ok:
        raise HostError(
            "not all of it could be taken away",
            "`docker ps -a` shows whether something else uses it; then run the same again.",
            result.tail(),
        )
