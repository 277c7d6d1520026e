"""What stops a release before anything is touched: each fault has its cure."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.commands.command import Command
from homeport.engine.machine import LocalMachine
from homeport.engine.runner import LocalRunner, Result
from homeport.errors import HostError
from homeport.release import preflight
from homeport.release.preflight import Engine, check, check_engine
from homeport.stack.model import Stack, Target
from tests.recording import RecordingRunner


def target(**environment: object) -> Target:
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "shop",
            "environments": {"local": {"domain": "shop.localhost", **environment}},
            "services": {"web": {"image": "web:1", "port": 8000, "health": {"path": "/ok"}}},
        }
    )
    return Target(stack, "local")


def engine(root: str = "/") -> Engine:
    return Engine("26.1.5", "2.26.1", root, 8 * 1024**3)


class Recorded(LocalRunner):
    """The engine's answers from a table, all else asked of this machine."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.recording = RecordingRunner(answers)

    def run(self, command: Command) -> Result:
        return self.recording.run(command) if command.argv[0] == "docker" else super().run(command)


def machine(networks: list[object]) -> LocalMachine:
    answers = {"docker network ls": "abc", "docker network inspect": json.dumps(networks)}
    return LocalMachine(Recorded(answers))


NO_NETWORKS = machine([])
INFO = json.dumps({"DockerRootDir": "/var/lib/docker", "MemTotal": 1})


@pytest.mark.parametrize(
    ("version", "compose", "said"),
    [("20.10.24", "2.26.1", "engine is 20.10.24"), ("26.1.5+dfsg1", "2.12.0", "compose is 2.12.0")],
)
def test_too_old(version: str, compose: str, said: str) -> None:
    answers = {"docker version": version, "docker compose version": compose, "docker info": INFO}
    with pytest.raises(HostError, match=said) as fault:
        check_engine(RecordingRunner(answers))
    assert "pgrade" in fault.value.hint


def test_no_engine_says_how_to_start_one() -> None:
    with pytest.raises(HostError, match="no Docker engine answers") as fault:
        check_engine(RecordingRunner({}))
    assert "systemctl start docker" in fault.value.hint


def test_a_port_that_is_taken_names_its_holder_and_the_key_to_set() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        wanted = target(ports={"http": port, "https": 1})
        with pytest.raises(HostError, match=f"port {port} is taken by .*\\(process ") as fault:
            check(NO_NETWORKS, wanted, engine(), None)
        assert "environments.local.ports.http" in fault.value.hint
        with pytest.raises(HostError, match=f"port {port} is taken"):
            check(NO_NETWORKS, wanted, engine(), frozenset({81}))
        check(NO_NETWORKS, wanted, engine(), frozenset({port}))


def test_a_domain_that_does_not_resolve() -> None:
    with pytest.raises(HostError, match=r"shop\.invalid does not resolve") as fault:
        check(NO_NETWORKS, target(domain="shop.invalid"), engine(), frozenset())
    assert "/etc/hosts" in fault.value.hint


def test_all_faults_come_at_once() -> None:
    with pytest.raises(HostError) as fault:
        check(machine(neighbour(target())), target(domain="shop.invalid"), engine(), None)
    assert "in use by the Docker network theirs" in fault.value.message
    assert "does not resolve" in fault.value.message


def test_addresses_of_another_network_are_named() -> None:
    with pytest.raises(HostError, match="in use by the Docker network theirs"):
        check(machine(neighbour(target())), target(), engine(), None)


def neighbour(wanted: Target) -> list[object]:
    """A network of somebody else, with the addresses that the stack wants."""
    return [{"Name": "theirs", "Labels": {}, "IPAM": {"Config": [{"Subnet": str(wanted.subnet)}]}}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MB, full."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=False)
    if done.returncode:
        pytest.fail("mounting a tmpfs takes root: run the tests as root")
    try:
        (place / "full").write_bytes(b"\0" * (shutil.disk_usage(place).free - 4096))
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_refused(small_disk: Path) -> None:
    with pytest.raises(HostError, match=r"disk of .* is full") as fault:
        check(NO_NETWORKS, target(), engine(str(small_disk)), frozenset())
    assert "docker system df" in fault.value.hint


def test_a_healthy_machine_passes() -> None:
    assert preflight.OLDEST_ENGINE >= (25, 0)
    check(NO_NETWORKS, target(ports={"http": 1, "https": 1}), engine(), None)
