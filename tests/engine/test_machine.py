"""What a machine answers when it is asked: this one, and one behind ssh (whose commands a shell here runs). What is
not there, and what cannot be read, are different answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from homeport.cli.say import Printer
from homeport.commands.command import asks
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine, Machine
from homeport.engine.ssh import SshMachine, SshRunner
from homeport.errors import HostError
from homeport.release import history
from homeport.release.deploy import Deploy
from homeport.release.sources import Sources
from homeport.secrets.store import Store
from homeport.stack.load import load
from homeport.stack.model import Target

TINY = Path(__file__).parents[2] / "examples" / "tiny" / "homeport.yaml"
NOBODY = 65534
CALLS: dict[str, Callable[[Machine, str], Any]] = {
    "read": lambda machine, path: machine.read(path),
    "read_tree": lambda machine, path: machine.read_tree(path),
    "names": lambda machine, path: machine.names(path),
    "files": lambda machine, path: machine.files(path),
    "read_link": lambda machine, path: machine.read_link(path),
}


@dataclass(frozen=True)
class Shell(SshRunner):
    """A shell of this machine in place of ssh; `form` is what it runs."""

    form: str = "{}"
    user: tuple[str, ...] = ()

    def words(self, remote: str) -> tuple[str, ...]:
        return (*self.user, "sh", "-c", self.form.format(remote))


def behind(form: str = "{}", user: tuple[str, ...] = ()) -> SshMachine:
    return SshMachine(Shell("host", "", form=form, user=user))


@pytest.fixture(params=["local", "ssh"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return LocalMachine() if request.param == "local" else behind()


@contextmanager
def as_nobody(machine: Machine) -> Iterator[Machine]:
    """The same machine for a user who is not root."""
    if os.geteuid() != 0:
        yield machine
    elif isinstance(machine, SshMachine):
        yield behind(user=("setpriv", f"--reuid={NOBODY}", "--clear-groups"))
    else:
        os.seteuid(NOBODY)
        try:
            yield machine
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_there_is_nothing(machine: Machine, tmp_path: Path, call: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    ask = CALLS[call]
    assert not ask(machine, f"{tmp_path}/none")
    assert not ask(machine, f"{tmp_path}/none/below")
    assert not ask(machine, f"{tmp_path}/file/below")
    assert call == "read_link" or not ask(machine, f"{tmp_path}/dangling")
    assert call in ("read", "read_link") or not ask(machine, f"{tmp_path}/file")


def test_what_is_there_is_told_to_the_byte(machine: Machine, tmp_path: Path) -> None:
    """The same from both, for names and texts of every kind."""
    texts = {
        "a b": "1\r\n2\n",
        "-x": "",
        "it's": "ü\n\n",
        'sub/"q"': "x",
        "sub/new\nline": "y",
        "=whole=": "z",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
        (tmp_path / name).chmod(0o640)
    (tmp_path / "link").symlink_to("a b")
    (tmp_path / "sub" / "up").symlink_to("..")
    root = str(tmp_path)
    assert {name: machine.read(f"{root}/{name}") for name in texts} == texts
    assert machine.read_tree(root) == {name: (text, 0o640) for name, text in texts.items()}
    assert machine.files(root) == sorted(texts)
    assert machine.names(root) == sorted(["a b", "-x", "it's", "=whole=", "link", "sub"])
    assert (machine.read_link(f"{root}/link"), machine.read_link(f"{root}/a b")) == ("a b", None)


@pytest.mark.parametrize("call", CALLS)
def test_a_folder_of_another_user_is_not_an_empty_one(machine: Machine, tmp_path: Path, call: str) -> None:
    closed = tmp_path / "closed"
    (closed / "file").mkdir(parents=True)
    closed.chmod(0)
    with as_nobody(machine) as asked, pytest.raises(HostError, match="Permission denied") as fault:
        CALLS[call](asked, f"{closed}/file")
    closed.chmod(0o755)
    assert f"{closed}/file cannot be read" in fault.value.message
    assert fault.value.hint.startswith("Run this as the user who owns it")


@pytest.mark.parametrize("call", [name for name in CALLS if name != "read_link"])
def test_links_in_a_circle_are_not_nothing(machine: Machine, tmp_path: Path, call: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(HostError, match="Too many levels of symbolic links") as fault:
        CALLS[call](machine, f"{tmp_path}/circle")
    assert "ls -ld" in fault.value.hint


@pytest.mark.parametrize("call", ["read", "read_tree"])
def test_what_is_no_text_is_said(machine: Machine, tmp_path: Path, call: str) -> None:
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    with pytest.raises(HostError, match="cannot be read: it is not UTF-8 text"):
        CALLS[call](machine, f"{tmp_path}/file" if call == "read" else str(tmp_path))


def test_a_folder_in_place_of_a_file_is_said(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"cannot be read: .*Is a directory"):
        machine.read(str(tmp_path))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("{{ {}; }} | head -c 20", "its answer is not whole"),
        ("echo 'sh: 1: Cannot fork' >&2; exit 2", "Cannot fork"),
        ("echo 'bash: not found' >&2; exit 127", "bash: not found"),
        ("exit 1", "its answer is not whole"),
    ],
)
def test_an_answer_that_is_cut_off_or_fails_is_said(tmp_path: Path, call: str, form: str, says: str) -> None:
    (tmp_path / ("a" * 40)).write_text("text of some length" * 10)
    (tmp_path / "link").symlink_to("b" * 40)
    name = {"read": "/" + "a" * 40, "read_link": "/link"}.get(call, "")
    assert CALLS[call](behind(), f"{tmp_path}{name}")
    with pytest.raises(HostError, match=f"host: {tmp_path}{name} cannot be read: .*{says}"):
        CALLS[call](behind(form), f"{tmp_path}{name}")


def test_a_process_that_has_ended_has_no_tables(machine: Machine) -> None:
    assert machine.read_proc(f"/proc/{2**22 + 1}/net/tcp") is None
    assert "local_address" in (machine.read_proc(f"/proc/{os.getpid()}/net/tcp") or "")


@pytest.mark.parametrize(("says", "open_"), [("No such container: web", 0), ("no such image: nginx", 1)])
def test_tables_that_could_not_be_asked_for_may_hold_a_request(
    machine: Machine, tmp_path: Path, says: str, open_: int
) -> None:
    ask = asks("sh", "-c", 'echo "Error response from daemon: $0" >&2; exit 125', says)
    assert Host(str(tmp_path), machine).open_requests(2**22 + 1, 80, ask) == open_


# -- what stands on it -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["folder", "circle", "garbage", "not text"])
def test_an_unreadable_history_is_no_first_release(machine: Machine, tmp_path: Path, damage: str) -> None:
    """A deploy ends before anything is written, and says what to look at."""
    file = tmp_path / "root" / "state" / "history.jsonl"
    file.parent.mkdir(parents=True)
    if damage == "folder":
        file.mkdir()
    elif damage == "circle":
        file.symlink_to(file.name)
    else:
        file.write_bytes(b'{"one": "of a newer homeport"}\n' if damage == "garbage" else b"\xff\n")
    host, target = Host(str(tmp_path / "root"), machine), Target(load(TINY), "local")
    store = Store.open(tmp_path / "secrets.yaml", "local")
    deploy = Deploy(host, target, store, Sources(TINY.parent, tmp_path / "cache"), Printer(json_lines=True))
    with pytest.raises(HostError, match=r"history\.jsonl") as fault:
        deploy.run()
    assert fault.value.hint
    assert not (tmp_path / "root" / "live").exists()


def test_a_history_that_is_not_there_is_a_first_release(machine: Machine, tmp_path: Path) -> None:
    assert history.read(Host(str(tmp_path), machine)) == []


def test_unreadable_flags_are_not_all_blue(machine: Machine, tmp_path: Path) -> None:
    host = Host(str(tmp_path), machine)
    host.switch({"web": "green"}, "r1")
    current = tmp_path / "live" / "slots" / "current"
    current.unlink()
    current.symlink_to("current")
    for ask in (host.green, host.serving, lambda: host.switch({"api": "green"})):
        with pytest.raises(HostError, match=r"slots/current.* cannot be read"):
            ask()
    assert [path.name for path in current.parent.iterdir() if path.is_dir()] == ["set-1"]
