"""A user who is not root deploys: in the group `docker`, and the owner of /opt/NAME."""

import pytest

from tests.hosts.app import App
from tests.hosts.host import Host

pytestmark = [pytest.mark.live, pytest.mark.slow]
LIVE = "/opt/hphosted/live"


@pytest.fixture(scope="module")
def app(host: Host, tmp_path_factory: pytest.TempPathFactory) -> App:
    return App.copy(tmp_path_factory.mktemp("app") / "stack", host, "deploy")


def test_the_folder_must_be_theirs(app: App) -> None:
    said = app.deploy("v1", code=1)
    assert "may not write below /opt/hphosted" in said
    assert "install -d -o deploy -g deploy /opt/hphosted" in said


def test_the_engine_must_be_open_to_them(app: App) -> None:
    app.host.ssh("install -d -o deploy -g deploy /opt/hphosted; gpasswd -d deploy docker")
    said = app.deploy("v1", code=1)
    app.host.ssh("usermod -aG docker deploy")
    assert "may not use the Docker engine" in said and "usermod -aG docker deploy" in said


def test_releases_and_a_way_back(app: App) -> None:
    app.deploy("v1")
    assert app.page().startswith("line 1;")
    app.say("by deploy")
    with app.visited() as answers:
        app.deploy("v2")
        assert app.page().startswith("by deploy;")
        app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 1;")
    assert answers.good and not answers.bad


def test_secrets_belong_to_who_reads_them(app: App) -> None:
    assert app.host.ssh(f"stat -c '%a %u' {LIVE}/secrets/web/token") == "400 10001"
    assert app.host.ssh(f"stat -c '%a' {LIVE}/certs/live/privkey.pem") == "400"
    assert app.host.ssh(f"cat {LIVE}/secrets/web/token; true", user="deploy", check=False) == ""
    key = app.host.ssh(f"stat -c '%u' {LIVE}/certs/live/privkey.pem")
    assert key not in ("0", app.host.ssh("id -u deploy"))


def test_a_changed_secret_arrives(app: App) -> None:
    before = app.host.ssh(f"cat {LIVE}/secrets/web/token")
    app.run("secrets", "rotate", "token", "production")
    app.deploy("v3")
    after = app.host.ssh(f"cat {LIVE}/secrets/web/token")
    assert after and after != before
    assert app.host.ssh(f"stat -c '%a %u' {LIVE}/secrets/web/token") == "400 10001"
    assert app.page().startswith("by deploy;")
