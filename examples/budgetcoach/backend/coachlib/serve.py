"""Runs one service: `python -m coachlib.serve` starts services.SERVICE_NAME.main:app under uvicorn."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from coachlib.logs import setup_logs
from coachlib.settings import Settings, SettingsError


def main() -> int:
    """Serve until SIGTERM; requests in flight may take GRACEFUL_SECONDS (7) more. Returns the exit code."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    setup_logs(settings)
    uvicorn.run(
        f"services.{settings.service}.main:app",
        host="0.0.0.0",  # noqa: S104 - the contract wants it; only the edge is published
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # The gateway decides who the client is (services/gateway/headers.py), not what a request says.
        proxy_headers=False,
        # Longer than the edge keeps a connection idle, so we never close one that is about to be used.
        timeout_keep_alive=75,
        # Together with the two seconds that background tasks get, this stays below the stop grace of 10 s.
        timeout_graceful_shutdown=int(settings.number("GRACEFUL_SECONDS", 7)),
    )
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    # Everything is closed. Taking the interpreter apart would only cost time of the stop grace.
    os._exit(code)
