"""scripts/deploy.sh and rollback.sh: releases without homeport, no request lost, and homeport takes it from there."""

from __future__ import annotations

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
"""


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
        assert tree.runs() == {**hello("green", "two"), "ticker-green": "hpmigscr/ticker:two"}
        tree.script("rollback.sh")
        assert tree.runs() == tree.first
        tree.script("rollback.sh")
        assert tree.runs() == {**hello("green", "two"), "ticker-green": "hpmigscr/ticker:two"}
        time.sleep(1)
    print(asked.words())
    assert asked.faults == []
    assert (tree.live / "slots/current").is_symlink()


def test_plain_compose_starts_what_serves(tree: Tree) -> None:
    before = tree.runs()
    run("sh", "-c", f"cd {tree.live} && docker compose up -d --wait")
    assert tree.runs() == before


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
    assert "bad" not in (tree.live / "slots/images").read_text()


def test_what_cannot_be_is_said(tree: Tree) -> None:
    before = tree.runs()
    assert "helo is no service that is rolled; there are: hello ticker" in tree.script(
        "deploy.sh", "helo=x:1", code=1
    )
    assert "docker load it first" in tree.script("deploy.sh", "hello=hpmigscr/hello:none", code=1)
    assert "write NAME=IMAGE" in tree.script("deploy.sh", "hello", code=1)
    assert tree.runs() == before


def test_homeport_takes_it_from_there(tree: Tree) -> None:
    with tree.asked() as asked:
        tree.homeport("up", "--images", "local")
    assert asked.faults == []
    assert tree.runs() == tree.first
    assert "nothing to change" in tree.script("deploy.sh")
    assert "nothing to change" in tree.homeport("up", "--images", "local")
