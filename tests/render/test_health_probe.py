"""health.sh with each program that it knows, alone in PATH: the same verdicts, on a real server."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http import HTTPStatus
from importlib import resources
from pathlib import Path

import pytest

PROBE = Path(str(resources.files("homeport.render") / "health.sh"))
TOOLS = ("bash", "wget", "curl", "python3", "node")
BODY = b"x" * 300_000  # larger than a socket's buffers: a probe that closes early breaks the server's pipe


class Handler(http.server.BaseHTTPRequestHandler):
    broken: list[str]

    def do_GET(self) -> None:
        status = HTTPStatus(int(self.path.strip("/").split("?")[0]))
        self.send_response(status)
        body = b"" if status == HTTPStatus.NO_CONTENT else BODY
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.FOUND:
            self.send_header("Location", "/200")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError as fault:
            self.broken.append(str(fault))

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def broken() -> list[str]:
    return []


@pytest.fixture
def port(broken: list[str]) -> Iterator[int]:
    handler = type("Own", (Handler,), {"broken": broken})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


def probe(tmp_path: Path, tool: str, *words: object) -> subprocess.CompletedProcess[str]:
    """The probe in a PATH that holds what every image has, and one tool."""
    for name in ("sh", "sed", tool):
        link = tmp_path / name
        if not link.exists():
            link.symlink_to(executable(name))
    return subprocess.run(
        [executable("sh"), str(PROBE), *map(str, words)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def executable(name: str) -> str:
    """The program itself and not a launcher's shim, which would need more of PATH."""
    candidates = ("/usr/bin", "/bin", "/usr/local/bin")
    found = shutil.which(name, path=":".join(candidates)) or shutil.which(name)
    assert found, f"{name} is not on this machine"
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_only_200_to_299_is_healthy(tmp_path: Path, port: int, broken: list[str], tool: str) -> None:
    wanted = {200: 0, 204: 0, 302: 1, 404: 1, 500: 1, 503: 1}
    assert {s: probe(tmp_path, tool, "http", port, f"/{s}").returncode for s in wanted} == wanted
    assert not broken


@pytest.mark.parametrize("tool", TOOLS)
def test_the_verdict_says_what_was_answered(tmp_path: Path, port: int, tool: str) -> None:
    assert probe(tmp_path, tool, "http", port, "/503?a=b").stdout.strip().endswith("/503?a=b answered 503")


@pytest.mark.parametrize("tool", TOOLS)
def test_nobody_there_is_not_healthy(tmp_path: Path, tool: str) -> None:
    assert probe(tmp_path, tool, "http", closed_port(), "/200").returncode == 1


@pytest.mark.parametrize("tool", TOOLS)
def test_a_server_that_says_nothing_is_not_healthy(tmp_path: Path, tool: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert probe(tmp_path, tool, "http", mute.getsockname()[1], "/200", 1).returncode == 1


def test_tcp_asks_the_kernel_and_not_the_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        assert probe(tmp_path, "sed", "tcp", server.getsockname()[1]).returncode == 0
        with pytest.raises(TimeoutError):
            server.accept()
    assert probe(tmp_path, "sed", "tcp", closed_port()).returncode == 1


def test_without_any_program_it_says_what_to_do(tmp_path: Path) -> None:
    done = probe(tmp_path, "sed", "http", 1, "/")
    assert done.returncode == 1
    assert "health: {command" in done.stdout
