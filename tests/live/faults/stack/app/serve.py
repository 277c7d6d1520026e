"""Answers with its version; asks another service (ASKS) or its database first, where it has one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from behave import FAULT, VERSION

STARTED = time.monotonic()
FADES_AFTER = 0.7  # seconds
PATIENCE = int(os.environ.get("PATIENCE", "5"))


class Server(ThreadingHTTPServer):
    daemon_threads = False  # a polite stop waits for the requests in flight
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 65

    def do_GET(self) -> None:
        if self.path == "/health":
            return self.answer(*health())
        if self.path.endswith("/slow"):
            time.sleep(3)
        if FAULT == "route 502":
            return self.answer(502, "the plan of the day is not there")
        if FAULT == "route 404":
            return self.answer(404, "there is no such plan")
        if asks := os.environ.get("ASKS"):
            with urllib.request.urlopen(asks, timeout=PATIENCE) as other:
                other.read()
        if "PGPASSFILE" in os.environ:
            ask_database()
        return self.answer(200, VERSION)

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words: object) -> None:
        """Only what is wrong is worth a line."""


def health() -> tuple[int, str]:
    if FAULT == "health 500":
        print("the plan of the day cannot be read", flush=True)
        return 500, "no plan"
    if FAULT == "fades" and time.monotonic() - STARTED > FADES_AFTER:
        print("the plan of the day was lost", flush=True)
        return 500, "lost"
    if FAULT == "tells":  # its password, whole in the log, cut off in the answer
        url = Path(os.environ["DATABASE_URL_FILE"]).read_text()
        print(f"could not connect with {url}", flush=True)
        return 500, f"{'.' * 150}{url}"
    return 200, "ok"


def ask_database() -> None:
    import psycopg  # noqa: PLC0415 (two services have no database, and little memory)

    with psycopg.connect(Path(os.environ["DATABASE_URL_FILE"]).read_text(), connect_timeout=5) as connection:
        connection.execute("SELECT count(*) FROM entries")


def misbehave() -> None:
    """What goes wrong before it listens."""
    if FAULT == "crash":
        sys.exit("the plan of the day has no first line")
    if FAULT == "slow":
        print("reading the plan of the day, slowly", flush=True)
        time.sleep(600)
    if FAULT == "memory":
        print("the plan of the day is large", flush=True)
        kept = bytearray(200 << 20)
        kept[::4096] = b"x" * len(kept[::4096])


def main() -> None:
    misbehave()
    server = Server(("0.0.0.0", int(os.environ["PORT"])), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
