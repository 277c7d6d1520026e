"""Write the steps of a played deploy and rollback anew: `python -m tests.scripted.steps`; read the difference."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from homeport.engine.wait import hurried
from homeport.errors import ReleaseError
from homeport.secrets.value import Secret
from tests.scripted.edge import Edge
from tests.scripted.stack import EVERYTHING, Play, target

HERE = Path(__file__).parents[1] / "release" / "played"


def main() -> None:
    edge = Edge()
    with tempfile.TemporaryDirectory() as folder, hurried(100):
        os.environ["XDG_CONFIG_HOME"] = f"{folder}/home"
        play = Play.new(Path(folder) / "play", edge)
        play.deploy(target("1", edge.port))
        _write("first", play.engine.script.steps)
        store = play.store
        store.set("jwt_key", Secret("a second value"))
        store.save()
        levels = play.copy(Path(folder) / "levels")
        levels.deploy(target("2", edge.port), level_by_level=True)
        _write("levels", levels.engine.script.steps)
        play.deploy(target("2", edge.port))
        _write("deploy", play.engine.script.steps)
        store.set("jwt_key", Secret("a third value"))
        store.save()
        other = play.copy(Path(folder) / "other")
        play.rollback()
        _write("rollback", play.engine.script.steps)
        again = other.copy(Path(folder) / "again")
        other.deploy(target("3", edge.port, EVERYTHING))
        _write("everything", other.engine.script.steps)
        edge.bad = {"sha256:web-3"}
        with suppress(ReleaseError):
            again.deploy(target("3", edge.port, EVERYTHING))
        _write("back", [step for step in again.engine.script.steps if step.startswith("going back")])


def _write(name: str, steps: list[str]) -> None:
    (HERE / f"{name}.txt").write_text("\n".join(steps) + "\n")


if __name__ == "__main__":
    main()
