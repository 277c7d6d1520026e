"""What must hold after a release that went wrong, whatever went wrong and where; and which cases are played."""

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
    for name in ("first", "deploy", "rollback", "everything", "levels", "back")
}
_REPEATED = re.compile(r"docker (image )?(ps|inspect) \(\d+\)$")
_EVERY = 6  # one kill and one Ctrl-C of so many steps are not behind --slow
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
    """A case for each step and kind, most of them behind --slow."""
    steps = STEPS[name]
    return [
        pytest.param(
            Fault(step, kind),
            id=f"{number}-of-{len(steps)}-{kind}-{step}",
            marks=[] if _often(name, number, step, kind) else [pytest.mark.slow],
        )
        for number, step in enumerate(steps, 1)
        for kind in KINDS
    ]


def _often(name: str, number: int, step: str, kind: Kind) -> bool:
    """Every step of a plain deploy fails once, and of the others each that it does not have; killed where what serves
    is written down; of the rest a sample."""
    if kind == "fails" and (name == "deploy" or step not in STEPS["deploy"]):
        return not _REPEATED.search(step) or name == "deploy"
    if (name, kind) == ("back", "gone"):
        return number % _EVERY == 1  # the words must say both what failed and that it is not whole
    if kind == "killed" and re.search(r"link live/slots/current|write live/\.env", step):
        return True
    at = KINDS.index(kind) * _EVERY // len(KINDS)
    return name in ("deploy", "levels") and kind != "gone" and number % _EVERY == at


def goes_wrong(play: Play, before: Before, wanted: Target, fault: Fault, **settings: Any) -> None:
    error = ended(lambda: play.deploy(wanted, fault, **settings))
    assert play.engine.script.happened, "the step was not taken"
    holds(play, fault, error, before, new=wanted.version, mixed=bool(settings))
    play.engine.failing.clear()
    play.deploy(wanted, **settings)
    is_whole(play, wanted.version)


def bad_release(edge: Edge) -> Target:
    edge.bad = {"sha256:web-3"}
    return target("3", edge.port, EVERYTHING)


def is_as_before(play: Play, before: Before) -> None:
    assert play.served() == SERVES[before.version]
    assert play.containers() == before.containers
    assert play.files() == before.files
    assert play.secrets() == before.secrets
    assert play.engine.loaded == play.engine.configuration()
    assert play.engine.plain_up() == []


def _slotless(name: str) -> str:
    """After a kill a service may have been rolled once more: which slot it is in does not matter."""
    return re.sub("-(blue|green)", "-SLOT", name)


def ended(act: Any) -> BaseException | None:
    try:
        act()
    except (HomeportError, KeyboardInterrupt, Killed) as error:
        return error
    return None


def holds(
    play: Play, fault: Fault, error: BaseException | None, before: Before, new: str, mixed: bool = False
) -> None:
    """Nobody was without an answer, and one release serves: the one that the words say. `mixed`: after a kill it may
    be some services of each."""
    old = before.version
    assert play.engine.wrong == []
    served = play.served()
    if not (mixed and fault.kind in ("killed", "gone")):
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


def is_whole(play: Play, version: str, newest: str = "2") -> None:
    """This release serves, all of it, and nothing is left of another. `newest`: the version that migrated last."""
    assert play.engine.wrong == []
    assert play.served() == SERVES[version]
    assert sorted(map(_slotless, (box.compose for box in play.engine.boxes.values()))) == PARTS[version]
    images = {box.image for box in play.engine.boxes.values() if box.service not in ("nginx", "postgres")}
    assert {image.rpartition("-")[2] for image in images} == {version}
    assert play.engine.loaded == play.engine.configuration()
    assert play.engine.databases.applied == list(MIGRATIONS[newest])
    assert play.engine.plain_up() == []
    live = play.engine.live
    assert len(list((live / "slots").glob("set-*"))) <= 2
    assert not (live / "secrets.before").exists()
    assert not list(live.rglob(".*.????????"))
    assert play.records()[-1].verdict == "ok"
    assert play.records()[-1].version == version
