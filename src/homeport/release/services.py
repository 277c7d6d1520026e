"""The services of one release: their new containers start, take over and are watched; the old ones are drained."""

from __future__ import annotations

from dataclasses import dataclass, field

from homeport.engine.host import Host
from homeport.engine.progress import Progress, Step
from homeport.release import parts, plan
from homeport.release.probe import Prober
from homeport.release.roll import Roller
from homeport.release.smoke import smoke_slots
from homeport.stack.model import Target


@dataclass
class Services:
    """`rolled`: started, with the old containers still there; `replaced`: levels whose old ones are gone.

    `level_by_level`: for want of memory, each level replaces its old slots before the next one starts.
    """

    host: Host
    target: Target
    progress: Progress
    level_by_level: bool = False
    rolled: list[plan.Roll] = field(default_factory=list)
    replaced: list[list[plan.Roll]] = field(default_factory=list)

    @property
    def roller(self) -> Roller:
        return Roller(self.host, self.target)

    def start(self, wanted: plan.Plan) -> None:
        """Every new slot is good before the first one serves. What has no slots is replaced as its turn comes."""
        if not wanted.services:
            return
        slots = {roll.service: roll for roll in wanted.rolls}
        single = {change.name: change for change in wanted.single}
        with self.progress.step("services", ", ".join(wanted.services)) as step:
            for level in plan.levels(self.target, wanted.services):
                rolls = [slots[name] for name in level if name in slots]
                changes = [single[name] for name in level if name in single]
                self.rolled += rolls
                parts.start(self.host, self.target, changes, step)
                self.roller.start_level(rolls, step)
                parts.wait(self.host, self.target, changes, step)
                if self.level_by_level:
                    self._replace_level(rolls, step)
            smoke_slots(self.host, self.target, wanted.rolls)
            step.done(f"{', '.join(wanted.services)} healthy")

    def _replace_level(self, rolls: list[plan.Roll], step: Step) -> None:
        """This level serves and its old slots are gone. The flags stay those of the release before until the last."""
        if not rolls:
            return
        smoke_slots(self.host, self.target, rolls)
        self.roller.switch(rolls, self.host.serving())
        self.roller.watch(rolls, step)
        self.replaced.append(rolls)
        self.rolled = [roll for roll in self.rolled if roll not in rolls]
        self.roller.finish(rolls, step)

    def watch(self, prober: Prober) -> None:
        """Good once is not good yet."""
        if any(roll.old for roll in self.rolled):
            with self.progress.step("watch", "the new containers while they serve") as step:
                self.roller.watch(self.rolled, step)
                step.done(prober.count.words())

    def finish(self, wanted: plan.Plan) -> None:
        """Drain and stop what served before."""
        rolls = [roll for roll in wanted.rolls if roll in self.rolled]
        old = [roll.service for roll in rolls if roll.old]
        if not (old or wanted.stale):
            return
        with self.progress.step("drain", ", ".join(old)) as step:
            self.roller.finish(rolls, step)
            self.roller.discard(wanted.stale)
            left = f"{len(wanted.stale)} left over"
            step.done(f"{len(old)} old slots drained and stopped" if old else left)
