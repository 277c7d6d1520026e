"""The host's files: flags, frontends, secrets and the lock, on a real disk."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from homeport.engine.host import Host
from homeport.errors import HostError
from homeport.files import File, FileTree
from homeport.secrets.deliver import Delivered
from homeport.secrets.value import Secret


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(str(tmp_path))


def test_all_services_switch_in_one_step(host: Host) -> None:
    host.switch({"web": "green", "api": "green"})
    assert host.green() == {"web", "api"}
    first = (Path(host.live) / "slots" / "current").readlink()
    host.switch({"web": "blue"})
    assert host.green() == {"api"}
    assert (Path(host.live) / "slots" / "current").readlink() != first
    for _ in range(4):
        host.switch({"web": "green"})
        host.switch({"web": "blue", "api": "blue"})
    assert host.green() == set()
    assert len(list((Path(host.live) / "slots").glob("set-*"))) <= 2


def test_live_is_written_in_place_and_loses_what_is_gone(host: Host) -> None:
    old = FileTree.of([File("a/one", "1"), File("a/two", "2")])
    new = FileTree.of([File("a/one", "1b")])
    host.make_live(old, FileTree(), ("slots",))
    folder = (Path(host.live) / "a").stat().st_ino
    host.make_live(new, old, ())
    assert (Path(host.live) / "a").stat().st_ino == folder  # a container's mount follows the inode
    assert [p.name for p in (Path(host.live) / "a").iterdir()] == ["one"]


def frontend(folder: Path, name: str) -> Path:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(name)
    (folder / "assets" / f"{name}.js").write_text(name)
    return folder


def test_a_new_frontend_is_one_symlink_and_old_assets_stay(host: Host, tmp_path: Path) -> None:
    assert host.publish_frontend(frontend(tmp_path / "f1", "v1"), "r1", "/assets/")
    assert host.publish_frontend(frontend(tmp_path / "f2", "v2"), "r2", "/assets/")
    www = Path(host.live) / "www"
    assert (www / "current" / "index.html").read_text() == "v2"
    assert sorted(p.name for p in (www / "assets").iterdir()) == ["v1.js", "v2.js"]
    assert not host.publish_frontend(tmp_path / "f2", "r3", "/assets/")
    host.serve_frontend("r1")
    assert (www / "current" / "index.html").read_text() == "v1"


def test_secrets_are_for_their_owner_only(host: Host) -> None:
    file = Delivered("web/key", os.getuid(), 0o400, Secret("s3cret"))
    assert host.secrets_that_differ([file]) == [file]
    host.write_secrets([file], "unused")
    path = Path(host.live) / "secrets" / "web" / "key"
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o044 == 0
    assert host.secrets_that_differ([file]) == []


def test_a_second_change_is_told_who_is_at_work_and_the_lock_dies_with_its_owner(host: Host) -> None:
    code = "import sys; from pathlib import Path; from homeport.engine.host import Host\n"
    code += "with Host(sys.argv[1]).lock('ann@box', 'noon'):\n  print('locked', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, host.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"locked\n"
        with (
            pytest.raises(HostError, match="another homeport is at work") as fault,
            host.lock("ben@box", "later"),
        ):
            pass
        assert str(other.pid) in fault.value.message
        other.kill()
        other.wait()
    with host.lock("ben@box", "later"):
        pass


def test_the_kernel_counts_open_requests_but_not_the_health_check(host: Host) -> None:
    address = next(
        (a for a in _own_addresses() if not a.startswith("127.")), "127.0.0.1"
    )  # a connection from outside
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        assert host.open_requests(os.getpid(), port) == 0
        with socket.create_connection(("127.0.0.1", port)):
            assert host.open_requests(os.getpid(), port) == 0
        with socket.create_connection((address, port)) as outside:
            accepted, _ = server.accept()
            accepted, _ = server.accept()
            assert host.open_requests(os.getpid(), port) >= 1
            outside.close()
            accepted.close()
        assert host.open_requests(2**22 + 1, port) == 0


def _own_addresses() -> list[str]:
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    return done.stdout.split()
