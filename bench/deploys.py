"""What a deploy costs those who use the app: the same load against four ways to replace a container, in one table.

Run `./run bench deploys --docker-rollout PATH`, with the script from github.com/Wowu/docker-rollout; without it
that way is left out. Each way gets the same images, the same nginx with TLS, the same load and clients 0 and 40 ms
away; homeport replaces two services a deploy, the others one.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homeport.engine.authority import Authority
from tests.live.load.running import DOMAIN, ROOT, Stack, forget, load
from tests.live.load.tally import Report

PROJECT, PORT = "hploadbench", 19443
APP = ROOT / "tests" / "live" / "load" / "stack"
HEAD = (
    "way",
    "RTT ms",
    "deploys",
    "requests",
    "failed",
    "longest gap s",
    "between services",
    "failed",
    "wall s",
)
NOTE = """\
Requests: {rate:.0f}/s open loop over 60 kept connections (HTTP/{http}, TLS), 40 % POST, with answers of 3 s and uploads
of 10 s under way, no retries. Failed: cut, refused, 5xx, a wrong echo or a POST handled twice. Between services: an
aiohttp and an httpx client in the stack. Wall: median of a deploy; the images are built."""

COMPOSE = """\
name: hploadbench
services:
  edge:
    image: homeport/nginx:1.26
    command: [nginx, -e, stderr, -c, /conf/nginx.conf, -g, "daemon off;"]
    ports: ["127.0.0.1:19443:443"]
    volumes: ["./conf:/conf:ro", "./certs:/certs:ro"]
    networks: {default: {aliases: [way-in]}}
  ledger: {image: "hploadbench/ledger:1"}
  caller:
    image: hploadbench/app:1
    command: [uvicorn, "caller:app", --host, 0.0.0.0, --port, "8000", --no-access-log, --log-level, warning]
    environment: {ECHO_URL: "http://@called:8000"}
@services"""
SERVICE = """\
  @name:
    image: hploadbench/app:${@variable:-1}
    command: [uvicorn, "echo:app", --host, 0.0.0.0, --port, "8000", --no-access-log, --log-level, warning]
    cpus: 1
    stop_grace_period: 10s
    profiles: [@profiles]
    healthcheck:
      test: [CMD, python3, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health')"]
      interval: 5s
      start_period: 60s
      start_interval: 500ms
"""
NGINX = """\
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr crit;
events { worker_connections 2048; }
http {
    access_log off;
    resolver 127.0.0.11 valid=1s ipv6=off;
    client_body_buffer_size 64k;
    keepalive_requests 10000;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_connect_timeout 1s;
    @upstream
    server {
        listen 443 ssl;
        listen 8000;
        http2 on;
        server_name _;
        ssl_certificate /certs/live/fullchain.pem;
        ssl_certificate_key /certs/live/privkey.pem;
        @set
        location / { proxy_pass http://@to; }
    }
}
"""
BY_NAME = {"@upstream": "", "@set": "set $name echo:8000;", "@to": "$name"}
BY_FILE = {"@upstream": "include /conf/live/*.conf;", "@set": "", "@to": "live"}


class Way(Protocol):
    """One way to deploy. `up` brings version 1 into service, `deploy` replaces it."""

    name: str
    url: str

    def up(self) -> None: ...

    def deploy(self, version: int) -> None: ...

    def down(self) -> None: ...


class Homeport:
    """`homeport up`: slots and a flag; echo and caller are both replaced."""

    name = "homeport"

    def __init__(self, folder: Path, rollout: Path | None) -> None:
        self._stack = Stack.copy(folder / "stack")
        self.url = self._stack.url

    def up(self) -> None:
        for version in (2, 1):  # both are built before the clock runs
            self._stack.release(str(version))

    def deploy(self, version: int) -> None:
        self._stack.release(str(version))

    def down(self) -> None:
        self._stack.down()


class Plain:
    """`docker compose up -d --wait`. nginx asks Docker's DNS every second where echo is."""

    name = "docker compose up -d --wait"
    url = f"https://{DOMAIN}:{PORT}"
    services: tuple[str, ...] = ("echo",)
    nginx = BY_NAME
    called = "echo"

    def __init__(self, folder: Path, rollout: Path | None) -> None:
        self._folder, self._rollout = folder, rollout

    def up(self) -> None:
        services = "".join(_service(name, slotted=len(self.services) > 1) for name in self.services)
        compose = COMPOSE.replace("@services", services).replace("@called", self.called)
        (self._folder / "compose.yaml").write_text(compose)
        (self._folder / "conf" / "live").mkdir(parents=True)
        (self._folder / "conf" / "nginx.conf").write_text(_filled(NGINX, self.nginx))
        Authority.open((DOMAIN,)).leaf((DOMAIN,), self._folder / "certs")
        self.prepare()
        self.compose("up", "-d", "--wait", "--pull", "never", "ledger", self.services[0])
        self.compose(
            "up", "-d", "--pull", "never", "edge", "caller"
        )  # nginx wants its upstream's name to be known
        time.sleep(2)

    def prepare(self) -> None:
        """What must be there before the first start."""

    def deploy(self, version: int) -> None:
        self.compose("up", "-d", "--wait", "--pull", "never", "echo", ECHO=version)

    def down(self) -> None:
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5")

    def compose(self, *words: str, **variables: int) -> str:
        (self._folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        return run("docker", "compose", *words, folder=self._folder)


class Rollout(Plain):
    """docker-rollout with its defaults: a second container beside the first, which is then removed."""

    name = "docker-rollout"

    def deploy(self, version: int) -> None:
        (self._folder / ".env").write_text(f"ECHO={version}\n")
        run("sh", str(self._rollout), "rollout", "echo", folder=self._folder)


class Reload(Plain):
    """Two containers and an upstream file: start the other, write the file, `nginx -s reload`, wait until the old
    workers have ended, stop the old one."""

    name = "upstream file, nginx -s reload"
    services = ("echo-blue", "echo-green")
    nginx = BY_FILE
    called = "way-in"

    def prepare(self) -> None:
        self._live = "blue"
        self._point("blue")

    def _point(self, slot: str) -> None:
        (self._folder / "conf" / "live" / "upstream.conf").write_text(
            f"upstream live {{ server echo-{slot}:8000; keepalive 32; keepalive_timeout 1s; }}\n"
        )

    def deploy(self, version: int) -> None:
        old, self._live = self._live, "green" if self._live == "blue" else "blue"
        new = f"echo-{self._live}"
        self.compose("up", "-d", "--wait", "--no-deps", "--pull", "never", new, **{_variable(new): version})
        self._point(self._live)
        self.compose("exec", "-T", "edge", "nginx", "-e", "stderr", "-c", "/conf/nginx.conf", "-s", "reload")
        ends = time.monotonic() + 30
        while "shutting down" in self.compose("top", "edge") and time.monotonic() < ends:
            time.sleep(0.2)
        self.compose("rm", "-fs", f"echo-{old}")


WAYS: tuple[Callable[[Path, Path | None], Way], ...] = (Homeport, Plain, Rollout, Reload)


@dataclass
class Measured:
    """One row."""

    name: str
    rtt: float
    walls: list[float]
    report: Report

    def cells(self) -> tuple[str, ...]:
        report = self.report
        lost = report.failed + report.duplicates + report.lost_posts
        return (
            self.name, f"{self.rtt:.0f}", str(len(self.walls)), f"{report.asked:,}", f"{lost:,}",
            f"{report.longest_gap:.2f}", f"{report.calls_asked:,}", f"{report.calls_failed:,}",
            f"{statistics.median(self.walls):.1f}",
        )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    options = _options(argv)
    build()
    rows: list[Measured] = []
    for make in WAYS:
        if options.ways and not any(word in make.name for word in options.ways):
            continue
        if make is Rollout and not options.docker_rollout:
            print(
                "docker-rollout is left out: --docker-rollout PATH says where its script is", file=sys.stderr
            )
            continue
        for row in measured(make, options):
            rows.append(row)
            print(f"  {row.cells()[3]} requests, {row.cells()[4]} failed", file=sys.stderr)
    forget(PROJECT)
    print(table(HEAD, [row.cells() for row in rows]))
    print(f"\n{NOTE.format(rate=options.rate, http=options.http)}")
    for row in rows:
        if row.report.faults:
            print(f"\n{row.name}, RTT {row.rtt:.0f} ms: {row.report.faults}")
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench deploys", description=__doc__)
    parser.add_argument("--docker-rollout", type=Path, help="path of the docker-rollout script")
    parser.add_argument("--deploys", type=int, default=6, help="for each way and distance")
    parser.add_argument("--rate", type=float, default=300, help="requests per second")
    parser.add_argument("--http", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rtt", type=float, nargs="+", default=[0, 40], help="milliseconds")
    parser.add_argument("--ways", nargs="+", help="only those whose name holds one of these words")
    options = parser.parse_args(argv)
    if options.docker_rollout:
        options.docker_rollout = options.docker_rollout.resolve(strict=True)
    return options


def measured(make: Callable[[Path, Path | None], Way], options: argparse.Namespace) -> Iterator[Measured]:
    """One row a distance; the stack is up for all of them, and away afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        way = make(folder, options.docker_rollout)
        stack.callback(way.down)
        way.up()
        for rtt in options.rtt:
            print(f"{way.name}, RTT {rtt:.0f} ms ...", file=sys.stderr)
            walls: list[float] = []
            ca = str(Authority.open((DOMAIN,)).root)
            with load(way.url, ca, http=options.http, rtt=rtt, rate=options.rate) as under:
                for number in range(options.deploys):
                    with timed(walls):
                        way.deploy(2 - number % 2)
            yield Measured(way.name, rtt, walls, under.report)
            way.deploy(1)


@contextmanager
def timed(seconds: list[float]) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds.append(time.monotonic() - started)


def build() -> None:
    """The images of the ways that are not ours; the same Dockerfiles."""
    ca = "/etc/ssl/certs/ca-certificates.crt"
    secret = ("--secret", f"id=ca,src={ca}") if Path(ca).exists() else ()
    base = ("--build-context", "python:3.13-slim=docker-image://homeport/python:3.13-slim")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(shutil.copytree(APP, Path(name) / "stack"))
        for version in ("1", "2"):
            (folder / "app" / "VERSION").write_text(f"{version}\n")
            tag = f"hploadbench/app:{version}"
            run("docker", "buildx", "build", "--load", "-q", *secret, *base, "-t", tag, str(folder / "app"))
        run(
            "docker",
            "buildx",
            "build",
            "--load",
            "-q",
            *base,
            "-t",
            "hploadbench/ledger:1",
            str(folder / "ledger"),
        )


def run(*words: str, folder: Path | None = None) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def _service(name: str, *, slotted: bool) -> str:
    profiles = name if slotted else ""
    return _filled(SERVICE, {"@name": name, "@variable": _variable(name), "@profiles": profiles})


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
