"""A host whose engine keeps images in containerd's store, as Docker 29 does: there an image has another id."""

import pytest

from tests.hosts.app import App
from tests.hosts.host import Host, until
from tests.hosts.test_ssh import shipped

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", autouse=True)
def _store(host: Host) -> None:
    setting = '{"features": {"containerd-snapshotter": true}}'
    host.inside(
        'mkdir -p /etc/docker && echo "$0" > /etc/docker/daemon.json && systemctl restart docker', setting
    )
    asked = "docker info --format '{{.Driver}} {{.DriverStatus}}'"
    until("the other store", lambda: "io.containerd.snapshotter" in host.ssh(asked, check=False))


def test_releases_and_nothing_to_change_and_back(app: App) -> None:
    app.deploy("v1")
    assert app.page().startswith("line 1; hello")
    assert "nothing to change" in app.deploy("v2")

    app.say("line 2")
    with app.visited() as answers:
        said = app.deploy("v3")
    assert "web: its image changed" in said and "hello: its image changed" not in said
    assert app.page().startswith("line 2;")
    print(shipped(said))
    with app.visited() as more:
        app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 1;")
    assert not answers.bad and answers.good and not more.bad and more.good
    assert "nothing to change" not in app.deploy("v3")
    assert "nothing to change" in app.deploy("v3")
