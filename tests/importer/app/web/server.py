"""The page, and what the API answers when this service asks it."""

import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """`/via` asks the API; everything else is the page."""

    def do_GET(self) -> None:
        body = b"a page\n"
        if self.path == "/via":
            body = urllib.request.urlopen(os.environ["API_URL"]).read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
