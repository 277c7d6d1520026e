"""From a compose file to a running stack: `init`, then `up`, and nothing by hand but the ports of this test."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

APP = Path(__file__).parent / "app"
NAME = "hpinit-test"


def homeport(folder: Path, *words: str) -> str:
    """The command as its own process; it must succeed."""
    code = "from homeport.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"homeport {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The HTTPS port of the app, as init and up made it."""
    folder, http_port, https = tmp_path / "app", free_port(), free_port()
    shutil.copytree(APP, folder)
    homeport(folder, "init", "--name", NAME)
    file = folder / "homeport.yaml"
    local = f"domain: {NAME}.localhost"
    file.write_text(file.read_text().replace(local, f"{local}, ports: {{http: {http_port}, https: {https}}}"))
    try:
        homeport(folder, "up")
        yield https
    finally:
        homeport(folder, "down", "--volumes", "--yes")
        listed = ["docker", "images", "--quiet", "--filter", f"reference={NAME}/*"]
        images = set(subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split())
        subprocess.run(["docker", "rmi", "--force", *images], capture_output=True, check=bool(images))


def get(port: int, path: str) -> str:
    """A request through the edge, to its own name."""
    trust_all = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        connection = http.client.HTTPConnection(f"{NAME}.localhost", port)
        connection.sock = trust_all.wrap_socket(plain, server_hostname=f"{NAME}.localhost")
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        return answer.read().decode()


def test_an_app_of_somebody_else_comes_up(port: int) -> None:
    """Its routes are those of its nginx.conf, with the prefix taken away; its services reach each other."""
    assert get(port, "/") == "a page\n"
    assert get(port, "/api/orders") == "/orders True postgres:5432/orders\n"
    assert get(port, "/via") == "/hello True postgres:5432/orders\n"
