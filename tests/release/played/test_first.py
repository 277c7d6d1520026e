"""A first release goes wrong: there is nothing to go back to, and the same command makes it whole."""

from __future__ import annotations

import pytest

from homeport.errors import HomeportError
from tests.release.played.judged import STEPS, cases, ended, is_whole
from tests.scripted.edge import Edge
from tests.scripted.script import Fault
from tests.scripted.stack import Play, target


def test_a_first_release_takes_these_steps(nothing: Play, edge: Edge) -> None:
    nothing.deploy(target("1", edge.port))
    assert sorted(nothing.engine.script.steps) == sorted(STEPS["first"])
    is_whole(nothing, "1", newest="1")


@pytest.mark.parametrize("fault", cases("first"))
def test_a_first_release_goes_wrong(fault: Fault, nothing: Play, edge: Edge) -> None:
    error = ended(lambda: nothing.deploy(target("1", edge.port), fault))
    assert nothing.engine.script.happened, "the step was not taken"
    assert nothing.engine.wrong == []
    if isinstance(error, HomeportError):
        assert error.message
        assert error.hint, f"no cure: {error.message}"
    nothing.engine.failing.clear()
    nothing.deploy(target("1", edge.port))
    is_whole(nothing, "1", newest="1")
