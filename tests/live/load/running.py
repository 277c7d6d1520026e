"""The stack of this folder, running from a copy of its own, and the load generator beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from homeport.engine.authority import Authority
from tests.live.load.tally import Report

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DOMAIN, PORT = "hpload.localhost", 18443
HOMEPORT = str(Path(sys.executable).with_name("homeport"))


@dataclass
class Stack:
    """A copy of a stack's folder that releases are made from. `version_files`: what differs between two versions."""

    folder: Path
    domain: str = DOMAIN
    port: int = PORT
    version_files: tuple[str, ...] = ("app/VERSION",)
    walls: list[float] = field(default_factory=list)

    @classmethod
    def copy(cls, folder: Path) -> Stack:
        shutil.copytree(HERE / "stack", folder, ignore=shutil.ignore_patterns(".homeport"))
        return cls(folder)

    @classmethod
    def coach(cls, folder: Path) -> Stack:
        """AI Budget Coach, whole, and beside it the echo with its ledger, which bears a far higher rate. Its ports,
        its name and the rate that one client may have are others."""
        source = ROOT / "examples" / "budgetcoach"
        shutil.copytree(
            source, folder, ignore=shutil.ignore_patterns(".homeport", "node_modules", "dist", "__pycache__")
        )
        for part in ("app", "ledger"):
            shutil.copytree(HERE / "stack" / part, folder / part)
        versions = ("backend/services/__init__.py", "app/VERSION")
        stack = cls(folder, "hploadcoach.localhost", 18993, versions)
        path = folder / "homeport.yaml"
        words = yaml.safe_load(path.read_text())
        local = words["environments"]["local"] | {
            "domain": stack.domain,
            "ports": {"http": 18990, "https": stack.port},
        }
        words |= {"name": "hploadcoach", "environments": {"local": local}}
        words["edge"]["rate"] = {"per_second": 5000, "burst": 2000}
        words["edge"]["routes"] |= dict.fromkeys(("/echo", "/slow", "/report"), "echo")
        ours = yaml.safe_load((HERE / "stack" / "homeport.yaml").read_text())["services"]
        words["services"] |= {name: ours[name] for name in ("echo", "ledger")}
        path.write_text(yaml.safe_dump(words, sort_keys=False))
        return stack

    @property
    def url(self) -> str:
        return f"https://{self.domain}:{self.port}"

    def release(self, version: str) -> dict[str, Any]:
        """Make this version the one that runs; what `homeport up --json` said at the end."""
        for file in self.version_files:
            (self.folder / file).write_text(f"{'# ' if file.endswith('.py') else ''}{version}\n")
        return self.up()

    def up(self) -> dict[str, Any]:
        return self._say("up", "--images", "local", "--no-seed")

    def back(self) -> dict[str, Any]:
        """To the release before; what `homeport rollback --json` said at the end."""
        return self._say("rollback", "local", "--yes")

    def _say(self, *words: str) -> dict[str, Any]:
        started = time.monotonic()
        whole = (HOMEPORT, *words, "-f", str(self.folder / "homeport.yaml"), "--json")
        done = subprocess.run(whole, capture_output=True, text=True, timeout=300, check=False)
        self.walls.append(time.monotonic() - started)
        if done.returncode:
            raise AssertionError(
                f"homeport {words[0]}: exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def down(self) -> None:
        words = (HOMEPORT, "down", "-f", str(self.folder / "homeport.yaml"), "--volumes", "--yes")
        subprocess.run(words, capture_output=True, timeout=120, check=False)
        forget(self.domain.split(".")[0])

    @property
    def ca(self) -> str:
        return str(Authority.open((self.domain,)).root)


def forget(name: str) -> None:
    """Remove the images NAME/..., by name."""
    listing = (
        "docker",
        "image",
        "ls",
        "--filter",
        f"reference={name}/*",
        "--format",
        "{{.Repository}}:{{.Tag}}",
    )
    names = subprocess.run(listing, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    if names:
        subprocess.run(("docker", "image", "rm", *names), capture_output=True, timeout=120, check=False)


@dataclass
class Under:
    """A load under way; `report` is there when it has ended."""

    report: Report = field(default_factory=Report)


@contextmanager
def load(url: str, ca: str | None = None, **options: object) -> Iterator[Under]:
    """Keep the load up for as long as the block runs, and a second on both sides. Options are those of generate.py."""
    words = [sys.executable, "-m", "tests.live.load.generate", "--url", url, *(("--ca", ca) if ca else ())]
    words += [word for key, value in options.items() for word in (f"--{key}", str(value))]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    under = Under()
    try:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "ready\n", "the load generator did not start"
        time.sleep(1)
        yield under
        time.sleep(1)
        process.stdin.close()
        under.report = Report.parse(process.stdout.read())
    finally:
        process.kill()
        process.wait()


def lost(report: Report) -> list[str]:
    """What was lost, in words; empty when nothing was."""
    found = [f"{count} x {what}" for what, count in report.faults.items()]
    found += [f"{report.duplicates} POSTs were handled twice"] * bool(report.duplicates)
    found += [f"{report.lost_posts} POSTs were answered and not handled"] * bool(report.lost_posts)
    for client, counts in report.calls.items():
        found += [
            f"{count} x {client} within the stack: {what}" for what, count in counts.items() if what != "ok"
        ]
    return found
