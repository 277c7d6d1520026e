"""scripts/deploy.sh tells what it did: a log of each run, NOTIFY_URL, and a count of the requests it disturbed."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.hosts.host import GUEST
from tests.live.canary import processes
from tests.live.customer import until
from tests.live.migrations.conftest import run
from tests.live.migrations.test_scripts import UP, Tree, tree

__all__ = ["tree"]  # the fixture: the same stack, with nothing of what the other file's tests did
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

SECRET = "T0000-B0000-nobody-may-see-this"
REGISTRY = (
    "printf 'version: 0.1\\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\\nhttp: {addr: \":5000\"}\\n' "
    ">/tmp/registry.yml && exec docker-registry serve /tmp/registry.yml"
)
SLOW = ("ENTRYPOINT []", 'CMD ["sh", "-c", "sleep 6; exec python -u app.py"]')


@dataclass
class Channel:
    """A webhook: what it was told, and every place where its address could be read meanwhile."""

    url: str = ""
    told: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Channel]:
    channel = Channel()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            channel.told.append(json.loads(body)["text"])
            places = (p for p, content in processes() if SECRET.encode() in content and "cmdline" in p)
            channel.seen.extend(places)
            self.send_response(200 if self.path == f"/{SECRET}" else 404)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            del words

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        channel.url = f"http://127.0.0.1:{server.server_port}/{SECRET}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield channel
        server.shutdown()


def deploy(tree: Tree, *words: str, url: str = "", code: int = 0) -> str:
    environment = {**os.environ, "NOTIFY_URL": url}
    line = ("sh", str(tree.live / "scripts/deploy.sh"), *words)
    done = subprocess.run(
        line,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def logs(tree: Tree) -> list[Path]:
    return sorted((tree.live / "logs").glob("deploy-*.log"), key=lambda path: path.stat().st_mtime_ns)


def test_a_release_is_told_logged_and_counted(tree: Tree) -> None:
    image = tree.image("hello", "told")
    with webhook() as channel:
        said = deploy(tree, image, url=channel.url)
    (told,) = channel.told
    assert told.startswith("hpmigscr in local: scripts/deploy.sh is done\n")
    assert "- hello: hpmigscr/hello:told (told)" in told
    assert ", 0 failed" in told
    assert channel.seen == []
    last = said.splitlines()[-1].split()
    assert last[0] == "deploy:" and int(last[1]) > 0 and last[2:] == ["asked,", "0", "failed"]
    log = logs(tree)[-1]
    assert (log.stat().st_mode & 0o777, log.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "done: hello" in log.read_text() and "0 failed" in log.read_text()
    assert SECRET not in log.read_text() + said


def test_a_failure_is_told_with_its_reason_and_the_log_has_the_last_words(tree: Tree) -> None:
    bad = tree.image("hello", "bad", 'CMD ["sh", "-c", "echo it cannot start; exit 3"]', "ENTRYPOINT []")
    with webhook() as channel:
        deploy(tree, bad, url=channel.url, code=1)
    (told,) = channel.told
    assert "failed: hello did not become healthy; what served before serves on" in told
    assert "it cannot start" not in told
    assert "it cannot start" in logs(tree)[-1].read_text()


def test_going_back_is_told_as_such(tree: Tree) -> None:
    with webhook() as channel:
        environment = {**os.environ, "NOTIFY_URL": channel.url}
        subprocess.run(
            ("sh", str(tree.live / "scripts/rollback.sh")), check=True, env=environment, timeout=300
        )
    assert channel.told[0].startswith("hpmigscr in local: scripts/deploy.sh went back\n")
    assert tree.status()["hello"][1] == "dev"


def test_who_cannot_be_told_fails_nothing(tree: Tree) -> None:
    image = tree.image("hello", "quiet")
    said = deploy(tree, image, url=f"http://127.0.0.1:1/{SECRET}")
    assert "NOTIFY_URL could not be told (000); the release goes on" in said
    assert SECRET not in said + logs(tree)[-1].read_text()


def test_one_that_is_interrupted_leaves_what_served(tree: Tree) -> None:
    """While the new container boots; it goes with the script that started it."""
    image, before = tree.image("hello", "interrupted", *SLOW), tree.status()["hello"]
    line = ("sh", str(tree.live / "scripts/deploy.sh"), image)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as script:
        until(
            True,
            lambda: "hpmigscr/hello:interrupted" in run("docker", "ps", "--format", "{{.Image}}"),
            "it boots",
        )
        script.terminate()
        said = script.communicate(timeout=120)[0]
    assert script.returncode == 130, said
    assert tree.status()["hello"] == before
    assert "hpmigscr/hello:interrupted" not in run("docker", "ps", "--format", "{{.Image}}")
    assert "exit code 130" in logs(tree)[-1].read_text()


def test_requests_that_fail_meanwhile_are_counted_and_change_the_exit_code(tree: Tree) -> None:
    image, asked = tree.image("hello", "slow", *SLOW), tree.live / "slots/asked"
    asked.unlink(missing_ok=True)

    def interrupt() -> None:
        until(True, lambda: asked.exists() and "good" in asked.read_text(), "it counts")
        run("docker", "kill", "hpmigscr-nginx-1")
        until(True, lambda: "bad" in asked.read_text(), "a request failed")
        run("docker", "start", "hpmigscr-nginx-1")

    thread = threading.Thread(target=interrupt)
    thread.start()
    said = deploy(tree, image, code=2)
    thread.join()
    last = said.splitlines()[-1]
    assert last.endswith(" failed") and int(last.split()[3]) > 0, last
    assert (
        tree.runs()["hello-green" if tree.status()["hello"][0] == "green" else "hello-blue"]
        == "hpmigscr/hello:slow"
    )


@pytest.fixture
def registry() -> Iterator[str]:
    """A real registry on a port of this machine; engines take those without TLS."""
    image, name, address = "hpmigscr-registry:test", "hpmigscr-registry", "127.0.0.1:18699"
    run("docker", "build", "-q", "--target", "registry", "-t", image, str(GUEST))
    try:
        run(
            "docker", "run", "-d", "--name", name, "-p", f"{address}:5000", image,
            "sh", "-c", REGISTRY,
        )  # fmt: skip
        until(
            "200",
            lambda: run("sh", "-c", f"curl -s -o /dev/null -w '%{{http_code}}' http://{address}/v2/ || true"),
            "the registry",
        )
        yield address
    finally:
        run("docker", "rm", "-f", "-v", name)
        run("docker", "image", "rm", image)


def test_what_is_missing_is_pulled_and_runs_by_its_digest(tree: Tree, registry: str) -> None:
    name = f"{registry}/team/hello:7.1"
    run("docker", "build", "-q", "-t", name, "-", stdin=f"FROM {tree.first['hello-blue']}\nLABEL is=pulled\n")
    digest = (
        run("docker", "push", "-q", name)
        and run("docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", name).strip()
    )
    run("docker", "image", "rm", name)
    said = deploy(tree, f"hello={name}")
    assert f"hello: pulls {name}" in said
    label = "label=com.docker.compose.project=hpmigscr"
    assert digest in run("docker", "ps", "--no-trunc", "--filter", label, "--format", "{{.Image}}").split()
    assert tree.status()["hello"][1] == "7.1"
    before = tree.ids()
    tree.compose(UP)
    assert tree.ids() == before
    run("docker", "stop", "-t", "1", "hpmigscr-registry")
    said = deploy(tree, f"hello={registry}/team/hello:7.2", code=1)
    assert f"{registry}/team/hello:7.2 is not on this machine and cannot be pulled" in said
    assert tree.ids() == before
