"""A small HTTP service for the tests of the edge, with nothing but Python's own library."""

import base64
import hashlib
import json
import os
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

OWN_HEADERS = {
    "Content-Security-Policy": "default-src *",
    "X-Frame-Options": "ALLOWALL",
    "X-Request-ID": "made-by-the-service",
    "X-Powered-By": "too much",
    "Strict-Transport-Security": "max-age=1",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "upstream"

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def facts(self):
        return {
            "service": os.environ["SERVICE_NAME"],
            "address": self.connection.getsockname()[0],
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body_bytes": self.body_bytes,
        }

    def do_GET(self):
        self.body_bytes = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        name = url.path.strip("/").split("/")[-1]
        if name == "slow":
            time.sleep(float(query["seconds"]))
        if name == "ws":
            self.websocket()
        elif name == "events":
            self.events()
        elif name == "call":
            self.call(query["url"])
        elif name == "large":
            self.answer(200, {"text": "the same again " * 1000})
        elif name == "identity":
            self.answer(200, {"text": "the same again " * 1000}, {"Content-Encoding": "identity"})
        elif "status" in query:
            headers = {"Retry-After": "77", "Cache-Control": "max-age=5"}
            self.answer(int(query["status"]), {"by": "the service"}, headers)
        else:
            self.answer(200, self.facts(), OWN_HEADERS if name == "headers" else ())

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

    def call(self, url):
        """Ask another service, with this request's id."""
        request = urllib.request.Request(url, headers={"X-Request-ID": self.headers["X-Request-ID"]})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, body, headers = response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            status, body, headers = error.code, error.read(), dict(error.headers)
        self.answer(200, {"status": status, "body": json.loads(body), "headers": headers})

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(3):
            self.wfile.write(f"data: {number}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.5)
        self.close_connection = True

    def websocket(self):
        """RFC 6455: accept, then send each byte back as it comes."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header(
            "Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        )
        self.end_headers()
        while data := self.connection.recv(4096):
            self.connection.sendall(data)
        self.close_connection = True


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
