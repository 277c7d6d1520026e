"""Starts services as production does: migrate, then serve, with the files that the contract promises."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import httpx

from coachlib import topology
from coachlib.identity import HEADER, Caller, sign
from tests.servers import PostgresServer, RabbitServer, free_port, wait_for

BACKEND = Path(__file__).resolve().parent.parent
JWT_KEY = secrets.token_urlsafe(48)
IDENTITY_KEYS = {
    name: secrets.token_urlsafe(32) for name in ("user", "transaction", "budget", "notification", "ai")
}


class Service:
    """A running service. `client` talks to it; unless it is the gateway, give X-User-Id (and X-User-Currency,
    EUR without) yourself: the client signs them as the gateway would."""

    def __init__(self, name: str, env: dict[str, str], port: int, log: Path, dsn: str | None) -> None:
        self.name = name
        self.env = env
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(
            base_url=self.url, timeout=30, event_hooks={"request": [partial(_sign_as_gateway, name)]}
        )
        self.dsn = dsn
        self._log = log
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "coachlib.serve"]
            return subprocess.Popen(command, env=self.env, cwd=BACKEND, stdout=log, stderr=log)

    def restart(self) -> None:
        """Start it again after `stop`, on the same database and port."""
        self.process = self._start()
        self.wait_ready()

    def twin(self) -> Service:
        """A second one on the same database, as during a release; whoever asks for it stops it."""
        port = free_port()
        log = self._log.with_name(f"{self.name}-{port}.log")
        twin = Service(self.name, self.env | {"PORT": str(port)}, port, log, self.dsn)
        twin.wait_ready()
        return twin

    def signed(self, user: str, method: str, path: str) -> dict[str, str]:
        """The headers with which another client asks for `user`."""
        return {HEADER: sign(IDENTITY_KEYS[self.name], self.name, Caller(uuid.UUID(user)), method, path)}

    def wait_ready(self) -> None:
        """Wait until /health/ready answers 200; fails with the log when it does not."""
        try:
            wait_for(f"{self.name} is ready", self._ready, 30)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.log()}") from error

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}\n{self.log()}")
        try:
            return self.client.get("/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)

    def log(self) -> str:
        """All that it has printed."""
        return self._log.read_text(encoding="utf-8")

    def sql(self, query: str, *values: object) -> list[Any]:
        """Rows of `query` on the service's own database."""
        return asyncio.run(_fetch(self.dsn or "", query, *values))

    def metric(self, line_start: str) -> float:
        """The value of the metric line that starts so; 0 when there is none."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(line_start):
                return float(line.rsplit(" ", 1)[1])
        return 0.0


Launch = Callable[..., Service]


class Launcher:
    """Makes databases, files and processes; everything it starts ends with `stack`."""

    def __init__(
        self, workdir: Path, postgres: PostgresServer, broker: RabbitServer, stack: ExitStack
    ) -> None:
        self._folder = workdir / uuid.uuid4().hex[:8]
        self._folder.mkdir()
        self._postgres = postgres
        self._broker = broker
        self._stack = stack

    def empty_queues(self) -> None:
        """Make every queue of the topology anew, so that no test sees another's events."""
        asyncio.run(_delete_queues(self._broker.url))

    def launch(
        self,
        name: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        database: bool = True,
        root: Path = BACKEND,
    ) -> Service:
        """Start service `name`; `files` are further secrets by name, `root` holds its services/ folder."""
        port = free_port()
        dsn = self._database(name) if database else None
        full = self._environment(name, port, dsn, dict(env or {}), dict(files or {}), root)
        if dsn:
            _migrate(root / "services" / name, full)
        service = Service(name, full, port, self._folder / f"{name}-{port}.log", dsn)
        self._stack.callback(service.client.close)
        self._stack.callback(service.stop, signal.SIGKILL)
        service.wait_ready()
        return service

    def _database(self, name: str) -> str:
        database = f"{name}_{uuid.uuid4().hex[:8]}"
        password = secrets.token_urlsafe(16)
        asyncio.run(_create_database(self._postgres.url(), database, password))
        return f"postgresql://{database}:{password}@127.0.0.1:{self._postgres.port}/{database}"

    def _environment(
        self,
        name: str,
        port: int,
        dsn: str | None,
        extra: dict[str, str],
        files: dict[str, str],
        root: Path,
    ) -> dict[str, str]:
        secret_files = {"rabbitmq_url": self._broker.url, "jwt_key": JWT_KEY}
        known = IDENTITY_KEYS if name == "gateway" else {name: IDENTITY_KEYS.get(name, "")}
        secret_files |= {f"identity_{one}": key for one, key in known.items()} | files
        if dsn:
            secret_files["database_url"] = dsn
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{root}:{BACKEND}",
            "PYTHONSAFEPATH": "1",
            "SERVICE_NAME": name,
            "SERVICE_VERSION": "test-1",
            "ENVIRONMENT": "test",
            "PORT": str(port),
            "PUBLIC_URL": "https://budgetcoach.localhost",
        }
        for key, value in secret_files.items():
            path = self._folder / f"{name}-{port}-{key}"
            path.write_text(value + "\n")
            env[f"{key.upper()}_FILE"] = str(path)
        return env | extra


def _sign_as_gateway(service: str, request: httpx.Request) -> None:
    """X-User-Id becomes the signed header that a service believes."""
    user, currency = request.headers.get("X-User-Id"), request.headers.get("X-User-Currency", "EUR")
    if user is None or service not in IDENTITY_KEYS:
        return
    with suppress(ValueError):
        caller, query = Caller(uuid.UUID(user), currency), request.url.query.decode()
        signed = sign(IDENTITY_KEYS[service], service, caller, request.method, request.url.path, query)
        request.headers[HEADER] = signed
        del request.headers["X-User-Id"]


def _migrate(folder: Path, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


async def _fetch(dsn: str, query: str, *values: object) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def _create_database(admin: str, name: str, password: str) -> None:
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        await connection.execute(f"CREATE DATABASE {name} OWNER {name}")
    finally:
        await connection.close()


async def _delete_queues(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for service in {reader for readers in topology.READERS.values() for reader in readers}:
            for name in (topology.queue_name(service), topology.dead_name(service)):
                await channel.queue_delete(name)
        await topology.declare(channel)
