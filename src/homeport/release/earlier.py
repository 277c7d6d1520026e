"""Data of an earlier checkout: volumes of the stack that exist where no release of it is known. Its secrets were beside
its history, and are gone with it; new ones would be made for data that was written with the old."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from homeport.commands import docker
from homeport.engine.host import Host
from homeport.errors import HostError
from homeport.release import history
from homeport.release.roll import observe, stop
from homeport.render.render import render
from homeport.secrets.deliver import missing
from homeport.secrets.store import Store
from homeport.stack.model import Target


@dataclass(frozen=True)
class Volume:
    """`name` with the project's prefix; `since` as the engine has it (RFC 3339)."""

    name: str
    since: str

    def words(self) -> str:
        return f"{self.name}, since {self.since[:16].replace('T', ' ')}"


def volumes(host: Host, target: Target) -> list[Volume]:
    """The named volumes of this stack that are there, whoever started it. Others that carry the project's label, of
    the app's own compose file say, are none of ours."""
    ours = {f"{target.project}_{name}" for name in render(target).volumes}
    listed = host.runner.run(docker.volumes(target.project))
    if not listed.ok:
        raise HostError(
            "the engine did not say which volumes it has",
            "`docker volume ls` shows whether it answers now; then run the same again.",
            listed.tail(3),
        )
    names = sorted(ours & set(listed.out.split()))
    found = json.loads(host.runner.run(docker.inspect_volumes(*names)).out or "[]") if names else []
    return [Volume(one["Name"], one.get("CreatedAt") or "an unknown time") for one in found]


def as_usual(words: str) -> str:
    """A command of homeport, for a cure."""
    return f"homeport {words}"


def check(
    host: Host, target: Target, store: Store, keep: bool, command: Callable[[str], str] = as_usual
) -> bool:
    """Whether there is such data, which `keep` goes on with. Raises HostError with the two ways on otherwise.

    `command`: words of the command line -> the line that the caller would type, for the commands that the error tells.
    """
    if any(record.tree for record in history.read(host)):
        return False
    found = volumes(host, target)
    lacking = missing(render(target).secrets, store)
    if found and not (keep and not lacking):
        raise HostError(
            f"{host.machine.name} has data of {target.project} from an earlier checkout: {host.root} knows no release "
            f"of it{_without(lacking)}; nothing was changed",
            _ways_on(target, store, lacking, command),
            "\n".join(volume.words() for volume in found),
        )
    return bool(found)


def _without(lacking: Iterable[str]) -> str:
    return ", and its secrets are not here" if lacking else ""


def _ways_on(target: Target, store: Store, lacking: list[str], command: Callable[[str], str]) -> str:
    """Keep it, or start anew: a line each."""
    act, environment = ("up" if target.local else "deploy"), target.environment
    go_on = command(f"{act} {environment} --keep-data")
    lines = [f"Keep it: {go_on}"]
    if lacking:
        lines = [
            f"Keep it: bring back the {store.path} of that checkout, from a backup say. It held {', '.join(lacking)}.",
            f"  Or set each by hand: {command(f'secrets set {lacking[0]} {environment}')}",
            f"  Then: {go_on}",
        ]
    anew = f"Start anew, which deletes that data: {command(f'down {environment} --volumes')}"
    return "\n      ".join((*lines, anew))


def end_what_runs(host: Host, target: Target) -> None:
    """Containers of the earlier checkout: the files that they have mounted went with its folder."""
    stop(host, [c for c in observe(host, target.project) if not c.one_off], grace=10.0)
