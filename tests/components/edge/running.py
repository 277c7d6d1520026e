"""A stack that really runs, for the tests of the edge: rendered by homeport, started by Compose, asked over TLS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from homeport.engine.authority import Authority
from homeport.render.render import render
from homeport.stack.model import SLOTS, Target, has_slots
from tests.components.edge.connections import Answer, Body, Connection, Http1, Http2

__all__ = ["Answer", "Running", "ask", "run"]


@dataclass
class Running:
    """The stack below `root`, with its project in the engine; asked over HTTP/1.1, or `http2`."""

    target: Target
    root: Path
    http2: bool = False
    ca: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.ca = Authority.open((self.domain,), self.root / "ca")

    @property
    def domain(self) -> str:
        return self.target.env.domain

    def up(self) -> None:
        rendered = render(self.target)
        rendered.tree.write(self.root)
        for folder in rendered.folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.ca.leaf((self.domain, *self.target.env.aliases), self.root / "certs")
        self.compose("up", "-d", "--wait", "--wait-timeout", "90")

    def down(self) -> None:
        self.compose("down", "-v", "--remove-orphans", "-t", "1")

    def compose(self, *words: str) -> str:
        profiles = [
            f"--profile={name}-{slot}"
            for name, s in self.target.services.items()
            if has_slots(s)
            for slot in SLOTS
        ]
        return run("docker", "compose", "-f", "docker-compose.prod.yml", *profiles, *words, folder=self.root)

    def logs(self) -> list[dict[str, Any]]:
        """What was logged to standard output: every line is JSON, or this fails."""
        name = f"{self.target.project}-nginx-1"
        done = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def flag(self, name: str, *, on: bool) -> None:
        path = self.root / "slots" / ("current" if name.endswith(".green") else "") / name
        path.parent.mkdir(exist_ok=True)
        path.touch() if on else path.unlink(missing_ok=True)

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca.root))

    def tls(self, name: str | None = None, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        raw = socket.create_connection((self.target.bind, self.target.env.ports.https), timeout=20)
        return (context or self.context()).wrap_socket(raw, server_hostname=name or self.domain)

    def connect(self, name: str | None = None) -> Connection:
        """A connection over TLS that verifies the certificate for `name`."""
        context = self.context()
        context.set_alpn_protocols(["h2" if self.http2 else "http/1.1"])
        kind = Http2 if self.http2 else Http1.over
        return kind(self.tls(name, context), name or self.domain)

    def over(self, http2: bool) -> Running:
        """The same stack, asked over that protocol."""
        return replace(self, http2=http2)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> Answer:
        connection = self.connect(name)
        try:
            return ask(connection, path, method, headers, body)
        finally:
            connection.close()

    def plain(self, path: str, host: str | None = None) -> Answer:
        """Over HTTP without TLS."""
        address = self.target.bind, self.target.env.ports.http
        connection = http.client.HTTPConnection(*address, timeout=20)
        try:
            return ask(Http1(host or self.domain, connection), path)
        finally:
            connection.close()

    def slot(self, answer: Answer, name: str = "gateway") -> str:
        """Which slot has answered, by the address that the service saw."""
        addresses = {self.target.slot_address(name, slot): slot for slot in SLOTS}
        return addresses[answer.json["address"]]


def ask(
    connection: Connection,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Body = None,
) -> Answer:
    return connection.ask(path, method, headers, body)


def run(*words: str, folder: Path | None = None, both: bool = False) -> str:
    """Standard output, and standard error behind it when `both` are wanted; fails when the program does."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr if both else done.stdout
