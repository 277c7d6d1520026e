"""The plan: what must change, from what runs and what is wanted. Pure, so every case is a table row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from homeport.release.plan import Plan, Running, World, levels, plan
from homeport.render.compose import config
from homeport.render.render import render
from homeport.stack.model import Stack, Target

STACK = Stack.model_validate(
    {
        "homeport": 1,
        "name": "shop",
        "environments": {"local": {"domain": "shop.localhost"}},
        "edge": {"routes": {"/": {"service": "web"}}},
        "services": {
            "web": {"image": "web:1", "port": 8000, "health": {"path": "/ok"}, "depends": ["api"]},
            "api": {"image": "api:1", "port": 8000, "health": {"path": "/ok"}, "replicas": 2},
            "worker": {"image": "worker:1"},
        },
    }
)
TARGET = Target(STACK, "local", images={"nginx": "nginx:1"})
WANTED = render(TARGET).containers
IMAGES = {c.image: f"sha256:{c.image}" for c in WANTED}
CONFIGS = {c.name: config(c, TARGET) for c in WANTED}


def runs(name: str, **changes: object) -> Running:
    """A container that is as wanted, but for `changes`."""
    want = next(c for c in WANTED if c.name == name)
    labels: dict[str, Any] = dict(want.labels)
    seen = Running(
        id=f"id-{name}", name=f"shop-{name}-1", compose=name, config=CONFIGS[name], image=IMAGES[want.image],
        state="running", health="healthy", pid=1, restarts=0, exit_code=0, oom=False,
        service=labels.get("homeport.service", name), slot=labels.get("homeport.slot"),
    )  # fmt: skip
    return replace(seen, **changes)  # type: ignore[arg-type]


ALL = ("nginx", "web-blue", "api-blue", "api-blue-2", "worker-blue")


def made(*containers: Running, green: frozenset[str] = frozenset(), **world: object) -> Plan:
    return plan(TARGET, WANTED, World(containers, green, IMAGES, CONFIGS, **world))  # type: ignore[arg-type]


def test_nothing_runs_then_everything_starts_in_blue() -> None:
    found = made()
    assert [change.name for change in found.in_place] == ["nginx"]
    assert [(r.service, r.slot, r.old) for r in found.rolls] == [
        ("api", "blue", ()), ("web", "blue", ()), ("worker", "blue", ()),
    ]  # fmt: skip


def test_an_image_that_the_host_does_not_have_yet_is_a_change() -> None:
    """`diff` builds here, and nothing has been shipped when it asks."""
    there = {ref: id_ for ref, id_ in IMAGES.items() if ref != "web:1"}
    found = plan(TARGET, WANTED, World(tuple(runs(name) for name in ALL), frozenset(), there, CONFIGS))
    assert [(roll.service, roll.why) for roll in found.rolls] == [("web", "its image changed")]


def test_all_as_wanted_is_an_empty_plan() -> None:
    found = made(*(runs(name) for name in ALL))
    assert found.empty
    assert set(found.flags.values()) == {"blue"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"image": "sha256:older"}, "its image changed"),
        ({"config": "other"}, "its configuration changed"),
        ({"state": "exited"}, "it has stopped (exited)"),
    ],
)
def test_one_replica_that_differs_rolls_the_whole_service(change: dict[str, object], why: str) -> None:
    found = made(*(runs(name, **(change if name == "api-blue-2" else {})) for name in ALL))
    (roll,) = found.rolls
    assert (roll.service, roll.slot, roll.why) == ("api", "green", why)
    assert roll.containers == ("api-green", "api-green-2")
    assert "id-api-blue" in roll.old


def test_the_flag_says_which_slot_serves() -> None:
    containers = [runs(name) for name in ("nginx", "web-green", "api-blue", "api-blue-2", "worker-blue")]
    assert made(*containers, green=frozenset({"web"})).empty


def test_a_worker_without_a_flag_is_where_it_runs() -> None:
    containers = [runs(name) for name in ("nginx", "web-blue", "api-blue", "api-blue-2", "worker-green")]
    assert made(*containers).flags["worker"] == "green"


def test_what_a_killed_deploy_left_in_the_idle_slot_is_stale() -> None:
    found = made(*(runs(name) for name in ALL), runs("web-green"))
    assert found.stale == ("id-web-green",)
    assert not found.rolls


def test_a_removed_service_is_stale() -> None:
    gone = replace(runs("worker-blue"), compose="gone-blue", id="id-gone")
    assert made(*(runs(name) for name in ALL), gone).stale == ("id-gone",)


def test_a_crashed_slot_is_started_again_without_moving_the_flag() -> None:
    containers = [runs(name) for name in ("nginx", "api-blue", "api-blue-2", "worker-blue")]
    (roll,) = made(*containers).rolls
    assert (roll.service, roll.slot, roll.old) == ("web", "blue", ())


def test_new_secrets_roll_their_reader_only() -> None:
    found = made(*(runs(name) for name in ALL), touched_secrets=frozenset({"web"}))
    assert [roll.service for roll in found.rolls] == ["web"]


def test_dependencies_start_first_and_independent_services_together() -> None:
    assert levels(TARGET, ["web", "api", "worker"]) == [["api", "worker"], ["web"]]


def test_what_serves_is_known_by_the_name_and_version_that_it_was_started_with() -> None:
    containers = [
        runs(name, reference=f"{name}:2", version="v2") for name in ("nginx", "web-green", "api-blue")
    ]
    found = made(*containers, runs("web-blue", reference="web:1"), green=frozenset({"web"}))
    assert found.before == {"web": ("web-green:2", "v2"), "api": ("api-blue:2", "v2")}
