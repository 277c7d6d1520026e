"""Whatever is wrong with a change is said with its place and its cure, and the old release serves on untouched."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.live.coach import Project, clear, running

pytestmark = pytest.mark.live

HERE = Path(__file__).parent / "bad"


@dataclass(frozen=True)
class Case:
    """One mistake: what is written instead of what (in `file`), and what homeport must say about it."""

    old: str
    new: str
    said: tuple[str, ...]
    file: str = "homeport.yaml"


CASES = {
    "an image that nobody has": Case(
        "    build: app\n",
        "    image: homeport-test/absent:1\n",
        ("services.web.image: homeport-test/absent:1 could not be pulled", "docker load"),
    ),
    "a build that fails": Case(
        "COPY app.py .\n",
        "RUN echo the compiler is not amused && exit 7\n",
        ("web cannot be built", "Dockerfile", "the compiler is not amused", "cure: Mend the step above"),
        "app/Dockerfile",
    ),
    "a base image that nobody has": Case(
        "FROM python:3.13-slim\n",
        "FROM homeport-test/absent:1\n",
        ("web cannot be built", "homeport-test/absent:1", "A base image could not be pulled"),
        "app/Dockerfile",
    ),
    "no Dockerfile": Case(
        "build: app\n", "build: nowhere\n", ("homeport.yaml:11:12", "services.web.build", "nowhere")
    ),
    "a service that never listens": Case(
        "MOOD: good",
        "MOOD: deaf",
        ("web did not become healthy", "waiting for the other side of the moon", "cure: ", "health.start"),
    ),
    "a health path that answers 500": Case(
        "MOOD: good", "MOOD: ill", ("web did not become healthy", "/healthz", "500", "cure: ")
    ),
    "a user that cannot write": Case(
        "    env: {MOOD: good}\n",
        '    user: "1234:1234"\n    writable: true\n    env: {MOOD: busy}\n',
        ("web ends by itself at start (exit code 1, ", "Permission denied: '/data/state'", "cure: "),
    ),
    "more memory than the limit": Case(
        "MOOD: good",
        "MOOD: greedy",
        ("web was killed for using more memory than its limit (48 MB: `memory:`)", "reading the ledger"),
    ),
    "a secret that only a person can give": Case(
        "    memory:",
        "    secrets: [api_key]\n    memory:",
        ("secret(s) missing: api_key", "homeport secrets set api_key local"),
    ),
    "a domain that does not resolve": Case(
        "domain: hpmistake.localhost",
        "domain: hpmistake.invalid",
        ("hpmistake.invalid does not resolve", "/etc/hosts"),
    ),
    "not YAML": Case("edge:\n", "edge: [\n", ("homeport.yaml:9:1: not YAML", "a bracket is left open")),
    "a word that is not known": Case(
        "    port: 8000\n",
        "    prot: 8000\n",
        ("homeport.yaml:12:5: services.web.prot", 'did you mean "port"?'),
    ),
}
# Said once, for the whole file.
ASKED = {"a secret that only a person can give": 'secrets: {api_key: {ask: "Key of the mail provider"}}\n'}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The good one, which runs."""
    folder = tmp_path_factory.mktemp("bad") / "stack"
    shutil.copytree(HERE, folder)
    with running(Project(folder, "hpmistake", 18886)) as project:
        yield project


@contextmanager
def changed(path: Path, old: str, new: str, more: str = "") -> Iterator[None]:
    """The file with a mistake in it; as before afterwards."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has not one {old!r}"
    path.write_text(text.replace(old, new) + more)
    try:
        yield
    finally:
        path.write_text(text)


@contextmanager
def asked(project: Project) -> Iterator[Counter[str]]:
    """What a visitor gets who asks twenty times per second for as long as the block runs."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def visit() -> None:
        with project.client() as client:
            while not stop.wait(0.05):
                try:
                    answer = client.get("/")
                    seen[f"{answer.status_code} {answer.text.strip()}"] += 1
                except httpx.TransportError as fault:
                    seen[type(fault).__name__] += 1

    thread = threading.Thread(target=visit, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def refused(project: Project) -> str:
    """What `up` said when it refused: exit code 1, no traceback, nothing touched, nobody disturbed."""
    before, flags = project.identities(), project.flags()
    with asked(project) as seen:
        done = project.homeport("up", "--images", "local")
        time.sleep(0.5)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "homeport made a mistake" not in done.stderr
    assert "src/homeport" not in done.stderr, "a traceback of ours"
    assert project.identities() == before
    assert project.flags() == flags
    assert set(seen) == {"200 good"}, seen
    return done.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_said_and_nothing_changes(stack: Project, name: str) -> None:
    case = CASES[name]
    with changed(stack.folder / case.file, case.old, case.new, ASKED.get(name, "")):
        said = refused(stack)
    missing = [words for words in case.said if words not in said]
    assert not missing, f"{missing} not in:\n{said}"


def test_a_port_that_another_program_has(stack: Project) -> None:
    """Named before anything is touched, also when it is the running stack whose ports are changed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with changed(stack.folder / "homeport.yaml", "https: 18886", f"https: {port}"):
            said = refused(stack)
    assert f"port {port} is taken by " in said
    assert "(process " in said
    assert "environments.local.ports.https" in said


def test_ports_of_another_stack(stack: Project, tmp_path: Path) -> None:
    """A second stack on the same ports is refused, and says who has them."""
    shutil.copytree(HERE, tmp_path / "second")
    second = Project(tmp_path / "second", "hpmistaketwo", 18886)
    file = second.folder / "homeport.yaml"
    file.write_text(file.read_text().replace("name: hpmistake\n", "name: hpmistaketwo\n"))
    before = stack.identities()
    try:
        done = second.homeport("up", "--images", "local")
        assert second.containers() == {}
    finally:
        clear(second.name)
    assert done.returncode == 1
    for port in (18885, 18886):
        assert f"port {port} is taken by the container hpmistake-nginx-1" in done.stderr
    assert stack.identities() == before


def test_mended_it_goes_on(stack: Project) -> None:
    """After all that was wrong, the good file is where it was: nothing to change."""
    assert "up: nothing to change" in stack.up()
