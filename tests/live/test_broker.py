"""What one service's own login can do at the running broker: what the stack file says, and nothing of the others."""

from __future__ import annotations

import json

import pytest

from tests.live.coach import Project
from tests.live.engine import docker

pytestmark = pytest.mark.live

# Runs in a service's container, with the address that its secret file holds.
ATTEMPTS = """
import asyncio, json, os, sys
import aio_pika

async def attempt(connection, act):
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    try:
        await act(channel)
        return "done"
    except Exception as error:
        return str(error).partition(" - ")[0].strip()

async def bind(channel, key):
    queue = await channel.get_queue("budget.events", ensure=False)
    await queue.bind("events", routing_key=key)

async def publish(channel, exchange, key):
    to = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    await to.publish(aio_pika.Message(b"{}"), routing_key=key, mandatory=True, timeout=10)

async def take(channel, name):
    await (await channel.get_queue(name, ensure=False)).get(fail=False, timeout=10)

ACTS = {
    "read own": lambda c: take(c, "budget.dead"),
    "read other": lambda c: take(c, "notification.dead"),
    "consume other": lambda c: take(c, "notification.events"),
    "delete other": lambda c: c.queue_delete("notification.events"),
    "declare new": lambda c: c.declare_queue("budget.events.copy"),
    "bind own to what it reads": lambda c: bind(c, "transactions.changed"),
    "bind own to all": lambda c: bind(c, "#"),
    "bind own to others": lambda c: bind(c, "insight.created"),
    "publish as other": lambda c: publish(c, "events", "user.registered"),
    "publish into a queue": lambda c: publish(c, "", "notification.events"),
}

async def main():
    with open(os.environ["RABBITMQ_URL_FILE"]) as file:
        connection = await aio_pika.connect(file.read().strip())
    async with connection:
        print(json.dumps({name: await attempt(connection, ACTS[name]) for name in sys.argv[1:]}))

asyncio.run(main())
"""
REFUSED = "ACCESS_REFUSED"


def attempts(coach: Project, service: str, *names: str) -> dict[str, str]:
    """What became of each attempt, with the login of `service`."""
    running = [
        n for n, c in coach.containers().items() if n.startswith(f"{service}-") and c["State"]["Running"]
    ]
    said = docker("exec", f"{coach.name}-{running[0]}-1", "python", "-c", ATTEMPTS, *names)
    found: dict[str, str] = json.loads(said)
    return found


def test_a_service_cannot_read_another_s_queue_nor_speak_for_another(coach: Project) -> None:
    allowed = ("read own", "bind own to what it reads")
    others = ("read other", "consume other", "delete other", "declare new")
    forged = ("bind own to all", "bind own to others", "publish as other", "publish into a queue")
    found = attempts(coach, "budget", *allowed, *others, *forged)
    assert found == dict.fromkeys(allowed, "done") | dict.fromkeys((*others, *forged), REFUSED)


def test_a_login_without_rights_can_do_nothing(coach: Project) -> None:
    names = ("read own", "read other", "declare new", "publish as other")
    assert attempts(coach, "gateway", *names) == dict.fromkeys(names, REFUSED)


def test_events_get_through_all_the_same(coach: Project) -> None:
    """The demo account has registered, imported and set budgets: every service has seen its events."""
    for service, table in (("budget", "spending"), ("ai", "bookings"), ("notification", "notifications")):
        query = f"SELECT count(*) FROM {table}"
        name = f"{coach.name}-postgres-1"
        said = docker(
            "exec", name, "psql", "-h", "/run/postgresql", "-U", "postgres", "-Atc", query, f"{service}_db"
        )
        assert int(said) > 0, service
