"""A stack at version 1, at its own edge; each case gets a copy of it."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.engine.wait import hurried
from homeport.release.probe import Prober
from homeport.secrets.value import Secret
from tests.scripted.edge import Edge
from tests.scripted.stack import Play, target


@pytest.fixture(scope="package")
def _hurried() -> Iterator[None]:
    """Nothing boots here: what waits 2 s in the world waits 20 ms."""
    with hurried(100):
        yield


@pytest.fixture(scope="package")
def _folder(_hurried: None) -> Iterator[Path]:
    """In memory where there is such a disk: a release waits for the disk hundreds of times."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="homeport-", dir=memory if memory.is_dir() else None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "home"))
        yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def edge() -> Iterator[Edge]:
    edge = Edge()
    yield edge
    edge.close()


@pytest.fixture
def nothing(_folder: Path, edge: Edge) -> Iterator[Play]:
    """No release yet."""
    edge.bad = set()
    yield Play.new(_folder / "case", edge)
    shutil.rmtree(_folder / "case")


@pytest.fixture(scope="package")
def _first(_folder: Path, edge: Edge) -> Play:
    """Version 1 serves, and a secret has been changed since."""
    play = Play.new(_folder / "first", edge)
    play.deploy(target("1", edge.port))
    store = play.store
    store.set("jwt_key", Secret("a second value"))
    store.save()
    play.engine.must_serve = True
    return play


@pytest.fixture(scope="package")
def _second(_first: Play, _folder: Path, edge: Edge) -> Play:
    """Version 2 serves, after version 1."""
    play = _first.copy(_folder / "second")
    play.deploy(target("2", edge.port))
    return play


@pytest.fixture
def first(_first: Play, _folder: Path) -> Iterator[Play]:
    yield from _copied(_first, _folder)


@pytest.fixture
def second(_second: Play, _folder: Path) -> Iterator[Play]:
    """And a secret has been changed since."""
    for play in _copied(_second, _folder):
        store = play.store
        store.set("jwt_key", Secret("a third value"))
        store.save()
        yield play


def _copied(play: Play, folder: Path) -> Iterator[Play]:
    place = folder / "case"
    play.edge.bad = set()
    yield play.copy(place)
    shutil.rmtree(place)


@pytest.fixture(autouse=True)
def _no_prober_outlives_its_release() -> Iterator[None]:
    """A release that is killed ends with its process, and its prober too; a played one must end it here."""
    yield
    for thread in threading.enumerate():
        prober = getattr(getattr(thread, "_target", None), "__self__", None)
        if isinstance(prober, Prober):
            prober.stop()
