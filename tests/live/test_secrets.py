"""No secret of the running stack is found anywhere but in its file, and each search finds what was planted for it."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.canary import Watch, containers, files, images, leaks, processes
from tests.live.coach import ROOT, Project
from tests.live.engine import docker

pytestmark = pytest.mark.live

PYTHON = "homeport/python:3.13-slim"
CANARY = "hpcoach-canary"


@pytest.fixture(scope="module")
def known(coach: Project) -> dict[str, str]:
    """Every secret of the store, and the edge's private key."""
    found = coach.secrets()
    assert len(found) > 10
    assert all(len(value) >= 32 for value in found.values()), "short values would be found by chance"
    key = (coach.local / "live/certs/live/privkey.pem").read_text().splitlines()[1]
    return {**found, "the edge's key": key}


@pytest.fixture(scope="module")
def planted() -> Iterator[dict[str, str]]:
    """A value of our own in every place a secret could leak to: environment, command line, log, image."""
    value = secrets.token_urlsafe(32)
    docker("rm", "-f", CANARY, ok=False)
    command = ("sh", "-c", "echo $0; echo $0 > /tmp/kept; sleep 300", value)
    docker("run", "-d", "--name", CANARY, "--pull", "never", "-e", f"GIVEN={value}", PYTHON, *command)
    try:
        docker("commit", CANARY, f"{CANARY}:committed")
        yield {"canary": value}
    finally:
        docker("rm", "-f", "-v", CANARY)
        docker("image", "rm", f"{CANARY}:committed")


def test_engine_and_logs(coach: Project, known: dict[str, str], planted: dict[str, str]) -> None:
    names = [f"{coach.name}-{name}-1" for name in coach.containers()]
    assert leaks(known, containers(names)) == []
    assert len(leaks(planted, containers([CANARY]))) == 2


def test_images(coach: Project, known: dict[str, str], planted: dict[str, str]) -> None:
    """Configuration, history and every layer of what was built for the stack."""
    own = {
        one["Config"]["Image"]
        for one in coach.containers().values()
        if one["Config"]["Image"].startswith(f"{coach.name}/")
    }
    assert len(own) == 7
    found = leaks({**known, **planted}, images({*own, f"{CANARY}:committed"}))
    assert found
    assert all(line.endswith("holds canary") for line in found), found
    assert {line.split(":")[0] for line in found} >= {f"docker image inspect {CANARY}", "docker save"}


def test_processes(coach: Project, known: dict[str, str], planted: dict[str, str]) -> None:
    """All that run now, those in containers too."""
    seen = list(processes())
    assert leaks(known, seen) == []
    assert {line.split(" ")[0] for line in leaks(planted, seen)} == {"/proc/PID/cmdline", "/proc/PID/environ"}


def test_processes_while_homeport_works(coach: Project, known: dict[str, str]) -> None:
    """Seen again and again: the first `up` with databases, migrations and demo data, and a rotation with its `up`."""
    with Watch() as watch:
        done = coach.homeport("secrets", "rotate", "jwt_key")
        assert done.returncode == 0, done.stdout + done.stderr
        said = coach.up()
        subprocess.run(("sh", "-c", f"sleep {10 * 0.1}", canary := secrets.token_urlsafe(32)), check=True)
    assert "user" in said and "gateway" in said
    now = coach.secrets()
    assert now["jwt_key"] != known["jwt_key"]
    everything = {**known, **{f"{name}, new": value for name, value in now.items()}}
    assert leaks(everything, watch, coach.watched) == []
    assert leaks({"canary": canary}, watch), "the watch sees a process of a second"
    assert any(b"homeport" in content for content in watch.seen)


def test_files(coach: Project, known: dict[str, str], tmp_path: Path) -> None:
    """The project's folder, all that homeport rendered and kept, and what git has."""
    now = coach.secrets()
    # The demo account is there to be used: its password is told at the end of each `up`, from a file of mode 0600.
    told = coach.local / "state/seed-gateway.txt"
    assert told.stat().st_mode & 0o777 == 0o600
    places = ("live/secrets/", "live/certs/gen-")
    ours = [
        path
        for path in coach.folder.rglob("*")
        if not str(path.relative_to(coach.local) if path.is_relative_to(coach.local) else path).startswith(
            places
        )
    ]
    found = leaks(
        {**known, **{f"{name}, new": value for name, value in now.items()}}, files(coach.folder, ours)
    )
    expected = str(told.relative_to(coach.folder))
    assert {line for line in found if not line.startswith(f"{expected} holds demo_password")} == set()
    tracked = subprocess.run(
        ("git", "-C", str(ROOT), "ls-files", "-z"), capture_output=True, text=True, check=True
    )
    assert (
        leaks({**known, **now}, files(ROOT, [ROOT / name for name in tracked.stdout.split("\0") if name]))
        == []
    )
    assert leaks(now, files(coach.local / "live/secrets")), "the search finds them where they belong"


def test_secret_files_are_for_their_user_alone(coach: Project) -> None:
    found = [path for path in (coach.local / "live/secrets").glob("*/*") if path.is_file()]
    assert (coach.local / "live/secrets").stat().st_mode & 0o777 == 0o700
    assert len(found) > 20
    modes = {str(path): oct(path.stat().st_mode & 0o777) for path in found}
    assert set(modes.values()) == {"0o400"}, modes
