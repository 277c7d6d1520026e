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
        store = play.store
        store.set("jwt_key", Secret("changed"))
        store.save()
        play.deploy(target("2", edge.port))
        (HERE / "deploy.txt").write_text("\n".join(play.engine.script.steps) + "\n")
        store.set("jwt_key", Secret("changed again"))
        store.save()
        other = play.copy(Path(folder) / "other")
        play.rollback()
        (HERE / "rollback.txt").write_text("\n".join(play.engine.script.steps) + "\n")
        again = other.copy(Path(folder) / "again")
        other.deploy(target("3", edge.port, EVERYTHING))
        (HERE / "everything.txt").write_text("\n".join(other.engine.script.steps) + "\n")
        edge.bad = {"sha256:web-3"}
        with suppress(ReleaseError):
            again.deploy(target("3", edge.port, EVERYTHING))
        back = [step for step in again.engine.script.steps if step.startswith("going back")]
        (HERE / "back.txt").write_text("\n".join(back) + "\n")


if __name__ == "__main__":
    main()
