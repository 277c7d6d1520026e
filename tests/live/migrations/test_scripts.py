"""scripts/deploy.sh and rollback.sh: releases without homeport, no request lost, and homeport takes it from there."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from homeport.engine.authority import Authority
from tests.live.migrations.asker import Asker
from tests.live.migrations.conftest import HOMEPORT, run, runs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

EXAMPLE = Path(__file__).parents[3] / "examples" / "tiny"
DOMAIN, PORT = "hpmigscr.localhost", 18643
STACK = """\
homeport: 1
name: hpmigscr
environments:
  local: {domain: hpmigscr.localhost, ports: {http: 18680, https: 18643}, network: 10.212.96.0/20}
edge:
  routes: {/: hello}
services:
  hello: {build: app, port: 8000, health: {path: /healthz, start: 20s}, replicas: 2}
  ticker: {build: app, command: [sleep, infinity]}
  steady: {image: "homeport/python:3.13-slim", command: [sleep, infinity]}
"""
# As the epic has it: a file named by `-f` drops what .env says of files.
UP = "docker compose -f docker-compose.prod.yml up -d --wait"


@dataclass(frozen=True)
class Tree:
    """A stack that homeport has started, and its folder of plain files."""

    folder: Path
    first: dict[str, str] = field(default_factory=dict)  # what ran first: compose service -> image

    @property
    def live(self) -> Path:
        return self.folder / ".homeport/local/live"

    def homeport(self, *words: str) -> str:
        return run(HOMEPORT, *words, "-f", str(self.folder / "homeport.yaml"))

    def script(self, name: str, *words: str, code: int = 0) -> str:
        return run("sh", str(self.live / "scripts" / name), *words, code=code)

    def image(self, service: str, tag: str, *lines: str) -> str:
        """Another image of a service: the one that runs, with these lines added to its recipe."""
        text = "\n".join((f"FROM {self.first[f'{service}-blue']}", f"LABEL is={tag}", *lines))
        run("docker", "build", "-q", "-t", f"hpmigscr/{service}:{tag}", "-", stdin=text)
        return f"{service}=hpmigscr/{service}:{tag}"

    def asked(self) -> Asker:
        return Asker(DOMAIN, PORT, str(Authority.open((DOMAIN,)).root))

    def runs(self) -> dict[str, str]:
        return runs("hpmigscr")

    def status(self) -> dict[str, tuple[str, str]]:
        """Service -> slot and version, as `homeport status` has it."""
        rows = json.loads(self.homeport("status", "--json"))["rows"]
        return {row["name"]: (row["slot"], row["version"]) for row in rows}

    def compose(self, line: str) -> str:
        """A line of plain docker compose, in the folder of the files."""
        return run("sh", "-c", f"cd {self.live} && {line}")

    def ids(self) -> list[str]:
        """All that there is, running or not: the same before and after means that nothing was created anew."""
        words = ("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project=hpmigscr")
        return sorted(run("docker", *words).split())

    def release(self, tag: str) -> None:
        """A version of its own in git, of other code, brought up by homeport."""
        with (self.folder / "app/app.py").open("a") as code:
            code.write(f"# {tag}\n")
        git = ("git", "-C", str(self.folder), "-c", "user.name=t", "-c", "user.email=t@example.org")
        for words in (["init", "-q"], ["add", "app"], ["commit", "-qm", tag], ["tag", tag]):
            run(*git, *words)
        self.homeport("up", "--images", "local")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    tree = Tree(tmp_path_factory.mktemp("scripts") / "stack")
    shutil.copytree(EXAMPLE, tree.folder, ignore=shutil.ignore_patterns(".homeport"))
    (tree.folder / "homeport.yaml").write_text(STACK)
    (tree.folder / "compose.yaml").write_text("services: {app: {image: the-one-for-development}}")
    try:
        tree.homeport("up", "--images", "local")
        yield replace(tree, first=tree.runs())
    finally:
        tree.homeport("down", "--volumes", "--yes")


def hello(slot: str, tag: str) -> dict[str, str]:
    return dict.fromkeys((f"hello-{slot}", f"hello-{slot}-2"), f"hpmigscr/hello:{tag}")


def test_forth_and_back_without_a_lost_request(tree: Tree) -> None:
    two, ticker = tree.image("hello", "two"), tree.image("ticker", "two")
    with tree.asked() as asked:
        time.sleep(1)
        tree.script("deploy.sh", two, ticker)
        new = {**hello("green", "two"), "ticker-green": "hpmigscr/ticker:two"}
        assert tree.runs() == {**new, "steady-blue": tree.first["steady-blue"]}
        tree.script("rollback.sh")
        assert tree.runs() == tree.first
        tree.script("rollback.sh")
        assert tree.runs() == {**new, "steady-blue": tree.first["steady-blue"]}
        time.sleep(1)
    print(asked.words())
    assert asked.faults == []
    assert (tree.live / "slots/current").is_symlink()


@pytest.mark.parametrize("line", [UP, "docker compose up -d --wait"])
def test_plain_compose_changes_nothing_after_the_script(tree: Tree, line: str) -> None:
    before = tree.ids()
    tree.compose(line)
    assert tree.ids() == before


def test_plain_compose_starts_what_served(tree: Tree) -> None:
    before = tree.runs()
    tree.compose("docker compose -f docker-compose.prod.yml --profile '*' down")
    assert tree.runs() == {}
    tree.compose(UP)
    assert tree.runs() == before
    assert tree.status()["hello"] == ("green", "two")


def test_a_bad_image_leaves_what_serves_alone(tree: Tree) -> None:
    before, flags = tree.runs(), sorted(p.name for p in (tree.live / "slots/current").iterdir())
    bad = tree.image("hello", "bad", 'CMD ["sh", "-c", "echo it cannot start; exit 3"]', "ENTRYPOINT []")
    with tree.asked() as asked:
        said = tree.script("deploy.sh", bad, code=1)
    assert "it cannot start" in said
    assert "what served before serves on" in said
    assert asked.faults == []
    assert tree.runs() == before
    assert sorted(p.name for p in (tree.live / "slots/current").iterdir()) == flags
    tree.compose(UP)
    assert tree.runs() == before


def test_what_cannot_be_is_said(tree: Tree) -> None:
    before = tree.runs()
    assert "helo is no service that is rolled; there are: hello ticker steady" in tree.script(
        "deploy.sh", "helo=x:1", code=1
    )
    assert "is not on this machine and cannot be pulled" in tree.script(
        "deploy.sh", "hello=hpmigscr/hello:none", code=1
    )
    assert "write NAME=IMAGE" in tree.script("deploy.sh", "hello", code=1)
    assert tree.runs() == before


def test_homeport_takes_it_from_there(tree: Tree) -> None:
    assert "hello: its image changed" in tree.homeport("diff", "local", "--images", "local")
    with tree.asked() as asked:
        tree.homeport("up", "--images", "local")
    assert asked.faults == []
    assert tree.runs() == tree.first
    assert "nothing to change" in tree.script("deploy.sh")
    assert "nothing to change" in tree.homeport("up", "--images", "local")


def test_plain_compose_changes_nothing_after_homeport(tree: Tree) -> None:
    before = tree.ids()
    tree.compose(UP)
    assert tree.ids() == before


def test_a_service_that_homeport_leaves_alone_keeps_what_the_script_gave_it(tree: Tree) -> None:
    run("docker", "tag", tree.first["steady-blue"], "hpmigscr/steady:again")
    tree.script("deploy.sh", "--all", "steady=hpmigscr/steady:again")
    steady = run(
        "docker",
        "ps",
        "-q",
        "--filter",
        "label=homeport.service=steady",
        "--filter",
        "label=com.docker.compose.project=hpmigscr",
    )
    tree.release("v2")
    assert tree.runs()["steady-green"] == "hpmigscr/steady:again"
    before = tree.ids()
    assert steady.strip() and any(one.startswith(steady.strip()) for one in before)
    tree.compose(UP)
    assert tree.ids() == before
    assert {name: version for name, (_, version) in tree.status().items() if version} == {
        "hello": "v2",
        "ticker": "v2",
        "steady": "again",
    }
