"""What the tests on a real engine share: the local image set, built once before the first of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from homeport.engine import imageset
from homeport.engine.runner import LocalRunner
from tests import backend as own_tests


class _Quiet:
    """A step that nobody watches."""

    def note(self, text: str) -> None:
        del text

    def done(self, text: str) -> None:
        del text


@pytest.fixture(scope="session")
def local_set() -> None:
    """nginx, PostgreSQL, RabbitMQ, Python and Node.js of the local set are on this engine."""
    parts = ["nginx", "postgres", "rabbitmq"]
    imageset.ensure(LocalRunner(), "local", parts, ["python", "node"], _Quiet())


@pytest.fixture(autouse=True)
def _live_tests_have_their_images(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("live"):
        request.getfixturevalue("local_set")


@pytest.fixture(scope="session")
def backend(local_set: None) -> Iterator[Future[tuple[int, str]]]:
    """The reference app's own tests, under way."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(own_tests.run)
        own_tests.stop()


@pytest.fixture(scope="session", autouse=True)
def _the_long_one_starts_first(request: pytest.FixtureRequest) -> None:
    """It takes minutes and mostly one core; the others have the second."""
    if any("backend" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("backend")
