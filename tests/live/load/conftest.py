"""The stack under load runs once for all tests of this folder, from a copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.load.running import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack.copy(tmp_path_factory.mktemp("load") / "stack")
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
