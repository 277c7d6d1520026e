"""scripts/machine.sh: touches nothing where an engine answers, says what it needs, and installs one on bare Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.images import localset, sets

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "machine.sh"
TOOLS = ("sh", "id", "cat", "tail", "awk", "head", "printf", "env")


def machine(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with a few basic tools: no docker, no sudo."""
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    return str(tmp_path)


@pytest.mark.live
def test_nothing_is_said_or_done_where_an_engine_answers() -> None:
    done = machine("engine", PATH=os.environ["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_engine_elsewhere_is_not_replaced_by_one_here(bare_path: str) -> None:
    done = machine("engine", PATH=bare_path, DOCKER_HOST="tcp://127.0.0.1:1")
    assert done.returncode == 1
    assert "DOCKER_HOST is tcp://127.0.0.1:1 and no engine answers there" in done.stderr


def test_neither_root_nor_sudo_is_a_clear_message(bare_path: str, tmp_path: Path) -> None:
    fake_id = tmp_path / "id"  # the one thing swapped: who asks
    fake_id.unlink()
    fake_id.write_text('#!/bin/sh\n[ "$1" = -u ] && echo 1000 || echo somebody\n')
    fake_id.chmod(0o755)
    done = machine("image-tools", PATH=bare_path)
    assert done.returncode == 1
    assert "root is needed, and there is no sudo on this machine" in done.stderr
    assert "As root, once: scripts/machine.sh image-tools" in done.stderr


def test_an_unknown_word_is_refused() -> None:
    done = machine("everything", PATH=os.environ["PATH"])
    assert done.returncode == 1
    assert "usage: machine.sh [python|engine|image-tools|all]" in done.stderr


@pytest.fixture
def bare_debian() -> Iterator[str]:
    """A privileged container of plain Debian 13: no Python, no engine, no systemd."""
    name = f"homeport-test-machine-{uuid.uuid4().hex[:8]}"
    words = ["docker", "run", "-d", "--privileged", "--name", name, "-v", "/var/lib/docker"]
    words += [
        "-v",
        f"{SCRIPT.parent}:/scripts:ro",
        "-v",
        f"{localset.FOLDER}:/recipes:ro",
        sets.BASE,
        "sleep",
        "900",
    ]
    subprocess.run(words, check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)


def inside(name: str, command: str) -> subprocess.CompletedProcess[str]:
    words = ["docker", "exec", name, "sh", "-c", command]
    return subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.live
@pytest.mark.slow
def test_bare_debian_gets_an_engine_that_builds_the_base(bare_debian: str) -> None:
    first = inside(bare_debian, "sh /scripts/machine.sh && docker compose version && docker buildx version")
    assert first.returncode == 0, first.stderr
    assert "no systemd here: starting dockerd" in first.stderr
    second = inside(bare_debian, "sh /scripts/machine.sh")
    assert (second.returncode, second.stderr) == (0, "")
    base = inside(
        bare_debian,
        "sh /scripts/machine.sh image-tools && sh /recipes/base.sh base:1 none trixie && docker images",
    )
    assert base.returncode == 0, base.stderr
    assert "base" in base.stdout

    stop = "kill $(cat /run/homeport-dockerd.pid); sleep 3"
    spoil = "mkdir -p /etc/docker; echo '{bad' > /etc/docker/daemon.json"
    failed = inside(bare_debian, f"{stop}; {spoil}; sh /scripts/machine.sh engine")
    assert failed.returncode == 1
    assert "dockerd ended at once" in failed.stderr
    assert "invalid character 'b'" in failed.stderr
