"""Level by level, for want of memory: old containers are gone before the last new one has started; what was replaced is
started anew when something goes wrong."""

from __future__ import annotations

import pytest

from tests.release.played.judged import (
    STEPS,
    Before,
    bad_release,
    cases,
    ended,
    goes_wrong,
    is_as_before,
    is_whole,
)
from tests.scripted.edge import Edge
from tests.scripted.script import Fault
from tests.scripted.stack import Play, target


def test_a_deploy_by_levels_takes_these_steps(first: Play, edge: Edge) -> None:
    first.deploy(target("2", edge.port), level_by_level=True)
    assert sorted(first.engine.script.steps) == sorted(STEPS["levels"])
    is_whole(first, "2")


@pytest.mark.parametrize("fault", cases("levels"))
def test_a_deploy_by_levels_goes_wrong(fault: Fault, first: Play, edge: Edge) -> None:
    goes_wrong(first, Before.of(first, "1"), target("2", edge.port), fault, level_by_level=True)


def test_all_levels_come_back_where_visitors_are_answered_badly(second: Play, edge: Edge) -> None:
    """Found by the last question, when nothing of the release before runs any more: its services come back, what was
    new goes, and the words say no more than what was wrong."""
    before = Before.of(second, "2")
    error = ended(lambda: second.deploy(bad_release(edge), level_by_level=True))
    assert "HTTP 502" in str(error)
    assert "going back" not in str(error)
    is_as_before(second, before)
    assert second.records()[-1].verdict == "failed"
    assert second.engine.wrong == []
