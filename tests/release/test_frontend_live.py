"""A frontend that is really built: what an earlier build left is not published with the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeport.cli.say import Printer
from homeport.engine.host import Host
from homeport.engine.runner import LocalRunner
from homeport.errors import BuildError
from homeport.release.sources import Sources
from homeport.stack.load import load
from homeport.stack.model import Target

pytestmark = pytest.mark.live

STACK = """\
homeport: 1
name: hpfront
environments: {local: {domain: hpfront.localhost}}
edge: {frontend: {build: web}, routes: {/api: api}}
services:
  api: {image: "homeport/python:3.13-slim", port: 8000, health: /}
"""


def build(folder: Path) -> tuple[Sources, Target]:
    sources, runner = Sources(folder, folder / "cache", "local"), LocalRunner()
    target = Target(load(folder / "homeport.yaml"), "local")
    sources.build(runner, target, Printer(json_lines=True), runner, None)
    return sources, target


def test_each_release_has_the_files_of_its_own_build(tmp_path: Path) -> None:
    web, host = tmp_path / "web", Host(str(tmp_path / "host"))
    (web / "dist").mkdir(parents=True)
    (tmp_path / "homeport.yaml").write_text(STACK)
    (web / "Dockerfile").write_text("FROM scratch\nCOPY dist /\n")
    (web / "dist" / "index.html").write_text("1")
    (web / "dist" / ".env").write_text("KEY=1")
    (web / "dist" / "one.js").write_text("1")
    sources, target = build(tmp_path)
    with pytest.raises(BuildError, match=r"what must not be published is in .*: \.env"):
        sources.publish(target, host, "r1")

    (web / "dist" / ".env").unlink()
    sources, target = build(tmp_path)
    assert sources.publish(target, host, "r1")

    (web / "dist" / "one.js").rename(web / "dist" / "two.js")
    sources, target = build(tmp_path)
    assert sources.publish(target, host, "r2")
    assert host.machine.names(f"{host.live}/www/releases/r1") == [".digest", "index.html", "one.js"]
    assert host.machine.names(f"{host.live}/www/releases/r2") == [".digest", "index.html", "two.js"]
