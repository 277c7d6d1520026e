"""A service that goes wrong at its start in the way that MOOD says."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MOOD = os.environ["MOOD"]


class Answer(BaseHTTPRequestHandler):
    """200 for everything, 500 for the health path when it is ill."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        ill = MOOD == "ill" and self.path == "/healthz"
        body = b"the ledger is closed\n" if ill else b"good\n"
        self.send_response(500 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("reading the ledger", flush=True)
if MOOD == "busy":
    Path("/data/state").write_text(MOOD)
if MOOD == "deaf":
    print("waiting for the other side of the moon", flush=True)
    time.sleep(600)
if MOOD == "greedy":
    ledger = bytearray(os.urandom(1024)) * 200_000
ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
