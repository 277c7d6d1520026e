"""A stack on a host behind ssh: the first deploy, a release of one changed line, the way back."""

import re

import pytest

from tests.hosts.app import App

pytestmark = pytest.mark.live


def shipped(said: str) -> tuple[int, float]:
    """Layers and kilobytes that travelled, from the screen."""
    found = re.search(r"ship +(\d+) layers, ([\d.]+) (kB|MB)", said)
    assert found, said
    return int(found[1]), float(found[2]) * (1000 if found[3] == "MB" else 1)


def test_first_release_then_one_line_then_back(app: App) -> None:
    first = app.deploy("v1")
    assert app.page().startswith("line 1; hello; secret of ")
    layers, kilobytes = shipped(first)
    assert layers >= 4 and kilobytes > 20_000  # an empty host: everything travels

    app.say("line 2")
    with app.visited() as answers:
        second = app.deploy("v2")
    assert app.page().startswith("line 2;")
    assert not answers.bad and answers.good
    layers, kilobytes = shipped(second)
    assert layers == 1 and kilobytes < 20  # app.py's own layer and the descriptions of the image

    assert "nothing to change" in app.deploy("v2")

    with app.visited() as answers:
        app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 1;")
    assert not answers.bad and answers.good
    assert app.run("history", "production").count("v1") == 2
    assert "healthy" in app.run("status", "production")


def test_deploy_logs_are_for_who_deploys_alone(app: App) -> None:
    """Those of an earlier homeport become so at the next deploy."""
    logs = "/opt/hphosted/state/logs"
    app.host.ssh(f"chmod 755 {logs}; chmod 644 {logs}/*")
    app.deploy("v2")
    assert set(app.host.ssh(f"stat -c %a {logs}/*").split()) == {"600"}
    assert app.host.ssh(f"stat -c %a {logs}") == "700"


def test_secrets_belong_to_the_service_and_nobody_else(app: App) -> None:
    found = app.host.ssh("stat -c '%a %u' /opt/hphosted/live/secrets/web/token")
    assert found == "400 10001"
