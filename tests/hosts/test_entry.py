"""Hosts that cannot be had, or are not ready: one clear error each, with its cure, and nothing changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hosts.app import App
from tests.hosts.host import Host, clean, outer

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The stack for a host without a Docker engine."""
    host = Host(f"bare{os.getpid()}", tmp_path_factory.mktemp("bare"))
    try:
        yield App.copy(
            tmp_path_factory.mktemp("app") / "stack", Host.up(host.name, host.folder, image="bare")
        )
    finally:
        host.down()
        clean()


def another_key(app: App) -> None:
    known = app.host.folder / "known_hosts"
    outer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(app.host.folder / "other"))
    public = (app.host.folder / "other.pub").read_text()
    known.write_text(f"{app.host.address} {public}")


def no_key(app: App) -> None:
    (app.host.folder / "known_hosts").write_text("")


def wrong_identity(app: App) -> None:
    (app.host.folder / "wrong").unlink(missing_ok=True)
    outer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(app.host.folder / "wrong"))
    config = app.host.config.read_text()
    app.host.config.write_text(
        re.sub(r"IdentityFile .*", f"IdentityFile {app.host.folder / 'wrong'}", config)
    )


def no_such_name(app: App) -> None:
    app.host.config.write_text(
        re.sub(r"HostName .*", "HostName no-such-host.invalid", app.host.config.read_text())
    )


def no_sshd(app: App) -> None:
    app.host.config.write_text(app.host.config.read_text() + "  Port 23\n")


CASES = [
    (no_key, "is not known yet", "see and accept its key: ssh root@"),
    (another_key, "is another machine than before", "ssh-keygen -R"),
    (wrong_identity, "does not let us in", "ssh-copy-id root@"),
    (no_such_name, "there is no such host", "`host:` in homeport.yaml"),
    (no_sshd, "answers, but no sshd does", "`Port` in ~/.ssh/config"),
]


@pytest.fixture
def spoilt(bare: App) -> Iterator[App]:
    """The same, and afterwards what ssh knows is as it was."""
    files = {path: path.read_text() for path in (bare.host.config, bare.host.folder / "known_hosts")}
    yield bare
    for path, text in files.items():
        path.write_text(text)


@pytest.mark.parametrize(("spoil", "fault", "cure"), CASES, ids=[case[0].__name__ for case in CASES])
def test_a_host_that_cannot_be_entered(
    spoilt: App, spoil: Callable[[App], None], fault: str, cure: str
) -> None:
    spoil(spoilt)
    said = spoilt.deploy("v1", code=1)
    assert fault in said and cure in said


def test_a_host_that_does_not_answer(bare: App) -> None:
    bare.host.inside(
        "nft add table inet cut; nft add chain inet cut in '{ type filter hook input priority 0; }'"
    )
    bare.host.inside("nft add rule inet cut in tcp dport 22 drop")
    try:
        said = bare.deploy("v1", code=1)
    finally:
        bare.host.inside("nft delete table inet cut")
    assert "does not answer" in said and "firewall" in said


def test_a_host_without_an_engine(bare: App) -> None:
    said = bare.deploy("v1", code=1)
    assert "has no Docker engine" in said and "apt-get install docker.io" in said


def test_a_disk_without_room_for_the_images(tmp_path: Path) -> None:
    host = Host(f"small{os.getpid()}", tmp_path / "host")
    try:
        app = App.copy(tmp_path / "stack", Host.up(host.name, host.folder, disk="300m"))
        said = app.deploy("v1", code=1)
        assert "would not leave 10 % of the disk" in said and "docker system df" in said
        assert host.ssh("docker image ls -q; docker ps -aq; ls /opt/hphosted/live 2>/dev/null; true") == ""
    finally:
        host.down()


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    host = Host(f"full{os.getpid()}", tmp_path / "host")
    try:
        app = App.copy(tmp_path / "stack", Host.up(host.name, host.folder, disk="900m"))
        app.deploy("v1")
        host.ssh("head -c 2G /dev/zero > /var/lib/docker/ballast; true")
        app.say("for a full disk")
        with app.visited() as answers:
            said = app.deploy("v2", code=1)
        assert "the disk of /var/lib/docker is full" in said and "0.0 GB of 0.9 GB free" in said
        assert app.page().startswith("line 1;") and answers.good and not answers.bad
        host.ssh("rm /var/lib/docker/ballast")
        app.deploy("v2")
        assert app.page().startswith("for a full disk;")
    finally:
        host.down()
