"""Each hardening point of every container that runs, from the engine and from the kernel, and who can reach whom."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.coach import HTTP, HTTPS, Project
from tests.live.engine import docker

pytestmark = pytest.mark.live

PYTHON = "homeport/python:3.13-slim"
DATABASES = ("postgres", "rabbitmq")
CALLS_OUT = {"notification", "ai"}
SERVICES = ("gateway", "user", "transaction", "budget", "notification", "ai")
# Ports of the parts: nginx within the stack, its status page, services, PostgreSQL, AMQP and RabbitMQ's pages.
PORTS = (80, 443, 2525, 4369, 5432, 5672, 8000, 8081, 15672, 15692, 25672)
# Tries each HOST:PORT of its arguments, all at once, one line each: open, or why not.
KNOCK = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def knock(place):
    host, port = place.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
        return place + " open"
    except OSError as fault:
        return place + " " + type(fault).__name__
with ThreadPoolExecutor(64) as pool:
    print(*pool.map(knock, sys.argv[1:]), sep=chr(10))
"""


def part(container: str) -> str:
    """The service whose slot it is, or the part."""
    return container.removesuffix("-blue").removesuffix("-green")


def test_every_container_is_healthy(coach: Project) -> None:
    states = {
        part(name): one["State"].get("Health", {}).get("Status") for name, one in coach.containers().items()
    }
    assert states == dict.fromkeys({"nginx", "postgres", "rabbitmq", "mailbox", *SERVICES}, "healthy")


def test_a_second_up_changes_nothing_and_says_so(coach: Project) -> None:
    before = coach.identities()
    said = coach.up()
    assert "up: nothing to change" in said, said
    assert coach.identities() == before


def limits(host: dict[str, Any]) -> Iterator[str]:
    """What the engine was told and should not have been."""
    wanted = {
        "swap limit is the memory limit": host["MemorySwap"] == host["Memory"] > 0,
        "cpus": host["NanoCpus"] > 0,
        "pids": 0 < (host["PidsLimit"] or 0) <= 1000,
        "read-only root": host["ReadonlyRootfs"] is True,
        "all capabilities dropped": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "no-new-privileges": host["SecurityOpt"] == ["no-new-privileges:true"],
        "not privileged, no device": not host["Privileged"] and not host["Devices"],
        "namespaces of its own": host["PidMode"] == host["UTSMode"] == "" and host["IpcMode"] == "private",
        "restart": host["RestartPolicy"]["Name"] == "unless-stopped",
        "log": host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
    }
    return (point for point, good in wanted.items() if not good)


def test_what_the_engine_was_told(coach: Project) -> None:
    found = coach.containers()
    faults = [f"{name}: {point}" for name, one in found.items() for point in limits(one["HostConfig"])]
    for name, one in found.items():
        faults += [f"{name}: no health check"] * (not one["Config"].get("Healthcheck", {}).get("Test"))
        faults += [f"{name}: the socket"] * ("docker.sock" in json.dumps(one["Mounts"]))
        faults += [f"{name}: user {one['Config']['User']!r}"] * (
            one["Config"]["User"].split(":")[0] in ("", "0", "root")
        )
    assert not faults, faults


def test_the_default_limits_are_those_of_the_design(coach: Project) -> None:
    sizes = {
        name: (one["HostConfig"]["Memory"] >> 20, one["HostConfig"]["NanoCpus"] / 1e9)
        for name, one in coach.containers().items()
    }
    assert {name: sizes.pop(name) for name in DATABASES} == dict.fromkeys(DATABASES, (1024, 1.0))
    sizes.pop("nginx")
    assert sizes == dict.fromkeys(sizes, (512, 0.5))


def test_what_the_kernel_says_of_every_process(coach: Project) -> None:
    """Not only of PID 1: user, capabilities and no-new-privileges of all that runs in a container."""
    seen = 0
    for name, one in coach.containers().items():
        for pid in processes(one):
            status = status_of(pid)
            if status is None:
                continue  # a health probe that has ended
            seen += 1
            where = f"{name}: {status['Name']}"
            assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split(), where
            assert {int(status[key], 16) for key in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")} == {
                0
            }, where
            assert status["NoNewPrivs"] == "1", where
            assert status["Seccomp"] == "2", where
    assert seen >= 2 * len(coach.containers())


def processes(container: dict[str, Any]) -> list[int]:
    return [int(line) for line in docker("top", container["Id"], "-eo", "pid").split()[1:]]


def status_of(pid: int) -> dict[str, str] | None:
    """/proc/PID/status as the host sees it; None when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}


def test_a_container_cannot_write_to_its_root(coach: Project) -> None:
    for name in coach.containers():
        said = docker("exec", f"{coach.name}-{name}-1", "sh", "-c", "touch /probe", ok=False)
        assert "Read-only file system" in said, f"{name}: {said}"


def test_networks(coach: Project) -> None:
    internal = {
        name: json.loads(docker("network", "inspect", f"{coach.name}_{name}"))[0]["Internal"]
        for name in ("edge", "app", "data", "egress")
    }
    assert internal == {"edge": False, "app": True, "data": True, "egress": False}
    members = {
        name: {network.removeprefix(f"{coach.name}_") for network in one["NetworkSettings"]["Networks"]}
        for name, one in coach.containers().items()
    }
    assert members["nginx"] == {"edge", "app"}
    assert members["postgres"] == members["rabbitmq"] == {"data"}
    assert {part(name) for name, networks in members.items() if "egress" in networks} == CALLS_OUT
    assert [name for name, networks in members.items() if "edge" in networks] == ["nginx"]


def test_exactly_two_ports_are_published_and_both_answer(coach: Project) -> None:
    published = {
        (name, int(binding["HostPort"]))
        for name, one in coach.containers().items()
        for bindings in (one["NetworkSettings"]["Ports"] or {}).values()
        for binding in bindings or ()
    }
    assert published == {("nginx", HTTP), ("nginx", HTTPS)}
    for port in (HTTP, HTTPS):
        socket.create_connection(("127.0.0.1", port), 3).close()


def addresses(coach: Project) -> dict[str, list[str]]:
    """Container -> its addresses in all networks."""
    return {
        name: [network["IPAddress"] for network in one["NetworkSettings"]["Networks"].values()]
        for name, one in coach.containers().items()
    }


def knock(network: str, places: list[str]) -> set[str]:
    """Which HOST:PORT answer to a new container in this network."""
    where = ("run", "--rm", "-i", "--network", network, "--pull", "never", PYTHON)
    said = docker(*where, "python", "-", *places, stdin=KNOCK)
    assert len(said.splitlines()) == len(places), said
    return {line.split()[0] for line in said.splitlines() if line.endswith(" open")}


def test_from_the_edge_network_only_the_edge_answers(coach: Project) -> None:
    """Whoever takes over nginx's outer side finds no database, broker or service there."""
    places = [f"{ip}:{port}" for ips in addresses(coach).values() for ip in ips for port in PORTS]
    edge = coach.containers()["nginx"]["NetworkSettings"]["Networks"][f"{coach.name}_edge"]["IPAddress"]
    assert knock(f"{coach.name}_edge", places) == {f"{edge}:80", f"{edge}:443"}


def test_from_a_foreign_network_nothing_answers(coach: Project) -> None:
    places = [f"{ip}:{port}" for ips in addresses(coach).values() for ip in ips for port in PORTS]
    assert knock("bridge", places) == set()


def test_a_stranger_in_the_app_network_finds_no_database(coach: Project) -> None:
    found = addresses(coach)
    places = [f"{ip}:{port}" for name in DATABASES for ip in found[name] for port in PORTS]
    assert knock(f"{coach.name}_app", places) == set()
    gateway = next(ips for name, ips in found.items() if part(name) == "gateway")
    assert knock(f"{coach.name}_app", [f"{ip}:8000" for ip in gateway]), "the knock itself works"


@contextmanager
def somebody_outside() -> Iterator[tuple[str, int]]:
    """A server on an address of this machine that belongs to no Docker network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))  # sends nothing: which address would be used?
        address = asking.getsockname()[0]
    with socket.create_server((address, 0)) as server:
        yield address, server.getsockname()[1]


def test_only_who_asked_for_a_way_out_has_one(coach: Project) -> None:
    with somebody_outside() as (host, port):
        for name, one in coach.containers().items():
            routes = Path(f"/proc/{one['State']['Pid']}/net/route").read_text().splitlines()[1:]
            way_out = any(line.split()[1] == "00000000" for line in routes)
            assert way_out == (part(name) in CALLS_OUT | {"nginx"}), f"{name}: {routes}"
            if part(name) in SERVICES:
                words = ("exec", "-i", f"{coach.name}-{name}-1", "python", "-", f"{host}:{port}")
                answered = docker(*words, stdin=KNOCK).strip().endswith(" open")
                assert answered == (part(name) in CALLS_OUT), name
