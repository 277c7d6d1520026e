"""The memory of a release is counted: what runs, both slots of what rolls, jobs, and what else is on the machine."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from homeport.commands import postgres
from homeport.commands.command import Command
from homeport.engine.machine import LocalMachine
from homeport.engine.runner import LocalRunner, Result
from homeport.errors import HostError
from homeport.release import memory
from homeport.release.memory import Limits, Machine, Need, count
from homeport.release.migrations.rehearse import AT_ONCE
from homeport.release.plan import Change, Plan, Roll
from homeport.release.preflight import room
from homeport.render.render import Rendered, render
from homeport.stack.model import Stack, Target
from tests.recording import RecordingRunner

MB = 1024**2
GB = 1024 * MB


def target(**services: dict[str, Any]) -> Target:
    whole = {
        name: {"image": f"{name}:1", "port": 8000, "health": "/ok", **service}
        for name, service in services.items()
    }
    return Target(
        Stack.model_validate(
            {
                "homeport": 1,
                "name": "shop",
                "environments": {"local": {"domain": "shop.localhost"}},
                "services": whole,
                "postgres": {"memory": "1G"},
            }
        ),
        "local",
    )


SHOP = target(
    user={"memory": "1G", "database": "user_db", "migrate": "true"},
    order={"memory": "1G", "replicas": 2},
    web={"memory": "512M", "depends": ["user", "order"]},
    cache={"memory": "256M", "protocol": "tcp", "health": None},
)


def rolls(*names: str, old: bool = True) -> tuple[Roll, ...]:
    found = {"user": ("user-green",), "order": ("order-green", "order-green-2"), "web": ("web-green",)}
    ids = {name: tuple(f"id-{c}" for c in slots) if old else () for name, slots in found.items()}
    return tuple(Roll(name, "green", "new", found[name], ids[name]) for name in names)


def plan(*names: str, old: bool = True, in_place: tuple[Change, ...] = ()) -> Plan:
    moved = {change.name for change in in_place}
    unchanged = tuple(
        name
        for name in ("nginx", "postgres", "cache", "user", "order", "web")
        if name not in {*names, *moved}
    )
    flags: Any = {name: "green" if name in names else "blue" for name in ("user", "order", "web")}
    return Plan(in_place, rolls(*names, old=old), (), unchanged, flags)


OWN = (
    ("cache", 256 * MB),
    ("nginx", 128 * MB),
    ("order", 2 * GB),
    ("postgres", GB),
    ("user", GB),
    ("web", 512 * MB),
)


def counted(given: Plan, by_level: bool = False, **machine: Any) -> memory.Count:
    found = Machine(**{"total": 8 * GB, "available": 4 * GB, "own": OWN, **machine})
    return count(SHOP, wanted().containers, given, found, by_level)


def wanted() -> Rendered:
    return render(SHOP)


def test_both_slots_parts_and_others_stand_in_the_table() -> None:
    found = counted(plan("user", "order", "web"), others=(("blog", 2 * GB),))
    assert {(need.who, need.limit // MB, need.new) for need in found.needs} == {
        ("nginx", 128, False),
        ("postgres", 1024, False),
        ("cache", 256, False),
        ("user", 1024, False),
        ("order", 2048, False),
        ("web", 512, False),
        ("user, green beside it", 1024, True),
        ("order, green beside it", 2048, True),
        ("web, green beside it", 512, True),
        ("blog (another stack)", 2048, False),
    }
    assert found.coming == 3584 * MB
    assert "new containers, by their limits: 3584 MB; the machine has 4096 MB left now" in found.table()


def test_only_what_rolls_comes_twice() -> None:
    found = counted(plan("web", old=True))
    assert [need for need in found.needs if need.new] == [Need("web, green beside it", 512 * MB, True)]
    assert ("order", 2 * GB) in {(need.who, need.limit) for need in found.needs}


@pytest.mark.parametrize(("available", "short"), [(3584 * MB, 0), (3584 * MB - 1, 1), (3 * GB, 512 * MB)])
def test_how_much_is_short_to_the_byte(available: int, short: int) -> None:
    assert counted(plan("user", "order", "web"), available=available).short == short


def test_a_level_after_another_takes_its_largest_level() -> None:
    found = counted(plan("user", "order", "web"), by_level=True)
    assert found.coming == 3 * GB
    assert {need.who for need in found.needs if need.new} == {
        "user, green beside it",
        "order, green beside it",
    }


def test_what_a_level_adds_for_good_stays_for_the_next() -> None:
    mixed = Plan(
        (), (*rolls("user", "order", old=False), *rolls("web")), (), ("nginx",), plan("user", "order").flags
    )
    assert counted(mixed, by_level=True).coming == 3584 * MB


def test_jobs_count_when_they_are_the_most() -> None:
    small = target(user={"memory": "64M", "database": "user_db", "migrate": "true"})
    given = Plan(
        (),
        (Roll("user", "green", "new", ("user-green",), ("a",)),),
        (),
        ("nginx", "postgres"),
        {"user": "green"},
    )
    found = count(small, render(small).containers, given, Machine(8 * GB, 4 * GB))
    assert found.coming == memory.COPY + 64 * MB
    assert any(need.who == "user-migrate" for need in found.needs)


def test_a_part_that_comes_counts_and_one_that_is_replaced_does_not() -> None:
    fresh = counted(plan(in_place=(Change("postgres", "it does not exist"),)))
    assert fresh.coming == GB
    replaced = counted(plan(in_place=(Change("postgres", "its image changed", interrupts=True),)))
    assert replaced.coming == 0
    assert ("postgres", GB) in {(need.who, need.limit) for need in replaced.needs}


def test_limits_that_promise_more_than_there_is() -> None:
    """The 8.1 GiB of 8: what runs, and what comes beside it."""
    found = counted(plan("user", "order", "web"), total=8 * GB, available=6 * GB)
    promised = 128 * MB + GB + 256 * MB + 2 * 3584 * MB
    assert (found.over, found.short) == (promised - 8 * GB, 0)
    assert f"{found.over // MB} MB more than the machine has (8192 MB); 6144 MB are left now" in found.words()


def test_the_numbers_are_those_of_where_they_come_from() -> None:
    assert memory.JOBS_AT_ONCE == AT_ONCE
    assert inspect.signature(postgres.serve).parameters["memory"].default == f"{memory.COPY // MB}m"


def test_what_the_kernel_says() -> None:
    found = memory.parse(Path("/proc/meminfo").read_text())
    assert found is not None
    total, available = found
    assert total > available > MB
    assert memory.parse("MemTotal: 1 kB\nMemAvailable: 1 kB\n") == (1024, 1024)
    assert memory.parse("") is None
    assert memory.parse("MemTotal: x\nMemAvailable: 1 kB") is None


def container(project: str, limit: int, **labels: str) -> dict[str, Any]:
    given = {"com.docker.compose.project": project, **labels} if project else None
    name = labels.get("name", "lone")
    return {"Name": f"/{name}", "Config": {"Labels": given}, "HostConfig": {"Memory": limit}}


def test_what_runs_as_the_engine_says() -> None:
    web = {"homeport.service": "web"}
    found = [
        container("shop", GB, **web),
        container("shop", GB, **web),
        container("shop", MB, **{"homeport.service": "nginx"}),
        container("blog", GB),
        container("blog", MB),
        container("", MB),
        container("x", 0),
    ]
    own, others, limitless = memory.running(found, "shop")
    assert own == (("nginx", MB), ("web", 2 * GB))
    assert (others, limitless) == ((("blog", GB + MB), ("lone", MB)), 1)


class Small(LocalMachine):
    """A machine with as much memory as its file says."""

    def __init__(self, folder: Path, total: int, available: int, own: Limits = OWN) -> None:
        super().__init__(Engine(own))
        self.meminfo = folder / "meminfo"
        self.meminfo.write_text(f"MemTotal: {total // 1024} kB\nMemAvailable: {available // 1024} kB\n")

    def read(self, path: str) -> str | None:
        return super().read(str(self.meminfo) if path == "/proc/meminfo" else path)


class Engine(LocalRunner):
    """Where these containers of ours run, and one of somebody else."""

    def __init__(self, own: Limits) -> None:
        runs = [container("shop", limit, **{"homeport.service": name}) for name, limit in own]
        runs.append(container("blog", GB))
        self.recording = RecordingRunner({"docker ps": "abc", "docker inspect": json.dumps(runs)})

    def run(self, command: Command) -> Result:
        return self.recording.run(command)


def test_a_release_that_could_push_out_what_serves_is_refused_with_the_way_round(tmp_path: Path) -> None:
    machine = Small(tmp_path, 8 * GB, 3 * GB + 256 * MB)
    with pytest.raises(HostError) as fault:
        room(machine, SHOP, wanted().containers, plan("user", "order", "web"), by_level=False)
    assert "has 256 MB of memory too little for old and new side by side" in fault.value.message
    assert "may take 3584 MB, 3328 MB are left; nothing was changed" in fault.value.message
    assert "`--level-by-level`" in fault.value.hint
    assert "which may take 3072 MB at a time" in fault.value.hint
    for words in ("order, green beside it", "blog (another stack)", "postgres"):
        assert words in fault.value.details
    said = room(machine, SHOP, wanted().containers, plan("user", "order", "web"), by_level=True)
    assert "more than the machine has" in said


def test_where_levels_do_not_help_they_are_not_offered(tmp_path: Path) -> None:
    machine = Small(tmp_path, 8 * GB, GB)
    for by_level in (False, True):
        with pytest.raises(HostError) as fault:
            room(machine, SHOP, wanted().containers, plan("user", "order", "web"), by_level)
        assert "--level-by-level" not in fault.value.hint
        assert fault.value.hint.startswith("Lower `memory:`")


def test_a_first_start_is_told_and_not_refused(tmp_path: Path) -> None:
    """Nothing serves yet that it could push out."""
    first = plan("user", "order", "web", old=False, in_place=(Change("postgres", "it does not exist"),))
    machine = Small(tmp_path, 4 * GB, GB, own=())
    assert "more than the machine has (4096 MB)" in room(machine, SHOP, wanted().containers, first, False)


def test_all_is_well(tmp_path: Path) -> None:
    machine = Small(tmp_path, 32 * GB, 24 * GB)
    assert room(machine, SHOP, wanted().containers, plan("user", "order", "web"), False) == ""
