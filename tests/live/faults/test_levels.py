"""A machine without the memory for both slots of everything: refused; level by level it goes, and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homeport.release.memory import parse
from tests.live.faults.running import Stack, containers_of, visited

pytestmark = pytest.mark.live

LEVELS = "--level-by-level"
MB = 1024**2


@contextmanager
def most_at_a_time(stack: Stack) -> Iterator[list[set[str]]]:
    """The sets of running containers of the project that were seen while the block ran."""
    seen: list[set[str]] = []
    end = threading.Event()

    def watch() -> None:
        while not end.is_set():
            names = {name for name, one in containers_of().items() if one["State"]["Running"]}
            if not seen or seen[-1] != names:
                seen.append(names)
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        end.set()
        thread.join()


def both(names: set[str], service: str) -> bool:
    return {f"{service}-blue", f"{service}-green"} <= names


@pytest.fixture
def restored(running: Stack) -> Iterator[Stack]:
    """The stack as it was, whatever the test made of its files."""
    kept = running.kept()
    try:
        yield running
    finally:
        for path, text in kept.items():
            path.write_text(text)
        running.good("after-levels")


def deploy(stack: Stack, version: str, *words: str) -> tuple[int, str]:
    said = stack.run("deploy", "local", "--version", version, "--images", "local", "--yes", *words)
    return said.code, said.text


def test_a_release_that_is_too_large_is_refused_and_goes_level_by_level(restored: Stack) -> None:
    """api is a level of its own, web the next; each may take just over half of the machine."""
    found = parse(Path("/proc/meminfo").read_text())
    assert found is not None
    half = found[0] * 51 // 100 // MB
    if found[1] < (half + 1024) * MB:
        pytest.fail(f"this test needs {half + 1024} MB of memory that is free")
    text = restored.yaml.read_text()
    for service in ("api", "web"):
        own = (
            f"SERVICE: {service}}}}}\n    port: 8000\n    health: {{path: /health, start: 8s}}\n    memory: "
        )
        assert text.count(f"{own}64M") == 1
        text = text.replace(f"{own}64M", f"{own}{half}M")
    restored.yaml.write_text(text)
    restored.behave("large", "api", "web")
    before = restored.state()

    code, said = deploy(restored, "large")
    assert code == 1, said
    assert f"the new containers may take {2 * half} MB" in said
    assert "of memory too little for old and new side by side" in said
    assert f"`{LEVELS}`" in said
    assert restored.state() == before

    with visited(restored) as visits, most_at_a_time(restored) as seen:
        code, said = deploy(restored, "large", LEVELS)
    assert code == 0, said
    assert visits.asked > 20
    assert visits.failures == []
    assert any(both(names, "api") for names in seen)
    assert any(both(names, "web") for names in seen)
    assert not [names for names in seen if both(names, "api") and both(names, "web")]
    assert restored.answers()
    assert restored.history()[-1]["version"] == "large"


@pytest.mark.slow
def test_a_fault_in_the_last_level_brings_the_first_back_too(restored: Stack) -> None:
    restored.good("whole")
    restored.behave("whole", "api")
    assert deploy(restored, "whole-2", LEVELS)[0] == 0
    before = restored.state()
    versions = {one["Image"] for one in containers_of().values()}

    restored.behave("broken", "api", "web")
    restored.behave("broken", "web", fault="health 500")
    with visited(restored) as visits:
        code, said = deploy(restored, "broken", LEVELS)
    assert code == 1, said
    assert visits.failures == []
    after = restored.state()
    assert {name: after[name] for name in ("tree", "frontend")} == {
        n: before[n] for n in ("tree", "frontend")
    }
    assert {one["Image"] for one in containers_of().values()} == versions
    assert after["containers"].keys() == before["containers"].keys()
    assert after["flags"] == before["flags"]
    assert after["profiles"] == before["profiles"]
    kept = [record["verdict"] for record in restored.history()[-2:]]
    assert kept == ["ok", "failed"]


@pytest.mark.slow
def test_a_rollback_level_by_level(restored: Stack) -> None:
    restored.behave("early", "api", "web", "book", "worker")
    assert deploy(restored, "early")[0] == 0
    restored.behave("late", "api", "web", "book", "worker")
    assert deploy(restored, "late", LEVELS)[0] == 0
    with visited(restored) as visits, most_at_a_time(restored) as seen:
        said = restored.run("rollback", "local", "--yes", LEVELS)
    assert said.code == 0, said.text
    assert visits.failures == []
    assert (restored.get("/web"), restored.get("/book")) == ((200, "early"), (200, "early"))
    assert not [names for names in seen if both(names, "api") and both(names, "web")]
