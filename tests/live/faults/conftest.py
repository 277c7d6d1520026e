"""The stack runs once for all tests of this folder; each begins with a good release that nothing is wrong with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.faults.running import SERVICES, Stack, clear, small_disk


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    clear()
    stack = Stack.copy(tmp_path_factory.mktemp("faults") / "stack")
    with small_disk(stack.folder / ".homeport"):
        try:
            stack.behave("first", *SERVICES)
            stack.good("first")
            yield stack
        finally:
            stack.down()
