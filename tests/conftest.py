"""What the tests on a real engine share: the local image set, built once before the first of them."""

from __future__ import annotations

import pytest

from homeport.engine import imageset
from homeport.engine.runner import LocalRunner


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
