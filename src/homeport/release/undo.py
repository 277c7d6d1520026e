"""Going back: the release before, whole. What it takes to serve comes first and needs no engine; the rest follows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import yaml

from homeport.commands import docker
from homeport.engine.host import Host
from homeport.engine.progress import Step
from homeport.errors import HomeportError
from homeport.files import FileTree
from homeport.release import parts, stored
from homeport.release.baseline import Baseline
from homeport.release.history import Record
from homeport.release.plan import Plan, Roll
from homeport.release.roll import Roller, observe, other
from homeport.release.smoke import smoke
from homeport.render import dotenv
from homeport.secrets.signing import SigningKey
from homeport.stack.model import Target, slot_container

COMPOSE = "docker-compose.prod.yml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it


@dataclass(frozen=True)
class Undo:
    """From a release that failed, whose files are `new`, to `before`. `plan`: what it was about to change; `levels`: of
    it, those whose old containers are gone."""

    host: Host
    target: Target
    before: Baseline
    new: FileTree
    plan: Plan
    key: SigningKey
    levels: list[list[Roll]]

    def run(self, record: Record, rolled: list[Roll], step: Step) -> None:
        """Flags, frontend, files, parts; asked through the edge whether it serves, unless `restore` is still to come;
        then the new containers go."""
        roller = Roller(self.host, self.target)
        roller.switch_back(rolled, record.id)
        if self.before.frontend:
            self.host.serve_frontend(self.before.frontend)
        self._files(record)
        try:
            self.host.restore_secrets(self.target.image("nginx"))
            self._parts(step)
            self._edge()
            if not self.levels:
                self._ask(record, step)
        finally:
            # one whose service had ended stays: it is all there is of it, and the flags point to it
            roller.put_away([r for r in rolled if r.old or r.service not in record.versions])

    def _ask(self, record: Record, step: Step) -> None:
        step.note("asking it through the edge")
        smoke(self._served(record), again=True)
        step.done(f"release {record.id} ({record.version}) serves as before")

    def _served(self, record: Record) -> Target:
        """What the release before is asked is what it said itself; of one whose file is gone, what this one says."""
        with suppress(HomeportError):
            return stored.load(self.host, record, self.key)
        return self.target

    def restore(self, record: Record, step: Step) -> None:
        """Levels whose old containers are gone: those are started anew beside the new ones and take over, the last
        level first. One that does not come up leaves its new containers serving. Services that are new go."""
        if not self.levels:
            return
        target = stored.load_what_ran(self.host, record)
        roller = Roller(self.host, target)
        for rolls in reversed(self.levels):
            back = [self._reverse(roll, target) for roll in rolls if roll.old]
            step.note(f"starting {', '.join(roll.service for roll in back)} of {record.id} again")
            roller.start_level(back, step)
            roller.switch(back, record.id)
            roller.finish(back, step)
        rolls = [roll for rolls in self.levels for roll in rolls]
        Roller(self.host, self.target).put_away([r for r in rolls if r.service not in record.versions])
        self._ask(record, step)

    def _reverse(self, roll: Roll, target: Target) -> Roll:
        slot, count = other(roll.slot), target.services[roll.service].replicas
        names = tuple(slot_container(roll.service, slot, number) for number in range(1, count + 1))
        new = tuple(c.id for c in observe(self.host, self.target.project) if c.compose in roll.containers)
        return Roll(roll.service, slot, "going back", names, new)

    def _files(self, record: Record) -> None:
        gone = (*self.before.leftovers, *self.host.half_written(self.new))
        back = {roll.service: other(roll.slot) for roll in self.plan.rolls if roll.old}
        slots = {**self.plan.flags, **back}
        slots = {name: slot for name, slot in slots.items() if name in record.versions}
        tree = dotenv.as_it_runs(self.before.tree, slots, self._others(record))
        self.host.make_live(tree, self.new, (), gone)

    def _others(self, record: Record) -> dict[str, tuple[str, str]]:
        """What serves again under another name or version than the release before has it: scripts/deploy.sh brought
        it. What was replaced in place comes back as that release had it."""
        anew = {change.name for change in self.plan.single}
        served = {n: runs for n, runs in self.plan.before.items() if n in record.versions and n not in anew}
        wanted = {n: (image["ref"], record.versions.get(n, "")) for n, image in record.images.items()}
        return {name: runs for name, runs in served.items() if runs != wanted.get(name)}

    def _edge(self) -> None:
        touched = self.new.difference(self.before.tree).touched
        if any(path.startswith("nginx/") for path in touched) or self.before.unfinished:
            parts.reload_edge(self.host)

    def _parts(self, step: Step) -> None:
        """Those that were there come back as they were; those that only the new release had go."""
        wanted = self._wanted()
        back = tuple(change for change in self.plan.in_place if change.name in wanted)
        if back:
            step.note(f"bringing back {', '.join(change.name for change in back)}")
            parts.apply(self.host, self.target, back, step)
        self._remove({change.name for change in self.plan.in_place} - wanted)

    def _remove(self, names: Iterable[str]) -> None:
        gone = [c.id for c in observe(self.host, self.target.project) if c.compose in set(names)]
        if gone:
            self.host.runner.run(docker.remove(*gone))

    def _wanted(self) -> set[str]:
        """The containers of the release before, as its compose file names them."""
        text = next((file.text for file in self.before.tree if file.path == COMPOSE), "{}")
        return set((yaml.load(text, _LOADER) or {}).get("services") or ())  # noqa: S506 (both are safe loaders)
