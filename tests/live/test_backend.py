"""The reference app's own tests: real PostgreSQL, RabbitMQ, services, signals."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


def test_the_backend_passes_its_own_tests(backend: Future[tuple[int, str]]) -> None:
    code, said = backend.result()
    assert code == 0, said[-6000:]
    assert " passed" in said
    print(said.strip().splitlines()[-1])
