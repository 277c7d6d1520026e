"""What a release needs of the machine's memory while old and new run side by side: counted, not guessed.

Containers that run are counted by what is in use now (the kernel's own MemAvailable); those that a release adds by
their limits, since nobody knows yet what they will take. So a release that passes cannot push out what serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeport.components.contribution import Container
from homeport.release.plan import Plan, Roll, levels
from homeport.stack.model import Target
from homeport.stack.parts import MIB

COPY = 512 * MIB  # the throwaway PostgreSQL that migrations are tried on (commands/postgres.py)
JOBS_AT_ONCE = 3  # release/migrations/migrate.py
Limits = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Machine:
    """In bytes. `available`: what the kernel could give to new programs now. The rest as `running` says it."""

    total: int
    available: int
    own: Limits = ()
    others: Limits = ()
    limitless: int = 0


@dataclass(frozen=True)
class Need:
    """A line of the table: who, its limit in bytes, and whether it comes with this release."""

    who: str
    limit: int
    new: bool = False


@dataclass(frozen=True)
class Count:
    """Everything that is there at the moment of the release that takes most."""

    machine: Machine
    needs: tuple[Need, ...]

    @property
    def coming(self) -> int:
        return sum(need.limit for need in self.needs if need.new)

    @property
    def short(self) -> int:
        """How much is missing for what this release adds; 0 when it fits."""
        return max(0, self.coming - self.machine.available)

    @property
    def over(self) -> int:
        """By how much all limits together are more than the machine has: it is promised twice."""
        return max(0, sum(need.limit for need in self.needs) - self.machine.total)

    def words(self) -> str:
        """Of limits that promise more than there is: it holds as long as not all are used up at once."""
        promised = sum(need.limit for need in self.needs)
        return (
            f"memory: old and new side by side may take {mb(promised)} by their limits, {mb(self.over)} more than the "
            f"machine has ({mb(self.machine.total)}); {mb(self.machine.available)} are left now"
        )

    def table(self) -> str:
        rows = [(n.who, "new" if n.new else "runs", f"{mb(n.limit):>9}") for n in self.needs]
        widths = [max(len(row[at]) for row in rows) for at in range(2)] if rows else [0, 0]
        lines = [f"{who:<{widths[0]}}  {new:<{widths[1]}} {limit}" for who, new, limit in rows]
        own = self.machine
        lines += [
            f"new containers, by their limits: {mb(self.coming)}; the machine has {mb(own.available)} left now",
            f"all limits together: {mb(sum(n.limit for n in self.needs))}; the machine has {mb(own.total)}",
        ]
        if own.limitless:
            lines.append(f"containers of others without a limit: {own.limitless}")
        return "\n".join(lines)


def count(
    target: Target, wanted: Iterable[Container], plan: Plan, machine: Machine, by_level: bool = False
) -> Count:
    """`by_level`: a level's old slots are gone before the next level starts."""
    limits = {container.name: container.memory for container in wanted}
    groups = levels(target, plan.services) if by_level else [plan.services]
    moments = [_jobs(target, plan, limits), *_starts(plan, limits, groups)]
    most = max(moments, key=lambda needs: sum(need.limit for need in needs))
    runs = [Need(name, limit) for name, limit in machine.own]
    others = [Need(f"{project} (another stack)", limit) for project, limit in machine.others]
    return Count(machine, (*runs, *_parts(plan, limits), *most, *others))


def _parts(plan: Plan, limits: Mapping[str, int]) -> list[Need]:
    """Parts and single containers that do not run yet; one that is replaced in place gives its memory back first."""
    return [Need(c.name, limits[c.name], new=True) for c in plan.in_place if not c.interrupts]


def _jobs(target: Target, plan: Plan, limits: Mapping[str, int]) -> list[Need]:
    """Migrations run before the first new slot starts: those of the largest, and the copy that they are tried on."""
    names = [f"{name}-migrate" for name in plan.services if target.services[name].migrate]
    largest = sorted(names, key=lambda name: -limits[name])[:JOBS_AT_ONCE]
    copy = [Need("the copy that migrations are tried on", COPY, new=True)] if names else []
    return copy + [Need(name, limits[name], new=True) for name in largest]


def _starts(plan: Plan, limits: Mapping[str, int], groups: Sequence[Sequence[str]]) -> list[list[Need]]:
    """For each group of services that start together: its new slots, and what earlier groups added for good."""
    rolls = {roll.service: roll for roll in plan.rolls}
    stays: list[Need] = []
    moments: list[list[Need]] = []
    for group in groups:
        here = [rolls[name] for name in group if name in rolls]
        moments.append(stays + [_new(roll, limits) for roll in here])
        stays = stays + [_new(roll, limits) for roll in here if not roll.old]
    return moments


def _new(roll: Roll, limits: Mapping[str, int]) -> Need:
    beside = " beside it" if roll.old else ""
    return Need(
        f"{roll.service}, {roll.slot}{beside}", sum(limits[name] for name in roll.containers), new=True
    )


def parse(meminfo: str) -> tuple[int, int] | None:
    """MemTotal and MemAvailable of /proc/meminfo, in bytes; None when it does not say them."""
    found = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    try:
        total, available = (int(found[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    except (KeyError, ValueError, IndexError):
        return None
    return total, available


def running(inspected: Iterable[dict[str, Any]], project: str) -> tuple[Limits, Limits, int]:
    """Of the containers that run: ours by service or part, those of others by project, each with the sum of its
    limits as the engine has them; and how many of others have no limit."""
    own: dict[str, int] = {}
    others: dict[str, int] = {}
    limitless = 0
    for one in inspected:
        labels, limit = one["Config"].get("Labels") or {}, (one.get("HostConfig") or {}).get("Memory", 0)
        whose = labels.get("com.docker.compose.project", one["Name"].lstrip("/"))
        group = own if whose == project else others
        name = labels.get("homeport.service", one["Name"].lstrip("/")) if whose == project else whose
        group[name] = group.get(name, 0) + limit
        limitless += group is others and not limit
    return tuple(sorted(own.items())), tuple(sorted((n, m) for n, m in others.items() if m)), limitless


def mb(size: int) -> str:
    """Bytes -> whole MB, rounded up: what is missing is never said to be less."""
    return f"{-(-size // MIB)} MB"
