"""Answers with the path it saw, the length of its secret, and where its database is."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """One answer for every path."""

    def do_GET(self) -> None:
        token = Path(os.environ["API_TOKEN_FILE"]).read_text()
        database = Path(os.environ["DATABASE_URL_FILE"]).read_text().partition("@")[2]
        body = f"{self.path} {len(token) > 20} {database}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
