"""A copy of the small stack, deployed to a test host with the `homeport` command, and visitors who ask it meanwhile."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeport.stack.load import load
from homeport.stack.model import Target
from tests.hosts.host import Host

HOMEPORT = str(Path(sys.executable).with_name("homeport"))
STACK = Path(__file__).parent / "stack"
ROOT = "/opt/hphosted"


@dataclass
class Answers:
    """What visitors saw: good answers, and the others in words."""

    good: int = 0
    bad: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class App:
    """`folder` holds the copy; `user` is who deploys to `host`."""

    folder: Path
    host: Host
    user: str = "root"

    @classmethod
    def copy(cls, folder: Path, host: Host, user: str = "root") -> App:
        shutil.copytree(STACK, folder, ignore=shutil.ignore_patterns(".homeport"))
        app = cls(folder, host, user)
        app.replace("homeport.yaml", "HOST", f"{user}@{host.name}")
        app.run("secrets", "init", "production")
        return app

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one line of the copy."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} does not hold {old}"
        file.write_text(text.replace(old, new))

    def say(self, line: str) -> None:
        """Let the page say another line: what a release of one changed line is."""
        file = self.folder / "web" / "app.py"
        file.write_text(re.sub(r'^LINE = ".*"', f'LINE = "{line}"', file.read_text(), flags=re.M))

    @property
    def environment(self) -> dict[str, str]:
        """For the command: ssh's configuration of the host, keys and authority of our own."""
        own = {
            "HOMEPORT_SSH_CONFIG": str(self.host.config),
            "XDG_CONFIG_HOME": str(self.host.folder / "config"),
        }
        return {**os.environ, **own}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command, running; stdout and stderr in one."""
        file = str(self.folder / "homeport.yaml")
        argv = (HOMEPORT, *words[:1], *(words[1:2] if words[0] == "secrets" else ()), "-f", file)
        rest = words[2:] if words[0] == "secrets" else words[1:]
        return subprocess.Popen(
            (*argv, *rest), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment,
            start_new_session=True,
        )  # fmt: skip

    def run(self, *words: str, code: int = 0, seconds: float = 300) -> str:
        """What it says at its end; its exit code must be `code`."""
        with self.start(*words) as process:
            said = process.communicate(timeout=seconds)[0]
        assert process.returncode == code, f"{words}: exit code {process.returncode}\n{said[-4000:]}"
        return said

    def deploy(self, version: str, *words: str, code: int = 0) -> str:
        return self.run("deploy", "production", "--images", "local", "--version", version, *words, code=code)

    def result(self, version: str, *words: str) -> dict[str, Any]:
        """The last line of `deploy --json`."""
        found: dict[str, Any] = json.loads(self.deploy(version, "--json", *words).splitlines()[-1])
        return found

    def begin(self, version: str) -> subprocess.Popen[str]:
        return self.start("deploy", "production", "--images", "local", "--version", version, "--json")

    @property
    def target(self) -> Target:
        return Target(load(self.folder / "homeport.yaml"), "production")

    def ask(self) -> tuple[int, str]:
        """What a visitor gets from the host's own address: status and body."""
        words = ("curl", "-sS", "-k", "-m", "8", "-w", "\\n%{http_code}", "--resolve")
        place = f"{self.target.env.domain}:443:{self.host.address}"
        done = subprocess.run(
            (*words, place, f"{self.target.url}/"), capture_output=True, text=True, check=False
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body or done.stderr.strip()

    def page(self) -> str:
        """The page, which must be there."""
        status, body = self.ask()
        assert status == 200, f"{status} {body}"
        return body

    @contextmanager
    def visited(self) -> Iterator[Answers]:
        """Ask the page ten times per second for as long as the block runs; no question is asked twice."""
        answers, ended = Answers(), threading.Event()

        def visit() -> None:
            while not ended.wait(0.1):
                status, body = self.ask()
                if status == 200:
                    answers.good += 1
                else:
                    answers.bad.append(f"{time.strftime('%T')} {status} {body}")

        visitor = threading.Thread(target=visit, daemon=True)
        visitor.start()
        try:
            yield answers
        finally:
            ended.set()
            visitor.join(timeout=20)

    def containers(self) -> dict[str, str]:
        """Compose service -> what the host's engine says of it, for all of the project that run."""
        form = '{{.Label "com.docker.compose.service"}} {{.Status}}'
        lines = self.host.ssh(f"docker ps --format '{form}'").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def healthy(self) -> bool:
        """Whether every container that runs is, and the edge answers."""
        states = self.containers().values()
        return bool(states) and all("(healthy)" in state for state in states) and self.ask()[0] == 200
