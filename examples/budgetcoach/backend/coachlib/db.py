"""PostgreSQL: engine, sessions, one transaction a request, and what counts as "the database is away"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from coachlib.errors import error_response, unavailable
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


async def _request_session(request: Request) -> AsyncIterator[AsyncSession]:
    sessions: Sessions = request.app.state.runtime.sessions
    async with sessions() as session:
        yield session
        await session.commit()


Session = Annotated[AsyncSession, Depends(_request_session, scope="function")]
"""The request's session. It commits when the route returns, before the answer; an exception rolls back."""


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    if is_away(error):
        return unavailable("The database is not available right now.")
    if isinstance(error, DBAPIError) and (sqlstate(error) or "").startswith("22"):
        return error_response(422, "A value cannot be stored.")
    raise error


def add_database_handlers(app: FastAPI) -> None:
    """Answer 503 while the database is away, 422 for a value it refuses (SQLSTATE class 22)."""
    import asyncpg

    # A failed connect reaches us as asyncpg's own error or as an OSError, not wrapped by SQLAlchemy.
    for kind in (DBAPIError, PoolTimeout, OSError, asyncpg.PostgresError):
        app.add_exception_handler(kind, _database_error)
