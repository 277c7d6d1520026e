"""The dangerous act: a new container takes the place of an old one without a lost request.

start_level     the idle slots are created beside the ones that serve, dependencies first
wait_healthy    each is asked from the host every 50 ms; a bad one is removed, the old never knew
switch          one folder of flags for all services; nginx sees it at the next request
watch           good once is not good yet
-- until here going back is turning the link back --
finish          the kernel's own table says when an old one has no request left; then it is stopped
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

from homeport.commands import compose, docker
from homeport.engine.host import Host
from homeport.engine.progress import Step
from homeport.engine.runner import Result
from homeport.engine.wait import Seen, WaitedTooLong, now, pause, wait_until
from homeport.errors import HostError, ReleaseError
from homeport.release.plan import Roll, Running, parse_containers
from homeport.stack.model import Slot, Target
from homeport.stack.parts import Service

SETTLE = (
    0.3  # seconds between the flip and the first look at the old one: requests that read the old flag arrive
)
WATCH = 2.0  # seconds
QUIET_LOOKS = 3  # looks in a row without an open request
DRAIN_LIMIT = 30.0  # seconds; WebSockets and SSE never drain by themselves
_RESTARTS_TO_GIVE_UP = 2
_ENGINE_EVERY = 0.5  # seconds between two questions to the engine about a container that gives no good answer


@dataclass(frozen=True)
class Roller:
    """Rolls services of one target on one host."""

    host: Host
    target: Target

    def start_level(self, rolls: list[Roll], step: Step) -> None:
        """Start the new slots of these services at once and wait until all are good; nothing is switched yet."""
        if not rolls:
            return
        self._clear_leftovers(rolls)
        names = [name for roll in rolls for name in roll.containers]
        step.note(f"starting {', '.join(names)}")
        result = self.host.runner.run(compose.start(self.host.live, *names))
        if not result.ok:
            raise ReleaseError(
                "the engine could not start a container", engine_cure(result.err), result.tail()
            )
        self._wait_all(rolls, step)

    def switch(self, rolls: list[Roll], release: str) -> None:
        """The new slots serve, of all services from the same moment on, and the release is this one."""
        slots = {r.service: r.slot for r in rolls if self.target.services[r.service].port}
        self.host.switch(slots, release)

    def watch(self, rolls: list[Roll], step: Step) -> None:
        """Look at the new containers for a moment while they serve: good once is not good yet."""
        names = {name for roll in rolls for name in roll.containers}
        step.note(f"watching {len(names)} containers for {WATCH:.0f} s")
        ends = now() + WATCH
        engine = _Engine(self.host, self.target)
        while True:
            last = now() >= ends  # as wait_until: a process that was stopped for a while looks once more
            for roll in rolls:
                _Look(engine, roll).still_good()
            if last:
                return
            pause(0.2)

    def switch_back(self, rolls: list[Roll], release: str) -> None:
        """The slots that served before serve again."""
        back = {r.service: other(r.slot) for r in rolls if r.old and self.target.services[r.service].port}
        if back or self.host.serving() != release:
            self.host.switch(back, release)
            pause(SETTLE)

    def discard(self, ids: tuple[str, ...]) -> None:
        """Containers that nothing points to, left by a killed deploy or by a part that is gone: requests may be in
        them still."""
        running = parse_containers(self._inspect(ids))
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(self._discard_one, running))

    def _discard_one(self, container: Running) -> None:
        service = self.target.services.get(container.service or container.compose)
        port = (
            service.port if service else container.port
        )  # one that is no longer in the file serves until now
        if port:
            self._drain((container,), port)
        stop(self.host, [container], service.stop_grace if service else 10.0)

    def finish(self, rolls: list[Roll], step: Step) -> None:
        """Drain and stop the old slots, all at once, each with its own limits."""
        old = [roll for roll in rolls if roll.old]
        if not old:
            return
        pause(SETTLE)
        with ThreadPoolExecutor(max_workers=len(old)) as pool:
            list(pool.map(lambda roll: self._retire(roll, step), old))

    def _retire(self, roll: Roll, step: Step) -> None:
        service = self.target.services[roll.service]
        running = parse_containers(self._inspect(roll.old))
        if service.port:
            step.note(f"{roll.service}: draining {other(roll.slot)}")
            self._drain(running, service.port)
        step.note(f"{roll.service}: stopping {other(roll.slot)}")
        stop(self.host, running, service.stop_grace)

    def _drain(self, running: tuple[Running, ...], port: int, limit: float = DRAIN_LIMIT) -> None:
        quiet = 0
        tables = {c.id: docker.tcp_tables(c.id, self.target.image("nginx")) for c in running}

        def look() -> Seen:
            nonlocal quiet
            count = sum(self.host.open_requests(c.pid, port, tables[c.id]) for c in running if c.pid)
            quiet = quiet + 1 if count == 0 else 0
            return Seen(quiet >= QUIET_LOOKS, f"{count} open")

        try:
            wait_until("the old container's requests end", look, limit)
        except WaitedTooLong:
            return  # only streams are left: the app is told to stop and closes them itself

    def _wait_all(self, rolls: list[Roll], step: Step) -> None:
        engine = _Engine(self.host, self.target)
        with ThreadPoolExecutor(max_workers=max(1, len(rolls))) as pool:
            faults = [f for f in pool.map(lambda roll: self._wait_one(roll, engine, step), rolls) if f]
        if faults:
            raise faults[0]

    def _wait_one(self, roll: Roll, engine: _Engine, step: Step) -> ReleaseError | None:
        for name in roll.containers:
            try:
                seconds = wait_healthy(engine, roll, name)
                step.note(f"{name} is healthy after {seconds:.1f} s")
            except ReleaseError as fault:
                return fault
        return None

    def _clear_leftovers(self, rolls: list[Roll]) -> None:
        """What an earlier deploy, killed, left in the slots that we are about to use: requests may still be in it."""
        self.put_away(rolls)

    def put_away(self, rolls: list[Roll]) -> None:
        """Drain, stop and remove the containers in the slots of these rolls, which nothing points to any more."""
        with ThreadPoolExecutor(max_workers=max(1, len(rolls))) as pool:
            list(pool.map(self._put_one_away, rolls))

    def _put_one_away(self, roll: Roll) -> None:
        service, found = self.target.services[roll.service], self._containers(list(roll.containers))
        running = tuple(c for c in found if c.up)
        if running and service.port:
            self._drain(running, service.port, service.stop_grace)
        stop(self.host, found, service.stop_grace)

    def _containers(self, compose_names: list[str]) -> list[Running]:
        return [
            c for c in observe(self.host, self.target.project) if c.compose in compose_names and not c.one_off
        ]

    def _inspect(self, ids: tuple[str, ...]) -> list[dict[str, object]]:
        return inspect(self.host, ids)


def other(slot: Slot) -> Slot:
    return "blue" if slot == "green" else "green"


def observe(host: Host, project: str) -> tuple[Running, ...]:
    """All containers of the project, as they are now."""
    listed = host.runner.run(docker.containers(project))
    if not listed.ok:  # no answer is not "nothing runs": a plan from that would stop what serves
        raise _engine_fault("the engine did not say what runs", listed)
    return parse_containers(inspect(host, tuple(listed.out.split())))


def inspect(host: Host, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """`docker inspect` of those that are still there."""
    if not ids:
        return []
    result = host.runner.run(docker.inspect(*ids))
    if not result.ok and "no such" not in result.err.lower():
        raise _engine_fault("the engine did not say what runs", result)
    found: list[dict[str, Any]] = json.loads(result.out or "[]")
    return found


def stop(host: Host, containers: Sequence[Running], grace: float) -> None:
    """Stop with this grace (seconds) and remove; one that has gone by itself is no fault."""
    for command in (
        docker.stop(*(c.id for c in containers if c.up), grace=grace)
        if any(c.up for c in containers)
        else None,
        docker.remove(*(c.id for c in containers)) if containers else None,
    ):
        result = host.runner.run(command) if command else None
        if result and not result.ok and "no such" not in result.err.lower():
            raise _engine_fault("the engine did not take an old container away", result)


def _engine_fault(message: str, result: Result) -> HostError:
    return HostError(
        message, "`docker ps -a` shows whether it answers now; then run the same again.", result.tail(3)
    )


class _Engine:
    """What runs, asked once for all who look at the same time: a question costs the engine what a service boots on."""

    def __init__(self, host: Host, target: Target) -> None:
        self.host, self.target = host, target
        self._lock, self._when, self._found = Lock(), float("-inf"), tuple[Running, ...]()

    def named(self, compose_name: str, age: float = 0.0) -> Running | None:
        """As it was at most `age` seconds ago."""
        with self._lock:
            if now() - self._when >= age:
                self._found = observe(self.host, self.target.project)
                self._when = now()
            return next((c for c in self._found if c.compose == compose_name and not c.one_off), None)


def wait_healthy(engine: _Engine, roll: Roll, name: str) -> float:
    """Seconds until this container is good. Raises ReleaseError with its last log lines and what to do."""
    look = _Look(engine, roll, name)
    health = look.service.health
    try:
        return wait_until(f"{name} is healthy", look, health.start if health else 10.0)
    except WaitedTooLong as fault:
        raise look.failure(look.died() or f"{roll.service} did not become healthy: {fault.state}") from fault


class _Look:
    """One look at a container that is starting: is it good, is it lost?"""

    def __init__(self, engine: _Engine, roll: Roll, name: str = "") -> None:
        self.engine, self.host, self.target = engine, engine.host, engine.target
        self.service, self.roll, self.name = engine.target.services[roll.service], roll, name
        self.looks, self.asked_engine = 0, now()

    def __call__(self) -> Seen:
        self.looks += 1
        path = self.service.health.path if self.service.health else None
        if path and self.service.port:
            seen = self._ask(path, self.service.port)
            if seen.good or now() - self.asked_engine < _ENGINE_EVERY:
                return seen
            self.asked_engine = now()
            return self._judge(self.engine.named(self.name, _ENGINE_EVERY), seen.state)
        return self._judge(self.engine.named(self.name, _ENGINE_EVERY / 2), "")

    def _ask(self, path: str, port: int) -> Seen:
        replica = self.roll.containers.index(self.name) + 1
        address = self.target.slot_address(self.roll.service, self.roll.slot, replica)
        timeout = self.service.health.timeout if self.service.health else 3.0
        status, text = self.host.machine.http_status(address, port, path, timeout)
        return Seen(200 <= status < 300, f"{path}: {text}")

    def _judge(self, container: Running | None, said: str) -> Seen:
        if container is None:
            return Seen(False, said or "no container")
        if _is_lost(container):
            raise self.failure(self._death(container))
        if said:
            return Seen(False, said)
        good = container.health == "healthy" or (container.up and not container.health and self.looks > 20)
        return Seen(good, f"the engine says {container.health or container.state}")

    def died(self) -> str:
        """How it ended, in words, when it has ended at least once."""
        container = self.engine.named(self.name)
        lost = container and (container.restarts or container.state in ("exited", "dead"))
        return self._death(container) if container and lost else ""

    def still_good(self) -> None:
        """Raise ReleaseError when a container of the roll is gone, begins anew, or its health path is not good."""
        path = self.service.health.path if self.service.health else None
        for name in self.roll.containers:
            self.name = name
            if path and self.service.port:
                seen = self._ask(path, self.service.port)
                if not seen.good and not self._ask(path, self.service.port).good:
                    raise self.failure(f"{self.roll.service} was healthy, and then not: {seen.state}")
            container = self.engine.named(self.name, _ENGINE_EVERY / 2) if not path else None
            if not path and (container is None or not container.up or container.restarts):
                raise self.failure(f"{self.roll.service} was well, and then ended by itself")

    def _death(self, container: Running) -> str:
        """What it died of: the engine's events know it when it runs anew already, and its state says nothing."""
        ends = self.host.runner.run(docker.ends(container.id)).out.split("\n")
        if container.oom or any(line.startswith("oom") for line in ends):
            limit = f"{self.service.memory // 1024**2} MB"
            return f"{self.roll.service} was killed for using more memory than its limit ({limit}: `memory:`)"
        codes = [line.split()[1] for line in ends if line.startswith("die ")] or [str(container.exit_code)]
        ended = f"exit code {codes[-1]}, {container.restarts} restarts"
        return f"{self.roll.service} ends by itself at start ({ended})"

    def failure(self, message: str) -> ReleaseError:
        container = self.engine.named(self.name)
        lines = self.host.runner.run(docker.logs(container.id)).tail() if container else ""
        return ReleaseError(message, _health_cure(self.service, self.target, self.roll.service), lines)


def _is_lost(container: Running) -> bool:
    """It ends again and again. Between two starts the engine knows why: that moment is waited for."""
    if container.state in ("exited", "dead"):
        return True
    enough = _RESTARTS_TO_GIVE_UP if container.state == "restarting" else 2 * _RESTARTS_TO_GIVE_UP
    return container.restarts >= enough


def _health_cure(service: Service, target: Target, name: str) -> str:
    asked = (
        f"its health path {service.health.path}" if service.health and service.health.path else "its health"
    )
    return (
        f"The lines above are the last that {name} said. Mend it, or {asked} in homeport.yaml "
        f"(health.start is how long it may take), then run the same command again."
    )


def engine_cure(text: str) -> str:
    if "port is already allocated" in text or "address already in use" in text:
        return "Another program holds the port; `homeport status` and `ss -ltnp` show who."
    if "Pool overlaps" in text:
        return "Another network of this machine has the same addresses: set `network:` in the environment."
    return "The engine's own words are above; `docker ps -a` shows what is there."
