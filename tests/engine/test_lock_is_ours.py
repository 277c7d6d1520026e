"""What acts over ssh does so only while its lock is ours: the words that the host's shell gets, run by a shell here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from homeport.commands.command import Command, acts, asks
from homeport.engine.runner import LocalRunner
from homeport.engine.ssh import Lock, SshRunner
from homeport.errors import HostError


class Here(SshRunner):
    """Behind no ssh: the remote words go to a shell of this machine."""

    def words(self, remote: str) -> tuple[str, ...]:
        return ("sh", "-c", remote)

    def _control(self, word: str) -> bool:
        return True


@pytest.fixture
def runner(tmp_path: Path) -> SshRunner:
    lock = Lock(str(tmp_path / "lock"), '{"who": "ana@laptop", "pid": 12}')
    (tmp_path / "lock").write_text(lock.who)
    return Here("deploy@shop", "", lock)


def touch(path: Path) -> Command:
    return acts("sh", "-c", 'cat > "$0"', str(path), stdin=b'it\'s "quoted" $HOME\n')


def test_an_act_runs_while_the_lock_is_ours(runner: SshRunner, tmp_path: Path) -> None:
    assert runner.run(touch(tmp_path / "made")).ok
    assert (tmp_path / "made").read_bytes() == b'it\'s "quoted" $HOME\n'


def test_its_own_exit_code_is_told(runner: SshRunner) -> None:
    assert runner.run(acts("sh", "-c", "exit 76")).code == 76


def test_nothing_is_done_once_another_has_it(runner: SshRunner, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text('{"who": "bob@desk", "pid": 12}')
    with pytest.raises(HostError, match="another has begun there since"):
        runner.run(touch(tmp_path / "made"))
    assert not (tmp_path / "made").exists()
    (tmp_path / "lock").write_text(runner.lock.who)
    with pytest.raises(HostError, match="was lost"):
        runner.run(touch(tmp_path / "made"))  # lost once is lost for good


def test_who_only_asks_needs_no_lock(runner: SshRunner, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("{}")
    assert runner.run(asks("echo", "yes")).out == "yes\n"


def test_an_act_waits_for_whoever_is_taking_the_lock(runner: SshRunner, tmp_path: Path) -> None:
    """The next holder first waits for the acts of the one before, and these then find that it is not theirs."""
    script = f'exec 8>>"{runner.lock.busy}"; flock 8; echo held; sleep 1; printf other > "{tmp_path}/lock"'
    with subprocess.Popen(("bash", "-c", script), stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(HostError, match="another has begun there since"):
            runner.run(touch(tmp_path / "made"))
    assert not (tmp_path / "made").exists()
    assert LocalRunner().run(asks("cat", str(tmp_path / "lock"))).out == "other"
