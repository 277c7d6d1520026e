"""Alembic with asyncpg or with psycopg, as the file DRIVER says; it knows nothing of locks."""

import asyncio
import os
from pathlib import Path

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

DRIVER = Path("DRIVER").read_text().strip()
URL = (
    Path(os.environ["DATABASE_URL_FILE"]).read_text().strip().replace("postgresql", f"postgresql+{DRIVER}", 1)
)


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def run_async():
    async with create_async_engine(URL).connect() as connection:
        await connection.run_sync(run)
        await connection.commit()


if DRIVER == "asyncpg":
    asyncio.run(run_async())
else:
    with create_engine(URL).connect() as connection:
        run(connection)
        connection.commit()
