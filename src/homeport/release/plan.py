"""What must change to come from what runs to what is wanted. Pure: a killed deploy needs no repair, because
the next one looks at the world as it is and plans again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from homeport.components.contribution import Container
from homeport.stack.model import SLOTS, Slot, Target, has_slots, slot_container


@dataclass(frozen=True)
class Running:
    """One container of the project as the engine sees it. `image` is an id (sha256:...), `pid` 0 when not running.

    Whose it is, its labels say. Its name does not: `web-blue-api` is a good name for a service beside `web`.
    """

    id: str
    name: str
    compose: str
    config: str
    image: str
    state: str
    health: str
    pid: int
    restarts: int
    exit_code: int
    oom: bool
    one_off: bool = False
    service: str = ""  # whose it is: a service of the file, or a part of the stack
    slot: Slot | None = None  # None for what has no slots
    task: bool = False  # a migration or a seed, which runs and ends
    ports: tuple[int, ...] = ()  # of the machine
    port: int = 0  # that its program listens on, as it was told; 0 for a worker and for a part
    reference: str = ""  # the image's name, as the container was given it
    version: str = ""  # SERVICE_VERSION; empty for a part
    user: str = "?"  # as the engine names it; empty is root

    @property
    def up(self) -> bool:
        return self.state == "running"

    def belongs_to(self, service: str) -> bool:
        """Whether it is a container of this service that stays: neither a task nor what somebody runs once."""
        return self.service == service and not self.task and not self.one_off


@dataclass(frozen=True)
class Change:
    """A container that is created, replaced or restarted in place, and why.

    `restart`: its spec is the same, but its secrets are not. `interrupts`: it serves now, and will not
    for a moment. `service`: one of the file's, without slots; else a part that all stand on.
    """

    name: str
    why: str
    restart: bool = False
    interrupts: bool = False
    service: bool = False


@dataclass(frozen=True)
class Roll:
    """A service that starts in `slot`; `old`: ids of its containers in the other slot, to be drained."""

    service: str
    slot: Slot
    why: str
    containers: tuple[str, ...]
    old: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The whole change; empty when the world is as wanted."""

    in_place: tuple[Change, ...] = ()
    rolls: tuple[Roll, ...] = ()
    stale: tuple[
        str, ...
    ] = ()  # ids of containers that nothing wants: left by a killed deploy, or by a removed part
    unchanged: tuple[str, ...] = ()
    flags: dict[str, Slot] = field(default_factory=dict)  # service -> slot that serves when the plan is done
    before: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # service -> image and version that serve now

    @property
    def empty(self) -> bool:
        return not (self.in_place or self.rolls or self.stale)

    @property
    def parts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.in_place if not change.service)

    @property
    def from_nothing(self) -> bool:
        """Whether the edge is not up yet: then nobody can be asked through it."""
        return any(change.name == "nginx" and not change.interrupts for change in self.parts)

    @property
    def single(self) -> tuple[Change, ...]:
        """Services of one container."""
        return tuple(change for change in self.in_place if change.service)

    @property
    def services(self) -> list[str]:
        """All that get a new container."""
        return [*(change.name for change in self.single), *(roll.service for roll in self.rolls)]

    def words(self) -> list[str]:
        """A line per change, with its reason."""
        rolls = [
            f"{r.service}: {r.why}; " + (f"{r.slot} takes over" if r.old else f"starts in {r.slot}")
            for r in self.rolls
        ]
        return [*(f"{change.name}: {change.why}" for change in self.in_place), *rolls]


@dataclass(frozen=True)
class World:
    """What there is: containers by compose service, services whose green flag is set, image ids by reference."""

    containers: tuple[Running, ...]
    green: frozenset[str]
    images: Mapping[str, str]  # of the host's engine; a reference that it lacks is a new image
    configs: Mapping[str, str]  # wanted container -> the homeport.config label it will get
    touched_secrets: frozenset[str] = frozenset()  # secrets/ folders that are written anew

    def named(self, compose: str) -> Running | None:
        return next((c for c in self.containers if c.compose == compose and not c.one_off), None)


def parse_containers(inspected: list[dict[str, Any]]) -> tuple[Running, ...]:
    """`docker inspect` of containers -> Running."""
    return tuple(_parse(one) for one in inspected)


def _parse(one: dict[str, Any]) -> Running:
    labels, state = one["Config"].get("Labels") or {}, one["State"]
    told = dict(pair.partition("=")[::2] for pair in one["Config"].get("Env") or ())
    published = (one.get("HostConfig") or {}).get("PortBindings") or {}
    return Running(
        id=one["Id"],
        name=one["Name"].lstrip("/"),
        compose=labels.get("com.docker.compose.service", ""),
        config=labels.get("homeport.config", ""),
        image=one["Image"],
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        pid=state.get("Pid", 0),
        restarts=one.get("RestartCount", 0),
        exit_code=state.get("ExitCode", 0),
        oom=state.get("OOMKilled", False),
        one_off=labels.get("com.docker.compose.oneoff") == "True",
        service=labels.get("homeport.service", ""),
        slot=next((slot for slot in SLOTS if slot == labels.get("homeport.slot")), None),
        task="homeport.task" in labels,
        port=int(told["PORT"]) if told.get("PORT", "").isdecimal() else 0,
        user=one["Config"].get("User", ""),
        ports=tuple(int(b["HostPort"]) for one in published.values() for b in one or () if b["HostPort"]),
        reference=one["Config"].get("Image", ""),
        version=_version(one["Config"].get("Env") or ()),
    )


def called(containers: Iterable[Running], word: str) -> list[Running]:
    """What a person means by `word`: all containers of a service, or one by its compose name."""
    return [c for c in containers if c.belongs_to(word) or (c.compose == word and not c.one_off)]


def _version(variables: Iterable[str]) -> str:
    return next((v.partition("=")[2] for v in variables if v.startswith("SERVICE_VERSION=")), "")


def plan(target: Target, wanted: tuple[Container, ...], world: World) -> Plan:
    """Compare what is wanted with the world; decide slots."""
    by_name = {container.name: container for container in wanted}
    slotted = {name for name, service in target.services.items() if has_slots(service)}
    rolls: list[Roll] = []
    unchanged: list[str] = []
    flags: dict[str, Slot] = {}
    for service in slotted_in_order(target):
        active = _active_slot(target, service, world)
        why = _why_roll(target, service, active, by_name, world)
        if why:
            roll = _roll(target, service, active, why, world)
            rolls.append(roll)
            flags[service] = roll.slot
        else:
            unchanged.append(service)
            flags[service] = active
    fixed = [c for c in wanted if not c.profiles]
    found = [change for c in fixed if (change := _change(c, world))]
    changes = [replace(change, service=change.name in target.services) for change in found]
    unchanged += [c.name for c in fixed if not _change(c, world)]
    kept = {c.name for c in fixed} | {
        name for service in slotted for name in _names(target, service, flags[service])
    }
    draining = {id_ for roll in rolls for id_ in roll.old}
    stale = tuple(c.id for c in world.containers if c.compose not in kept and c.id not in draining)
    return Plan(tuple(changes), tuple(rolls), stale, tuple(unchanged), flags, _serving(target, world))


def _serving(target: Target, world: World) -> dict[str, tuple[str, str]]:
    """Service -> the image, by the name that it was started with, and the version of what serves."""
    names = {
        name: slot_container(name, _active_slot(target, name, world)) if has_slots(service) else name
        for name, service in target.services.items()
    }
    found = {name: world.named(container) for name, container in names.items()}
    return {name: (c.reference, c.version) for name, c in found.items() if c and c.reference}


def slotted_in_order(target: Target) -> list[str]:
    """Services with slots, those that others depend on first; the file's order otherwise."""
    return [name for name in _in_order(target) if has_slots(target.services[name])]


def _in_order(target: Target) -> list[str]:
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in target.services:
            return
        for needed in target.services[name].depends:
            visit(needed)
        order.append(name)

    for name in target.services:
        visit(name)
    return order


def levels(target: Target, services: list[str]) -> list[list[str]]:
    """`services` in groups: each group depends only on earlier ones, so its members may start at once."""
    depth: dict[str, int] = {}
    for name in _in_order(target):
        depth[name] = 1 + max((depth.get(d, 0) for d in target.services[name].depends), default=0)
    groups: dict[int, list[str]] = {}
    for name in services:
        groups.setdefault(depth[name], []).append(name)
    return [groups[key] for key in sorted(groups)]


def _names(target: Target, service: str, slot: Slot) -> list[str]:
    return [slot_container(service, slot, n) for n in range(1, target.services[service].replicas + 1)]


def _active_slot(target: Target, service: str, world: World) -> Slot:
    """HTTP: what the flag says. A worker has no flag: the slot that runs."""
    if target.services[service].port:
        return "green" if service in world.green else "blue"
    green = any(c.up for name in _names(target, service, "green") if (c := world.named(name)))
    blue = any(c.up for name in _names(target, service, "blue") if (c := world.named(name)))
    return "green" if green and not blue else "blue"


def _why_roll(
    target: Target, service: str, active: Slot, by_name: Mapping[str, Container], world: World
) -> str:
    for name in _names(target, service, active):
        runs, want = world.named(name), by_name[name]
        if runs is None:
            return "it does not run"
        if not runs.up:
            return f"it has stopped ({runs.state})"
        if why := _difference(runs, want, world):
            return why
    if service in world.touched_secrets:
        return "its secrets changed"
    return ""


def _roll(target: Target, service: str, active: Slot, why: str, world: World) -> Roll:
    """Into the idle slot; when nothing serves, into the active one, so that no flag need change."""
    idle: Slot = "blue" if active == "green" else "green"
    old = tuple(c.id for c in world.containers if c.up and c.slot == active and c.belongs_to(service))
    slot = idle if old else active
    return Roll(service, slot, why, tuple(_names(target, service, slot)), old)


def _change(want: Container, world: World) -> Change | None:
    runs = world.named(want.name)
    if runs is None:
        return Change(want.name, "it does not exist")
    if not runs.up:
        return Change(want.name, f"it has stopped ({runs.state})")
    if why := _difference(runs, want, world):
        return Change(want.name, why, interrupts=True)
    if why := _why_restart(want, world):
        return Change(want.name, why, restart=True, interrupts=True)
    return None


def _why_restart(want: Container, world: World) -> str:
    """A secret is read at start by a part; changed files are in the label `homeport.config`, nginx reads its own."""
    folders = {m.source.removeprefix("./secrets/") for m in want.mounts if m.source.startswith("./secrets/")}
    return "its secrets changed" if folders & world.touched_secrets else ""


def _difference(runs: Running, want: Container, world: World) -> str:
    if runs.config != world.configs[want.name]:
        return "its configuration changed"
    return "its image changed" if runs.image != world.images.get(want.image) else ""


def going_on(target: Target, plan: Plan) -> dict[str, tuple[str, str]]:
    """Service -> image and version of what goes on under another name or version than it is rendered with:
    scripts/deploy.sh gave it that one, or only its version is new."""
    runs = {name: runs for name, runs in plan.before.items() if name not in plan.services}
    return {n: one for n, one in runs.items() if one != (target.image(n), target.service_version(n))}
