"""A log line is one JSON object with the fields that the log store searches, and is never split by Docker."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coachlib.context import correlation_id, new_correlation_id
from coachlib.db import make_engine
from coachlib.logs import JsonFormatter
from coachlib.settings import Settings
from tests.servers import PostgresServer

SETTINGS = Settings(service="user", version="1.2.3", environment="staging")


def line(message: str, **extra: object) -> str:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, (), extra.pop("exc_info", None))  # type: ignore[arg-type]
    record.__dict__.update(extra)
    return JsonFormatter(SETTINGS).format(record)


def test_fields() -> None:
    token = correlation_id.set("abc")
    try:
        entry = json.loads(line("hello", path="/x", status=200, duration_ms=1.5))
    finally:
        correlation_id.reset(token)
    assert entry.pop("timestamp").endswith("+00:00")
    assert entry == {
        "level": "info",
        "service": "user",
        "version": "1.2.3",
        "environment": "staging",
        "correlation_id": "abc",
        "message": "hello",
        "logger": "test",
        "path": "/x",
        "status": 200,
        "duration_ms": 1.5,
    }


@pytest.mark.parametrize("text", ["x" * 100_000, "\U0001f600" * 20_000, "\n" * 50_000, '"' * 50_000])
def test_long_lines_are_cut(text: str) -> None:
    for made in (line(text), line("short", path=text), line(text, path=text), line("failed", **raised(text))):
        assert len(made) < 16 * 1024
        assert "\n" not in made
        assert json.loads(made)["level"] == "info"


def raised(text: str) -> dict[str, object]:
    try:
        raise ValueError(text)
    except ValueError:
        return {"exc_info": sys.exc_info()}


def test_only_harmless_correlation_ids_are_taken() -> None:
    assert new_correlation_id("edge-1:2.3_4") == "edge-1:2.3_4"
    for bad in (None, "", "a b", 'x"y', "a\nb", "x" * 65):
        assert new_correlation_id(bad) != bad


def test_an_error_of_the_database_is_logged_without_values(postgres: PostgresServer, tmp_path: Path) -> None:
    """Neither the statement's parameters nor the row that PostgreSQL quotes in DETAIL."""
    url = tmp_path / "url"
    url.write_text(postgres.url())
    settings = Settings(service="user", env={"DATABASE_URL_FILE": str(url)})
    made = "CREATE TEMP TABLE people (email text UNIQUE, hash text CHECK (hash <> ''), name text NOT NULL)"
    given = {"email": "ada@example.org", "hash": "argon2-of-ada\n\nmore of Ada", "name": None}

    async def refused() -> str:
        engine = make_engine(settings)
        try:
            async with engine.connect() as connection:
                await connection.execute(text(made))
                insert = "INSERT INTO people VALUES (:email, CAST(:hash AS text), :name)"
                await connection.execute(text(insert), given)
        except IntegrityError:
            return line("failed", exc_info=sys.exc_info())
        finally:
            await engine.dispose()
        raise AssertionError("the row was taken")

    logged = asyncio.run(refused())
    assert "people" in logged and "not-null" in logged, "what is wrong is still said"
    assert "INSERT INTO people" in logged
    for secret in ("ada@example.org", "argon2-of-ada", "more of Ada"):
        assert secret not in logged
