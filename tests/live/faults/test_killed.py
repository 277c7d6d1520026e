"""homeport is killed at one act after the other. The stack serves throughout, and the same command again finishes what
was begun, with nothing repaired by hand: one release, nothing left over."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live.faults.running import (
    DRIVER,
    NAME,
    SERVICES,
    Stack,
    containers_of,
    docker,
    visited,
)

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Point:
    """Where it is killed: before the first act with these words, or a moment after that command began."""

    words: str
    how: str = "before"
    nth: int = 1

    def environ(self) -> dict[str, str]:
        return {"FAULTS_MATCH": self.words, "FAULTS_AT": str(self.nth), "FAULTS_HOW": self.how}


SOME = (
    Point(" up -d ", "during"),  # half of the new containers are there
    Point("slots/current"),  # all are, and nobody is sent to them
    Point("www/current"),  # the new services serve, with the old pages
    Point("docker stop", "during"),  # the old ones are being stopped
)


@pytest.mark.parametrize(
    "point",
    [SOME[0], *(pytest.param(p, marks=pytest.mark.slow) for p in SOME[1:])],
    ids=lambda point: f"{point.how} {point.words.strip()}",
)
def test_the_same_command_again_finishes(running: Stack, point: Point) -> None:
    version = f"killed-{len(running.ran)}"
    killed(running, version, **point.environ())
    finished(running, version)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_killed_at_every_act(running: Stack, tmp_path: Path) -> None:
    """Before each act, and in the middle of each command, until a deploy ends by itself."""
    acts = list(enumerate(acts_of_a_deploy(running, tmp_path), 1))
    wanted = [(n, words, how) for n, words in reversed(acts) for how in hows(words)]
    faults = [fault for point in wanted if (fault := goes_wrong(running, *point))]
    print(f"killed at {len(wanted)} points; {len(faults)} of them went wrong")
    assert not faults, "\n\n".join(faults)


def hows(words: str) -> tuple[str, ...]:
    return ("before", "during") if words.startswith("docker") else ("before",)


def goes_wrong(running: Stack, number: int, words: str, how: str) -> str:
    """What goes wrong when it is killed there; empty when nothing does."""
    version = f"{how}-{number}"
    try:
        killed(running, version, FAULTS_AT=str(number), FAULTS_HOW=how)
        finished(running, version)
    except AssertionError as fault:
        print(f"{how} act {number} ({words}): {fault}", flush=True)
        running.good(f"mended-{version}")
        return f"{how} act {number} ({words}): {fault}"
    print(f"{how} act {number} ({words[:60]}): served, and was finished", flush=True)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        Point(" up -d "),
        Point("www/current"),
        pytest.param(Point("docker stop"), marks=pytest.mark.slow),
    ],
    ids=["new containers start", "the new ones serve", "the old ones go"],
)
def test_killed_and_then_rolled_back(running: Stack, point: Point) -> None:
    """The release before the killed one, whole."""
    before = f"before-{len(running.ran)}"
    running.good(before)
    with visited(running) as visits:
        killed(running, "regretted", **point.environ())
        said = running.run("rollback", "local", "--yes")
    assert (said.code, visits.failures) == (0, []), said.text
    running.behave(before)
    is_one_release(running, before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [Point("slots/current"), pytest.param(Point(" up -d "), marks=pytest.mark.slow)],
    ids=["the old ones are there again", "before they are"],
)
def test_a_rollback_that_is_killed(running: Stack, point: Point) -> None:
    first, second = f"first-{len(running.ran)}", f"second-{len(running.ran)}"
    running.good(first)
    running.good(second)
    with visited(running) as visits:
        said = running.run("rollback", "local", first, "--yes", driver=DRIVER, **point.environ())
        assert said.code == -signal.SIGKILL, said.text
        said = running.run("rollback", "local", first, "--yes")
    assert (said.code, visits.failures) == (0, []), said.text
    running.behave(first)
    is_one_release(running, first)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", ["releases/", "write", " up -d ", "docker run", "slots/current", "www/current", "append"]
)
def test_killed_while_it_comes_up_from_nothing(running: Stack, words: str) -> None:
    said = running.run("down", "--volumes", "--yes")
    assert said.code == 0, said.text
    running.forget()
    version = f"up-{len(running.ran)}"
    running.behave(version)
    for how in ("before", "during"):
        running.deploy(version, driver=DRIVER, **Point(words, how).environ())
    said = running.deploy(version)
    assert said.code == 0, said.text
    is_one_release(running, version)


# -- what the tests are made of --------------------------------------------------------------------


def killed(running: Stack, version: str, **environ: str) -> None:
    """A deploy of this version that does not reach its end; nobody notices."""
    running.behave(version)
    with visited(running) as visits:
        said = running.deploy(version, driver=DRIVER, **environ)
    assert said.code == -signal.SIGKILL, said.text
    assert visits.failures == [], f"while it was killed: {visits.failures[:5]}"


def finished(running: Stack, version: str) -> None:
    """The same command again ends well, nobody notices, and what there is then is this release and nothing else."""
    with visited(running) as visits:
        said = running.deploy(version)
    assert said.code == 0, said.text
    assert visits.failures == [], f"while it was finished: {visits.failures[:5]}"
    is_one_release(running, version)


def is_one_release(running: Stack, version: str) -> None:
    assert running.answers()
    last = running.history()[-1]
    assert (last["verdict"], last["version"]) == ("ok", version)
    assert running.tree() == running.release_tree(last["id"])
    assert set(containers_of()) == wanted_containers(running), "containers"
    assert {c["Image"] for c in slots().values()} == {image["id"] for image in last["images"].values()}
    assert len(list((running.root / "live/slots").glob("set-*"))) <= 2
    before = running.containers()
    compose = (running.root / "live", "docker", "compose", "up", "-d")
    done = subprocess.run(
        compose[1:], cwd=compose[0], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert running.containers() == before, f"docker compose up -d did something:\n{done.stderr}"


def slots() -> dict[str, dict[str, Any]]:
    return {name: one for name, one in containers_of().items() if name.endswith(("-blue", "-green"))}


def wanted_containers(running: Stack) -> set[str]:
    """The parts, and each service in the slot that its profile names."""
    names = running.state()["profiles"].partition("=")[2].split(",")
    assert sorted(name.rsplit("-", 1)[0] for name in names) == sorted(SERVICES)
    return {"nginx", "postgres", *names}


def acts_of_a_deploy(running: Stack, tmp_path: Path) -> Iterator[str]:
    """What a deploy does, in order, from one that nothing happens to."""
    journal = tmp_path / f"journal-{len(running.ran)}"
    version = f"journal-{len(running.ran)}"
    running.behave(version)
    said = running.deploy(version, driver=DRIVER, FAULTS_JOURNAL=str(journal))
    assert said.code == 0, said.text
    lines = journal.read_text().splitlines()
    yield from (line.partition(" ")[2] for line in lines if line.partition(" ")[0].isdigit())


def test_nothing_is_left_of_these_tests_but_the_stack(running: Stack) -> None:
    names = docker("ps", "-a", "--filter", f"name={NAME}", "--format", "{{.Names}}").split()
    assert sorted(names) == sorted(f"{NAME}-{name}-1" for name in wanted_containers(running))
