"""Hosts that tests share, and what is taken away afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.app import App
from tests.hosts.host import Host, clean, outer


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of this file's own, with an engine."""
    name = request.module.__name__.rsplit("_", 1)[-1] + str(os.getpid())
    folder = tmp_path_factory.mktemp(name)
    try:
        yield Host.up(name, folder)
    finally:
        Host(name, folder).down()
        clean()


@pytest.fixture(scope="module")
def app(host: Host, tmp_path_factory: pytest.TempPathFactory) -> App:
    """The small stack, not yet deployed."""
    folder: Path = tmp_path_factory.mktemp("app") / "stack"
    return App.copy(folder, host)


@pytest.fixture(scope="session", autouse=True)
def _tidy() -> Iterator[None]:
    """The images that were built here go when the tests have ended."""
    yield
    names = outer(
        "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=hphosted/*"
    )
    if names:
        outer("docker", "image", "rm", "-f", *names.split(), check=False)
