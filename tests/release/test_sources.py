"""What is built, and what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeport.cli.say import Printer
from homeport.errors import BuildError
from homeport.release.sources import Sources
from homeport.stack.load import load
from homeport.stack.model import Target
from tests.recording import RecordingRunner

STACK = """\
homeport: 1
name: shop
environments: {local: {domain: shop.localhost}}
edge: {routes: {/: web}}
services:
  web: {build: ., port: 8000, health: /}
"""


def test_a_build_that_would_take_in_the_secrets_is_refused(tmp_path: Path) -> None:
    (tmp_path / "homeport.yaml").write_text(STACK)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    target = Target(load(tmp_path / "homeport.yaml"), "local")
    sources, runner = Sources(tmp_path, tmp_path / "cache", "local"), RecordingRunner({})
    with pytest.raises(
        BuildError, match=r"web: the build takes in \.homeport, where secrets lie open"
    ) as fault:
        sources.build(runner, target, Printer(json_lines=True), runner, None)
    assert fault.value.hint == f"echo .homeport >> {tmp_path / '.dockerignore'}"
    assert not [asked for asked in runner.asked if "buildx" in asked]
