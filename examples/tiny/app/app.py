"""The smallest app that keeps the contract: it listens, says that it is well, and finishes before it stops."""

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Waits for its open requests when it is closed."""

    daemon_threads = False
    request_queue_size = 128


class Hello(BaseHTTPRequestHandler):
    """`/healthz` for the edge, a greeting for everybody else."""

    protocol_version = "HTTP/1.1"
    timeout = 5  # seconds an idle connection may stay open: the stop waits for it
    server_version = "tiny"

    def do_GET(self) -> None:
        started = time.monotonic()
        body = b"ok\n" if self.path == "/healthz" else greeting()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Service-Version", os.environ.get("SERVICE_VERSION", "dev"))
        if stopping.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        log("request", path=self.path, status=200, duration_ms=round((time.monotonic() - started) * 1000, 1))

    do_HEAD = do_GET  # noqa: N815 (the name that http.server looks for)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `log` writes the line."""


def greeting() -> bytes:
    where = os.environ.get("ENVIRONMENT", "nowhere")
    return f"Hello from {where}, version {os.environ.get('SERVICE_VERSION', 'dev')}.\n".encode()


def log(message: str, **fields: object) -> None:
    """One JSON line to stdout."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": "info", "service": os.environ.get("SERVICE_NAME", "hello")}
    sys.stdout.write(json.dumps({**line, "message": message, **fields}) + "\n")
    sys.stdout.flush()


stopping = threading.Event()


def main() -> None:
    """Serve until SIGTERM, then finish what is open and leave."""
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Hello)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})

    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    serving.start()
    log("listening", port=server.server_port)
    stopping.wait()
    server.shutdown()
    server.server_close()  # joins the threads of open requests
    log("stopped")


if __name__ == "__main__":
    main()
