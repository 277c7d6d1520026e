"""The whole app runs once for all tests below this folder that ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.coach import Project, coach_stack


@pytest.fixture(scope="session")
def coach() -> Iterator[Project]:
    """AI Budget Coach at https://hpcoach.localhost:18843, brought up by `homeport up`."""
    with coach_stack() as project:
        yield project
