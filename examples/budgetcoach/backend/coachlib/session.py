"""PostgreSQL in a request: a session and a transaction, and what is answered while the database is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.db import Sessions, is_away, sqlstate
from coachlib.errors import error_response, unavailable


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
