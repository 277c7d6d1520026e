"""Nothing that leaves a deploy holds a secret: screen, log, history, notification, error."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from homeport.commands.command import Command
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.engine.runner import LocalRunner, Result
from homeport.errors import HomeportError
from homeport.release.deploy import Deploy
from homeport.release.log import Logged
from homeport.release.sources import Sources
from homeport.secrets.store import open_or_create
from homeport.secrets.value import Secret, generate
from homeport.stack.load import load
from homeport.stack.model import Target
from tests.recording import RecordingRunner
from tests.release.quiet import Quiet
from tests.release.test_notify import webhook

STACK = """\
homeport: 1
name: shop
environments: {local: {domain: shop.localhost}}
edge: {routes: {/: web}}
services:
  web: {image: "web:1", port: 8000, health: /ok, secrets: [token]}
notify: {to: [hook]}
"""
INFO = json.dumps({"DockerRootDir": "/var/lib/docker", "MemTotal": 1})


@pytest.fixture(autouse=True)
def _own_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))


def forms(value: str) -> list[str]:
    encoded = base64.b64encode(f"web:{value}".encode()).decode()
    return [value, quote(value, safe=""), json.dumps(value)[1:-1], encoded]


def test_a_deploy_that_fails_with_a_secret_in_its_words(tmp_path: Path) -> None:
    value = 'p"ss/wörd' + generate().reveal()
    (tmp_path / "homeport.yaml").write_text(STACK)
    said = "1.0/" + "/".join(forms(value))  # what the engine says of its version comes into the message
    runner = RecordingRunner(
        {"docker version": said, "docker compose version": "2.26.1", "docker info": INFO, "find": ""}
    )
    host, screen = Host(str(tmp_path / "root"), LocalMachine(Shouting(runner))), Quiet()
    store = open_or_create(tmp_path / "secrets.yaml", "local")
    store.set("token", Secret(value))
    with webhook() as (address, came), pytest.raises(HomeportError) as caught:
        store.set("hook", Secret(address))
        with Logged(screen, host) as progress:
            sources = Sources(tmp_path, tmp_path / "cache")
            Deploy(host, Target(load(tmp_path / "homeport.yaml"), "local"), store, sources, progress).run()
    fault = caught.value
    kept = [path for path in (tmp_path / "root").rglob("*") if path.is_file()]
    texts = {str(path): path.read_text() for path in kept}
    texts |= {"screen": "\n".join(screen.said), "notification": json.dumps(came, ensure_ascii=False)}
    texts |= {
        "error": f"{fault.message} {fault.hint} {fault.details} {fault}",
        "cause": repr(fault.__cause__),
    }
    assert {"history.jsonl", "log"} <= {path.name if path.suffix != ".log" else "log" for path in kept}
    leaks = [(place, form) for place, text in texts.items() for form in forms(value) if form in text]
    assert leaks == []
    assert came and "the Docker engine is" in came[0]["reason"] and "***" in came[0]["reason"]


class Shouting(LocalRunner):
    """The engine's answers from a table; all else is asked of this machine."""

    def __init__(self, recording: RecordingRunner) -> None:
        self.recording = recording

    def run(self, command: Command) -> Result:
        return self.recording.run(command) if command.argv[0] == "docker" else super().run(command)


def test_logs_are_for_who_releases_alone_and_those_of_before_become_so(tmp_path: Path) -> None:
    host, logs = Host(str(tmp_path)), tmp_path / "state" / "logs"
    logs.mkdir(parents=True)
    (logs / "old.log").write_text("the last lines of the app\n")
    (logs / "old.log").chmod(0o644)
    with Logged(Quiet(), host) as progress:
        progress.line("hello")
    modes = {path.name: path.stat().st_mode & 0o777 for path in logs.iterdir()}
    assert modes == {"old.log": 0o600, f"{progress.release}.log": 0o600}
    assert logs.stat().st_mode & 0o777 == 0o700
