"""The played edge: a real TLS server on this machine with the certificate that the release made. It answers as nginx
would, from the flags on the disk and the containers of the model."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.scripted.engine import Engine


class Edge:
    """Listens from the start; `plays` says for which engine it answers. It hangs up while nginx does not run."""

    def __init__(self) -> None:
        edge = self
        self.engine: Engine | None = None
        self.bad: set[str] = (
            set()
        )  # images that are well when they are asked themselves, and answer visitors with 502

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                self.request = edge.secured(self.request)
                super().setup()

            def do_GET(self) -> None:
                status, body = edge.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                del words

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Somebody hung up, or we did."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def plays(self, engine: Engine) -> None:
        self.engine = engine

    def secured(self, plain: ssl.SSLSocket) -> ssl.SSLSocket:
        nginx = self.engine.named("nginx") if self.engine else None
        if self.engine is None or nginx is None or not nginx.up:
            raise ConnectionError("nginx does not run")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = self.engine.live / "certs" / "live"
        context.load_cert_chain(certificate / "fullchain.pem", certificate / "privkey.pem")
        return context.wrap_socket(plain, server_side=True)

    def answer(self, path: str) -> tuple[int, bytes]:
        assert self.engine is not None
        if path == "/":
            page = self.engine.live / "www" / "current" / "index.html"
            return (200, page.read_bytes()) if page.is_file() else (404, b"")
        status, image = self.engine.answer("api" if path.startswith("/api") else "web")
        return (502, b"") if image in self.bad else (status, image.encode())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
