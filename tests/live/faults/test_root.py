"""An image whose user is root: refused with the line, unless the file says why; then everybody is told."""

from __future__ import annotations

import pytest

from tests.live.faults.running import Stack, containers_of

pytestmark = pytest.mark.live

WEB = "build: {context: app, args: {SERVICE: web}}"
OWN = f"{WEB}\n    user: image"


def test_root_needs_a_reason_and_is_shown(running: Stack) -> None:
    dockerfile = running.folder / "app" / "Dockerfile"
    files = {path: path.read_text() for path in (running.yaml, dockerfile)}
    before = running.state()
    try:
        dockerfile.write_text(files[dockerfile].replace("USER 10001:10001\n", ""))
        running.yaml.write_text(files[running.yaml].replace(WEB, OWN))
        line = 1 + running.yaml.read_text().splitlines().index("    user: image")

        refused = running.deploy("root-1")
        assert refused.code == 1, refused.text
        assert f"homeport.yaml:{line}:11: services.web.user: the user of its image is root" in refused.text
        assert running.state() == before

        running.yaml.write_text(
            files[running.yaml].replace(WEB, f"{OWN}\n    allow_root: a test of root itself")
        )
        allowed = running.deploy("root-2")
        assert allowed.code == 0, allowed.text
        shown = running.run("status", "local").text.splitlines()
        assert ["web" in row for row in shown if "runs as root" in row] == [True]
        compose = (running.root / "live" / "docker-compose.prod.yml").read_text()
        assert "# May run as root, by `allow_root` in homeport.yaml: a test of root itself" in compose
        users = {name: one["Config"]["User"] for name, one in containers_of().items()}
        assert {name for name, user in users.items() if user == ""} <= {"web-blue", "web-green"}
    finally:
        for path, text in files.items():
            path.write_text(text)
        running.good("after-root")
