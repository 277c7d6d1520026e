"""Somebody else is at work, or the engine has a bad moment."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from tests.live.faults.running import DRIVER, HOMEPORT, ROOT, Stack, visited

pytestmark = pytest.mark.live


def test_of_two_deploys_at_once_the_second_is_told_who_is_first(running: Stack) -> None:
    running.behave(version := f"first-{len(running.ran)}")
    line = (
        *HOMEPORT,
        "deploy",
        "local",
        "--version",
        version,
        "--images",
        "local",
        "--yes",
        "-f",
        str(running.yaml),
    )
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as first:
        wait_for_lock(running, first)
        began = time.monotonic()
        second = running.deploy("second")
        took = time.monotonic() - began
        assert first.poll() is None, "the first had ended before the second was told"
        text = first.communicate(timeout=300)[0]
    assert second.code == 1
    assert "another homeport is at work here: " in second.text
    assert f"@{os.uname().nodename} since 20" in second.text
    assert f"(process {first.pid})" in second.text
    assert first.returncode == 0, text
    assert running.get("/web") == (200, version)
    assert "second" not in {record["version"] for record in running.history()}
    print(f"the second was told within {took:.1f} s")


def wait_for_lock(running: Stack, first: subprocess.Popen[str]) -> None:
    lock = running.root / "state/lock"
    ends = time.monotonic() + 60
    while f'"pid": {first.pid}' not in lock.read_text():
        assert time.monotonic() < ends, "the first deploy did not begin"
        time.sleep(0.02)


# The engine gives no answer to one command, or refuses it; what is said, and whether the new release serves then.
HICCUPS = (
    ("docker ps -aq", 1, "timeout", "gave no answer within", False),
    ("docker ps -aq", 3, "fails", "the engine did not say what runs", False),
    ("docker inspect", 4, "fails", "the engine did not say what runs", False),
    ("docker tag", 1, "fails", "its image could not be named", False),
    (" up -d ", 1, "timeout", "gave no answer within", False),
    (" up -d ", 1, "fails", "the engine could not start a container", False),
    ("docker stop", 1, "timeout", "not all old containers are gone", True),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "nth", "how", "reason", "serves"), HICCUPS, ids=lambda value: str(value).strip()
)
def test_the_engine_has_a_bad_moment(
    running: Stack, words: str, nth: int, how: str, reason: str, serves: bool
) -> None:
    before, version = running.state(), f"hiccup-{len(running.ran)}"
    running.behave(version)
    environ = {"FAULTS_MATCH": words, "FAULTS_AT": str(nth), "FAULTS_HOW": how, "FAULTS_QUESTIONS": "1"}
    with visited(running) as visits:
        said = running.deploy(version, driver=DRIVER, **environ)
        assert said.code == 1, said.text
        assert reason in said.text
        assert (running.get("/web")[1] == version) == serves
        assert serves or running.state() == before
        again = running.deploy(version)
    assert again.code == 0, again.text
    assert visits.failures == []
    assert running.get("/web") == (200, version)
    assert len([name for name in running.containers() if name.startswith("web-")]) == 1
