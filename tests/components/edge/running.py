"""A stack that really runs, for the tests of the edge: rendered by homeport, started by Compose, asked over TLS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeport.engine.authority import Authority
from homeport.render.render import render
from homeport.stack.model import SLOTS, Target, has_slots


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values} in {self.status}"
        return values[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """The stack below `root`, with its project in the engine."""

    target: Target
    root: Path
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

    def connect(self, name: str | None = None) -> http.client.HTTPConnection:
        """A connection over TLS that verifies the certificate for `name`."""
        connection = http.client.HTTPConnection(name or self.domain, timeout=20)
        connection.sock = self.tls(name)
        return connection

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
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
            return ask(connection, path, "GET", {"Host": host or self.domain}, None)
        finally:
            connection.close()

    def slot(self, answer: Answer, name: str = "gateway") -> str:
        """Which slot has answered, by the address that the service saw."""
        addresses = {self.target.slot_address(name, slot): slot for slot in SLOTS}
        return addresses[answer.json["address"]]


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    connection.request(method, path, body=body, headers=dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, response.getheaders(), response.read())


def run(*words: str, folder: Path | None = None, both: bool = False) -> str:
    """Standard output, and standard error behind it when `both` are wanted; fails when the program does."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr if both else done.stdout
