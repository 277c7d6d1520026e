"""A migration beside running code: it waits for locks in short tries, so it never stands in a query's way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from tests.launcher import BACKEND, Launch, Service


def test_migration_waits_for_a_lock_in_short_tries(launch: Launch) -> None:
    user = launch("user")
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    folder = BACKEND / "services" / "user"
    with locked(user), subprocess.Popen(command, cwd=folder, env=user.env) as migration:
        stay_locked(migration)
        release.set()
        assert migration.wait(60) == 0
    assert [row["version_num"] for row in user.sql("SELECT version_num FROM alembic_version")] == ["0002"]


release = threading.Event()


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """Hold the lock that a migration needs until `release` is set."""
    held = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(hold(service.dsn or "", held)))
    thread.start()
    assert held.wait(20)
    try:
        yield
    finally:
        release.set()
        thread.join(20)


async def hold(dsn: str, held: threading.Event) -> None:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        held.set()
        await asyncio.to_thread(release.wait, 60)
    await connection.close()


def stay_locked(migration: subprocess.Popen[bytes]) -> None:
    """Long enough for several tries of a second each; the migration must neither end nor fail meanwhile."""
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline:
        assert migration.poll() is None
        time.sleep(0.1)
