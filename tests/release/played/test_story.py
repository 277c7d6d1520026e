"""Every step of a deploy and of a rollback fails, is interrupted by Ctrl-C, or is where homeport is killed or its host
goes away.

The steps are in the texts beside this file, as a release takes them: `python -m tests.scripted.steps` writes them
anew. What must hold afterwards is the same for all.
"""

from __future__ import annotations

import re

import pytest

from homeport.engine.wait import hurried
from homeport.errors import HomeportError
from tests.release.played.judged import (
    STEPS,
    Before,
    bad_release,
    cases,
    ended,
    goes_wrong,
    holds,
    is_as_before,
    is_whole,
)
from tests.scripted.edge import Edge
from tests.scripted.script import Fault
from tests.scripted.stack import EVERYTHING, Play, target


def test_a_deploy_takes_these_steps(first: Play, edge: Edge) -> None:
    first.deploy(target("2", edge.port))
    assert sorted(first.engine.script.steps) == sorted(STEPS["deploy"])
    is_whole(first, "2")


def test_a_rollback_takes_these_steps(second: Play) -> None:
    second.rollback()
    assert sorted(second.engine.script.steps) == sorted(STEPS["rollback"])
    is_whole(second, "1")


def test_a_deploy_that_changes_everything_takes_these_steps(second: Play, edge: Edge) -> None:
    second.deploy(target("3", edge.port, EVERYTHING))
    assert sorted(second.engine.script.steps) == sorted(STEPS["everything"])
    is_whole(second, "3")


def test_new_containers_are_watched_also_where_the_time_for_it_is_over_at_once(
    first: Play, edge: Edge
) -> None:
    """As it is for a process that was stopped in between: it looks once more before it takes the old ones away."""
    with hurried(10**7):
        first.deploy(target("2", edge.port))
    assert "watch: GET api-green /ok" in first.engine.script.steps
    assert "watch: GET web-green-2 /ok" in first.engine.script.steps


@pytest.mark.parametrize("fault", cases("deploy"))
def test_a_deploy_goes_wrong(fault: Fault, first: Play, edge: Edge) -> None:
    goes_wrong(first, Before.of(first, "1"), target("2", edge.port), fault)


@pytest.mark.parametrize("fault", cases("everything"))
def test_a_deploy_that_changes_everything_goes_wrong(fault: Fault, second: Play, edge: Edge) -> None:
    goes_wrong(second, Before.of(second, "2"), target("3", edge.port, EVERYTHING), fault)


@pytest.mark.parametrize("fault", cases("rollback"))
def test_a_rollback_goes_wrong(fault: Fault, second: Play) -> None:
    before = Before.of(second, "2")
    error = ended(lambda: second.rollback(fault))
    assert second.engine.script.happened, "the step was not taken"
    holds(second, fault, error, before, new="1")
    second.engine.failing.clear()
    last = second.records()[-1]
    if (last.version, last.verdict, last.reason) != ("1", "ok", ""):  # else it had ended, and was pruning
        named = re.search(r"`homeport rollback local ([\d-]+)`", getattr(error, "hint", ""))
        second.rollback(release=named[1] if named else None)
    is_whole(second, "1")


def test_a_release_that_answers_visitors_badly_goes_back_by_these_steps(second: Play, edge: Edge) -> None:
    before = Before.of(second, "2")
    error = ended(lambda: second.deploy(bad_release(edge)))
    steps = [step for step in second.engine.script.steps if step.startswith("going back")]
    assert sorted(steps) == sorted(STEPS["back"])
    assert "HTTP 502" in str(error)
    is_as_before(second, before)


@pytest.mark.parametrize("fault", cases("back"))
def test_going_back_goes_wrong(fault: Fault, second: Play, edge: Edge) -> None:
    """Then the words name the command that makes the release before whole."""
    before = Before.of(second, "2")
    error = ended(lambda: second.deploy(bad_release(edge), fault))
    assert second.engine.script.happened, "the step was not taken"
    assert second.engine.wrong == []
    if isinstance(error, HomeportError) and "going back" not in str(error):
        is_as_before(second, before)  # it was asked once more, and went well
        return
    hint = getattr(error, "hint", f"`homeport rollback local {before.release}`")
    named = re.search(r"`homeport rollback local ([\d-]+)`", hint)
    assert named, hint
    second.rollback(release=named[1])
    is_whole(second, "2")
