"""The README's first command on a bare machine: git and Python, no engine, no image, no cache."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.host import Host, clean, outer

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(2400)]
ROOT = Path(__file__).parents[2]
PLACE = "/srv/homeport"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")  # with the private CA that may be in between


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with a clone of what is committed here, and what the README asks for."""
    host = Host(f"fresh{os.getpid()}", tmp_path_factory.mktemp("fresh"))
    try:
        Host.up(host.name, host.folder, image="bare")
        put(
            host, Path("/etc/resolv.conf").read_bytes(), "/etc/resolv.conf"
        )  # the engine's went with its nft rules
        host.inside(
            "apt-get update -qq && apt-get install -y -qq git python3 python3-venv ca-certificates curl >&2"
        )
        put(host, BUNDLE.read_bytes(), str(BUNDLE))
        bundle = host.folder / "clone.bundle"
        outer("git", "-C", str(ROOT), "bundle", "create", "-q", str(bundle), "HEAD")
        put(host, bundle.read_bytes(), "/tmp/clone.bundle")
        host.inside(f"git clone -q /tmp/clone.bundle {PLACE}")
        yield host
    finally:
        host.down()
        clean()


def put(host: Host, data: bytes, path: str) -> None:
    words = ("docker", "exec", "-i", host.container, "sh", "-c", 'cat > "$0"', path)
    subprocess.run(words, input=data, check=True)


def run(host: Host, *words: str) -> str:
    """./run there, with its output shown as it comes to an end."""
    command = f"cd {PLACE} && PIP_CERT={BUNDLE} ./run {' '.join(words)} 2>&1"
    return outer("docker", "exec", host.container, "sh", "-c", command, seconds=1800)


def test_up_on_a_bare_machine(bare: Host) -> None:
    assert "no-engine" in bare.inside("command -v dockerd || echo no-engine")
    began = time.monotonic()
    said = run(bare, "up")
    seconds = time.monotonic() - began
    print(f"./run up on a bare machine, cold: {seconds:.0f} s")
    assert "engine" in said and "https://budgetcoach.localhost" in said
    ask = "curl -sk -o /dev/null -w '%{http_code}' --resolve budgetcoach.localhost:443:127.0.0.1 "
    assert bare.inside(ask + "https://budgetcoach.localhost/") == "200"
    assert "nothing to change" in run(bare, "up")
    assert bare.inside("docker ps -q | wc -l") != "0"
    run(bare, "down")
    assert bare.inside("docker ps -q | wc -l") == "0"
