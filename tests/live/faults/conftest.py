"""The stack runs once for all tests of this folder; each begins with a good release that nothing is wrong with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.faults.running import SERVICES, Stack, clear, small_disk


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    """In a folder of its own: pytest's are taken away when a few more sessions have begun."""
    clear()
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        stack = Stack.copy(Path(place) / "stack")
        with small_disk(stack.folder / ".homeport"):
            try:
                stack.behave("first", *SERVICES)
                stack.good("first")
                yield stack
            finally:
                stack.down()
