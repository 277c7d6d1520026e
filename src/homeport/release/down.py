"""Taking a stack away: containers and networks; its data only when asked for."""

from __future__ import annotations

from homeport.commands import compose, docker
from homeport.engine.host import Host
from homeport.errors import HostError
from homeport.release import history
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
        elif running:
            host.runner.run(docker.remove(*(c.id for c in running)))
        if volumes:
            state = f"{host.root}/state"
            host.machine.remove(f"{state}/{n}" for n in host.machine.names(state) if n.startswith("seed-"))
        return len(running)
