"""A laptop that is suspended in the middle of a deploy over ssh, and wakes up: the host keeps serving, and whoever has
taken over meanwhile is not disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.hosts.app import App
from tests.hosts.test_faults import LOST, goes_on, reach

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]
STEPS = ("engine", "images", "build", "ship", "secrets", "files", "services", "smoke", "watch", "drain")
# Longer than the host keeps the lock without a word (15 s), and than ssh keeps a connection without one (9 s).
ASLEEP = float(os.environ.get("HOSTS_ASLEEP", "25"))


@pytest.fixture(scope="module")
def running(app: App) -> App:
    app.deploy("v1")
    return app


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    listed = subprocess.run(("pgrep", "-P", str(pid)), capture_output=True, text=True, check=False).stdout
    return [pid, *(one for child in listed.split() for one in family(int(child)))]


def connection(app: App, pid: int) -> list[int]:
    """The process that holds the shared connection."""
    form = f"ControlPath={os.environ.get('XDG_RUNTIME_DIR') or '/tmp'}/homeport-{os.getuid()}/{pid}-%C"
    words = ("ssh", "-F", str(app.host.config), "-o", form, "-O", "check", f"root@{app.host.name}")
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    return [int(said.partition("pid=")[2].partition(")")[0])] if "pid=" in said else []


@contextmanager
def asleep(app: App, deploy: subprocess.Popen[str]) -> Iterator[None]:
    """Everything of the laptop stands still for as long as the block runs."""
    stopped = [*family(deploy.pid), *connection(app, deploy.pid)]
    _to_all(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        _to_all(stopped, signal.SIGCONT)


def _to_all(processes: list[int], number: int) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):  # a command that has just ended
            os.kill(pid, number)


@pytest.mark.parametrize("step", STEPS)
def test_asleep_in_the_middle(running: App, step: str) -> None:
    line = f"asleep-{step}"
    running.say(line)
    with running.visited() as answers:
        with running.begin(line) as deploy:
            reach(deploy, step)
            with asleep(running, deploy):
                time.sleep(ASLEEP)
            said = deploy.communicate(timeout=180)[0]
        assert deploy.returncode == 0 or (deploy.returncode == 1 and LOST in said), said
        goes_on(running, line)
    assert answers.good and not answers.bad


@pytest.mark.parametrize("step", ["files", "services", "drain"])
def test_another_deploys_meanwhile(running: App, step: str) -> None:
    """The one that wakes up does nothing more on the host: what the other has made stands."""
    first, second = f"sleeper-{step}", f"other-{step}"
    running.say(first)
    with running.visited() as answers:
        with running.begin(first) as deploy:
            reach(deploy, step)
            with asleep(running, deploy):
                time.sleep(ASLEEP)
                running.say(second)
                running.deploy(second)
                before = running.containers().keys(), running.page()
            said = deploy.communicate(timeout=180)[0]
        assert deploy.returncode == 1, said
        assert LOST in said or "another has begun there since" in said, said
        assert (running.containers().keys(), running.page()) == before
        assert running.page().startswith(f"{second};")
        goes_on(running, second)
    assert answers.good and not answers.bad


@pytest.mark.parametrize("step", ["ship", "services", "watch", "drain"])
def test_ctrl_c_reaches_the_whole_group(running: App, step: str) -> None:
    """As a terminal sends it: what homeport has started gets it too, and going back needs lock and connection."""
    line, before = f"interrupted-{step}", running.page()
    running.say(line)
    with running.visited() as answers:
        with running.begin(line) as deploy:
            reach(deploy, step)
            os.killpg(deploy.pid, signal.SIGINT)
            said = deploy.communicate(timeout=180)[0]
        assert deploy.returncode == 130, said
        assert LOST not in said
        if step != "drain":
            assert running.page() == before, said
            assert len(running.containers()) == 3, "what had started is gone again"
        goes_on(running, line)
    assert answers.good and not answers.bad
