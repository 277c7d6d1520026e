"""The stack of this folder from a copy of its own, the visitor who asks it all the time, and what it is made of now."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from homeport.engine.authority import Authority

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Two runs at once, each with a stack of its own: FAULTS_RUN=1 in the environment of the second.
NUMBER = int(os.environ.get("FAULTS_RUN", "0"))
NAME = f"hpfault{NUMBER or ''}"
DOMAIN, HTTP, HTTPS = f"{NAME}.localhost", 18180 + 2 * NUMBER, 18143 + 2 * NUMBER
HOMEPORT = (sys.executable, "-m", "homeport")
DRIVER = (sys.executable, "-m", "tests.live.faults.driver")
SERVICES = ("api", "web", "book", "worker")
CHANGING = ("web", "worker")  # what a release changes where nothing else is said, and the pages
PATHS = ("/", "/web", "/book")
_OF_WHAT_RUNS = ("COMPOSE_PROFILES=", "IMAGE_", "VERSION_")  # lines of .env
# What homeport fills while the stack lives; all else below live/ is the release's own tree.
_NOT_RENDERED = ("secrets", "certs", "www", "slots/current", "slots/set-")


@dataclass(frozen=True)
class Said:
    """How a homeport command ended, and both its streams."""

    code: int
    text: str


@dataclass
class Stack:
    """A folder that releases are made from; the `local` environment of it runs."""

    folder: Path
    ran: list[Said] = field(default_factory=list)

    @classmethod
    def copy(cls, folder: Path) -> Stack:
        shutil.copytree(HERE / "stack", folder, ignore=shutil.ignore_patterns(".homeport"))
        stack = cls(folder)
        text = stack.yaml.read_text().replace("hpfault", NAME)
        stack.yaml.write_text(text.replace("18180", str(HTTP)).replace("18143", str(HTTPS)))
        return stack

    @property
    def root(self) -> Path:
        return self.folder / ".homeport" / "local"

    @property
    def yaml(self) -> Path:
        return self.folder / "homeport.yaml"

    # -- commands ----------------------------------------------------------------------------------

    def behave(self, version: str, *services: str, fault: str = "") -> None:
        """What the next release of these services is: its version, and what is wrong with it."""
        for name in services or CHANGING:
            (self.folder / "app/behaviour" / name).write_text(f"{version}\n{fault}\n")
        if not services:
            (self.folder / "pages/index.html").write_text(
                f"<!doctype html><title>{NAME}</title><p>{version}</p>\n"
            )

    def kept(self) -> dict[Path, str]:
        """The files that releases are made from, to be put back."""
        places = (self.yaml, *(self.folder / "app/behaviour").iterdir())
        return {path: path.read_text() for path in places}

    def answers(self) -> bool:
        """Whether each service answers with the version that the folder says, as do the pages."""
        want = {
            name: (self.folder / "app/behaviour" / name).read_text().split()[0] for name in ("web", "book")
        }
        found = {name: self.get(f"/{name}") for name in want}
        pages = (self.folder / "pages/index.html").read_text().strip()
        return found == {name: (200, text) for name, text in want.items()} and self.get("/")[1] == pages

    def run(self, *words: str, driver: tuple[str, ...] = HOMEPORT, **environ: str) -> Said:
        """One homeport command on this stack."""
        line = (*driver, words[0], *words[1:], "-f", str(self.yaml))
        done = subprocess.run(
            line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            timeout=500, check=False, cwd=ROOT, env={**os.environ, **environ},
        )  # fmt: skip
        self.ran.append(Said(done.returncode, done.stdout))
        return self.ran[-1]

    def deploy(self, version: str, **how: Any) -> Said:
        return self.run("deploy", "local", "--version", version, "--images", "local", "--yes", **how)

    def good(self, version: str) -> None:
        """Release this version, which must go well."""
        self.behave(version)
        said = self.deploy(version)
        assert said.code == 0, said.text

    def down(self) -> None:
        self.run("down", "--volumes", "--yes")
        clear()

    def forget(self) -> None:
        """As if nothing had ever been released here."""
        for path in self.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @property
    def filler(self) -> Path:
        """A file that takes what room there is."""
        return self.folder / ".homeport" / "filler"

    @contextmanager
    def filled(self) -> Iterator[None]:
        fill(self.filler)
        try:
            yield
        finally:
            self.filler.unlink()

    # -- what there is -----------------------------------------------------------------------------

    def history(self) -> list[dict[str, Any]]:
        said = self.run("history", "local", "--json", "--last", "1000")
        assert said.code == 0, said.text
        return [json.loads(line) for line in said.text.splitlines() if line.startswith("{")]

    def containers(self) -> dict[str, str]:
        """Compose name -> id and start of every container, stopped ones too."""
        found = containers_of()
        return {name: f"{one['Id'][:12]} {one['State']['StartedAt']}" for name, one in found.items()}

    def tree(self) -> dict[str, str]:
        """The rendered files as they are below live/, but for the line that the slots change."""
        return rendered(self.root / "live")

    def release_tree(self, release: str) -> dict[str, str]:
        return rendered(self.root / "releases" / release)

    def state(self) -> dict[str, Any]:
        """All that a failed release must leave as it was."""
        return {
            "containers": self.containers(),
            "flags": sorted(p.name for p in (self.root / "live/slots/current/").glob("*.green")),
            "tree": self.tree(),
            "profiles": profiles(self.root / "live"),
            "frontend": str((self.root / "live/www/current").readlink()),
        }

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(Authority.open((DOMAIN,)).root))

    def get(self, path: str, timeout: float = 15) -> tuple[int, str]:
        """One request through the edge, on a connection of its own; 0 and the fault without an answer."""
        try:
            with socket.create_connection(("127.0.0.1", HTTPS), timeout) as plain:
                connection = http.client.HTTPConnection(DOMAIN, timeout=timeout)
                connection.sock = self.trust.wrap_socket(plain, server_hostname=DOMAIN)
                connection.request("GET", path, headers={"Host": DOMAIN, "Connection": "close"})
                answer = connection.getresponse()
                return answer.status, answer.read().decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as fault:
            return 0, f"{type(fault).__name__}: {fault}"


@dataclass
class Visits:
    """What the visitor saw: each failure with the time since the visit began."""

    asked: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def visited(stack: Stack, every: float = 0.1) -> Iterator[Visits]:
    """A visitor of each path for as long as the block runs, and one whose requests take three seconds."""
    visits, end, lock, began = Visits(), threading.Event(), threading.Lock(), time.monotonic()

    def visit(path: str, pause: float) -> None:
        while not end.is_set():
            status, text = stack.get(path)
            with lock:
                visits.asked += 1
                if status != 200:
                    visits.failures.append(f"{time.monotonic() - began:.1f} s: {path}: {status} {text[:100]}")
            end.wait(pause)

    threads = [threading.Thread(target=visit, args=(path, every)) for path in PATHS]
    threads.append(threading.Thread(target=visit, args=("/web/slow", 0.0)))
    for thread in threads:
        thread.start()
    try:
        yield visits
    finally:
        end.set()
        for thread in threads:
            thread.join()


@contextmanager
def small_disk(folder: Path, megabytes: int = 64) -> Iterator[None]:
    """This folder is a file system of its own for as long as the block runs (it takes root)."""
    folder.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "hpfault", str(folder)), check=True)
    try:
        yield
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


def fill(place: Path) -> None:
    """Write until there is no room."""
    with place.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(4096)):
            pass


def rendered(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    named = ((path.relative_to(root).as_posix(), path) for path in files)
    return {
        name: "\n".join(line for line in path.read_text().splitlines() if not line.startswith(_OF_WHAT_RUNS))
        for name, path in named
        if not name.startswith(_NOT_RENDERED)
    }


def profiles(tree: Path) -> str:
    return next(
        line for line in (tree / ".env").read_text().splitlines() if line.startswith("COMPOSE_PROFILES=")
    )


def inspected(project: str) -> list[dict[str, Any]]:
    ids = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={project}").split()
    found: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
    return found


def containers_of(project: str = NAME) -> dict[str, dict[str, Any]]:
    """Compose name -> what the engine says, of every container of a project."""
    label = "com.docker.compose.service"
    return {one["Config"]["Labels"][label]: one for one in inspected(project)}


def docker(*words: str, ok: bool = True, cwd: Path | None = None) -> str:
    line = ("docker", *words)
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False, cwd=cwd)
    assert not ok or done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def clear() -> None:
    """Take away what a killed run of these tests left."""
    label = f"label=com.docker.compose.project={NAME}"
    for kind, remove in (("ps -a", "rm -f -v"), ("network ls", "network rm"), ("volume ls", "volume rm")):
        if ids := docker(*kind.split(), "-q", "--filter", label).split():
            docker(*remove.split(), *ids, ok=False)
    images = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{NAME}/*").split()
    if images:
        docker("image", "rm", "-f", *images, ok=False)
