"""Every step of a deploy and of a rollback fails, is interrupted by Ctrl-C, or is where homeport is killed or its host
goes away.

The steps are in the texts beside this file, as a release takes them: `python -m tests.scripted.steps` writes them
anew. What must hold afterwards is the same for all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from homeport.errors import HomeportError
from homeport.stack.model import Target
from tests.scripted.edge import Edge
from tests.scripted.script import KINDS, Fault, Killed, Kind
from tests.scripted.stack import EVERYTHING, MIGRATIONS, Play, target

HERE = Path(__file__).parent
STEPS = {
    name: (HERE / f"{name}.txt").read_text().splitlines()
    for name in ("deploy", "rollback", "everything", "back")
}
OFTEN: dict[str, tuple[Kind, ...]] = {
    "deploy": ("fails", "killed")
}  # what is not behind --slow; else "fails"
PARTS = {
    "1": ["api-SLOT", "mail", "nginx", "postgres", "web-SLOT", "web-SLOT-2", "worker-SLOT"],
    "3": ["api-SLOT", "mail", "nginx", "postgres", "web-SLOT", "web-SLOT-api-SLOT"],
}
PARTS["2"] = PARTS["1"]
SERVES = {v: {"/": f"page {v}", "web": f"sha256:web-{v}", "api": f"sha256:api-{v}"} for v in PARTS}


@dataclass(frozen=True)
class Before:
    """What serves, as it is taken apart to compare."""

    version: str
    files: dict[str, str]
    containers: dict[str, tuple[str, str]]
    secrets: dict[str, str]
    release: str

    @classmethod
    def of(cls, play: Play, version: str) -> Before:
        return cls(version, play.files(), play.containers(), play.secrets(), play.records()[-1].id)


def cases(name: str) -> list[Any]:
    """A case for each step and kind; most kills, Ctrl-C and a host that goes away are behind --slow."""
    steps = STEPS[name]
    return [
        pytest.param(
            Fault(step, kind),
            id=f"{number}-of-{len(steps)}-{kind}-{step}",
            marks=[] if kind in OFTEN.get(name, ("fails",)) else [pytest.mark.slow],
        )
        for number, step in enumerate(steps, 1)
        for kind in KINDS
    ]


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


@pytest.mark.parametrize("fault", cases("deploy"))
def test_a_deploy_goes_wrong(fault: Fault, first: Play, edge: Edge) -> None:
    goes_wrong(first, Before.of(first, "1"), target("2", edge.port), fault)


@pytest.mark.parametrize("fault", cases("everything"))
def test_a_deploy_that_changes_everything_goes_wrong(fault: Fault, second: Play, edge: Edge) -> None:
    goes_wrong(second, Before.of(second, "2"), target("3", edge.port, EVERYTHING), fault)


def goes_wrong(play: Play, before: Before, wanted: Target, fault: Fault) -> None:
    error = ended(lambda: play.deploy(wanted, fault))
    assert play.engine.script.happened, "the step was not taken"
    holds(play, fault, error, before, new=wanted.version)
    play.engine.failing.clear()
    play.deploy(wanted)
    is_whole(play, wanted.version)


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


def bad_release(edge: Edge) -> Target:
    edge.bad = {"sha256:web-3"}
    return target("3", edge.port, EVERYTHING)


def is_as_before(play: Play, before: Before) -> None:
    assert play.served() == SERVES[before.version]
    assert play.containers() == before.containers
    assert play.files() == before.files
    assert play.secrets() == before.secrets
    assert play.engine.loaded == play.engine.configuration()


def slotless(name: str) -> str:
    """After a kill a service may have been rolled once more: which slot it is in does not matter."""
    return re.sub("-(blue|green)", "-SLOT", name)


def ended(act: Any) -> BaseException | None:
    try:
        act()
    except (HomeportError, KeyboardInterrupt, Killed) as error:
        return error
    return None


def holds(play: Play, fault: Fault, error: BaseException | None, before: Before, new: str) -> None:
    """Nobody was without an answer, and one release serves: the one that the words say."""
    old = before.version
    assert play.engine.wrong == []
    served = play.served()
    assert {served["web"], served["api"]} in [{SERVES[v]["web"], SERVES[v]["api"]} for v in (old, new)]
    if isinstance(error, HomeportError):
        assert error.message
        assert error.hint, f"no cure: {error.message}"
    if fault.kind in ("killed", "gone"):
        return
    assert fault.kind == "fails" or isinstance(error, KeyboardInterrupt)
    if error is None or "serves, but" in str(error):
        assert served == SERVES[new]
        return
    if served == SERVES[new]:  # interrupted after it had taken over for good
        assert isinstance(error, KeyboardInterrupt)
        return
    is_as_before(play, before)


def is_whole(play: Play, version: str) -> None:
    """This release serves, all of it, and nothing is left of another."""
    assert play.engine.wrong == []
    assert play.served() == SERVES[version]
    assert sorted(map(slotless, (box.compose for box in play.engine.boxes.values()))) == PARTS[version]
    images = {box.image for box in play.engine.boxes.values() if box.service not in ("nginx", "postgres")}
    assert {image.rpartition("-")[2] for image in images} == {version}
    assert play.engine.loaded == play.engine.configuration()
    assert play.engine.databases.applied == list(MIGRATIONS["2"])
    live = play.engine.live
    assert len(list((live / "slots").glob("set-*"))) <= 2
    assert not (live / "secrets.before").exists()
    assert not list(live.rglob(".*.????????"))
    assert play.records()[-1].verdict == "ok"
    assert play.records()[-1].version == version
