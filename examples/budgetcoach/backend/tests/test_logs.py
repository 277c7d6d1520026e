"""A log line is one JSON object with the fields that the log store searches, and is never split by Docker."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from coachlib.context import correlation_id, new_correlation_id
from coachlib.logs import JsonFormatter
from coachlib.settings import Settings

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
