"""Fixtures: one PostgreSQL and one RabbitMQ for the whole run, and `launch` to start any service on them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.launcher import Launch, Launcher
from tests.servers import PostgresServer, RabbitServer


@pytest.fixture(scope="session")
def workdir() -> Iterator[Path]:
    """A folder that the servers' own users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="coach-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(workdir: Path) -> Iterator[PostgresServer]:
    """A real PostgreSQL."""
    server = PostgresServer(workdir / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def broker(workdir: Path) -> Iterator[RabbitServer]:
    """A real RabbitMQ. Whoever kills it starts it again."""
    server = RabbitServer(workdir / "rabbitmq")
    yield server
    server.close()


@pytest.fixture
def launch(workdir: Path, postgres: PostgresServer, broker: RabbitServer) -> Iterator[Launch]:
    """`launch("user", {"NAME": "value"})`: the service on a new database and the shared broker, for one test.

    The broker's queues are emptied first.
    """
    with ExitStack() as stack:
        launcher = Launcher(workdir, postgres, broker, stack)
        launcher.empty_queues()
        yield launcher.launch


@pytest.fixture(scope="module")
def launch_module(workdir: Path, postgres: PostgresServer, broker: RabbitServer) -> Iterator[Launch]:
    """As `launch`, but the services live as long as the test module."""
    with ExitStack() as stack:
        launcher = Launcher(workdir, postgres, broker, stack)
        launcher.empty_queues()
        yield launcher.launch
