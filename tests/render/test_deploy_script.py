"""scripts/deploy.sh and rollback.sh: what is in their table, and that a strict reader finds no fault with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homeport.commands.postgres import LOCK_TIMEOUT
from homeport.render.scripts import releasing
from homeport.stack.model import Stack, Target

SHELLCHECK = str(Path(sys.executable).with_name("shellcheck"))


def target(**services: dict[str, Any]) -> Target:
    stack = {
        "homeport": 1,
        "name": "demo",
        "environments": {"local": {"domain": "demo.localhost", "ports": {"https": 8443}}},
        "edge": {"routes": {"/": "web", "/api": "web"}},
        "services": services,
    }
    return Target(Stack.model_validate(stack), "local", "v1")


def script(**services: dict[str, Any]) -> str:
    return next(file.text for file in releasing(target(**services)) if file.path == "scripts/deploy.sh")


def test_a_line_for_each_service_that_is_rolled() -> None:
    text = script(
        web={
            "image": "web:1",
            "port": 8000,
            "health": {"path": "/h", "start": "90s"},
            "replicas": 2,
            "stop_grace": "500ms",
            "database": "web_db",
            "migrate": "m",
        },
        worker={"build": "worker"},
        alone={"image": "redis:7", "volumes": ["data:/data"]},
    )
    table = text.split("<<'END'\n")[1].split("\nEND\n")[0].splitlines()
    assert table == [
        "web 8000 90 1 yes web-blue,web-blue-2 web-green,web-green-2 web:1 v1",
        "worker 0 60 10 no worker-blue worker-green demo/worker:v1 v1",
    ]
    assert "smoke_paths='/ /api'" in text
    assert "domain='demo.localhost' address='127.0.0.1' https='8443'" in text


def test_no_script_where_nothing_is_rolled() -> None:
    assert releasing(target(web={"image": "redis:7", "volumes": ["data:/data"]})) == ()


@pytest.mark.parametrize("name", ["scripts/deploy.sh", "scripts/rollback.sh"])
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    files = {f.path: f for f in releasing(target(web={"image": "web:1", "port": 80}))}
    path = tmp_path / "script.sh"
    path.write_text(files[name].text)
    done = subprocess.run((SHELLCHECK, "-s", "sh", str(path)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert files[name].mode == 0o755


def test_a_migration_is_tried_again_for_the_same_faults_as_by_homeport() -> None:
    assert f"grep -qiE '{LOCK_TIMEOUT.pattern}' " in script(web={"image": "web:1", "port": 80})
