"""JSON logs on stdout, one record a line and each line below 16 KiB (Docker splits longer ones)."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from coachlib.context import correlation_id
from coachlib.settings import Settings

MAX_LINE = 16 * 1024 - 64
_CUT = "... (cut)"
_DETAIL = re.compile(
    r"(^DETAIL:\s+).*?(?=^HINT:|^\[SQL:|^\(Background on|^The above exception|^During handling|\Z)",
    re.MULTILINE | re.DOTALL,
)
_EXTRA = ("duration_ms", "path", "status", "method", "user_id", "event_id", "event_type")


class JsonFormatter(logging.Formatter):
    """Turns a log record into one JSON object; long texts are cut so that the line stays whole."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._fixed = {
            "service": settings.service,
            "version": settings.version,
            "environment": settings.environment,
        }

    def format(self, record: logging.LogRecord) -> str:
        """One line of at most MAX_LINE bytes."""
        entry = self._entry(record)
        line = _dump(entry)
        for key in ("exception", "message", "path"):
            if len(line) <= MAX_LINE:
                break
            entry[key] = _shorten(str(entry.get(key, "")), len(line) - MAX_LINE)
            line = _dump(entry)
        return line

    def _entry(self, record: logging.LogRecord) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._fixed,
            "correlation_id": getattr(record, "correlation_id", None) or correlation_id.get(),
            "message": record.getMessage(),
            "logger": record.name,
        }
        entry.update({key: record.__dict__[key] for key in _EXTRA if key in record.__dict__})
        if record.exc_info:
            entry["exception"] = _without_rows(self.formatException(record.exc_info))
        return entry


def _without_rows(text: str) -> str:
    """A traceback without PostgreSQL's DETAIL, which quotes the key or the whole row that was refused."""
    return _DETAIL.sub(r"\1(hidden)", text)


def _dump(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":"), default=str)


def _shorten(text: str, excess: int) -> str:
    # A character may take up to twelve bytes once escaped; what is left must fit, whatever it is.
    if len(json.dumps(text)) <= excess + len(_CUT) + 2:
        return _CUT
    keep = len(text)
    wanted = len(json.dumps(text)) - excess - len(_CUT)
    while keep and len(json.dumps(text[:keep])) > wanted:
        keep = keep * wanted // max(len(json.dumps(text[:keep])), wanted + 1)
    return text[:keep] + _CUT


def setup_logs(settings: Settings) -> None:
    """Send every logger, uvicorn's too, through the JSON formatter; LOG_LEVEL sets the level (INFO)."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(settings))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.text("LOG_LEVEL", "INFO").upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore", "aio_pika", "mail.log"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It reports each failed connection as an error; our loops say the same once, as the warning that it is.
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
