"""Every container is killed in turn while somebody uses the app: it comes back, and nothing is lost or done twice.

A crash is a signal from nobody's hand, so the process is killed on the host. `docker kill` is something else: the
engine takes it for a wish of the operator and leaves the container down, whatever `restart:` says.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from functools import partial

import pytest

from homeport.engine.wait import Seen, wait_until
from tests.live.coach import Project
from tests.live.customer import CENTS, Customer, until
from tests.live.engine import docker

pytestmark = pytest.mark.live

ROUTES = ("/me", "/categories", "/transactions", "/budgets", "/notifications", "/insights", "/chat")


def crash(project: Project, name: str) -> None:
    """SIGKILL to the container's first process, and with it to all others in there."""
    pid = str(project.containers()[name]["State"]["Pid"])
    rights = () if os.geteuid() == 0 else ("sudo", "-n")
    subprocess.run((*rights, "kill", "-9", pid), check=True, timeout=10)


def state(project: Project, name: str) -> tuple[int, str]:
    """How often the engine has started it again, and how it feels."""
    one = project.containers()[name]
    return one["RestartCount"], one["State"]["Health"]["Status"] if one["State"]["Running"] else "down"


def test_each_container_is_killed_and_nothing_is_lost(coach: Project) -> None:
    with coach.client("/api/v1") as api:
        customer = Customer(api)
        customer.register(coach.name)
        names = sorted(coach.containers())
        budgets = {name: customer.category(name) for name in names}
        for name in names:
            times, _ = state(coach, name)
            with customer.booking(budgets[name]):
                crash(coach, name)
                until((times + 1, "healthy"), partial(state, coach, name), f"{name} comes back", 90)
            for route in ROUTES:
                customer.get(route)
        agree(customer, budgets)
    print(
        f"killed {len(names)}: {sum(map(len, customer.booked.values()))} transactions, {customer.repeated} tries "
        f"repeated {customer.seen}, the longest request took {customer.longest:.1f} s"
    )


def agree(customer: Customer, budgets: dict[str, str]) -> None:
    """What was answered, what is listed, what the budgets have counted and who was told: all the same."""
    listed = Counter(one["category_id"] for one in customer.everything("/transactions"))
    assert listed == {category: len(ids) for category, ids in customer.booked.items()}
    assert {one["id"] for one in customer.everything("/transactions")} == set().union(
        *customer.booked.values()
    )
    spent = {category: len(ids) * CENTS for category, ids in customer.booked.items()}
    until(spent, lambda: counted(customer), "the budgets have counted every transaction once")
    wanted = {(kind, name): 1 for name in budgets for kind in ("budget.near", "budget.exceeded")}
    until(wanted, lambda: told(customer, budgets), "everybody is told once")
    found = customer.get("/transactions/summary")["by_category"]
    summary = {one["category_id"]: -abs(one["amount_cents"]) for one in found}
    assert summary == {category: -cents for category, cents in spent.items()}


def counted(customer: Customer) -> dict[str, int]:
    return {one["category_id"]: one["spent_cents"] for one in customer.get("/budgets")["items"]}


def told(customer: Customer, budgets: dict[str, str]) -> dict[tuple[str, str], int]:
    """Notifications about budgets, counted by kind and category."""
    found = [one for one in customer.everything("/notifications") if one["kind"].startswith("budget.")]
    return dict(Counter((one["kind"], one["title"].split(":")[0]) for one in found))


def test_who_is_stopped_by_hand_stays_down_until_the_next_up(coach: Project) -> None:
    """`docker kill` is a wish, not a crash; `up` brings the service back and touches nobody else."""
    [name] = [name for name in coach.containers() if name.startswith("budget-")]
    others = {other: one for other, one in coach.identities().items() if other != name}
    docker("kill", f"{coach.name}-{name}-1")
    assert state(coach, name)[1] == "down"
    assert "up: budget changed" in coach.up()
    now = coach.identities()
    assert {other: now[other] for other in others} == others
    [name] = [name for name in now if name.startswith("budget-")]
    wait_until(f"{name} is healthy", lambda: Seen(state(coach, name)[1] == "healthy"), 60, every=0.5)
    with coach.client("/api/v1") as api:
        customer = Customer(api)
        customer.register(coach.name)
        assert customer.get("/budgets") == {"items": []}
