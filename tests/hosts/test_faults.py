"""A deploy over ssh that is killed, cut off or loses its host, at every step: the app serves, the next one goes on."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hosts.app import App
from tests.hosts.host import outer, until

pytestmark = [pytest.mark.live, pytest.mark.slow]

STEPS = ("engine", "images", "build", "ship", "secrets", "files", "services", "smoke", "watch", "drain")
LOST = "the connection to root@"


@pytest.fixture(scope="module")
def running(app: App) -> App:
    app.deploy("v1")
    return app


def reach(deploy: subprocess.Popen[str], step: str) -> None:
    """Read what it says until this step begins."""
    assert deploy.stdout
    for line in deploy.stdout:
        if line.startswith("{"):
            event = json.loads(line)
            if event.get("name") == step and event.get("state") == "start":
                return
    raise AssertionError(f"the deploy ended before {step}")


def kill(app: App, deploy: subprocess.Popen[str]) -> None:
    """homeport itself, without a word."""
    deploy.kill()


def kill_connection(app: App, deploy: subprocess.Popen[str]) -> None:
    """The process that holds the shared connection."""
    form = f"ControlPath={os.environ.get('XDG_RUNTIME_DIR') or '/tmp'}/homeport-{os.getuid()}/{deploy.pid}-%C"
    words = ("ssh", "-F", str(app.host.config), "-o", form, "-O", "check", f"root@{app.host.name}")
    said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    os.kill(int(said.partition("pid=")[2].partition(")")[0]), signal.SIGKILL)


def goes_on(app: App, line: str) -> None:
    """The same command again finishes what was begun, and what runs is whole."""
    app.deploy(line)
    assert app.page().startswith(f"{line}; hello")
    until("everything is healthy", app.healthy)
    assert len(app.containers()) == 3  # the edge and one slot of each service
    assert app.host.ssh("ls -A /opt/hphosted/live | grep -c incoming; true") == "0"


@pytest.mark.parametrize("fault", [kill, kill_connection], ids=["killed", "connection killed"])
@pytest.mark.parametrize("step", STEPS)
def test_an_end_in_the_middle(
    running: App, step: str, fault: Callable[[App, subprocess.Popen[str]], None]
) -> None:
    line = f"{fault.__name__}-{step}"
    running.say(line)
    with running.visited() as answers:
        with running.begin(line) as deploy:
            reach(deploy, step)
            fault(running, deploy)
            said = deploy.communicate(timeout=120)[0]
        if fault is kill_connection:
            assert deploy.returncode == 1 and LOST in said, said
        goes_on(running, line)
    assert answers.good and not answers.bad


@pytest.mark.parametrize("step", ["ship", "services", "drain"])
def test_packets_that_get_lost(running: App, step: str) -> None:
    line = f"cut-{step}"
    running.say(line)
    with running.visited() as answers:
        with running.begin(line) as deploy:
            reach(deploy, step)
            running.host.cut()
            try:
                said = deploy.communicate(timeout=180)[0]
            finally:
                running.host.mend()
        assert deploy.returncode == 1 and LOST in said, said
        goes_on(running, line)
    assert answers.good and not answers.bad


@pytest.mark.parametrize("step", ["ship", "services", "drain"])
def test_power_is_lost(running: App, step: str) -> None:
    """The host comes back on one release by itself, the old or the new, and takes the next."""
    before, line = running.page(), f"power-{step}"
    running.say(line)
    with running.begin(line) as deploy:
        reach(deploy, step)
        running.host.lose_power()
        said = deploy.communicate(timeout=180)[0]
    assert deploy.returncode == 1 and LOST in said, said
    until("it serves again by itself", running.healthy)
    page = running.page()
    assert page == before or page.startswith(f"{line}; hello"), page
    goes_on(running, line)


def test_an_orderly_reboot_needs_no_homeport(running: App) -> None:
    page, containers = running.page(), set(running.containers())
    running.host.reboot()
    until("everything is healthy", running.healthy)
    assert running.page() == page
    assert set(running.containers()) == containers


def test_two_at_once(running: App, tmp_path: Path) -> None:
    running.say("two at once")
    with running.begin("two") as first:
        reach(first, "ship")
        said = running.deploy("three", code=1)
        assert first.communicate(timeout=300)[0] and first.returncode == 0
    assert (
        "another homeport is at work here: " in said
        and " since 20" in said
        and f"process {first.pid}" in said
    )
    assert running.page().startswith("two at once;")


def test_the_lock_is_gone_with_its_holder(running: App) -> None:
    running.say("killed holder")
    with running.begin("killed") as deploy:
        reach(deploy, "ship")
        deploy.kill()
    running.deploy("after")
    assert running.page().startswith("killed holder;")
    assert outer("pgrep", "-f", f"hphosted.*{deploy.pid}", check=False) == ""
