"""What travels to a host without a registry: the layers that it lacks, beside `docker save | ssh docker load`.

Run `./run bench ship`. A host is booted in a container on this machine, so the line is as fast as it can be: the
megabytes are what counts on a slower one. Between the two rows of a case the host forgets what came.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from homeport.engine.ship import ship, size
from homeport.engine.ssh import SshMachine
from tests.hosts.host import Host, clean, outer

ROOT = Path(__file__).parent.parent
APP = ROOT / "examples" / "budgetcoach" / "backend"
SERVICES = ("gateway", "user", "transaction", "budget", "notification", "ai")
PREFIX = "hpshipbench"
T = TypeVar("T")
NOTE = """\
The six services of AI Budget Coach. Bytes are counted on the way into ssh, seconds until the host has the images."""


@dataclass(frozen=True)
class Row:
    """One case by one way: bytes on the wire, and seconds."""

    case: str
    way: str
    bytes: int
    seconds: float

    def cells(self) -> tuple[str, ...]:
        return self.case, self.way, size(self.bytes), f"{self.seconds:.1f}"


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, _host(Path(folder)) as host:
        os.environ["HOMEPORT_SSH_CONFIG"] = str(host.config)
        rows = list(_measure(host, Path(folder)))
    print(f"{NOTE}\n\n{_table([row.cells() for row in rows])}")
    return 0


def _measure(host: Host, folder: Path) -> Iterator[Row]:
    source = Path(shutil.copytree(APP, folder / "backend"))
    first = [_build(source, service, "1") for service in SERVICES]
    yield _plain("an empty host", host, first)
    _forget(host, first)
    yield _ours("an empty host", host, first)
    _change(source)
    second = [_build(source, "gateway", "2")]
    yield _plain("one line of one service", host, second)
    _forget(host, second)
    yield _ours("one line of one service", host, second)
    yield _ours("nothing", host, second)


def _ours(case: str, host: Host, images: list[str]) -> Row:
    runner = SshMachine.connect(f"root@{host.name}").runner
    shipped, seconds = _timed(lambda: ship(images, runner, lambda text: None))
    return Row(case, "homeport", shipped.bytes, seconds)


def _plain(case: str, host: Host, images: list[str]) -> Row:
    words = f"docker save {' '.join(images)} | tee >(wc -c >&2) | ssh -F {host.config} root@{host.name} docker load -q"
    run = ("bash", "-o", "pipefail", "-c", words)
    done, seconds = _timed(
        lambda: subprocess.run(run, capture_output=True, text=True, check=True, timeout=900)
    )
    return Row(case, "docker save, ssh docker load", int(done.stderr.split()[-1]), seconds)


def _build(source: Path, service: str, version: str) -> str:
    """The image of one service, by homeport's own way of answering its FROM lines."""
    tag = f"{PREFIX}/{service}:{version}"
    from_local = ("--build-context", "python:3.13-slim=docker-image://homeport/python:3.13-slim")
    ca = ("--secret", "id=ca,src=/etc/ssl/certs/ca-certificates.crt")
    words = ("docker", "buildx", "build", "-q", *from_local, *ca, "--build-arg", f"SERVICE={service}")
    outer(*words, "-t", tag, str(source), seconds=900)
    return tag


def _change(source: Path) -> None:
    """One more line in the gateway."""
    file = source / "services" / "gateway" / "routes.py"
    file.write_text(file.read_text() + "\nCHANGED = True\n")


def _forget(host: Host, images: list[str]) -> None:
    host.ssh(f"docker image rm -f {' '.join(images)}")


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    started = time.monotonic()
    return act(), time.monotonic() - started


@contextmanager
def _host(folder: Path) -> Iterator[Host]:
    host = Host(f"ship{os.getpid()}", folder / "host")
    try:
        yield Host.up(host.name, host.folder)
    finally:
        host.down()
        clean()
        tags = outer("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{PREFIX}/*").split()
        if tags:
            outer("docker", "image", "rm", "-f", *tags, check=False)


def _table(rows: list[tuple[str, ...]]) -> str:
    head = ("what is new", "way", "on the wire", "seconds")
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
