"""The commands that look at a host and change nothing (diff, logs, open, status), and the log of a deploy."""

from __future__ import annotations

import pytest

from tests.hosts.app import ROOT, App

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def running(app: App) -> App:
    app.deploy("v1")
    return app


def everything(app: App) -> str:
    """Names, sizes, modes and times of all that homeport keeps on the host, and the containers."""
    listed = app.host.ssh(f"find {ROOT} -not -path '*/state/lock*' -printf '%p %s %m %T@\\n' | sort")
    return listed + app.host.ssh("docker ps -aq --no-trunc | sort")


def test_before_the_first_release_nothing_speaks(app: App) -> None:
    said = app.run("logs", "web", "-e", "production", code=1)
    assert "nothing runs" in said and "homeport deploy production" in said
    assert "homeport deploy production" in app.run("status", "production", code=1)


def test_diff_without_a_change(running: App) -> None:
    before = everything(running)
    assert running.run("diff", "production", "--images", "local").splitlines()[-1] == "nothing would change"
    assert everything(running) == before


def test_diff_says_what_and_why_and_touches_nothing(running: App) -> None:
    before = everything(running)
    running.say("line 2")
    said = running.run("diff", "production", "--images", "local").splitlines()
    assert "  web: its image changed" in said
    assert not [line for line in said if line.strip().startswith("hello")]
    running.replace("homeport.yaml", "per_second: 1000", "per_second: 999")
    said = running.run("diff", "production", "--images", "local", "--files").splitlines()
    changed = [line for line in said if line.startswith("  ~ ")]
    assert "  ~ nginx/limits.conf" in changed
    assert [line for line in said if line.startswith("+") and "999" in line]
    assert [line for line in said if line.startswith("-") and "1000" in line]
    assert everything(running) == before
    running.replace("homeport.yaml", "per_second: 999", "per_second: 1000")


def test_logs_of_one_of_some_and_of_none(running: App) -> None:
    running.page()
    web = running.run("logs", "web", "-e", "production")
    assert "the page is served" in web and "nginx" not in web
    both = running.run("logs", "nginx", "web", "-e", "production", "-n", "5")
    assert "nginx" in both and "web-" in both
    assert len(running.run("logs", "nginx", "-e", "production", "-n", "2").splitlines()) <= 2
    said = running.run("logs", "wep", "-e", "production", code=1)
    assert "wep: no such service runs" in said


def test_open_prints_the_address(running: App) -> None:
    assert running.run("open", "production", "--print").strip() == "https://hphosted.test"
    trust = running.run("open", "production", "--trust")
    assert "hphosted.test" in trust


def test_a_deploy_leaves_its_log_for_its_owner_alone(running: App) -> None:
    names = running.host.ssh(f"ls {ROOT}/state/logs").split()
    assert names
    text = running.host.ssh(f"cat {ROOT}/state/logs/{names[-1]}")
    for step in ("engine: Docker", "images", "services: ", "smoke: "):
        assert step in text
    mode = running.host.ssh(f"stat -c %a {ROOT}/state/logs {ROOT}/state/logs/{names[-1]}").split()
    assert mode == ["700", "600"]


def test_a_deploy_that_fails_leaves_the_reason(running: App) -> None:
    running.replace("web/app.py", "LINE =", "raise SystemExit('no database here')\nLINE =")
    running.deploy("v3", code=1)
    running.replace("web/app.py", "raise SystemExit('no database here')\n", "")
    newest = running.host.ssh(f"ls {ROOT}/state/logs").split()[-1]
    text = running.host.ssh(f"cat {ROOT}/state/logs/{newest}")
    assert "no database here" in text and "error: " in text and "cure: " in text
