"""The host's files: flags, frontends, secrets and the lock, on a real disk."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from homeport.commands.command import Command
from homeport.engine.host import Host
from homeport.engine.machine import Put
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


def test_the_release_turns_with_the_flags(host: Host) -> None:
    host.switch({"web": "green"}, "r1")
    assert (host.serving(), host.green()) == ("r1", {"web"})
    host.switch({"web": "blue"})
    assert (host.serving(), host.green()) == ("r1", set())


def test_what_a_killed_homeport_left_is_found(host: Host) -> None:
    tree = FileTree.of([File("a/one", "1"), File("two", "2")])
    host.make_live(tree, FileTree(), ())
    (Path(host.live) / "a" / ".one.x3k_9a2b").write_text("hal")
    (Path(host.live) / "a" / ".other.x3k_9a2b").write_text("not ours")
    assert host.half_written(tree) == ["a/.one.x3k_9a2b"]
    host.make_live(tree, tree, (), host.half_written(tree))
    assert [p.name for p in sorted((Path(host.live) / "a").iterdir())] == [".other.x3k_9a2b", "one"]


def test_a_copied_frontend_is_never_seen_half(host: Host, tmp_path: Path) -> None:
    built = frontend(tmp_path / "f1", "v1")
    host.publish_frontend(built, "r1", "/assets/")
    asset = Path(host.live) / "www/assets/v1.js"
    before = asset.stat().st_ino
    (built / "index.html").write_text("v1b")
    host.publish_frontend(built, "r2", "/assets/")
    assert asset.stat().st_ino == before  # the same text is not written again
    asset.write_text("v")  # as a kill in the middle of a copy would leave it
    host.publish_frontend(frontend(tmp_path / "f3", "v1"), "r3", "/assets/")
    assert asset.read_text() == "v1"


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
    assert path.parent.parent.stat().st_mode & 0o077 == 0
    assert host.secrets_that_differ([file]) == [file]  # nothing has been started with it
    host.secrets_taken([file])
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


def test_what_a_killed_owner_started_holds_the_lock_until_it_has_ended(host: Host) -> None:
    code = "import sys; from homeport.engine.host import Host; from homeport.commands.command import acts\n"
    code += "host = Host(sys.argv[1])\nwith host.lock('ann@box', 'noon'):\n  print('locked', flush=True)\n"
    code += "  host.runner.run(acts('sh', '-c', 'echo begun > $0/begun; sleep 2; echo ended > $0/ended', sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", code, host.root], stdout=subprocess.PIPE) as other:
        begun, ended = Path(host.root) / "begun", Path(host.root) / "ended"
        while not begun.exists():
            time.sleep(0.01)
        other.kill()
        other.wait()
        assert not ended.exists()
        with host.lock("ben@box", "later"):
            assert ended.exists()


def test_a_disk_that_is_full_is_said(host: Host) -> None:
    with pytest.raises(HostError, match="/dev/full/x cannot be written"):
        host.machine.write([Put("/dev/full/x", b"1")])
    with pytest.raises(HostError, match="No space left") as fault:
        host.machine.append("/dev/full", "1")
    assert "df -h" in fault.value.hint


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


def test_where_proc_is_hidden_the_table_is_asked_for(host: Host) -> None:
    """hidepid: the process is not to be seen, and that is not the same as no request."""
    tables = Command(("cat", f"/proc/{os.getpid()}/net/tcp", f"/proc/{os.getpid()}/net/tcp6"))
    hidden = 2**22 + 1
    address = next((a for a in _own_addresses() if not a.startswith("127.")), "127.0.0.1")
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        assert host.open_requests(hidden, port, tables) == 0
        with socket.create_connection((address, port)):
            assert host.open_requests(hidden, port, tables) >= 1


def _own_addresses() -> list[str]:
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    return done.stdout.split()
