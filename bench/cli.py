"""The commands that people wait for: --help, check, render; beside a bare Python and `docker compose config`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = str(ROOT / "examples" / "budgetcoach" / "homeport.yaml")
RUNS = 7


def main() -> int:
    """Print the table: median and best of seven runs."""
    with tempfile.TemporaryDirectory() as folder:
        homeport = [str(Path(sys.executable).parent / "homeport")]
        render = [*homeport, "render", "production", "-f", FILE, "--output", f"{folder}/tree"]
        subprocess.run(render, check=True, stdout=subprocess.DEVNULL)
        config = ["docker", "compose", "-f", f"{folder}/tree/docker-compose.prod.yml", "config", "-q"]
        rows = [
            ("python -c pass", [sys.executable, "-c", "pass"]),
            ("homeport --help", [*homeport, "--help"]),
            ("homeport check (budgetcoach)", [*homeport, "check", "-f", FILE]),
            ("homeport render (budgetcoach)", render),
            ("docker compose config -q of that tree", config),
        ]
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        print("| command | median s | best s |\n|---|---|---|")
        for name, words in rows:
            times = sorted(once(words) for _ in range(RUNS))
            print(f"| {name} | {statistics.median(times):.2f} | {times[0]:.2f} |")
    return 0


def once(words: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started
