"""What a host keeps of a release gives the same files again."""

from dataclasses import replace
from pathlib import Path

from homeport.engine.host import Host
from homeport.release import signed, stored
from homeport.release.history import Record
from homeport.render.render import render
from homeport.secrets.signing import SigningKey
from homeport.secrets.value import generate
from homeport.stack.load import load
from homeport.stack.model import Target

STACKS = Path(__file__).parents[2] / "examples"


def test_a_kept_target_renders_to_the_same_bytes(tmp_path: Path) -> None:
    stack = load(STACKS / "budgetcoach" / "homeport.yaml")
    reordered = stack.model_copy(update={"services": dict(reversed(stack.services.items()))})
    target = replace(Target(reordered, "local", version="v1"), images={"gateway": "x:1"})
    host = Host(str(tmp_path))
    key, text = SigningKey(generate()), stored.dump(target, {})
    host.write_target("id", text)
    record = Record("id", "v1", "me", "now", "ok", target=signed.fingerprint(text))
    again = stored.load(host, signed.sign(key, record), key)
    assert render(again).tree.digest() == render(target).tree.digest()
