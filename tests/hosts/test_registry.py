"""Images by way of a registry: pushed from here, pulled by the host by digest; the login stays nowhere."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.hosts.app import HOMEPORT, App
from tests.hosts.host import outer
from tests.hosts.registry import PASSWORD, USER, Registry

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def registry(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    try:
        Registry.up(registry.folder)
        registry.trusted_by(app.host)
        lines = (
            f"registry: {{server: {registry.name}/team, user: {USER}, password: registry_token}}\n\nsecrets:"
        )
        app.replace("homeport.yaml", "secrets:\n", f"{lines}\n")
        app.replace(
            "homeport.yaml", "token: generate", "token: generate\n  registry_token: {ask: of the registry}"
        )
        yield registry
    finally:
        registry.down()
        names = outer(
            "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{registry.name}/team/*"
        )
        if names:
            outer("docker", "image", "rm", "-f", *names.split(), check=False)


def give(app: App, password: str) -> None:
    words = (
        HOMEPORT,
        "secrets",
        "set",
        "registry_token",
        "production",
        "-f",
        str(app.folder / "homeport.yaml"),
    )
    subprocess.run(words, input=password, text=True, env=app.environment, check=True, capture_output=True)


def test_without_a_password_or_with_a_wrong_one_nothing_is_touched(app: App, registry: Registry) -> None:
    assert "homeport secrets set registry_token production" in app.deploy("v0", code=1)
    give(app, "a wrong one")
    said = app.deploy("v0", code=1)
    assert "nothing could be pushed" in said and "homeport secrets set registry_token" in said
    assert app.containers() == {}


def test_forth_and_back_by_digest(app: App, registry: Registry) -> None:
    give(app, PASSWORD)
    app.deploy("v1")
    assert app.page().startswith("line 1; hello")
    images = app.host.ssh("docker inspect -f '{{.Config.Image}}' $(docker ps -q)").split()
    assert (
        sum(image.startswith(f"{registry.name}/team/hphosted-") and "@sha256:" in image for image in images)
        == 2
    )
    assert "nothing to change" in app.deploy("v1")

    app.say("line 2")
    pulled = registry.log().count("GET /v2/team/hphosted-web/blobs/")
    with app.visited() as answers:
        said = app.deploy("v2")
    assert "web, by digest" in said and "hello" not in said.partition("push")[2].partition("\n")[0]
    assert app.page().startswith("line 2;")
    assert (
        registry.log().count("GET /v2/team/hphosted-web/blobs/") - pulled <= 2
    )  # the layer and the description
    with app.visited() as more:
        app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 1;")
    assert not answers.bad and answers.good and not more.bad and more.good


def test_images_that_have_gone_from_the_host_come_again_for_a_rollback(app: App, registry: Registry) -> None:
    gone = app.host.ssh(f"docker image ls -q --no-trunc {registry.name}/team/hphosted-web")
    assert len(gone.split()) == 2
    app.host.ssh("docker image prune -af")
    app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 2;")
    app.run("rollback", "production", "--yes")
    assert app.page().startswith("line 1;")


def test_the_login_stays_nowhere(app: App, registry: Registry) -> None:
    places = "$HOME /opt /etc /dev/shm /tmp /var/log /run"
    encoded = f"$(printf %s '{USER}:{PASSWORD}' | base64 -w0)"
    words = f"grep -rlsF -e '{PASSWORD}' -e \"{encoded}\" {places} || true; ls -A $HOME/.docker /dev/shm 2>/dev/null"
    assert app.host.ssh(words, check=False) == "/dev/shm:"


def test_a_registry_that_does_not_answer_touches_nothing(app: App, registry: Registry) -> None:
    app.say("line 3")
    registry.stop()
    try:
        with app.visited() as answers:
            said = app.deploy("v3", code=1)
    finally:
        registry.start()
    assert "nothing could be pushed" in said and f"Does {registry.name} answer" in said
    assert app.page().startswith("line 1;")
    assert not answers.bad and answers.good
    app.deploy("v3")
    assert app.page().startswith("line 3;")
