"""Alembic for all services: what a service's migrations/env.py calls, and the common tables."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from alembic import context, op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.exc import DBAPIError

from coachlib.db import Base, make_engine, sqlstate
from coachlib.settings import Settings

_ATTEMPTS = 20
_LOCK_NOT_AVAILABLE = "55P03"
# Any fixed number will do; it only has to differ from other advisory locks in the same database.
_MIGRATION_LOCK = 7_203_112


def run_migrations(metadata: MetaData = Base.metadata) -> None:
    """Bring the database to the newest revision.

    Old code goes on running meanwhile: no statement waits over a second for a lock; then all is tried again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            asyncio.run(_migrate(metadata))
            return
        except DBAPIError as error:
            if sqlstate(error) != _LOCK_NOT_AVAILABLE or attempt == _ATTEMPTS:
                raise
            time.sleep(0.5)


async def _migrate(metadata: MetaData) -> None:
    engine = make_engine(Settings.from_env())
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run, metadata)
    finally:
        await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '1s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        context.run_migrations()


def create_outbox() -> None:
    """The table behind `emit`, as of coachlib's first version."""
    op.create_table(
        "outbox",
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        _now("created_at"),
        PrimaryKeyConstraint("id", name="pk_outbox"),
    )


def create_processed_events() -> None:
    """The table that makes a second delivery do nothing, as of coachlib's first version."""
    op.create_table(
        "processed_events",
        Column("event_id", UUID(as_uuid=True), nullable=False),
        _now("processed_at"),
        PrimaryKeyConstraint("event_id", name="pk_processed_events"),
    )
    op.create_index("ix_processed_events_processed_at", "processed_events", ["processed_at"])


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), server_default=func.now(), nullable=False)
