"""What homeport renders is the whole truth: with homeport and the project gone it starts, serves and starts again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from homeport.images.standins import build_contexts
from tests.live.coach import ROOT, Project, clear
from tests.live.customer import until
from tests.live.engine import docker

pytestmark = pytest.mark.live

NAME, HTTP, HTTPS = "hptiny", 18887, 18888
PLAIN = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Tree:
    """A rendered folder, and a shell in which nobody has heard of homeport."""

    root: Path

    def shell(self, line: str) -> str:
        """What a line of the README printed."""
        if os.geteuid() == 0:
            line = line.replace("sudo ", "")
        environment = {"PATH": PLAIN, "HOME": os.environ["HOME"]}
        done = subprocess.run(
            ("sh", "-ec", line),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.root,
            env=environment,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def read_me(self, first_words: str) -> str:
        """The block of commands of README.md that begins so."""
        blocks = re.findall(r"(?:^    .*\n)+", (self.root / "README.md").read_text(), re.MULTILINE)
        found: list[str] = [block for block in blocks if block.strip().startswith(first_words)]
        assert len(found) == 1, f"README.md has {len(found)} blocks that begin with {first_words}"
        return found[0]

    def get(self) -> str:
        where = f"{NAME}.localhost:{HTTPS}"
        return self.shell(
            f"curl -sk --max-time 3 --resolve {where}:127.0.0.1 https://{where}/ || true"
        ).strip()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """examples/tiny: rendered, its image built by docker, then the project is deleted."""
    project, root = tmp_path_factory.mktemp("tiny") / "project", tmp_path_factory.mktemp("plain") / "stack"
    shutil.copytree(ROOT / "examples/tiny", project, ignore=shutil.ignore_patterns(".homeport"))
    file = project / "homeport.yaml"
    ports = f"{{domain: {NAME}.localhost, ports: {{http: {HTTP}, https: {HTTPS}}}}}"
    text = file.read_text().replace("name: tiny\n", f"name: {NAME}\n")
    file.write_text(text.replace("{domain: tiny.localhost}", ports))
    words = ("render", "local", "--images", "local", "--output", str(root))
    done = Project(project, NAME, HTTPS).homeport(*words)
    assert done.returncode == 0, done.stderr
    clear(NAME)
    contexts = build_contexts((project / "app/Dockerfile").read_text()).items()
    given = [word for asked, answer in contexts for word in ("--build-context", f"{asked}={answer}")]
    docker("buildx", "build", "-q", "--load", "-t", f"{NAME}/hello:dev", *given, str(project / "app"))
    shutil.rmtree(project)
    try:
        yield Tree(root)
    finally:
        clear(NAME)


def test_nobody_knows_homeport_here(tree: Tree) -> None:
    assert shutil.which("homeport", path=PLAIN) is None
    assert "homeport" not in tree.shell("ls -a")


def test_it_starts_as_its_readme_says(tree: Tree) -> None:
    tree.shell(tree.read_me("mkdir -p certs/live && openssl"))
    tree.shell(tree.read_me("docker compose up -d --wait"))
    assert tree.get() == "Hello from local, version dev."


def test_it_stops_and_starts_again(tree: Tree) -> None:
    tree.shell("docker compose stop")
    assert tree.get() == ""
    tree.shell(tree.read_me("docker compose up -d --wait"))
    until("Hello from local, version dev.", tree.get, "it serves again", 20)


def test_it_goes_away(tree: Tree) -> None:
    tree.shell(tree.read_me("docker compose --profile '*' down"))
    assert docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={NAME}") == ""
