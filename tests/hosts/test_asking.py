"""A host that is asked over ssh by a user who is not root: what is not there, what may not be read, what is lost on the
way; and a frontend that goes over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.commands.command import asks
from homeport.engine.host import Host as Place
from homeport.engine.ssh import SshMachine
from homeport.errors import HostError
from homeport.release.history import Record
from homeport.release.prune import KEEP
from tests.hosts.host import Host, clean
from tests.release import test_unused as unused

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host without an engine."""
    name, folder = f"asking{os.getpid()}", tmp_path_factory.mktemp("asking")
    try:
        yield Host.up(name, folder, image="bare")
    finally:
        Host(name, folder).down()
        clean()


@pytest.fixture
def machine(bare: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshMachine]:
    monkeypatch.setenv("HOMEPORT_SSH_CONFIG", str(bare.config))
    machine = SshMachine.connect(f"deploy@{bare.name}")
    yield machine
    machine.runner.close()


def test_missing_and_closed_are_different_answers(bare: Host, machine: SshMachine) -> None:
    bare.inside(
        "mkdir -p /opt/closed/state && echo x > /opt/closed/state/history.jsonl && chmod 700 /opt/closed"
    )
    for place in ("/opt/closed/state", "/opt/closed/state/history.jsonl"):
        for ask in (machine.read, machine.read_tree, machine.names, machine.files, machine.read_link):
            with pytest.raises(
                HostError, match=f"deploy@{bare.name}: {place} cannot be read: .*Permission denied"
            ):
                ask(place)
    assert machine.read("/opt/none") is None
    assert machine.read_link("/opt/none") is None
    assert (machine.read_tree("/opt/none"), machine.names("/opt/none"), machine.files("/opt/none")) == (
        {},
        [],
        [],
    )
    with pytest.raises(HostError) as fault:
        Place("/opt/closed", machine).history()
    assert fault.value.hint.startswith("Run this as the user who owns it")


def test_no_link_goes_over(machine: SshMachine, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("page")
    (tmp_path / "dist" / "x").symlink_to("../../..")
    with pytest.raises(HostError, match="neither files nor folders: x"):
        machine.send(tmp_path / "dist", "/home/deploy/www")
    assert machine.names("/home/deploy/www") == []


def test_old_assets_go_there_too(machine: SshMachine, tmp_path: Path) -> None:
    host = Place("/home/deploy/shop", machine)
    for number in range(KEEP + 1):
        unused.release(host, tmp_path, f"r{number}", f"app-{number}.js", "logo.svg")
    unused.clean(host, unused.NOON)
    assert unused.pool(host) == {"logo.svg", *(f"app-{n}.js" for n in range(KEEP + 1))}
    kept: list[Record] = unused.clean(host, unused.NOON + 24 * unused.HOUR)
    assert unused.pool(host) == {"logo.svg", *(f"app-{n}.js" for n in range(1, KEEP + 1))}
    assert unused.logs(host) == {record.id for record in kept}
    modes = machine.runner.run(asks("stat", "-c", "%a", f"{host.live}/www/assets/logo.svg")).out
    assert modes == "644\n"


@pytest.mark.slow
def test_a_lost_connection_is_not_an_empty_host(bare: Host, machine: SshMachine) -> None:
    assert machine.names("/opt") != []
    machine.runner.close()
    bare.cut()
    try:
        for ask in (machine.read, machine.read_tree, machine.names, machine.files, machine.read_link):
            with pytest.raises(HostError, match="the connection to deploy@"):
                ask("/opt/none")
    finally:
        bare.mend()
