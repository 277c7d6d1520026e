"""`up` of the reference app, cold and warm, beside a plain `docker compose up` of the same images; idle memory.

./run bench up            warm runs and memory, on the stack that runs (or is started first)
./run bench up --cold     also from nothing: the local set, every image and every volume are removed first
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = ROOT / "examples" / "budgetcoach" / "homeport.yaml"
LIVE = FILE.parent / ".homeport" / "local" / "live"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cold", action="store_true", help="remove images, caches and data of the stack first"
    )
    options = parser.parse_args()
    rows = [("cold up: image set, builds, volumes", cold())] if options.cold else []
    homeport("up")
    homeport("down")
    rows.append(("up after down (images there)", timed("up")))
    rows.append(("up, nothing to change", timed("up")))
    homeport("down")
    rows.append(("plain docker compose up -d --wait, the same tree", plain()))
    homeport("up")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| what | seconds |\n|---|---|")
    print("\n".join(f"| {what} | {seconds:.1f} |" for what, seconds in rows))
    print()
    memory()
    return 0


def homeport(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "homeport", *words, "-f", str(FILE)], check=True, stdout=sys.stderr)


def timed(*words: str) -> float:
    started = time.monotonic()
    homeport(*words)
    return time.monotonic() - started


def cold() -> float:
    """From an engine without any image of ours."""
    homeport("down", "--volumes", "--yes")
    names = run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    ours = [name for name in names if name.startswith(("budgetcoach/", "homeport/"))]
    if ours:
        subprocess.run(["docker", "image", "rm", "-f", *ours], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["docker", "builder", "prune", "-af"], check=True, stdout=subprocess.DEVNULL)
    return timed("up")


def plain() -> float:
    """What compose alone takes for the same containers; migrations and the smoke test are not in it."""
    started = time.monotonic()
    subprocess.run(
        ["docker", "compose", "up", "-d", "--wait"], cwd=LIVE, check=True, stderr=subprocess.DEVNULL
    )
    return time.monotonic() - started


def memory() -> None:
    """Resident memory of each container, by the engine's count less the page cache."""
    names = run("docker", "ps", "-q", "--filter", "label=com.docker.compose.project=budgetcoach").split()
    lines = run("docker", "stats", "--no-stream", "--format", "{{json .}}", *names).splitlines()
    rows = sorted((one["Name"], one["MemUsage"].split(" / ")[0]) for one in map(json.loads, lines))
    print("| container | memory, idle |\n|---|---|")
    print("\n".join(f"| {name} | {used} |" for name, used in rows))
    total = sum(_mib(used) for _, used in rows)
    print(f"| **all {len(rows)}** | **{total:.0f} MiB** |")


def _mib(text: str) -> float:
    units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024}
    return next(
        float(text.removesuffix(unit)) * factor for unit, factor in units.items() if text.endswith(unit)
    )


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
