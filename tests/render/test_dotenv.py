""".env by which plain compose sees what runs: `docker compose config` reads it, with the file that the epic names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from homeport.render.dotenv import as_it_runs, variables
from homeport.render.render import render
from homeport.stack.model import Stack, Target

STACK = Stack.model_validate(
    {
        "homeport": 1,
        "name": "demo",
        "environments": {"local": {"domain": "demo.localhost"}},
        "services": {
            "web": {
                "image": "reg.example:5000/web:1.0@sha256:" + "a" * 64,
                "port": 80,
                "database": "d",
                "migrate": "m",
            },
            "api-v2": {"build": "api", "env": {"PRICE": "$5"}},
            "alone": {"image": "redis:7", "volumes": ["data:/data"]},
        },
        "postgres": {},
    }
)


def write(folder: Path, version: str, slots: dict[str, str], overrides: dict[str, tuple[str, str]]) -> None:
    as_it_runs(render(Target(STACK, "local", version)).tree, slots, overrides).write(folder)


def as_compose_reads_it(folder: Path, *extra: str) -> dict[str, Any]:
    words = ("docker", "compose", "-f", "docker-compose.prod.yml", *extra, "config", "--format", "json")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def seen(service: dict[str, Any]) -> tuple[str, str]:
    return service["image"], service["environment"]["SERVICE_VERSION"]


@pytest.mark.parametrize("version", ["v1.0", 'it\'s $5 "or" #6', "a}b"])
def test_as_rendered_where_nothing_else_runs(tmp_path: Path, version: str) -> None:
    write(tmp_path, version, {"web": "blue", "api-v2": "blue"}, {})
    found = as_compose_reads_it(tmp_path, "--profile", "*")
    image = "reg.example:5000/web:1.0@sha256:" + "a" * 64
    written = version.replace("$", "$$")  # `config` prints what could be read again
    assert seen(found["web-blue"]) == seen(found["web-migrate"]) == (image, written)
    assert found["api-v2-blue"]["image"].startswith("demo/api-v2:")


def test_what_runs_instead(tmp_path: Path) -> None:
    runs = {"api-v2": ("sha256:" + "b" * 64, "it's $5 #6"), "alone": ("redis:7", "v0"), "web": ("web:2", "2")}
    write(tmp_path, "v1", {"web": "green", "api-v2": "blue"}, runs)
    assert set(as_compose_reads_it(tmp_path)) == {"nginx", "postgres", "web-green", "api-v2-blue", "alone"}
    found = as_compose_reads_it(tmp_path, "--profile", "*")
    assert seen(found["web-green"]) == seen(found["web-migrate"]) == ("web:2", "2")
    assert seen(found["api-v2-blue"]) == ("sha256:" + "b" * 64, "it's $$5 #6")
    assert found["api-v2-blue"]["environment"]["PRICE"] == "$$5"
    assert seen(found["alone"]) == ("redis:7", "v0")


def test_no_two_services_share_a_variable() -> None:
    names = ("a", "a-b", "a-b-c", "b-a", "ab")
    assert len({variable for name in names for variable in variables(name)}) == 2 * len(names)
