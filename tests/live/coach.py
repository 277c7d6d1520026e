"""AI Budget Coach from a copy of its folder, under a name and ports of its own, brought up by the real command."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from homeport.engine.authority import Authority
from homeport.secrets.store import Store, store_path
from tests.live.canary import Watch
from tests.live.engine import docker

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HTTP, HTTPS = 18880, 18843
_LEFT_OUT = shutil.ignore_patterns(".homeport", "node_modules", "dist", "__pycache__", ".*_cache")


@dataclass(frozen=True)
class Project:
    """A folder with a homeport.yaml, the environment `local` of it, and the command line in it."""

    folder: Path
    name: str
    https: int
    watched: list[tuple[str, bytes]] = field(
        default_factory=list, repr=False
    )  # processes during the first `up`

    @property
    def domain(self) -> str:
        return f"{self.name}.localhost"

    @property
    def url(self) -> str:
        return f"https://{self.domain}:{self.https}"

    @property
    def local(self) -> Path:
        """Where homeport keeps what runs here."""
        return self.folder / ".homeport" / "local"

    @property
    def ca(self) -> Path:
        return Authority.open((self.domain,)).root

    @property
    def identity(self) -> Path:
        return self.folder / "identity.txt"

    def homeport(self, *words: str, seconds: float = 590) -> subprocess.CompletedProcess[str]:
        """Run one homeport command on this project; what it said, whatever its exit code."""
        line = (str(BIN / "homeport"), *words, "-f", str(self.folder / "homeport.yaml"))
        return subprocess.run(
            line,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env=self.environ,
            cwd=self.folder,
        )

    def up(self, *words: str) -> str:
        """`homeport up`, which must succeed; what it said."""
        done = self.homeport("up", "--images", "local", *words)
        assert done.returncode == 0, f"homeport up: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def environ(self) -> dict[str, str]:
        """The environment for commands: a key of the test's own opens the secrets."""
        return {**os.environ, "HOMEPORT_IDENTITY": str(self.identity)}

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by its compose name."""
        ids = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.name}").split()
        found = json.loads(docker("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def identities(self) -> dict[str, tuple[str, str]]:
        """Container -> its id and when it was started: the same before and after means that nobody touched it."""
        return {name: (one["Id"], one["State"]["StartedAt"]) for name, one in self.containers().items()}

    def flags(self) -> list[str]:
        """The services whose green slot serves."""
        return sorted(path.name for path in (self.local / "live/slots/current/").glob("*.green"))

    def secrets(self) -> dict[str, str]:
        """Every secret of the store, in the clear."""
        with mock.patch.dict(os.environ, {"HOMEPORT_IDENTITY": str(self.identity)}):
            store = Store.open(store_path(self.folder, "local", True), "local")
            return {name: store.get(name).reveal() for name in store.names}

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def client(self, path: str = "") -> httpx.Client:
        """A client that trusts the stack's CA and asks below `path`, without a DNS record of the name."""

        def named(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = self.domain

        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.https}{path}",
            headers={"Host": f"{self.domain}:{self.https}"},
            event_hooks={"request": [named]},
            verify=self.trust,
            timeout=10,
            trust_env=False,
        )


def copied(folder: Path) -> Project:
    """A copy of examples/budgetcoach that is called hpcoach and leaves 80 and 443 alone."""
    shutil.copytree(ROOT / "examples/budgetcoach", folder, ignore=_LEFT_OUT)
    project = Project(folder, "hpcoach", HTTPS)
    file = folder / "homeport.yaml"
    text = file.read_text()
    for old, new in (
        ("name: budgetcoach\n", f"name: {project.name}\n"),
        (
            "domain: budgetcoach.localhost\n",
            f"domain: {project.domain}\n    ports: {{http: {HTTP}, https: {HTTPS}}}\n",
        ),
    ):
        assert text.count(old) == 1, f"examples/budgetcoach/homeport.yaml has no line {old!r}"
        text = text.replace(old, new)
    file.write_text(text)
    return project


@contextmanager
def running(project: Project) -> Iterator[Project]:
    """Up for as long as the block runs; what an earlier, killed run left is taken away first."""
    clear(project.name)
    try:
        with Watch() as watch:
            project.up()
        project.watched.extend(watch)
        yield project
    finally:
        done = project.homeport("down", "--volumes", "--yes")
        clear(project.name)
        assert done.returncode == 0, done.stdout + done.stderr


def clear(project: str) -> None:
    """Remove containers, networks and volumes with the label of this compose project, and its images."""
    label = f"label=com.docker.compose.project={project}"
    for kind, remove in (("ps -a", "rm -f -v"), ("network ls", "network rm"), ("volume ls", "volume rm")):
        if ids := docker(*kind.split(), "-q", "--filter", label).split():
            docker(*remove.split(), *ids, ok=False)
    names = ("image", "ls", "--filter", f"reference={project}/*", "--format", "{{.Repository}}:{{.Tag}}")
    if images := docker(*names).split():
        docker("image", "rm", *images, ok=False)


@contextmanager
def coach_stack() -> Iterator[Project]:
    """The whole app, up and with its demo data."""
    with (
        tempfile.TemporaryDirectory(prefix="hpcoach-") as place,
        running(copied(Path(place) / "app")) as project,
    ):
        yield project
