"""What must hold before anything is touched: engine, disk, memory, ports, addresses, the domain. All faults at once."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from homeport.commands import docker
from homeport.commands.command import asks
from homeport.components.contribution import Container
from homeport.engine.disk import disk
from homeport.engine.machine import Machine
from homeport.engine.runner import Runner, together
from homeport.engine.ssh import SshRunner
from homeport.errors import HostError
from homeport.release import memory
from homeport.release.plan import Plan
from homeport.stack.model import Target

OLDEST_ENGINE = (25, 0)  # start_interval of health checks
OLDEST_COMPOSE = (2, 20)
_NO_PROGRAM = 127  # what a shell ends with when there is no such program


@dataclass(frozen=True)
class Engine:
    """What answered."""

    version: str
    compose: str
    root: str
    memory: int
    architecture: str = ""


@dataclass(frozen=True)
class Fault:
    """One reason not to start, and its cure."""

    text: str
    cure: str


def check_engine(runner: Runner) -> Engine:
    """Ask the engine; HostError when it does not answer or is too old."""
    version, compose, info = together(
        runner, docker.engine_version(), docker.compose_version(), docker.info()
    )
    if version.code == _NO_PROGRAM:
        raise HostError(
            f"{_place(runner)} has no Docker engine",
            "Install it there, on Debian 13: apt-get install docker.io docker-cli docker-compose",
            version.tail(1),
        )
    if "permission denied" in version.err:
        raise HostError(
            f"{_place(runner)}: this user may not use the Docker engine",
            f"As root, there: usermod -aG docker {_user(runner)}; then log in anew.",
            version.tail(1),
        )
    if not version.ok:
        raise HostError(
            f"{_place(runner)}: no Docker engine answers",
            "Start it: systemctl start docker. If it runs, may this user use it? `id -nG` must list docker.",
            version.tail(3),
        )
    if not compose.ok:
        raise HostError("docker compose is missing", "Install the compose plugin, version 2.20 or later.")
    if not info.ok:
        raise HostError(
            f"{_place(runner)}: the Docker engine does not say what it is",
            "Does `docker info` answer there? Then run the same again.",
            info.tail(3),
        )
    about = json.loads(info.out)
    number, _, architecture = version.out.strip().partition(" ")
    root, memory = about["DockerRootDir"], about["MemTotal"]
    engine = Engine(number, compose.out.strip(), root, memory, architecture)
    if _numbers(engine.version) < OLDEST_ENGINE:
        raise HostError(
            f"the Docker engine is {engine.version}; homeport needs 25.0 or later", "Upgrade Docker."
        )
    if _numbers(engine.compose) < OLDEST_COMPOSE:
        raise HostError(f"docker compose is {engine.compose}; homeport needs 2.20 or later", "Upgrade it.")
    return engine


def _place(runner: Runner) -> str:
    return runner.destination if isinstance(runner, SshRunner) else "this machine"


def _user(runner: Runner) -> str:
    return runner.run(asks("id", "-un")).out.strip()


def check(machine: Machine, target: Target, engine: Engine, own: frozenset[int] | None) -> None:
    """All faults of the machine for this stack, in one error. `own`: the ports of our edge; None: it is not up."""
    faults = [*_disk(machine, engine), *_domain(target), *_memory(target, engine)]
    faults += _ports(machine, target, own or frozenset())
    if own is None:
        faults += _addresses(machine.runner, target)
    if faults:
        raise HostError(
            "; ".join(fault.text for fault in faults), "\n      ".join(fault.cure for fault in faults)
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:2])


def _disk(machine: Machine, engine: Engine) -> Iterator[Fault]:
    found = disk(machine.runner, engine.root)
    if found and found.free < found.reserve:
        yield Fault(
            f"the disk of {engine.root} is full: {found.words()}",
            "Free some: `docker system df` shows what Docker holds; `docker builder prune` is harmless.",
        )


def _memory(target: Target, engine: Engine) -> Iterator[Fault]:
    largest = max((s.memory for s in target.services.values()), default=0)
    if largest > engine.memory:
        yield Fault(
            f"a service may use {largest // 1024**2} MB, the machine has {engine.memory // 1024**2} MB",
            "Lower `memory:` or take a larger machine.",
        )


def room(machine: Machine, target: Target, wanted: tuple[Container, ...], plan: Plan, by_level: bool) -> str:
    """Raises HostError when this release could take the memory that what serves now stands on. Else, in words, where
    all limits together are more than the machine has; empty when all is well, or it does not say what it has."""
    measured = _measure(machine, target)
    if measured is None:
        return ""
    count = memory.count(target, wanted, plan, measured, by_level)
    if count.short and any(roll.old for roll in plan.rolls):
        raise HostError(
            f"{machine.name} has {memory.mb(count.short)} of memory too little for old and new side by side: the new "
            f"containers may take {memory.mb(count.coming)}, {memory.mb(measured.available)} are left; "
            "nothing was changed",
            _room_cure(memory.count(target, wanted, plan, measured, by_level=True), by_level),
            count.table(),
        )
    return count.words() if count.over else ""


def _room_cure(levels: memory.Count, tried: bool) -> str:
    other = "lower `memory:` of what needs least of it, stop something else, or take a larger machine"
    if tried or levels.short:
        return f"{other[0].upper()}{other[1:]}."
    return (
        f"Run the same again with `--level-by-level`: services start, serve and replace the old ones one level after "
        f"another, which may take {memory.mb(levels.coming)} at a time; old and new serve side by side meanwhile. "
        f"Or {other}."
    )


def _measure(machine: Machine, target: Target) -> memory.Machine | None:
    found = memory.parse(machine.read("/proc/meminfo") or "")
    if found is None:
        return None
    ids = tuple(machine.runner.run(docker.running()).out.split())
    inspected = json.loads(machine.runner.run(docker.inspect(*ids)).out or "[]") if ids else []
    total, available = found
    own, others, limitless = memory.running(inspected, target.project)
    return memory.Machine(total, available, own, others, limitless)


def _domain(target: Target) -> Iterator[Fault]:
    domain = target.env.domain
    if domain == "localhost" or domain.endswith(".localhost"):
        return  # browsers and curl answer these themselves (RFC 6761)
    if not target.local and target.env.tls == "self-signed":
        return  # an internal name, or one without a DNS record yet: the edge is asked at the host's own address
    try:
        socket.getaddrinfo(domain, target.env.ports.https)
    except OSError:
        yield Fault(
            f"environments.{target.environment}.domain: {domain} does not resolve",
            f"Make a DNS record for it, or for a try add `127.0.0.1 {domain}` to /etc/hosts.",
        )


def _ports(machine: Machine, target: Target, own: frozenset[int]) -> Iterator[Fault]:
    """Ports that somebody else has; a running stack whose ports were changed is asked for the new ones."""
    sockets = _listening(machine)
    for key, port in (("http", target.env.ports.http), ("https", target.env.ports.https)):
        if port in sockets and port not in own:
            yield Fault(
                f"port {port} is taken by {_holder(machine, sockets[port], port)}",
                f"Stop it, or set environments.{target.environment}.ports.{key} to a free one.",
            )


def _listening(machine: Machine) -> dict[int, str]:
    """Port -> inode of the socket that listens on it, from the kernel's own table."""
    found: dict[int, str] = {}
    for table in ("tcp", "tcp6"):
        for line in (machine.read(f"/proc/net/{table}") or "").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                found[int(fields[1].rsplit(":", 1)[1], 16)] = fields[9]
    return found


def _holder(machine: Machine, inode: str, port: int) -> str:
    """The container or program that has a socket; `another program` where that may not be read."""
    if container := machine.runner.run(docker.publishing(port)).out.strip():
        return f"the container {container}"
    script = 'for p in /proc/[0-9]*; do ls -l "$p/fd" 2>/dev/null | grep -qF "socket:[$0]" && '
    script += 'echo "$(cat "$p/comm") (process ${p#/proc/})" && exit; done; exit 1'
    result = machine.runner.run(asks("sh", "-c", script, inode))
    return result.out.strip() if result.ok else "another program"


def _addresses(runner: Runner, target: Target) -> Iterator[Fault]:
    ids = runner.run(docker.networks()).out.split()
    networks = json.loads(runner.run(docker.inspect_networks(*ids)).out or "[]") if ids else []
    for network in networks:
        if (network.get("Labels") or {}).get("com.docker.compose.project") == target.project:
            continue
        for config in (network.get("IPAM") or {}).get("Config") or ():
            subnet = ipaddress.ip_network(config["Subnet"], strict=False)
            if subnet.version == 4 and subnet.overlaps(target.subnet):
                yield Fault(
                    f"the addresses {target.subnet} are in use by the Docker network {network['Name']}",
                    f"Set environments.{target.environment}.network to a free /20, e.g. 10.200.0.0/20.",
                )
