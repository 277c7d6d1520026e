"""What is kept of the past: of this environment, of its neighbours on the machine, and on the engine that builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from homeport.cli.say import Printer
from homeport.commands.command import Command
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.engine.runner import Result
from homeport.release.history import Record
from homeport.release.prune import KEEP, of_builds, prune
from homeport.stack.around import Registry
from homeport.stack.load import load
from homeport.stack.model import Target

TINY = Path(__file__).parents[2] / "examples" / "tiny" / "homeport.yaml"


def by_digest(ref: str) -> str:
    return "{} <none> {}".format(*ref.split("@"))


@dataclass
class Engine:
    """An engine that has these images."""

    images: list[str]
    used: list[str] = field(default_factory=list)  # by containers
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command) -> Result:
        self.asked.append(command.argv)
        if command.argv[:3] == ("docker", "image", "rm"):
            self.images = [ref for ref in self.images if ref not in command.argv]
        if command.argv[:2] == ("docker", "ps"):
            return Result(0, "\n".join(self.used), "")
        lines = [
            f"{ref.replace(':', ' ')} <none>" if "@" not in ref else by_digest(ref) for ref in self.images
        ]
        return Result(0, "\n".join(lines) if command.argv[:3] == ("docker", "image", "ls") else "", "")

    def stream(self, command: Command, each: Callable[[str], None]) -> Result:
        raise AssertionError("nothing is streamed")


def released(host: Host, *versions: str) -> Host:
    for version in versions:
        images = {"hello": {"ref": f"tiny/hello:{version}", "id": version}}
        host.add_history(Record(version, version, "ann@box", "now", "ok", images=images).line())
    return host


def names(*versions: object) -> list[str]:
    return [f"tiny/hello:{version}" for version in versions]


TARGET = Target(load(TINY), "local")


def test_the_last_five_stay_and_what_is_not_ours(tmp_path: Path) -> None:
    engine = Engine([*names(*range(8), "building"), "other/hello:1", "tiny/hello-2:1"])
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(engine)), *map(str, range(8)))
    prune(host, TARGET, engine, [], Printer(json_lines=True))
    assert engine.images == [*names(*range(8 - KEEP, 8), "building"), "other/hello:1", "tiny/hello-2:1"]


def test_build_cache_goes_where_images_are_built() -> None:
    engine = Engine([])
    assert of_builds(engine) == []
    assert any(words[:3] == ("docker", "builder", "prune") for words in engine.asked)
    assert of_builds(None) == []


def test_what_a_neighbour_could_go_back_to_stays(tmp_path: Path) -> None:
    engine = Engine(names(*range(8), "s0", "s1"))
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(engine)), *map(str, range(8)))
    released(Host(str(tmp_path / "tiny-staging"), LocalMachine(engine)), "0", "s1")
    prune(host, TARGET, engine, [], Printer(json_lines=True))
    assert engine.images == names(0, *range(8 - KEEP, 8), "s1")


def test_the_operators_engine_keeps_what_the_host_and_the_local_environment_run(tmp_path: Path) -> None:
    there, here = Engine(names(*range(8))), Engine(names(*range(8), "l1", "l2", "l3"))
    host = released(Host(str(tmp_path / "srv/tiny"), LocalMachine(there)), *map(str, range(8)))
    local = released(Host(str(tmp_path / "checkout/local"), LocalMachine(here)), "l3")
    prune(host, TARGET, here, [local], Printer(json_lines=True))
    assert there.images == names(*range(8 - KEEP, 8))
    assert here.images == names(*range(8 - KEEP, 8), "l3")
    assert not any("builder" in words for words in there.asked)


def test_going_back_prunes_the_host_alone(tmp_path: Path) -> None:
    engine = Engine(names(*range(8)))
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(engine)), *map(str, range(8)))
    prune(host, TARGET, None, [], Printer(json_lines=True))
    assert engine.images == names(*range(8 - KEEP, 8))
    assert not any("builder" in words for words in engine.asked)


def test_what_came_by_digest_is_pruned_by_digest(tmp_path: Path) -> None:
    refs = [f"reg.example/team/tiny-hello@sha256:{number}" for number in range(8)]
    engine = Engine([*refs, "reg.example/team/tiny-hello-2@sha256:0"])
    host = Host(str(tmp_path / "tiny"), LocalMachine(engine))
    for number, ref in enumerate(refs):
        images = {"hello": {"ref": ref, "id": ref}}
        host.add_history(Record(str(number), "v", "ann@box", "now", "ok", images=images).line())
    stack = TARGET.stack.model_copy(update={"registry": Registry(server="reg.example/team")})
    prune(host, Target(stack, "local"), None, [], Printer(json_lines=True))
    assert engine.images == [*refs[-KEEP:], "reg.example/team/tiny-hello-2@sha256:0"]


def test_what_the_plain_script_released_stays_while_it_runs(tmp_path: Path) -> None:
    engine = Engine(names(*range(8), "by-hand"), used=names("by-hand"))
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(engine)), *map(str, range(8)))
    prune(host, TARGET, engine, [], Printer(json_lines=True))
    assert engine.images == names(*range(8 - KEEP, 8), "by-hand")
