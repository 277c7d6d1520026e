"""What a host keeps of a release gives the same files again."""

from dataclasses import replace
from pathlib import Path

from homeport.engine.host import Host
from homeport.release import kept
from homeport.release.history import Record
from homeport.render.render import render
from homeport.stack.load import load
from homeport.stack.model import Target

STACKS = Path(__file__).parents[2] / "examples"


def test_a_kept_target_renders_to_the_same_bytes(tmp_path: Path) -> None:
    stack = load(STACKS / "budgetcoach" / "homeport.yaml")
    reordered = stack.model_copy(update={"services": dict(reversed(stack.services.items()))})
    target = replace(Target(reordered, "local", version="v1"), images={"gateway": "x:1"})
    host = Host(str(tmp_path))
    host.write_target("id", kept.dump(target))
    again = kept.load(host, Record("id", "v1", "me", "now", "ok"))
    assert render(again).tree.digest() == render(target).tree.digest()
