"""PostgreSQL: engine, sessions, and what counts as "the database is away"."""

from __future__ import annotations

import asyncio

from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from coachlib.settings import Settings

# SQLSTATE classes of a server that is away for a while: connection, resources, operator (restart).
_AWAY = ("08", "53", "57")

Sessions = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """Base of all models; constraints have names so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(settings: Settings) -> AsyncEngine:
    """A small pool: blue and green of every service must fit into PostgreSQL's 100 connections together."""

    async def connect() -> object:
        # Read anew for each connection, so that a rotated password is picked up.
        import asyncpg

        return await asyncpg.connect(
            settings.secret("database_url"),
            timeout=5,
            server_settings={"application_name": settings.service, "timezone": "UTC"},
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=3,
        max_overflow=3,
        pool_timeout=10,
        pool_recycle=1800,
        pool_pre_ping=True,
        # An error is logged with its statement; the values are people's money and passwords.
        hide_parameters=True,
    )


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose objects stay readable after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def database_answers(engine: AsyncEngine) -> bool:
    """True when the database answers a query within two seconds."""
    try:
        async with asyncio.timeout(2), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        if is_away(error):
            return False
        raise
    return True


def is_away(error: BaseException) -> bool:
    """True when `error` means that the database cannot be reached now, not that the query is wrong."""
    if isinstance(error, PoolTimeout | InterfaceError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (sqlstate(error) or "").startswith(_AWAY)
    return str(getattr(error, "sqlstate", "")).startswith(_AWAY)


def sqlstate(error: DBAPIError) -> str | None:
    """The SQLSTATE of the server's answer (PostgreSQL manual, appendix A), if there was one."""
    return getattr(error.orig, "sqlstate", None)
