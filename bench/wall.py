"""Where the time of a deploy goes: AI Budget Coach with six changed services that are built, and with nothing changed.

Run `./run bench wall`. The stack is a copy on ports of its own. What is homeport's own is what is left of the wall time
without the boot of the new containers and the drain and stop of the old. Beside it the same six containers are replaced
by `docker compose up -d --wait --force-recreate`, which does not keep the old ones serving meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.live.load.running import ROOT, Stack

SERVICES = ("gateway", "user", "transaction", "budget", "notification", "ai")
NAME = "hpwall"
STEPS = ("engine", "images", "secrets", "rehearse", "services", "smoke", "watch", "drain")


@dataclass(frozen=True)
class Deploy:
    """Seconds: from outside, and of each step by the release's own record."""

    wall: float
    steps: dict[str, float]

    @property
    def own(self) -> float:
        return self.wall - self.steps["services"] - self.steps["drain"]


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="deploys of each kind (default 3)")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, _stack(Path(folder)) as stack:
        deploys = [_deploy(stack, version) for version in ("one", "two") * times][-times:]
        started = _started()
        empty = [_up(stack) for _ in range(times + 1)][1:]
        restarts = len(set(_started()) ^ set(started))
        plain = [_plain(stack) for _ in range(times)]
    load = os.getloadavg()[0]
    print(f"load average {load:.1f} on {os.cpu_count()} cores; medians of {times}\n")
    print(_table(deploys, plain))
    print(f"\nNothing to change: {_median(empty):.1f} s, {restarts} restarts")
    return 0


@contextmanager
def _stack(folder: Path) -> Iterator[Stack]:
    """A copy of the reference app that runs, with nothing to catch its mails: all six services have slots."""
    source = ROOT / "examples" / "budgetcoach"
    away = shutil.ignore_patterns(".homeport", "node_modules", "dist", "__pycache__")
    versions = tuple(f"backend/services/{name}/__init__.py" for name in SERVICES)
    stack = Stack(
        Path(shutil.copytree(source, folder / "app", ignore=away)), f"{NAME}.localhost", 19243, versions
    )
    path = stack.folder / "homeport.yaml"
    words = yaml.safe_load(path.read_text())
    local = words["environments"]["local"]
    words["name"] = NAME
    words["environments"] = {
        "local": local | {"domain": stack.domain, "ports": {"http": 19280, "https": stack.port}}
    }
    path.write_text(yaml.safe_dump(words, sort_keys=False))
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


def _deploy(stack: Stack, version: str) -> Deploy:
    stack.release(version)
    records = (stack.folder / ".homeport/local/state/history.jsonl").read_text().splitlines()
    return Deploy(stack.walls[-1], json.loads(records[-1])["seconds"])


def _up(stack: Stack) -> float:
    stack.up()
    return stack.walls[-1]


def _plain(stack: Stack) -> float:
    live = stack.folder / ".homeport/local/live"
    running = subprocess.run(
        ("docker", "compose", "ps", "--services"), cwd=live, capture_output=True, text=True, check=True
    )
    names = [name for name in running.stdout.split() if name.rpartition("-")[0] in SERVICES]
    words = ("docker", "compose", "up", "-d", "--wait", "--no-deps", "--force-recreate", *names)
    started = time.monotonic()
    subprocess.run(words, cwd=live, check=True, capture_output=True)
    return time.monotonic() - started


def _started() -> list[str]:
    words = ("docker", "ps", "-q", "--filter", f"label=com.docker.compose.project={NAME}")
    ids = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    show = ("docker", "inspect", "--format", "{{.Name}} {{.State.StartedAt}} {{.RestartCount}}", *ids)
    return subprocess.run(show, capture_output=True, text=True, check=True).stdout.splitlines()


def _table(deploys: list[Deploy], plain: list[float]) -> str:
    rows = [("six services changed, from outside", _median([one.wall for one in deploys]))]
    rows += [(f"  {name}", _median([one.steps.get(name, 0.0) for one in deploys])) for name in STEPS]
    rows.append(("homeport's own: all but services (boot) and drain", _median([one.own for one in deploys])))
    rows.append(
        (
            "  and without images: nothing is built",
            _median([one.own - one.steps["images"] for one in deploys]),
        )
    )
    rows.append(("the same six by docker compose up -d --wait --force-recreate", _median(plain)))
    return "| what | seconds |\n|---|---|\n" + "\n".join(
        f"| {what} | {seconds:.1f} |" for what, seconds in rows
    )


def _median(values: list[float]) -> float:
    return statistics.median(values)
