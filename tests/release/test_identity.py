"""Whose container is it? Worlds of hostile names, made by chance with a fixed seed: nothing of one service is ever
taken for another's, by the plan, by `status` or by `logs`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homeport.components.contribution import Container
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.release.migrations.rehearse import once_name
from homeport.release.plan import Plan, World, called, parse_containers, plan
from homeport.release.status import status
from homeport.render.compose import config
from homeport.render.render import render
from homeport.stack.model import Stack, Target
from homeport.stack.rules.services import reserved_names
from tests.recording import RecordingRunner

NAMES = (
    "web", "web-1", "web-2", "web-blue-api", "web-green-1-api", "web-blue-2-api", "web-bluebird", "web-greenish",
    "web-migrate", "web-migrate-blue-x", "web-seed", "rehearsal-web", "rehearsal", "w", "we", "mail", "mail-api",
    "mail-1", "mail-api-1", "blue", "green", "blue-green-x", "green-web", "nginx-1", "postgres-api", "edge-blue-1-1",
)  # fmt: skip
WORLDS = 150


@dataclass(frozen=True)
class Made:
    """A container as the engine tells of it; `service`, `slot` and `up` are the truth, known without its name."""

    service: str
    slot: str
    up: bool
    task: bool
    inspected: dict[str, object]

    @property
    def id(self) -> str:
        return str(self.inspected["Id"])


def a_target(chance: random.Random) -> Target:
    """A stack of some of the names that `check` allows, each of another kind."""
    names = chance.sample(NAMES, chance.randint(2, 8))
    kinds: tuple[dict[str, object], ...] = (
        {"port": 8000, "health": {"path": "/ok"}, "replicas": chance.randint(1, 3)},
        {"replicas": chance.randint(1, 2)},
        {"volumes": [{"name": "data", "path": "/data"}]},
        {"port": 25, "protocol": "tcp", "health": {"command": ["ok"]}},
        {"port": 8000, "health": {"path": "/ok"}, "seed": "sow"},
    )
    services = {name: {"image": f"{name}:1", **chance.choice(kinds)} for name in names}
    document = {
        "homeport": 1,
        "name": "shop",
        "environments": {"local": {"domain": "shop.localhost"}},
        "services": services,
    }
    stack = Stack.model_validate(document)
    refused = {str(finding.path[1]) for finding in reserved_names(stack)}
    kept = {name: service for name, service in services.items() if name not in refused}
    return Target(Stack.model_validate(document | {"services": kept}), "local", images={"nginx": "nginx:1"})


def a_world(chance: random.Random, target: Target) -> list[Made]:
    """Some of the containers of both slots, as wanted or older; of an older release, more replicas than now."""
    older = target.stack.model_copy(
        update={
            "services": {
                name: service.model_copy(update={"replicas": 4}) if chance.random() < 0.3 else service
                for name, service in target.stack.services.items()
            }
        }
    )
    containers = render(Target(older, "local", images=target.images)).containers
    return [
        _inspected(chance, target, container, number)
        for number, container in enumerate(containers)
        if chance.random() < 0.7
    ]


def _inspected(chance: random.Random, target: Target, container: Container, number: int) -> Made:
    labels = {"homeport.service": container.name, **dict(container.labels)}
    up = chance.random() < 0.8
    same = config(container, target) if chance.random() < 0.5 else "older"
    seen: dict[str, object] = {
        "Id": f"{number:064x}",
        "Name": f"/shop-{container.name}-1",
        "Image": f"sha256:{container.image}",
        "RestartCount": 0,
        "Config": {
            "Labels": {
                **labels,
                "homeport.config": same,
                "com.docker.compose.service": container.name,
                "com.docker.compose.oneoff": "True" if container.once else "False",
            }
        },
        "State": {"Status": "running" if up else "exited", "Pid": 1 if up else 0},
    }
    return Made(labels["homeport.service"], labels.get("homeport.slot", ""), up, container.once, seen)


def a_plan(chance: random.Random, target: Target, made: list[Made]) -> Plan:
    wanted = render(target).containers
    http = sorted(name for name, service in target.services.items() if service.port)
    green = frozenset(chance.sample(http, chance.randint(0, len(http))))
    images = {c.image: f"sha256:{c.image}" for c in wanted}
    configs = {c.name: config(c, target) for c in wanted}
    return plan(target, wanted, World(parse_containers([m.inspected for m in made]), green, images, configs))


def worlds() -> Iterator[tuple[random.Random, Target, list[Made]]]:
    for seed in range(WORLDS):
        chance = random.Random(seed)
        target = a_target(chance)
        yield chance, target, a_world(chance, target)


def test_a_roll_ends_its_own_old_containers_and_all_of_them() -> None:
    for chance, target, made in worlds():
        ends_its_own(a_plan(chance, target, made), made)


def ends_its_own(found: Plan, made: list[Made]) -> None:
    for roll in found.rolls:
        leaves = {"blue": "green", "green": "blue"}[roll.slot]
        own = {m.id for m in made if (m.service, m.slot, m.up, m.task) == (roll.service, leaves, True, False)}
        assert set(roll.old) == (own if roll.old else set())


def test_nothing_that_a_service_needs_is_stale() -> None:
    for chance, target, made in worlds():
        needs_none_of_the_stale(a_plan(chance, target, made), target, made)


def needs_none_of_the_stale(found: Plan, target: Target, made: list[Made]) -> None:
    replicas = {c.name for c in render(target).containers}
    for one in (m for m in made if m.id in found.stale):
        name = str(one.inspected["Name"]).removeprefix("/shop-").removesuffix("-1")
        serves = found.flags.get(one.service, "") == one.slot and not one.task
        assert not (serves and name in replicas), f"{name} serves"
    ended = [*found.stale, *(id_ for roll in found.rolls for id_ in roll.old)]
    assert len(set(ended)) == len(ended)


def test_status_gives_every_container_to_one_service(tmp_path: Path) -> None:
    for _, target, made in worlds():
        has_its_rows(target, made, tmp_path)


def has_its_rows(target: Target, made: list[Made], folder: Path) -> None:
    answers = {
        "docker ps": "\n".join(m.id for m in made),
        "docker inspect": json.dumps([m.inspected for m in made]),
        "docker stats": "",
    }
    seen = status(Host(str(folder), LocalMachine(RecordingRunner(answers))), target)
    lasting = [m for m in made if not m.task]
    for name in target.services:
        mine = [row for row in seen.rows if row.name == name]
        runs = [m for m in lasting if m.service == name]
        assert len(mine) == max(1, len(runs)), name
        assert [row.state == "does not run" for row in mine] == [False] * len(runs) or not runs
    assert len([row for row in seen.rows if row.state != "does not run"]) == len(lasting)


def test_logs_of_a_service_are_of_its_containers() -> None:
    for _, target, made in worlds():
        running = parse_containers([m.inspected for m in made])
        for name in target.services:
            found = {c.id for c in called(running, name)}
            assert found == {m.id for m in made if m.service == name and not m.task}


def test_two_containers_have_never_one_name() -> None:
    for _, target, _ in worlds():
        names = [c.name for c in render(target).containers]
        assert len(set(names)) == len(names)


def test_logs_of_one_container_are_its_own() -> None:
    target = a_target(random.Random(0))
    containers = render(target).containers
    made = [_inspected(random.Random(1), target, c, n) for n, c in enumerate(containers)]
    running = parse_containers([m.inspected for m in made])
    for container in (c for c in containers if c.name not in target.services and not c.once):
        assert [c.compose for c in called(running, container.name)] == [container.name]


def test_what_runs_once_never_has_the_name_of_what_stays() -> None:
    """It is removed by its name: `rehearsal-web` beside `web-1` was the container that would have gone."""
    for _, target, _ in worlds():
        stay = {f"{target.project}-{c.name}-1" for c in render(target).containers}
        services = (*NAMES, "")
        once = [once_name(target, kind, name) for kind in ("rehearsal", "migration") for name in services]
        assert not stay & set(once)
        assert len(set(once)) == len(once)
