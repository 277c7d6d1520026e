"""Ctrl-C, SIGTERM, a closed terminal and a suspended machine, at ten moments of a deploy: visitors notice nothing.

A signal that asks homeport to end makes it go back in good order (or leave the new release serving, once that has
taken over); the same command again finishes. One that was stopped goes on as if nothing had been.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.faults.running import DRIVER, ROOT, Stack, visited
from tests.live.faults.test_killed import finished, is_one_release

pytestmark = pytest.mark.live
# Before the first act with these words: one before anything changed, while it changes, before and after it takes over.
MOMENTS = (
    "state/targets", "make_folders", "history.jsonl", "live/", "secrets", " up -d ", "slots/set-", "slots/current",
    "www/current", "docker stop",
)  # fmt: skip
QUICK = (" up -d ", "www/current")
SIGNALS = {"TERM": 143, "INT": 130, "HUP": 129}
STOPPED = float(
    os.environ.get("FAULTS_STOPPED", "8")
)  # seconds; a deploy's own deadlines are shorter and longer


def points(signals: dict[str, int]) -> list[object]:
    every = [(name, moment) for name in signals for moment in MOMENTS]
    return [
        pytest.param(
            name, moment, id=f"{name} at {moment.strip()}",
            marks=[] if name == "TERM" and moment in QUICK else [pytest.mark.slow],
        )
        for name, moment in every
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "moment"), points(SIGNALS))
def test_a_signal_ends_it_in_good_order(running: Stack, name: str, moment: str) -> None:
    version, before = f"{name.lower()}-{len(running.ran)}", running.state()
    running.behave(version)
    with visited(running) as visits:
        said = running.deploy(version, driver=DRIVER, FAULTS_HOW=name, FAULTS_AT="1", FAULTS_MATCH=moment)
    assert visits.failures == []
    if moment in ("www/current", "docker stop") and running.answers():
        assert said.code == SIGNALS[name], said.text  # it had taken over, and serves
    else:
        assert said.code == SIGNALS[name], said.text
        assert running.state() == before, said.text
        assert running.history()[-1]["verdict"] in ("failed", "ok")
    finished(running, version)


@pytest.mark.slow
def test_a_second_signal_does_not_cut_off_the_way_back(running: Stack) -> None:
    version, before = f"twice-{len(running.ran)}", running.state()
    running.behave(version)
    with visited(running) as visits:
        said = running.deploy(
            version, driver=DRIVER, FAULTS_HOW="TERM TERM", FAULTS_AT="1", FAULTS_MATCH=" up -d "
        )
    assert (said.code, visits.failures) == (143, []), said.text
    assert "in good order" in said.text
    assert running.state() == before
    finished(running, version)


@pytest.mark.parametrize(
    "moment", [m if m == "slots/current" else pytest.param(m, marks=pytest.mark.slow) for m in MOMENTS]
)
def test_one_that_was_stopped_goes_on(running: Stack, moment: str) -> None:
    version = f"stopped-{len(running.ran)}"
    running.behave(version)
    with visited(running) as visits, awake_again():
        said = running.deploy(version, driver=DRIVER, FAULTS_HOW="STOP", FAULTS_AT="1", FAULTS_MATCH=moment)
    assert (said.code, visits.failures) == (0, []), said.text
    is_one_release(running, version)


@contextmanager
def awake_again() -> Iterator[None]:
    """Programs of ours that stopped themselves go on after a while."""
    done = threading.Event()

    def wake() -> None:
        while not done.wait(0.2):
            found = subprocess.run(
                ("pgrep", "-f", "tests.live.faults.driver deploy"),
                capture_output=True,
                text=True,
                check=False,
            )
            for pid in map(int, found.stdout.split()):
                with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
                    stopped = stat.read().rpartition(")")[2].split()[0] == "T"
                if stopped:
                    done.wait(STOPPED)
                    os.kill(pid, signal.SIGCONT)

    waker = threading.Thread(target=wake)
    waker.start()
    try:
        yield
    finally:
        done.set()
        waker.join()


@pytest.mark.slow
def test_a_terminal_that_is_closed(running: Stack) -> None:
    """The kernel's own SIGHUP, and words that nobody reads any more."""
    version, before = f"closed-{len(running.ran)}", running.state()
    running.behave(version)
    words = ("deploy", "local", "--version", version, "--images", "local", "--yes", "-f", str(running.yaml))
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execvp(DRIVER[0], (*DRIVER, *words))
    with visited(running) as visits:
        seen = b""
        while b"services" not in seen:
            seen += os.read(terminal, 4096)
        time.sleep(0.3)
        os.close(terminal)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert (code, visits.failures) == (129, [])
    assert running.state() == before
    finished(running, version)
